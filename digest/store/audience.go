package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/zest-digest/zest/digest"
)

// readersOf is the FROM and WHERE of the willing readers of some lists, and of a
// segment of them: subscribers s, and subscriptions x, of which the first list's
// counts for who is on several. joins stand between the two, and take their
// values before the lists.
func (s *Store) readersOf(lists []string, only *digest.Members, joins string, values ...any) (string, []any) {
	from := ` FROM subscriptions x JOIN subscribers s ON s.id = x.subscriber_id ` + joins + `
		WHERE x.list IN (` + marks(len(lists)) + `) AND x.state = 'confirmed' AND s.suppressed = 0`
	args := append(values, anys(lists)...)
	if len(lists) > 1 {
		from += ` AND NOT EXISTS (SELECT 1 FROM subscriptions y WHERE y.subscriber_id = x.subscriber_id AND y.state = 'confirmed'
			AND y.list < x.list AND y.list IN (` + marks(len(lists)) + `))`
		args = append(args, anys(lists)...)
	}
	if only != nil {
		ids := "value FROM json_each(?)"
		if s.dialect == postgres {
			ids = "CAST(value AS BIGINT) FROM json_array_elements_text(CAST(? AS json))"
		}
		from, args = from+` AND x.subscriber_id IN (SELECT `+ids+`)`, append(args, listOf(only))
	}
	return from, args
}

const (
	// languageChosen is the language of a reader's subscription, else the person's.
	languageChosen = `CASE WHEN x.language = '' THEN s.language ELSE x.language END`
	// joinBehind finds how far a reader is behind. It takes the newsletter.
	joinBehind = ` LEFT JOIN behind b ON b.newsletter = ? AND b.subscriber_id = x.subscriber_id `
	// onServed ties a reader to what an edition means for their group. It takes the
	// edition.
	onServed = ` served g ON g.edition_id = ? AND g.language = ` + languageChosen + ` AND g.text_only = x.text_only
		AND g.topics = x.topics AND g.cadence = x.cadence AND g.mark = COALESCE(b.mark, -1) `
)

// Audience counts the willing readers of a newsletter by what they chose and
// what they have had; a person on several lists counts once.
func (s *Store) Audience(ctx context.Context, q digest.AudienceQuery) ([]digest.AudienceGroup, error) {
	var out []digest.AudienceGroup
	if len(q.Lists) == 0 {
		return nil, nil
	}
	from, args := s.readersOf(q.Lists, q.Members, joinBehind, q.Newsletter)
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var g digest.AudienceGroup
		var topics string
		err := scan(&g.Language, &g.TextOnly, &topics, &g.Cadence, &g.Snoozed, &g.Mark, &g.Readers)
		g.Topics = splitTopics(topics)
		out = append(out, g)
		return err
	}, `SELECT `+languageChosen+`, x.text_only = 1, x.topics, x.cadence, x.snooze > ?, COALESCE(b.mark, -1), COUNT(*)`+from+`
		GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6`, append([]any{milli(q.Now)}, args...)...)
	return out, err
}

