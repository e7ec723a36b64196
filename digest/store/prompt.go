package store

import (
	"context"
	"database/sql"
	"sync"
)

// kept is a session that is opened when it is first needed and kept from then on,
// for one goroutine at a time.
type kept struct {
	mu   sync.Mutex
	open *session
}

// use lends the session to f, and opens it first where there is none.
func (k *kept) use(ctx context.Context, open func(context.Context) (*session, error), f func(*session) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if k.open == nil {
		var err error
		if k.open, err = open(ctx); err != nil {
			return err
		}
	}
	err := f(k.open)
	if err != nil {
		k.end() // whatever it was, the next one begins afresh
	}
	return err
}

func (k *kept) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.end()
}

func (k *kept) end() {
	if k.open != nil {
		k.open.close()
		k.open = nil
	}
}

// promptTx runs f in one transaction that somebody is waiting for.
func (s *Store) promptTx(ctx context.Context, f func(runner) error) error {
	if s.dialect != sqlite || s.path == "" {
		return s.tx(ctx, func(tx *sql.Tx) error { return f(tx) })
	}
	return s.prompt.use(ctx, s.openSession, func(r *session) error { return r.transact(ctx, f) })
}
