package store

import (
	"context"
	"fmt"
	"time"

	"github.com/zest-digest/zest/digest"
)

// strike remembers a refusal that is held against an address, and closes the
// address when it was the last one needed. A delivery in between wipes the slate.
func (s *Store) strike(ctx context.Context, tx runner, id digest.EditionID, o digest.Outcome) error {
	if _, err := s.exec(ctx, tx, `INSERT INTO strikes (subscriber_id, kind, edition_id, at) VALUES (?, ?, ?, ?) ON CONFLICT (subscriber_id, kind, edition_id) DO NOTHING`,
		o.Subscriber, string(o.Strike), id, milli(o.At)); err != nil {
		return err
	}
	var delivered int64
	if err := s.row(ctx, tx, `SELECT COALESCE(MAX(d.settled), 0) FROM editions e JOIN deliveries d ON d.edition_id = e.id AND d.subscriber_id = ? WHERE d.status = 'sent'`,
		o.Subscriber).Scan(&delivered); err != nil {
		return err
	}
	if _, err := s.exec(ctx, tx, `DELETE FROM strikes WHERE subscriber_id = ? AND at < ?`, o.Subscriber, delivered); err != nil {
		return err
	}
	var n int
	var first int64
	if err := s.row(ctx, tx, `SELECT COUNT(*), COALESCE(MIN(at), 0) FROM strikes WHERE subscriber_id = ? AND kind = ?`, o.Subscriber, string(o.Strike)).Scan(&n, &first); err != nil {
		return err
	}
	if !o.Strike.Closes(n, o.At.Sub(moment(first))) {
		return nil
	}
	return s.suppressReader(ctx, tx, o.Subscriber, "hard bounce", fmt.Sprintf("smtp %d %s, %d times", o.Code, o.Enhanced, n), o.At)
}

// spread moves a pause by up to a fifth, so that readers who were put off
// together do not all come back together. It is a function of the reader and the
// attempt: two runs agree.
func spread(pause time.Duration, id digest.SubscriberID, attempts int) time.Duration {
	h := (uint64(id)*2654435761 + uint64(attempts)*40503) % 401 // 0 … 400
	return pause + pause*time.Duration(int64(h)-200)/1000
}
