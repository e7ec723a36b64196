package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"github.com/zest-digest/zest/digest"
)

// AddReactions adds to what was counted before, all of it or nothing.
func (s *Store) AddReactions(ctx context.Context, list []digest.Reaction) error {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b digest.Reaction) int { // in one order, so that two servers do not wait for each other
		return cmp.Or(cmp.Compare(a.Edition, b.Edition), cmp.Compare(a.Article, b.Article), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Day, b.Day))
	})
	return s.tx(ctx, func(tx *sql.Tx) error {
		for _, r := range list {
			_, err := s.exec(ctx, tx, `INSERT INTO reactions (edition_id, article_id, kind, day, times) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT (edition_id, article_id, kind, day) DO UPDATE SET times = reactions.times + excluded.times`,
				r.Edition, r.Article, string(r.Kind), r.Day, r.Count)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Reactions are what was counted of an edition, by article, kind and day.
func (s *Store) Reactions(ctx context.Context, id digest.EditionID) ([]digest.Reaction, error) {
	var out []digest.Reaction
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		r := digest.Reaction{Edition: id}
		err := scan(&r.Article, &r.Kind, &r.Day, &r.Count)
		out = append(out, r)
		return err
	}, `SELECT article_id, kind, day, times FROM reactions WHERE edition_id = ? ORDER BY article_id, kind, day`, id)
	return out, err
}

// Tastes are what readers made of the articles that a newsletter's editions
// carried since a moment, by source and rubric. Whoever had an article from a
// later edition counts with it.
func (s *Store) Tastes(ctx context.Context, newsletter string, since time.Time) ([]digest.Taste, error) {
	var out []digest.Taste
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var t digest.Taste
		err := scan(&t.Source, &t.Section, &t.Shown, &t.Clicks, &t.More, &t.Less)
		out = append(out, t)
		return err
	}, `WITH counted AS (
		SELECT r.article_id, SUM(CASE WHEN r.kind = 'click' THEN r.times ELSE 0 END) AS clicks,
			SUM(CASE WHEN r.kind = 'more' THEN r.times ELSE 0 END) AS more, SUM(CASE WHEN r.kind = 'less' THEN r.times ELSE 0 END) AS less
		FROM reactions r JOIN editions e ON e.id = r.edition_id WHERE e.newsletter = ? GROUP BY r.article_id)
		SELECT a.source, a.section, CAST(SUM(e.audience) AS BIGINT), CAST(SUM(COALESCE(t.clicks, 0)) AS BIGINT), CAST(SUM(COALESCE(t.more, 0)) AS BIGINT), CAST(SUM(COALESCE(t.less, 0)) AS BIGINT)
		FROM carried c JOIN editions e ON e.id = c.edition_id JOIN articles a ON a.id = c.article_id LEFT JOIN counted t ON t.article_id = c.article_id
		WHERE c.newsletter = ? AND c.card = c.article_id AND e.frozen_at >= ? GROUP BY a.source, a.section ORDER BY a.source, a.section`,
		newsletter, newsletter, milli(since))
	return out, err
}

// SentIn counts the readers who were sent an article, by edition, the oldest
// first: those of the edition that carried it, and whoever was behind and had it
// from a later one. An edition from before its inputs were kept is not counted.
func (s *Store) SentIn(ctx context.Context, id digest.ArticleID) ([]digest.Got, error) {
	type proof struct {
		digest.Got
		edition digest.EditionID
		variant string
	}
	var told []proof
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var p proof
		var body string
		if err := scan(&p.edition, &p.Edition.Newsletter, &p.Edition.Number, &p.variant, &body); err != nil || body == "" {
			return err
		}
		var in digest.Inputs
		err := json.Unmarshal([]byte(body), &in)
		if tells(in.Edition, id) {
			told = append(told, p)
		}
		return err
	}, `SELECT p.edition_id, e.newsletter, e.number, p.variant, p.inputs FROM carried c JOIN editions first ON first.id = c.edition_id
		JOIN editions e ON e.newsletter = first.newsletter AND e.number >= first.number
		JOIN proofs p ON p.edition_id = e.id AND p.since < first.number
		WHERE c.article_id = ? AND p.variant <> ? ORDER BY e.id, p.variant`, id, digest.WebVariant)
	if err != nil {
		return nil, err
	}
	var out []digest.Got
	for _, p := range told {
		err := s.row(ctx, s.db, `SELECT COUNT(*) FROM deliveries WHERE edition_id = ? AND variant = ? AND status = ?`, p.edition, p.variant, string(digest.DeliverySent)).Scan(&p.Readers)
		if err != nil {
			return nil, err
		}
		if last := len(out) - 1; last >= 0 && out[last].Edition.Ref() == p.Edition.Ref() {
			out[last].Readers += p.Readers
			continue
		}
		out = append(out, p.Got)
	}
	return out, nil
}

// tells reports whether a message holds an article, on a card of its own or as
// another version of one.
func tells(e digest.Edition, id digest.ArticleID) bool {
	return slices.ContainsFunc(e.Cards(), func(c digest.Card) bool {
		return c.Article.ID == id || slices.ContainsFunc(c.Also, func(a digest.Also) bool { return a.ID == id })
	})
}
