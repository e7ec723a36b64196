package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// Claim takes the next deliveries of an edition into a run's hands, in the order
// of readers, and deals them to its lanes: the reader at place i is lane
// c.Lanes[i % len(c.Lanes)]'s. Readers who left since the edition was frozen, or
// are suppressed, or are erased, are marked so in the same transaction and not
// handed out. An empty batch means that nothing can go now.
func (s *Store) Claim(ctx context.Context, c digest.Claim) ([]digest.Reader, error) {
	for {
		var readers []digest.Reader
		var unwilling []digest.SubscriberID
		err := s.inRun(ctx, c.Owner, func(tx runner) (err error) {
			if readers, unwilling, err = s.claimable(ctx, tx, c); err != nil {
				return err
			}
			if err := s.update(ctx, tx, `UPDATE deliveries SET status = 'suppressed', settled = ? WHERE edition_id = ?`, unwilling, milli(c.Now), c.Edition); err != nil {
				return err
			}
			return s.deal(ctx, tx, c, readers)
		})
		if err != nil || len(readers) > 0 || len(unwilling) == 0 {
			return readers, err
		}
	}
}

// claimable reads the next queued deliveries, and tells the readers who still
// want theirs from those who do not.
func (s *Store) claimable(ctx context.Context, tx runner, c digest.Claim) (readers []digest.Reader, unwilling []digest.SubscriberID, err error) {
	var state string
	if err := s.row(ctx, tx, `SELECT state FROM editions WHERE id = ?`, c.Edition).Scan(&state); err != nil || state != string(digest.EditionSending) {
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return nil, nil, err
	}
	readers = make([]digest.Reader, 0, c.Limit)
	err = s.each(ctx, tx, func(scan func(...any) error) error {
		var r digest.Reader
		var email, name sql.NullString
		var ok bool
		if err := scan(&r.Subscriber, &r.Variant, &r.Attempts, &email, &name, &ok); err != nil {
			return err
		}
		if !ok {
			unwilling = append(unwilling, r.Subscriber)
			return nil
		}
		r.Email, r.Name = email.String, name.String
		readers = append(readers, r)
		return nil
	}, `SELECT d.subscriber_id, d.variant, d.attempts, s.email, s.name,
		s.id IS NOT NULL AND `+willing+`(SELECT l.list FROM edition_lists l WHERE l.edition_id = d.edition_id))
		FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber_id
		WHERE d.edition_id = ? AND d.subscriber_id > ? AND d.status = 'queued' AND d.next_try <= ?
		ORDER BY d.subscriber_id LIMIT ?`+s.dialect.skipLocked("d"), c.Edition, c.After, milli(c.Now), c.Limit)
	return readers, unwilling, err
}

// deal marks who has which reader, lane by lane.
func (s *Store) deal(ctx context.Context, tx runner, c digest.Claim, readers []digest.Reader) error {
	for n, lane := range c.Lanes {
		var hand []digest.SubscriberID
		for i := n; i < len(readers); i += len(c.Lanes) {
			hand = append(hand, readers[i].Subscriber)
		}
		if err := s.update(ctx, tx, `UPDATE deliveries SET status = 'claimed', owner = ?, lane = ? WHERE edition_id = ?`, hand, c.Owner, lane, c.Edition); err != nil {
			return err
		}
	}
	return nil
}

// most is how many readers one statement names.
const most = 256

// update runs an UPDATE for some readers: a condition on them is added to it. A
// list is filled up to a power of two with its last reader, so that there are
// few different statements and each is prepared once.
func (s *Store) update(ctx context.Context, tx runner, query string, ids []digest.SubscriberID, args ...any) error {
	for len(ids) > 0 {
		n := min(len(ids), most)
		size := 1
		for size < n {
			size *= 2
		}
		all := append(make([]any, 0, len(args)+size), args...)
		for i := range size {
			all = append(all, ids[min(i, n-1)])
		}
		if _, err := s.exec(ctx, tx, query+` AND subscriber_id IN (?`+strings.Repeat(", ?", size-1)+`)`, all...); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}
