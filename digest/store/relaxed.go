package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// relaxedTx runs f in one transaction that need not outlive a power cut by
// itself, because what it holds can be had again. On SQLite it does not wait for
// the disk (synchronous = NORMAL: all or nothing as ever, never a broken file),
// and the next transaction that does wait takes it along. A thousand sources
// would else wait a thousand times.
func (s *Store) relaxedTx(ctx context.Context, f func(*sql.Tx) error) error {
	if s.dialect != sqlite || s.path == "" {
		return s.tx(ctx, f)
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `PRAGMA synchronous = NORMAL`); err != nil {
		return err
	}
	defer strict(context.WithoutCancel(ctx), conn)
	defer s.queue.wait()()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// strict makes a connection wait for the disk again. One that will not is never
// used again: marks in the ledger must survive a power cut.
func strict(ctx context.Context, conn *sql.Conn) {
	if _, err := conn.ExecContext(ctx, `PRAGMA synchronous = FULL`); err != nil {
		conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}
