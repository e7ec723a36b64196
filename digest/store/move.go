package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// Sum stands for the content of a table: how many rows, and the sum of their
// hashes, which does not depend on their order or on the database.
type Sum struct {
	Table string
	Rows  int
	Hash  string
}

// MoveOptions say how a store is moved.
type MoveOptions struct {
	// Name is what the old store answers when it is opened again: where its
	// content went. Empty leaves the old store in use.
	Name string
	// Progress is called as rows are copied and compared; it may be nil.
	Progress func(table, doing string, rows, total int)
}

// The names in meta that a move writes.
const (
	metaMoving = "moving" // in the new store, until all of it is there: which store it comes from
	metaMoved  = "moved"  // in the old store, afterwards: where its content went
)

// Move copies everything that from holds to another store, compares both row by
// row, and returns the sums that they agree on. A move that was interrupted is
// taken up where it stopped when it is begun again. The new store must be empty,
// or hold part of the same move; nothing may be under way in the old one.
func Move(ctx context.Context, from, to *Store, o MoveOptions) ([]Sum, error) {
	if o.Progress == nil {
		o.Progress = func(string, string, int, int) {}
	}
	tables, err := from.movable(ctx, to)
	if err != nil {
		return nil, err
	}
	if err := to.beginMove(ctx, from, tables); err != nil {
		return nil, err
	}
	var sums []Sum
	for _, t := range tables {
		if err := copyTable(ctx, from, to, t, o.Progress); err != nil {
			return nil, fmt.Errorf("copying table %s: %w", t.name, err)
		}
	}
	for _, t := range tables {
		sum, err := compareTable(ctx, from, to, t, o.Progress)
		if err != nil {
			return nil, fmt.Errorf("comparing table %s: %w", t.name, err)
		}
		sums = append(sums, sum)
	}
	if o.Name != "" {
		_, err := from.exec(ctx, from.db, `INSERT INTO meta (name, value) VALUES (?, ?)`, metaMoved, []byte(o.Name))
		if err != nil {
			return nil, fmt.Errorf("closing the old store: %w", err)
		}
	}
	_, err = to.exec(ctx, to.db, `DELETE FROM meta WHERE name = ?`, metaMoving)
	return sums, err
}

