package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/zest-digest/zest/digest"
)

// SavePlan keeps a plan: a new one, when it has no number yet, or a change of
// one that is still open. What is sent or canceled does not change: that is
// [digest.ErrNotFound]. A new one that is held takes the place of those that
// were.
func (s *Store) SavePlan(ctx context.Context, p digest.Plan) (digest.PlanID, error) {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		fresh := p.ID == 0
		if fresh {
			if p.State == digest.PlanHeld {
				if _, err := s.exec(ctx, tx, `UPDATE plans SET state = 'canceled' WHERE newsletter = ? AND state = 'held'`, p.Newsletter); err != nil {
					return err
				}
			}
			if err := s.row(ctx, tx, `INSERT INTO plans (newsletter, number, state, made, body) VALUES (?, ?, ?, ?, '') RETURNING id`,
				p.Newsletter, p.Number, string(p.State), milli(p.Made)).Scan(&p.ID); err != nil {
				return err
			}
		}
		body, err := json.Marshal(p)
		if err != nil {
			return err
		}
		n, err := s.exec(ctx, tx, `UPDATE plans SET state = ?, body = ? WHERE id = ? AND (state = 'saved' OR state = 'held')`, string(p.State), text(string(body)), p.ID)
		if err == nil && n == 0 {
			return fmt.Errorf("plan %d is closed: %w", p.ID, digest.ErrNotFound)
		}
		return err
	})
	return p.ID, err
}

func (s *Store) plans(ctx context.Context, where string, args ...any) ([]digest.Plan, error) {
	var out []digest.Plan
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var id digest.PlanID
		var state, body string
		if err := scan(&id, &state, &body); err != nil {
			return err
		}
		var p digest.Plan
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			return fmt.Errorf("reading plan %d: %w", id, err)
		}
		p.ID, p.State = id, digest.PlanState(state)
		out = append(out, p)
		return nil
	}, `SELECT id, state, body FROM plans WHERE `+where, args...)
	return out, err
}

// Plan finds a plan.
func (s *Store) Plan(ctx context.Context, id digest.PlanID) (digest.Plan, error) {
	list, err := s.plans(ctx, `id = ?`, id)
	if err == nil && len(list) == 0 {
		err = digest.ErrNotFound
	}
	if err != nil {
		return digest.Plan{}, err
	}
	return list[0], nil
}

// HeldPlan finds what waits for the editor of a newsletter.
func (s *Store) HeldPlan(ctx context.Context, newsletter string) (digest.Plan, error) {
	list, err := s.plans(ctx, `newsletter = ? AND state = 'held' ORDER BY id DESC`, newsletter)
	if err == nil && len(list) == 0 {
		err = digest.ErrNotFound
	}
	if err != nil {
		return digest.Plan{}, err
	}
	return list[0], nil
}

// closePlan notes that a plan becomes an edition. One that is closed already
// makes none.
func (s *Store) closePlan(ctx context.Context, tx *sql.Tx, id digest.PlanID) error {
	if id == 0 {
		return nil
	}
	n, err := s.exec(ctx, tx, `UPDATE plans SET state = 'sent' WHERE id = ? AND (state = 'saved' OR state = 'held')`, id)
	if err == nil && n == 0 {
		return fmt.Errorf("plan %d: %w", id, digest.ErrAlreadyFrozen)
	}
	return err
}

// Inputs are what the proofs of an edition were rendered from, by variant.
func (s *Store) Inputs(ctx context.Context, id digest.EditionID) (map[string]digest.Inputs, error) {
	out := map[string]digest.Inputs{}
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var variant, body string
		if err := scan(&variant, &body); err != nil || body == "" {
			return err
		}
		var in digest.Inputs
		err := json.Unmarshal([]byte(body), &in)
		out[variant] = in
		return err
	}, `SELECT variant, inputs FROM proofs WHERE edition_id = ?`, id)
	return out, err
}

// ArticlesByID finds articles, without their HTML, in the order of their ids.
func (s *Store) ArticlesByID(ctx context.Context, ids []digest.ArticleID) ([]digest.Article, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.articles(ctx, readColumns, `a.id IN (`+marks(len(ids))+`)`, anys(ids)...)
}
