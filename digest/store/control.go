package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/zest-digest/zest/digest"
)

// EditionState is where an edition stands now.
func (s *Store) EditionState(ctx context.Context, id digest.EditionID) (digest.EditionState, error) {
	var state string
	err := s.row(ctx, s.db, `SELECT state FROM editions WHERE id = ?`, id).Scan(&state)
	return digest.EditionState(state), notFound(err)
}

// MoveEdition takes an edition from one state to another, and reports whether it
// was in the first: of an operator who cancels and a run that finishes, one wins.
func (s *Store) MoveEdition(ctx context.Context, id digest.EditionID, from, to digest.EditionState) (bool, error) {
	finished := int64(0)
	if to == digest.EditionSent || to == digest.EditionCanceled {
		finished = milli(s.now())
	}
	n, err := s.exec(ctx, s.db, `UPDATE editions SET state = ?, finished_at = ? WHERE id = ? AND state = ?`, string(to), finished, id, string(from))
	return n == 1, err
}

// CancelEdition ends an edition for everybody who has not got it: what is queued
// becomes canceled, and its readers get what it held with the next. A run that has some of it in its hands notices and calls
// this again when it ends; held says how many deliveries that is about. It
// returns how many were canceled now. An edition that is sent already stays so.
func (s *Store) CancelEdition(ctx context.Context, id digest.EditionID, now time.Time) (canceled, held int, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		_, err := s.exec(ctx, tx, `UPDATE editions SET state = 'canceled', finished_at = ? WHERE id = ? AND (state = 'sending' OR state = 'paused')`, milli(now), id)
		if err != nil {
			return err
		}
		canceled, err = s.exec(ctx, tx, `UPDATE deliveries SET status = 'canceled', next_try = 0, settled = ? WHERE edition_id = ? AND status = 'queued'
			AND EXISTS (SELECT 1 FROM editions e WHERE e.id = deliveries.edition_id AND e.state = 'canceled')`, milli(now), id)
		if err != nil {
			return err
		}
		if err := s.fallBehind(ctx, tx, id, `d.status = 'canceled'`); err != nil {
			return err
		}
		return s.row(ctx, tx, `SELECT COUNT(*) FROM deliveries WHERE edition_id = ? AND status = 'claimed'`, id).Scan(&held)
	})
	return canceled, held, err
}

// RequeueFailed opens the failed deliveries of an edition again, except those of
// readers who left or are suppressed, or whom a later edition told what this one
// held. What was sent is never touched. The edition may be tried until the given time, or later when it had longer.
func (s *Store) RequeueFailed(ctx context.Context, id digest.EditionID, until time.Time) (requeued int, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		var err error
		requeued, err = s.exec(ctx, tx, `UPDATE deliveries SET status = 'queued', owner = '', attempts = 0, next_try = 0, settled = 0 WHERE edition_id = ? AND status = 'failed'
			AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = deliveries.subscriber_id
				AND `+willing+`(SELECT l.list FROM edition_lists l WHERE l.edition_id = deliveries.edition_id)))
			AND NOT EXISTS (SELECT 1 FROM editions e JOIN editions later ON later.newsletter = e.newsletter AND later.number > e.number
				JOIN deliveries dl ON dl.edition_id = later.id AND dl.subscriber_id = deliveries.subscriber_id WHERE e.id = deliveries.edition_id)`, id)
		if err != nil || requeued == 0 {
			return err
		}
		if err := s.catchUp(ctx, tx, id); err != nil {
			return err
		}
		_, err = s.exec(ctx, tx, `UPDATE editions SET state = 'sending', finished_at = 0, expires = CASE WHEN expires > ? THEN expires ELSE ? END WHERE id = ?`, milli(until), milli(until), id)
		return err
	})
	return requeued, err
}
