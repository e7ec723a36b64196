package store

import (
	"context"
	"database/sql"
)

// Postgres plans by what it knows of a table, and it learns that a table has
// grown minutes later. A plan made for an empty one reads it from end to end for
// every row it wants, so whoever adds many at once says so.

// manyRows is when it is worth telling the planner.
const manyRows = 1000

// grown has the planner look at tables that have just been filled. The names are
// the program's own.
func (s *Store) grown(ctx context.Context, tx *sql.Tx, rows int, tables ...string) error {
	if s.dialect != postgres || rows < manyRows {
		return nil
	}
	for _, t := range tables {
		if _, err := tx.ExecContext(ctx, `ANALYZE `+t); err != nil {
			return err
		}
	}
	return nil
}
