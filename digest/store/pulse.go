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
