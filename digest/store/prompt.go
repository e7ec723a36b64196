package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	lite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// patience is how long a writer waits for another between two tries.
const patience = 500 * time.Microsecond

// promptTx runs f in one transaction that somebody is waiting for. SQLite has
// one writer at a time, and its own way of waiting sleeps longer and longer, up
// to a tenth of a second: beside a run that writes without a pause it would take
// turns that come much too late. This one asks again at once.
func (s *Store) promptTx(ctx context.Context, f func(*sql.Tx) error) error {
	if s.dialect != sqlite || s.path == "" {
		return s.tx(ctx, f)
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `PRAGMA busy_timeout = 0`); err != nil {
		return err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), `PRAGMA busy_timeout = 10000`)
	tx, err := begin(ctx, conn)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// begin waits for its turn to write.
func begin(ctx context.Context, conn *sql.Conn) (*sql.Tx, error) {
	tick := time.NewTicker(patience)
	defer tick.Stop()
	for {
		tx, err := conn.BeginTx(ctx, nil) // takes the lock: the connection's transactions are immediate
		var busy *lite.Error
		if err == nil || !errors.As(err, &busy) || busy.Code()&0xff != sqlite3.SQLITE_BUSY {
			return tx, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
