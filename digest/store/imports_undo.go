package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// Undone counts what undoing an import did.
type Undone struct {
	Subscriptions int // taken back
	Restored      int // readers who have again what they had before
	Readers       int // whom nothing but the import had brought, and who are gone
	Kept          int // of the readers whom the import brought: they did something themselves since, or were written to
}

// undoBatch is how many numbers of readers one transaction of an undo spans.
const undoBatch = 20_000

// UndoImport takes back what an import did, but for what readers decided since:
// who left stays away, who confirmed stays on. Killed half-way and called again,
// it goes on.
func (s *Store) UndoImport(ctx context.Context, id digest.ImportID) (Undone, error) {
	var u Undone
	found, err := s.imports(ctx, `id = ?`, id)
	if err != nil {
		return u, err
	}
	if len(found) == 0 {
		return u, fmt.Errorf("import %d: %w", id, digest.ErrNotFound)
	}
	imp := found[0]
	if !imp.Undone.IsZero() {
		return u, &digest.InvalidError{Field: "import", Value: strconv.FormatInt(int64(id), 10), Reason: "was undone already"}
	}
	var low, high sql.NullInt64
	if err := s.row(ctx, s.db, `SELECT MIN(subscriber_id), MAX(subscriber_id) FROM subscriptions WHERE import_id = ?`, id).Scan(&low, &high); err != nil {
		return u, err
	}
	if low.Valid {
		for from := low.Int64; from <= high.Int64; from += undoBatch {
			err := s.tx(ctx, func(tx *sql.Tx) error { return s.undoRange(ctx, tx, imp, from, from+undoBatch-1, &u) })
			if err != nil {
				return u, err
			}
		}
	}
	err = s.tx(ctx, func(tx *sql.Tx) error { return s.undoRest(ctx, tx, imp, &u) })
	return u, err
}

// undoRange takes back subscriptions, and the people who have no other and were
// never written to.
func (s *Store) undoRange(ctx context.Context, tx *sql.Tx, imp digest.Import, from, to int64, u *Undone) error {
	n, err := s.exec(ctx, tx, `DELETE FROM subscriptions WHERE import_id = ? AND since = ? AND subscriber_id BETWEEN ? AND ?`, imp.ID, milli(imp.Begun), from, to)
	if err != nil {
		return err
	}
	u.Subscriptions += n
	n, err = s.exec(ctx, tx, `DELETE FROM subscribers WHERE import_id = ? AND id BETWEEN ? AND ?
		AND NOT EXISTS (SELECT 1 FROM subscriptions x WHERE x.subscriber_id = subscribers.id)
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.edition_id IN (SELECT id FROM editions) AND d.subscriber_id = subscribers.id)`, imp.ID, from, to)
	if err != nil {
		return err
	}
	u.Readers += n
	var kept int
	err = s.row(ctx, tx, `SELECT COUNT(*) FROM subscribers WHERE import_id = ? AND id BETWEEN ? AND ?`, imp.ID, from, to).Scan(&kept)
	u.Kept += kept
	return err
}

// undoRest restores what was changed of readers who were there, and lifts what
// the file had suppressed.
func (s *Store) undoRest(ctx context.Context, tx *sql.Tx, imp digest.Import, u *Undone) error {
	type change struct {
		reader          digest.SubscriberID
		field, old, new string
	}
	var changes []change
	err := s.each(ctx, tx, func(scan func(...any) error) error {
		var c change
		err := scan(&c.reader, &c.field, &c.old, &c.new)
		changes = append(changes, c)
		return err
	}, `SELECT subscriber_id, field, old, new FROM import_changes WHERE import_id = ?`, imp.ID)
	if err != nil {
		return err
	}
	for _, c := range changes {
		n := 0
		switch c.field {
		case "state":
			state, since, _ := strings.Cut(c.old, " ")
			at, _ := strconv.ParseInt(since, 10, 64)
			n, err = s.exec(ctx, tx, `UPDATE subscriptions SET state = ?, since = ?, reason = '' WHERE list = ? AND subscriber_id = ? AND state = ? AND since = ?`,
				state, at, imp.List, c.reader, c.new, milli(imp.Begun))
		case "choice": // who chose since keeps it
			var w wish
			if err := json.Unmarshal([]byte(c.new), &w); err != nil {
				return fmt.Errorf("taking back a choice: %w", err)
			}
			n, err = s.exec(ctx, tx, `UPDATE subscriptions SET topics = '', cadence = '', snooze = 0, hour = '', zone = '' WHERE list = ? AND subscriber_id = ?
				AND topics = ? AND cadence = ? AND snooze = ? AND hour = ? AND zone = ?`, append([]any{imp.List, c.reader}, w.values()...)...)
		case "name", "language", "attributes":
			n, err = s.exec(ctx, tx, `UPDATE subscribers SET `+c.field+` = ? WHERE id = ? AND `+c.field+` = ?`, c.old, c.reader, c.new)
		}
		if err != nil {
			return err
		}
		u.Restored += n
	}
	_, err1 := s.exec(ctx, tx, `DELETE FROM suppressions WHERE source = ?`, importSource(imp.ID))
	_, err2 := s.exec(ctx, tx, `DELETE FROM import_changes WHERE import_id = ?`, imp.ID)
	_, err3 := s.exec(ctx, tx, `UPDATE imports SET undone = ? WHERE id = ?`, milli(s.now()), imp.ID)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	return s.revive(ctx, tx)
}