// expand queues one delivery for each reader whose group the edition has
// something for, and brings what is remembered of who is behind up to date. Each
// is one statement, so that memory does not grow with the list. A reader whose
// choice is newer than the edition's audience is not in it: they are behind, and
// the next edition tells them what this one did.
func (s *Store) expand(ctx context.Context, tx *sql.Tx, e digest.Edition, f digest.Frozen) error {
	if len(f.Lists) == 0 {
		return nil
	}
	for _, g := range f.Audience {
		if g.Snoozed {
			continue
		}
		if _, err := s.exec(ctx, tx, `INSERT INTO served (edition_id, language, text_only, topics, cadence, mark, due, variant) VALUES (`+marks(8)+`)`,
			e.ID, g.Language, flag(g.TextOnly), joinTopics(g.Topics), string(g.Cadence), g.Mark, flag(g.Due), g.Variant); err != nil {
			return err
		}
	}
	if err := s.hours(ctx, tx, e, f); err != nil {
		return err
	}
	from, args := s.readersOf(f.Lists, f.Members, joinBehind+`JOIN`+onServed+`LEFT JOIN edition_hours h ON h.edition_id = g.edition_id AND h.hour = x.hour AND h.zone = x.zone`, e.Newsletter, e.ID)
	args = append(append([]any{e.ID}, args...), milli(e.FrozenAt))
	n, err := s.exec(ctx, tx, `INSERT INTO deliveries (edition_id, subscriber_id, variant, status, next_try)
		SELECT CAST(? AS BIGINT), s.id, g.variant, 'queued', COALESCE(h.at, 0)`+from+` AND x.snooze <= ? AND g.due = 1 AND g.variant <> '' ORDER BY s.id`, args...)
	if err != nil {
		return err
	}
	if _, err = s.exec(ctx, tx, `UPDATE editions SET audience = ? WHERE id = ?`, n, e.ID); err != nil {
		return err
	}
	if err := s.leaveBehind(ctx, tx, e, f, n); err != nil {
		return err
	}
	return s.grown(ctx, tx, n, "deliveries")
}

// leaveBehind notes who is behind after an edition that so many get: who was up to
// date and was passed over. Who caught up, or left, is forgotten; a mark of -2
// holds them apart until then.
func (s *Store) leaveBehind(ctx context.Context, tx *sql.Tx, e digest.Edition, f digest.Frozen, reached int) error {
	from, args := s.readersOf(f.Lists, f.Members, joinBehind+`JOIN`+onServed, e.Newsletter, e.ID)
	args = append(append([]any{e.Newsletter}, args...), milli(e.FrozenAt))
	if _, err := s.exec(ctx, tx, `UPDATE behind SET mark = -2 WHERE newsletter = ? AND subscriber_id IN (SELECT s.id`+from+` AND x.snooze <= ? AND g.due = 1 AND b.mark IS NOT NULL)`, args...); err != nil {
		return err
	}
	// As a rule the edition reaches everybody, and counting is cheaper than looking
	// at each.
	from, args = s.readersOf(f.Lists, f.Members, ``)
	var all int
	if err := s.row(ctx, tx, `SELECT COUNT(*)`+from, args...).Scan(&all); err != nil {
		return err
	}
	if all > reached {
		from, args = s.readersOf(f.Lists, f.Members, joinBehind+`LEFT JOIN`+onServed+`AND x.snooze <= ?`, e.Newsletter, e.ID, milli(e.FrozenAt))
		args = append([]any{e.Newsletter, e.Number - 1}, args...)
		if _, err := s.exec(ctx, tx, `INSERT INTO behind (newsletter, subscriber_id, mark)
			SELECT CAST(? AS TEXT), s.id, CAST(? AS BIGINT)`+from+` AND b.mark IS NULL AND (g.due IS NULL OR g.due = 0)`, args...); err != nil {
			return err
		}
	}
	_, err := s.exec(ctx, tx, `DELETE FROM behind WHERE newsletter = ? AND (mark = -2 OR NOT EXISTS (SELECT 1 FROM subscribers s WHERE s.id = behind.subscriber_id
		AND `+willing+`(`+marks(len(f.Lists))+`))))`, append([]any{e.Newsletter}, anys(f.Lists)...)...)
	return err
}

// hours notes when each hour that readers chose comes. One that comes only when
// the edition has expired is no reason to wait.
func (s *Store) hours(ctx context.Context, tx *sql.Tx, e digest.Edition, f digest.Frozen) error {
	type pair struct{ hour, zone string }
	var chosen []pair
	from, args := s.readersOf(f.Lists, f.Members, ``)
	err := s.each(ctx, tx, func(scan func(...any) error) error {
		var p pair
		err := scan(&p.hour, &p.zone)
		chosen = append(chosen, p)
		return err
	}, `SELECT DISTINCT x.hour, x.zone`+from+` AND x.hour <> ''`, args...)
	if err != nil {
		return err
	}
	for _, p := range chosen {
		zone := f.Zone
		if p.zone != "" || zone == nil {
			if zone, err = time.LoadLocation(p.zone); err != nil {
				continue // a zone that this machine does not know any more: no hour
			}
		}
		at := digest.NextHour(p.hour, zone, e.FrozenAt)
		if !at.Before(f.Expires) {
			continue
		}
		if _, err := s.exec(ctx, tx, `INSERT INTO edition_hours (edition_id, hour, zone, at) VALUES (?, ?, ?, ?)`, e.ID, p.hour, p.zone, milli(at)); err != nil {
			return err
		}
	}
	return nil
}

