package store

import (
	"context"
	"database/sql"
	"fmt"
)

// session is the connection of a run: its claims and settlements go through it,
// one transaction after another, for one goroutine at a time. On Postgres it
// holds the run's lock: a run that lost the lock with its connection cannot write
// any more, so it stops within the bound that recovery counts on, and does not go
// on with what another took over. On SQLite it keeps its statements prepared.
type session struct {
	d        dialect
	conn     *sql.Conn // nil for a store in memory, which has only one
	prepared map[string]*sql.Stmt
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
	if _, err := r.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("writing in the run's session: %w", err)
	}
	err := f(r)
	if err == nil {
		_, err = r.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		r.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	}
	return err
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
