package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// table is one table of the schema as the database describes it.
type table struct {
	name    string
	columns []column // in the order of the schema
	key     []string // the primary key's columns, in its order
	number  string   // the column that the database numbers by itself, "" for none
}

type column struct {
	name string
	text bool
}

func (t table) names() []string {
	out := make([]string, len(t.columns))
	for i, c := range t.columns {
		out[i] = c.name
	}
	return out
}

func (t table) place(name string) int {
	return slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
}

// ordered is the key for ORDER BY and for comparing, byte by byte for text: the
// databases' own orders of letters differ.
func (t table) ordered(d dialect) string {
	parts := make([]string, len(t.key))
	for i, k := range t.key {
		parts[i] = k
		if d == postgres && t.columns[t.place(k)].text {
			parts[i] += ` COLLATE "C"`
		}
	}
	return strings.Join(parts, ", ")
}

// tables are the tables that the schema has made, oldest first. What migrations
// and a job engine keep for themselves is not among them.
func (s *Store) tables(ctx context.Context) ([]table, error) { return s.tablesBy(ctx, s.db) }

func (s *Store) tablesBy(ctx context.Context, r runner) ([]table, error) {
	query := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'goose%' ORDER BY rowid`
	if s.dialect == postgres {
		query = `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
			AND relname NOT LIKE 'goose%' AND relname NOT LIKE 'river%' ORDER BY oid`
	}
	var out []table
	err := s.each(ctx, r, func(scan func(...any) error) error {
		var t table
		err := scan(&t.name)
		out = append(out, t)
		return err
	}, query)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if err := s.describe(ctx, r, &out[i]); err != nil {
			return nil, fmt.Errorf("describing table %s: %w", out[i].name, err)
		}
	}
	return out, nil
}

func (s *Store) describe(ctx context.Context, r runner, t *table) error {
	query := `SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid`
	if s.dialect == postgres {
		query = `SELECT a.attname, format_type(a.atttypid, NULL), COALESCE(array_position(i.indkey::smallint[], a.attnum) + 1, 0)
			FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
			WHERE a.attrelid = ?::text::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`
	}
	keys := map[int]string{}
	err := s.each(ctx, r, func(scan func(...any) error) error {
		var name, kind string
		var place int
		if err := scan(&name, &kind, &place); err != nil {
			return err
		}
		t.columns = append(t.columns, column{name: name, text: strings.EqualFold(kind, "text")})
		if place > 0 {
			keys[place] = name
		}
		return nil
	}, query, t.name)
	if err != nil {
		return err
	}
	places := make([]int, 0, len(keys))
	for p := range keys {
		places = append(places, p)
	}
	slices.Sort(places)
	for _, p := range places {
		t.key = append(t.key, keys[p])
	}
	if len(t.key) == 1 && t.key[0] == "id" && !t.columns[t.place("id")].text {
		t.number = "id"
	}
	return nil
}

// lastNumber is the highest number that a table ever gave, also to rows that
// are gone: none is used again.
func (s *Store) lastNumber(ctx context.Context, t table) (int64, error) {
	query, args := `SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = ?), 0)`, []any{t.name}
	if s.dialect == postgres {
		query = `SELECT COALESCE(pg_sequence_last_value(pg_get_serial_sequence(?, 'id')::regclass), 0)`
	}
	var n int64
	err := s.row(ctx, s.db, query, args...).Scan(&n)
	return n, err
}

// setLastNumber makes a table go on numbering after n.
func (s *Store) setLastNumber(ctx context.Context, t table, n int64) error {
	if n == 0 {
		return nil
	}
	if s.dialect == postgres {
		_, err := s.exec(ctx, s.db, `SELECT setval(pg_get_serial_sequence(?, 'id')::regclass, ?)`, t.name, n)
		return err
	}
	return s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := s.exec(ctx, tx, `DELETE FROM sqlite_sequence WHERE name = ?`, t.name); err != nil {
			return err
		}
		_, err := s.exec(ctx, tx, `INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`, t.name, n)
		return err
	})
}
