package store

import (
	"context"
	"fmt"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Pulse is how the store stands now. It counts by index, for it is asked often.
func (s *Store) Pulse(ctx context.Context) (digest.Pulse, error) {
	p := digest.Pulse{LastEdition: map[string]time.Time{}, Suppressions: map[string]int{}, Readers: map[string]int{}}
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var q digest.Queue
		var number, since, next int
		if err := scan(&q.Newsletter, &number, &q.State, &since, &q.Messages, &next); err != nil {
			return err
		}
		q.Edition, q.Since, q.NextTry = fmt.Sprintf("%s/%d", q.Newsletter, number), moment(int64(since)), moment(int64(next))
		p.Queues = append(p.Queues, q)
		return nil
	}, `SELECT e.newsletter, e.number, e.state, e.frozen_at, COUNT(*), MIN(d.next_try) FROM editions e
		JOIN deliveries d ON d.edition_id = e.id AND (d.status = 'queued' OR d.status = 'claimed')
		WHERE e.state = 'sending' OR e.state = 'paused'
		GROUP BY e.id, e.newsletter, e.number, e.state, e.frozen_at ORDER BY e.frozen_at`)
	if err != nil {
		return p, fmt.Errorf("counting what waits: %w", err)
	}
	err = s.each(ctx, s.db, func(scan func(...any) error) error {
		var name string
		var at int64
		err := scan(&name, &at)
		p.LastEdition[name] = moment(at)
		return err
	}, `SELECT newsletter, MAX(frozen_at) FROM editions GROUP BY newsletter`)
	if err != nil {
		return p, fmt.Errorf("looking for the last editions: %w", err)
	}
	if p.Failing, err = s.failing(ctx); err != nil {
		return p, fmt.Errorf("looking for sources that fail: %w", err)
	}
	for into, query := range map[*map[string]int]string{
		&p.Suppressions: `SELECT reason, COUNT(*) FROM suppressions GROUP BY reason`,
		&p.Readers:      `SELECT list, COUNT(*) FROM subscriptions WHERE state = 'confirmed' GROUP BY list`,
	} {
		err := s.each(ctx, s.db, func(scan func(...any) error) error {
			var name string
			var n int
			err := scan(&name, &n)
			(*into)[name] = n
			return err
		}, query)
		if err != nil {
			return p, fmt.Errorf("counting readers: %w", err)
		}
	}
	return p, nil
}

func (s *Store) failing(ctx context.Context) ([]digest.SourceState, error) {
	var names []string
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		names = append(names, name)
		return err
	}, `SELECT name FROM sources WHERE failures > 0 OR gone = 1 ORDER BY name`)
	if err != nil {
		return nil, err
	}
	var out []digest.SourceState
	for _, name := range names {
		st, err := s.SourceState(ctx, name)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

// Complaints counts, since a moment, how many readers reported a message as spam,
// and how many messages of the editions made since then were sent.
func (s *Store) Complaints(ctx context.Context, since time.Time) (complaints, sent int, err error) {
	err = s.row(ctx, s.db, `SELECT (SELECT COUNT(*) FROM suppressions WHERE reason = 'complaint' AND since >= ?),
		(SELECT COUNT(*) FROM deliveries d WHERE d.status = 'sent' AND d.edition_id IN (SELECT e.id FROM editions e WHERE e.frozen_at >= ?))`,
		milli(since), milli(since)).Scan(&complaints, &sent)
	return complaints, sent, err
}

// OnceIn reports whether something was not noted within a time, and notes it: so
// that an operator is told once, whichever process sees it.
func (s *Store) OnceIn(ctx context.Context, what string, within time.Duration) (bool, error) {
	name := "told-" + what
	noted, err := s.meta(ctx, name)
	if err != nil {
		return false, err
	}
	now := s.now()
	if at, err := time.Parse(time.RFC3339, noted); err == nil && now.Sub(at) < within {
		return false, nil
	}
	return true, s.setMeta(ctx, name, now.UTC().Format(time.RFC3339))
}