// fallBehind notes that readers did not get an edition after all, so that the
// next one tells them what it held. Who may have got it, because an answer was
// lost, and who was sent a later one, stay as they are: nothing is told twice.
// which is a condition on deliveries d.
func (s *Store) fallBehind(ctx context.Context, tx runner, id digest.EditionID, which string, args ...any) error {
	_, err := s.exec(ctx, tx, `INSERT INTO behind (newsletter, subscriber_id, mark)
		SELECT e.newsletter, d.subscriber_id, p.since FROM deliveries d
		JOIN editions e ON e.id = d.edition_id JOIN proofs p ON p.edition_id = d.edition_id AND p.variant = d.variant
		WHERE d.edition_id = ? AND d.repeats = 0 AND p.since >= 0 AND `+which+`
		AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = d.subscriber_id)
		AND NOT EXISTS (SELECT 1 FROM editions later JOIN deliveries dl ON dl.edition_id = later.id AND dl.subscriber_id = d.subscriber_id
			WHERE later.newsletter = e.newsletter AND later.number > e.number)
		ON CONFLICT (newsletter, subscriber_id) DO UPDATE SET mark = CASE WHEN behind.mark < excluded.mark THEN behind.mark ELSE excluded.mark END`,
		append([]any{id}, args...)...)
	return err
}

// catchUp notes that readers will get an edition after all, those whose delivery
// of it is open: the next need not tell them again.
func (s *Store) catchUp(ctx context.Context, tx *sql.Tx, id digest.EditionID) error {
	_, err := s.exec(ctx, tx, `UPDATE behind SET mark = (SELECT e.number FROM editions e WHERE e.id = ?)
		WHERE newsletter = (SELECT e.newsletter FROM editions e WHERE e.id = ?) AND mark < (SELECT e.number FROM editions e WHERE e.id = ?)
		AND EXISTS (SELECT 1 FROM deliveries d WHERE d.edition_id = ? AND d.subscriber_id = behind.subscriber_id AND d.status = 'queued')`, id, id, id, id)
	return err
}

// Told lists the articles that the editions of a newsletter after one number
// carried, without their HTML, by edition and article.
func (s *Store) Told(ctx context.Context, newsletter string, after int) ([]digest.Told, error) {
	var out []digest.Told
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var t digest.Told
		a, err := scanArticle(func(targets ...any) error { return scan(append(targets, &t.Edition, &t.Card)...) })
		t.Article = a
		out = append(out, t)
		return err
	}, `SELECT a.id, `+readColumns+`, e.number, c.card FROM carried c JOIN editions e ON e.id = c.edition_id JOIN articles a ON a.id = c.article_id
		WHERE c.newsletter = ? AND e.newsletter = ? AND e.number > ? AND c.card <> 0 ORDER BY e.number, a.id`, newsletter, newsletter, after)
	return out, err
}

// Appearances says when the editions of a newsletter since some time were
// frozen, by number.
func (s *Store) Appearances(ctx context.Context, newsletter string, since time.Time) (map[int]time.Time, error) {
	out := map[int]time.Time{}
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var n int
		var at int64
		err := scan(&n, &at)
		out[n] = moment(at)
		return err
	}, `SELECT number, frozen_at FROM editions WHERE newsletter = ? AND frozen_at >= ?`, newsletter, milli(since))
	return out, err
}
