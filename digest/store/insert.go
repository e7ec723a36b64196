package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// insertRows adds rows to a table, all or none: by COPY on Postgres, by
// statements of many rows on SQLite.
func (s *Store) insertRows(ctx context.Context, t table, rows [][]any) error {
	switch {
	case len(rows) == 0:
		return nil
	case t.name == "meta": // a few rows, of which an earlier try may have left some
		return s.tx(ctx, func(tx *sql.Tx) error {
			for _, r := range rows {
				if _, err := s.exec(ctx, tx, `INSERT INTO meta (`+strings.Join(t.names(), ", ")+`) VALUES (`+marks(len(r))+`) ON CONFLICT (name) DO NOTHING`, r...); err != nil {
					return err
				}
			}
			return nil
		})
	case s.dialect == postgres:
		return s.copyIn(ctx, t.name, t.names(), rows)
	}
	return s.tx(ctx, func(tx *sql.Tx) error {
		const most = 32766 / 2 // of SQLite's bound on parameters, to be safe with wide rows
		per := max(1, most/len(t.columns))
		for len(rows) > 0 {
			n := min(per, len(rows))
			args := make([]any, 0, n*len(t.columns))
			for _, r := range rows[:n] {
				args = append(args, r...)
			}
			one := "(" + marks(len(t.columns)) + ")"
			query := `INSERT INTO ` + t.name + ` (` + strings.Join(t.names(), ", ") + `) VALUES ` + one + strings.Repeat(", "+one, n-1)
			if _, err := tx.ExecContext(ctx, query, args...); err != nil {
				return err
			}
			rows = rows[n:]
		}
		return nil
	})
}

// copyIn is Postgres's COPY, which is one transaction.
func (s *Store) copyIn(ctx context.Context, table string, columns []string, rows [][]any) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(c any) error {
		direct, ok := c.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("copying into %s: not a connection to Postgres", table)
		}
		_, err := direct.Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows))
		return err
	})
}
