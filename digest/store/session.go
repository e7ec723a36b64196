package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	lite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// session is a connection that one goroutine at a time writes through, one short
// transaction after another: a run's claims and settlements, or what readers wait
// for. On Postgres it holds the run's lock: a run that lost the lock with its
// connection cannot write any more, so it stops within the bound that recovery
// counts on, and does not go on with what another took over. On SQLite it keeps
// its statements prepared, queues for its turn, and leaves the write-ahead log to
// a sweeper, so that no transaction waits for more than its own.
type session struct {
	d        dialect
	conn     *sql.Conn // nil for a store in memory, which has only one
	prepared map[string]*sql.Stmt
	journal  *journal // nil until it is asked for

	queue *queue
	wrote atomic.Bool   // since the sweeper looked
	stop  chan struct{} // ends the sweeper
	swept chan struct{} // closed when it has ended
}

// openSession opens a session on an SQLite file.
func (s *Store) openSession(ctx context.Context) (*session, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	r := &session{d: s.dialect, conn: conn, prepared: map[string]*sql.Stmt{}, queue: &s.queue, stop: make(chan struct{}), swept: make(chan struct{})}
	for _, pragma := range []string{`PRAGMA busy_timeout = 0`, `PRAGMA wal_autocheckpoint = 0`} {
		if _, err := conn.ExecContext(ctx, pragma); err != nil {
			r.drop()
			return nil, err
		}
	}
	go s.sweep(r)
	return r, nil
}

// close ends a session. Its connection is like no other, so it is not used again.
// The sweeper has ended by then: who leaves the store last copies the whole log,
// and does not while somebody has a connection.
func (r *session) close() {
	close(r.stop)
	<-r.swept
	r.drop()
}

func (r *session) drop() {
	r.conn.Raw(func(any) error { return driver.ErrBadConn })
	r.conn.Close()
}

// inRun runs f in one transaction of a run, in the run's session where there is
// one.
func (s *Store) inRun(ctx context.Context, owner string, f func(runner) error) error {
	held, _ := s.sessions.Load(owner)
	run, _ := held.(*session)
	if run == nil || run.conn == nil {
		return s.tx(ctx, func(tx *sql.Tx) error { return f(tx) })
	}
	if run.d == sqlite {
		return run.transact(ctx, f)
	}
	tx, err := run.conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("writing in the run's session: %w", err)
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// transact is a transaction of prepared statements.
func (r *session) transact(ctx context.Context, f func(runner) error) error {
	defer r.queue.wait()()
	if err := r.begin(ctx); err != nil {
		return fmt.Errorf("beginning to write: %w", err)
	}
	r.wrote.Store(true)
	err := f(r)
	if err == nil {
		_, err = r.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		r.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	}
	return err
}

// A session asks for SQLite's lock every askEvery, and gives up after askTime, if
// whoever waits has not before: an edition for millions is one long transaction.
const (
	askEvery = 500 * time.Microsecond
	askTime  = time.Minute
)

// begin waits for those who write without queueing. SQLite's own way of waiting
// sleeps longer and longer, up to a tenth of a second; this one asks again at
// once.
func (r *session) begin(ctx context.Context) error {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for begun := time.Now(); ; {
		_, err := r.ExecContext(ctx, "BEGIN IMMEDIATE")
		var busy *lite.Error
		if err == nil || !errors.As(err, &busy) || busy.Code()&0xff != sqlite3.SQLITE_BUSY || time.Since(begun) > askTime {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// statement prepares a query once. There are few different ones.
func (r *session) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt := r.prepared[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := r.conn.PrepareContext(ctx, query)
	if err == nil {
		r.prepared[query] = stmt
	}
	return stmt, err
}

func (r *session) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := r.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

func (r *session) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := r.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (r *session) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	stmt, err := r.statement(ctx, query)
	if err != nil {
		return r.conn.QueryRowContext(ctx, query, args...) // which says the same error
	}
	return stmt.QueryRowContext(ctx, args...)
}
