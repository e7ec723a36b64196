package store

import (
	"context"
	"database/sql"
)

// relaxedTx runs f in one transaction that need not outlive a power cut by
// itself, because what it holds can be had again. On SQLite it does not wait for
// the disk, and the next transaction elsewhere that does wait takes it along: a
// thousand sources would else wait a thousand times.
func (s *Store) relaxedTx(ctx context.Context, f func(runner) error) error {
	if s.dialect != sqlite || s.path == "" {
		return s.tx(ctx, func(tx *sql.Tx) error { return f(tx) })
	}
	return s.harvests.use(ctx, s.openRelaxed, func(r *session) error { return r.transact(ctx, f) })
}

// relaxedRead runs f in the same session, in no transaction: a thousand sources
// ask the same questions.
func (s *Store) relaxedRead(ctx context.Context, f func(runner) error) error {
	if s.dialect != sqlite || s.path == "" {
		return f(s.db)
	}
	return s.harvests.use(ctx, s.openRelaxed, func(r *session) error { return f(r) })
}

// openRelaxed opens a session that does not wait for the disk (synchronous =
// NORMAL: all or nothing as ever, never a broken file). Nobody else gets its
// connection, ever: marks in the ledger must survive a power cut. Nobody waits
// for it either, and it reads too, so it is as patient as others with who has the
// file to themselves for a moment.
func (s *Store) openRelaxed(ctx context.Context) (*session, error) {
	r, err := s.openSession(ctx)
	if err != nil {
		return nil, err
	}
	for _, pragma := range []string{`PRAGMA synchronous = NORMAL`, `PRAGMA busy_timeout = 10000`} {
		if _, err := r.conn.ExecContext(ctx, pragma); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}