// movable lists the tables to copy, and refuses a store that is in use or of
// another version.
func (s *Store) movable(ctx context.Context, to *Store) ([]table, error) {
	var claimed int
	if err := s.row(ctx, s.db, `SELECT COUNT(*) FROM deliveries WHERE status = 'claimed'`).Scan(&claimed); err != nil {
		return nil, err
	}
	if claimed > 0 {
		return nil, fmt.Errorf("%d deliveries are in the hands of a run: let it end, or run `zest send` once more to take over what a dead one left", claimed)
	}
	tables, err := s.tables(ctx)
	if err != nil {
		return nil, err
	}
	others, err := to.tables(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		i := slices.IndexFunc(others, func(o table) bool { return o.name == t.name })
		if i < 0 || !slices.Equal(sorted(t.names()), sorted(others[i].names())) {
			return nil, fmt.Errorf("table %s differs in the two stores; open both with the same version of zest first", t.name)
		}
	}
	return tables, nil
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// beginMove marks the new store as half moved, or finds that it is already, by
// the same move.
func (s *Store) beginMove(ctx context.Context, from *Store, tables []table) error {
	secret, err := from.Secret(ctx)
	if err != nil {
		return err
	}
	mark := sha256.Sum256(append([]byte("zest move "), secret...))
	var found []byte
	err = s.row(ctx, s.db, `SELECT value FROM meta WHERE name = ?`, metaMoving).Scan(&found)
	switch {
	case err == nil && string(found) == string(mark[:]):
		return nil
	case err == nil:
		return errors.New("the new store is half of another move; empty it first")
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	for _, t := range tables {
		var any int
		if err := s.row(ctx, s.db, `SELECT COUNT(*) FROM (SELECT 1 FROM `+t.name+` LIMIT 1) x`).Scan(&any); err != nil {
			return err
		}
		if any > 0 {
			return fmt.Errorf("the new store is not empty (table %s); move into an empty one", t.name)
		}
	}
	_, err = s.exec(ctx, s.db, `INSERT INTO meta (name, value) VALUES (?, ?)`, metaMoving, mark[:])
	return err
}

// batch is how many rows one commit holds, and so what an interruption can cost.
const batch = 5000

// beginAgain empties a table without a key: nothing tells how far an earlier try
// of it came. It returns how many rows are there.
func (s *Store) beginAgain(ctx context.Context, t table, done int) (int, error) {
	if len(t.key) > 0 || done == 0 {
		return done, nil
	}
	_, err := s.exec(ctx, s.db, `DELETE FROM `+t.name)
	return 0, err
}

// copyTable copies what the new store does not have yet. Rows go in the order of
// their key, so the newest key there tells how far an earlier try came.
func copyTable(ctx context.Context, from, to *Store, t table, progress func(string, string, int, int)) error {
	total, err := from.count(ctx, t)
	if err != nil {
		return err
	}
	done, err := to.count(ctx, t)
	if err != nil {
		return err
	}
	if done, err = to.beginAgain(ctx, t, done); err != nil {
		return err
	}
	where, args := keep(t), []any{}
	if t.name != "meta" && done > 0 {
		last, err := to.newestKey(ctx, t)
		if err != nil {
			return err
		}
		where, args = where+` AND (`+t.ordered(from.dialect)+`) > (`+marks(len(t.key))+`)`, last
	}
	rows := make([][]any, 0, batch)
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		if err := to.insertRows(ctx, t, rows); err != nil {
			return err
		}
		done += len(rows)
		rows = rows[:0]
		progress(t.name, "copying", done, total)
		return ctx.Err()
	}
	if t.name == "meta" {
		done = 0
	}
	err = from.rows(ctx, t, where, args, func(values []any) error {
		rows = append(rows, slices.Clone(values))
		if len(rows) < batch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	if err := flush(); err != nil || t.number == "" {
		return err
	}
	n, err := from.lastNumber(ctx, t)
	if err != nil {
		return err
	}
	return to.setLastNumber(ctx, t, n)
}

// keep leaves out what belongs to one store alone: the marks of a move.
func keep(t table) string {
	if t.name == "meta" {
		return `name <> '` + metaMoving + `' AND name <> '` + metaMoved + `'`
	}
	return `1 = 1`
}

func (s *Store) count(ctx context.Context, t table) (n int, err error) {
	err = s.row(ctx, s.db, `SELECT COUNT(*) FROM `+t.name+` WHERE `+keep(t)).Scan(&n)
	return n, err
}

func (s *Store) newestKey(ctx context.Context, t table) ([]any, error) {
	order := strings.ReplaceAll(t.ordered(s.dialect), ",", " DESC,") + " DESC"
	key, ptrs := make([]any, len(t.key)), make([]any, len(t.key))
	for i := range key {
		ptrs[i] = &key[i]
	}
	err := s.row(ctx, s.db, `SELECT `+strings.Join(t.key, ", ")+` FROM `+t.name+` ORDER BY `+order+` LIMIT 1`).Scan(ptrs...)
	return key, err
}

// rows calls f with each row of a table, in the order of its key. The values are
// valid until the next call.
func (s *Store) rows(ctx context.Context, t table, where string, args []any, f func([]any) error) error {
	order := ""
	if len(t.key) > 0 {
		order = ` ORDER BY ` + t.ordered(s.dialect)
	}
	values, ptrs := make([]any, len(t.columns)), make([]any, len(t.columns))
	for i := range values {
		ptrs[i] = &values[i]
	}
	return s.each(ctx, s.db, func(scan func(...any) error) error {
		if err := scan(ptrs...); err != nil {
			return err
		}
		for i, v := range values {
			if b, isBytes := v.([]byte); isBytes && t.columns[i].text {
				values[i] = string(b)
			}
		}
		return f(values)
	}, `SELECT `+strings.Join(t.names(), ", ")+` FROM `+t.name+` WHERE `+where+order, args...)
}

// compareTable reads a table in both stores and compares the sums. When they
// differ, it names the first row that does.
func compareTable(ctx context.Context, from, to *Store, t table, progress func(string, string, int, int)) (Sum, error) {
	total, err := from.count(ctx, t)
	if err != nil {
		return Sum{}, err
	}
	seen := 0
	count := func() {
		if seen++; seen%batch == 0 {
			progress(t.name, "comparing", seen, 2*total)
		}
	}
	a, err := from.sum(ctx, t, count)
	if err != nil {
		return a, err
	}
	b, err := to.sum(ctx, t, count)
	if err != nil {
		return a, err
	}
	progress(t.name, "comparing", 2*total, 2*total)
	if a != b {
		return a, fmt.Errorf("the copy differs: %d rows with sum %s, and %d rows with sum %s; nothing was changed in the old store", a.Rows, a.Hash, b.Rows, b.Hash)
	}
	return a, nil
}

func (s *Store) sum(ctx context.Context, t table, each func()) (Sum, error) {
	out := Sum{Table: t.name}
	var total [4]uint64
	var buf []byte
	unordered := t
	unordered.key = nil // the sum does not depend on it, and sorting costs
	err := s.rows(ctx, unordered, keep(t), nil, func(values []any) error {
		buf = buf[:0]
		for _, v := range values {
			buf = appendValue(buf, v)
		}
		h := sha256.Sum256(buf)
		for i := range total {
			total[i] += binary.BigEndian.Uint64(h[8*i:])
		}
		out.Rows++
		each()
		return nil
	})
	var sum []byte
	for _, n := range total {
		sum = binary.BigEndian.AppendUint64(sum, n)
	}
	out.Hash = hex.EncodeToString(sum[:16])
	return out, err
}

// appendValue writes a value the same way whichever database it came from.
func appendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, 'n')
	case int64:
		return binary.BigEndian.AppendUint64(append(dst, 'i'), uint64(v))
	case float64:
		return binary.BigEndian.AppendUint64(append(dst, 'f'), math.Float64bits(v))
	case bool:
		return binary.BigEndian.AppendUint64(append(dst, 'i'), uint64(flag(v)))
	case string:
		return append(binary.BigEndian.AppendUint64(append(dst, 's'), uint64(len(v))), v...)
	case []byte:
		return append(binary.BigEndian.AppendUint64(append(dst, 's'), uint64(len(v))), v...)
	}
	return fmt.Appendf(append(dst, '?'), "%v", v)
}

