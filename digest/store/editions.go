package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	lite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/zest-digest/zest/digest"
)

// duplicate reports whether an error is a unique constraint's.
func duplicate(err error) bool {
	var p *pgconn.PgError
	if errors.As(err, &p) {
		return p.Code == "23505" // unique_violation
	}
	var l *lite.Error
	return errors.As(err, &l) && (l.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || l.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// NextNumber is the number of a newsletter's next edition.
func (s *Store) NextNumber(ctx context.Context, newsletter string) (int, error) {
	var n int
	err := s.row(ctx, s.db, `SELECT COALESCE(MAX(number), 0) + 1 FROM editions WHERE newsletter = ?`, newsletter).Scan(&n)
	return n, err
}

// willing is the condition, on subscribers s, to get mail for some lists.
const willing = `s.suppressed = 0 AND EXISTS (SELECT 1 FROM subscriptions x WHERE x.subscriber_id = s.id AND x.state = 'confirmed' AND x.list IN `

// Freeze stores an edition whole: what it holds, that its articles are carried,
// its proofs, and one queued delivery for each willing reader. It is one
// transaction, before the first message leaves. When the number, the slot or an
// article is taken already, it is [digest.ErrAlreadyFrozen] and nothing changed.
func (s *Store) Freeze(ctx context.Context, f digest.Frozen) (digest.Edition, error) {
	e := f.Edition
	e.State, e.FrozenAt = digest.EditionSending, s.now().UTC()
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.insertEdition(ctx, tx, &e, f); err != nil {
			return err
		}
		for _, t := range f.Carried {
			if _, err := s.exec(ctx, tx, `INSERT INTO carried (newsletter, article_id, edition_id, card) VALUES (?, ?, ?, ?)`, e.Newsletter, t.ID, e.ID, t.Card); err != nil {
				return err
			}
		}
		for _, p := range f.Pictures {
			if _, err := s.exec(ctx, tx, `INSERT INTO pictures (id, type, data) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING`, p.ID, p.Type, p.Data); err != nil {
				return err
			}
		}
		if err := s.saveAbstracts(ctx, tx, f.Abstracts); err != nil {
			return err
		}
		if err := s.closePlan(ctx, tx, f.Plan); err != nil {
			return err
		}
		return s.expand(ctx, tx, e, f)
	})
	if duplicate(err) {
		return digest.Edition{}, fmt.Errorf("%s: %w", e.Ref(), digest.ErrAlreadyFrozen)
	}
	return e, err
}

func (s *Store) insertEdition(ctx context.Context, tx *sql.Tx, e *digest.Edition, f digest.Frozen) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	letter, err := json.Marshal(f.Letterhead)
	if err != nil {
		return err
	}
	err = s.row(ctx, tx, `INSERT INTO editions (newsletter, number, slot, state, frozen_at, finished_at, expires, audience, body, letterhead)
		VALUES (?, ?, ?, ?, ?, 0, ?, 0, ?, ?) RETURNING id`,
		e.Newsletter, e.Number, e.Slot, string(e.State), milli(e.FrozenAt), milli(f.Expires), text(string(body)), text(string(letter))).Scan(&e.ID)
	if err != nil {
		return err
	}
	for _, list := range f.Lists {
		if _, err := s.exec(ctx, tx, `INSERT INTO edition_lists (edition_id, list) VALUES (?, ?)`, e.ID, list); err != nil {
			return err
		}
	}
	for _, p := range f.Proofs {
		b, err := json.Marshal(p)
		if err != nil {
			return err
		}
		inputs := []byte{}
		if in, kept := f.Inputs[p.Variant.Key]; kept {
			if inputs, err = json.Marshal(in); err != nil {
				return err
			}
		}
		if _, err := s.exec(ctx, tx, `INSERT INTO proofs (edition_id, variant, language, text_only, since, body, inputs) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			e.ID, p.Variant.Key, p.Variant.Language, flag(p.Variant.TextOnly), p.Variant.Since, text(string(b)), text(string(inputs))); err != nil {
			return err
		}
	}
	return nil
}

const editionColumns = `id, state, frozen_at, finished_at, body`

func scanEdition(scan func(...any) error) (digest.Edition, error) {
	var e digest.Edition
	var id digest.EditionID
	var state, body string
	var frozen, finished int64
	if err := scan(&id, &state, &frozen, &finished, &body); err != nil {
		return e, notFound(err)
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return e, fmt.Errorf("reading edition %d: %w", id, err)
	}
	e.ID, e.State, e.FrozenAt, e.FinishedAt = id, digest.EditionState(state), moment(frozen), moment(finished)
	return e, nil
}

// Edition finds an edition by its number.
func (s *Store) Edition(ctx context.Context, newsletter string, number int) (digest.Edition, error) {
	return scanEdition(s.row(ctx, s.db, `SELECT `+editionColumns+` FROM editions WHERE newsletter = ? AND number = ?`, newsletter, number).Scan)
}

func (s *Store) editions(ctx context.Context, where string, args ...any) ([]digest.Edition, error) {
	var out []digest.Edition
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		e, err := scanEdition(scan)
		out = append(out, e)
		return err
	}, `SELECT `+editionColumns+` FROM editions WHERE `+where, args...)
	return out, err
}

// Editions lists the newest editions of a newsletter, newest first.
func (s *Store) Editions(ctx context.Context, newsletter string, limit int) ([]digest.Edition, error) {
	return s.editions(ctx, `newsletter = ? ORDER BY number DESC LIMIT ?`, newsletter, limit)
}

// AllEditions lists every edition, oldest first.
func (s *Store) AllEditions(ctx context.Context) ([]digest.Edition, error) {
	return s.editions(ctx, `1 = 1 ORDER BY id`)
}

// Unfinished lists the editions of a newsletter that are not all sent, oldest
// first.
func (s *Store) Unfinished(ctx context.Context, newsletter string) ([]digest.Edition, error) {
	return s.editions(ctx, `newsletter = ? AND (state = 'sending' OR state = 'paused') ORDER BY number`, newsletter)
}

// Frozen is everything an edition is sent from.
func (s *Store) Frozen(ctx context.Context, id digest.EditionID) (digest.Frozen, error) {
	var f digest.Frozen
	var err error
	if f.Edition, err = scanEdition(s.row(ctx, s.db, `SELECT `+editionColumns+` FROM editions WHERE id = ?`, id).Scan); err != nil {
		return f, err
	}
	var letter string
	var expires int64
	if err := s.row(ctx, s.db, `SELECT letterhead, expires FROM editions WHERE id = ?`, id).Scan(&letter, &expires); err != nil {
		return f, err
	}
	f.Expires = moment(expires)
	if err := json.Unmarshal([]byte(letter), &f.Letterhead); err != nil {
		return f, err
	}
	err = s.each(ctx, s.db, func(scan func(...any) error) error {
		var body string
		if err := scan(&body); err != nil {
			return err
		}
		var p digest.Proof
		err := json.NewDecoder(strings.NewReader(body)).Decode(&p)
		f.Proofs = append(f.Proofs, p)
		return err
	}, `SELECT body FROM proofs WHERE edition_id = ? ORDER BY variant`, id)
	if err != nil {
		return f, err
	}
	err = s.each(ctx, s.db, func(scan func(...any) error) error {
		var list string
		err := scan(&list)
		f.Lists = append(f.Lists, list)
		return err
	}, `SELECT list FROM edition_lists WHERE edition_id = ? ORDER BY list`, id)
	return f, err
}
