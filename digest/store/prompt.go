package store

import (
	"context"
	"database/sql"
	"sync"
)

// prompt is the session of writers whom somebody waits for. It is opened when it
// is first needed.
type prompt struct {
	mu   sync.Mutex
	open *session
}

// promptTx runs f in one transaction that somebody is waiting for.
func (s *Store) promptTx(ctx context.Context, f func(runner) error) error {
	if s.dialect != sqlite || s.path == "" {
		return s.tx(ctx, func(tx *sql.Tx) error { return f(tx) })
	}
	p := &s.prompt
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		var err error
		if p.open, err = s.openSession(ctx); err != nil {
			return err
		}
	}
	err := p.open.transact(ctx, f)
	if err != nil {
		p.close() // whatever it was, the next one begins afresh
	}
	return err
}

func (p *prompt) close() {
	if p.open != nil {
		p.open.close()
		p.open = nil
	}
}