// usable refuses to open a store whose content went elsewhere, since two stores
// that both send would mail everybody twice, but for reading; and one that holds
// only half of a move, of which nothing is true yet.
func (s *Store) usable(ctx context.Context) error {
	marks := map[string]string{}
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var name string
		var value []byte
		err := scan(&name, &value)
		marks[name] = string(value)
		return err
	}, `SELECT name, value FROM meta WHERE name = ? OR name = ?`, metaMoved, metaMoving)
	if err != nil {
		return err
	}
	if where, moved := marks[metaMoved]; moved && !s.readOnly {
		return &digest.InvalidError{Field: "store", Reason: "what it held was moved to " + where + "; set `store:` to that, or take this one into use again with `zest store reopen`"}
	}
	if _, half := marks[metaMoving]; half {
		return &digest.InvalidError{Field: "store", Reason: "it holds half of a move; run the same `zest store move` again to finish it"}
	}
	return nil
}

// Reopen takes back that a store's content was moved.
func (s *Store) Reopen(ctx context.Context) error {
	n, err := s.exec(ctx, s.db, `DELETE FROM meta WHERE name = ?`, metaMoved)
	if err == nil && n == 0 {
		return fmt.Errorf("a mark of a move: %w", digest.ErrNotFound)
	}
	return err
}
