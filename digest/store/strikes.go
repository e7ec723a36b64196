package store

import (
	"context"
	"fmt"
	"time"

	"github.com/zest-digest/zest/digest"
)

// strike remembers a refusal that is held against an address, and closes the
// address when it was the last one needed.
func (s *Store) strike(ctx context.Context, tx runner, id digest.EditionID, o digest.Outcome) error {
	if _, err := s.exec(ctx, tx, `INSERT INTO strikes (subscriber_id, kind, edition_id, at) VALUES (?, ?, ?, ?) ON CONFLICT (subscriber_id, kind, edition_id) DO NOTHING`,
		o.Subscriber, string(o.Strike), id, milli(o.At)); err != nil {
		return err
	}
	n, err := s.enough(ctx, tx, o.Subscriber, "", o.At)
	if err != nil || n == 0 {
		return err
	}
	return s.suppressReader(ctx, tx, o.Subscriber, "hard bounce", fmt.Sprintf("smtp %d %s, %d times", o.Code, o.Enhanced, n), o.At)
}

// troubleMemory is how long a bounce that did not close an address by itself
// counts. A relay that takes every message says nothing between two of them; a
// server that refuses to our face takes the next one, or refuses it too.
const troubleMemory = 90 * 24 * time.Hour

// enough says how many editions a reader's address did not take, refused in SMTP
// or sent back later, when they close it; else 0. Of what came back, the message
// of a fingerprint counts too. A delivery that did not come back wipes the slate
// of what was refused before it.
func (s *Store) enough(ctx context.Context, tx runner, id digest.SubscriberID, fingerprint string, now time.Time) (int, error) {
	const cameBack = `r.subscriber_id = ? AND (r.action = 'counted' OR r.fingerprint = ?)`
	if _, err := s.exec(ctx, tx, `DELETE FROM strikes WHERE subscriber_id = ? AND at < (SELECT COALESCE(MAX(d.settled), 0) FROM editions e
		JOIN deliveries d ON d.edition_id = e.id AND d.subscriber_id = ? WHERE d.status = 'sent' AND NOT EXISTS (SELECT 1 FROM returned r WHERE r.edition_id = d.edition_id AND `+cameBack+`))`,
		id, id, id, fingerprint); err != nil {
		return 0, err
	}
	var of [3]troubles
	kinds := []digest.Strike{digest.StrikeDomain, digest.StrikeDisabled, digest.StrikeFull}
	err := s.each(ctx, tx, func(scan func(...any) error) error {
		var kind digest.Strike
		var edition digest.EditionID
		var at int64
		err := scan(&kind, &edition, &at)
		for i, k := range kinds { // a mailbox that was disabled took nothing either
			if k == kind || k == digest.StrikeFull && kind == digest.StrikeDisabled {
				of[i].add(edition, moment(at))
			}
		}
		return err
	}, `SELECT kind, edition_id, at FROM strikes WHERE subscriber_id = ? UNION ALL
		SELECT CASE WHEN r.status = '5.2.1' THEN '5.2.1' ELSE '5.2.2' END, r.edition_id, r.at FROM returned r WHERE `+cameBack+` AND r.at > ?`,
		id, id, fingerprint, milli(now.Add(-troubleMemory)))
	for i, k := range kinds {
		if n := len(of[i].editions); k.Closes(n, of[i].last.Sub(of[i].first)) {
			return n, err
		}
	}
	return 0, err
}

// troubles are the editions that an address did not take.
type troubles struct {
	editions    map[digest.EditionID]bool
	first, last time.Time
}

func (t *troubles) add(e digest.EditionID, at time.Time) {
	if t.editions == nil {
		t.editions, t.first, t.last = map[digest.EditionID]bool{}, at, at
	}
	t.editions[e] = true
	if at.Before(t.first) {
		t.first = at
	}
	if at.After(t.last) {
		t.last = at
	}
}

// spread moves a pause by up to a fifth, so that readers who were put off
// together do not all come back together. It is a function of the reader and the
// attempt: two runs agree.
func spread(pause time.Duration, id digest.SubscriberID, attempts int) time.Duration {
	h := (uint64(id)*2654435761 + uint64(attempts)*40503) % 401 // 0 … 400
	return pause + pause*time.Duration(int64(h)-200)/1000
}
