package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/zest-digest/zest/digest"
)

// LeaveAll takes readers off lists, all in one commit: what many ask for at once
// costs one. What is queued for them and not in flight is suppressed with it.
// Whoever is not there, or has left already, changes nothing.
func (s *Store) LeaveAll(ctx context.Context, leaves []digest.Leave) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		one, err := tx.PrepareContext(ctx, s.dialect.bind(`UPDATE subscriptions SET state = 'left', since = ?, reason = ? WHERE subscriber_id = ? AND list = ? AND state <> 'left'`))
		if err != nil {
			return err
		}
		defer one.Close()
		for _, l := range leaves {
			changed, err := s.leave(ctx, tx, one, l)
			if err != nil {
				return err
			}
			if !changed {
				continue
			}
			if err := s.suppressQueued(ctx, tx, l.Subscriber, l.At); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) leave(ctx context.Context, tx *sql.Tx, one *sql.Stmt, l digest.Leave) (bool, error) {
	if len(l.Lists) == 0 {
		n, err := s.exec(ctx, tx, `UPDATE subscriptions SET state = 'left', since = ?, reason = ? WHERE subscriber_id = ? AND state <> 'left'`, milli(l.At), l.Reason, l.Subscriber)
		return n > 0, err
	}
	changed := int64(0)
	for _, list := range l.Lists {
		res, err := one.ExecContext(ctx, milli(l.At), l.Reason, l.Subscriber, list)
		if err != nil {
			return false, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return false, err
		}
		changed += n
	}
	return changed > 0, nil
}

// onLists is a condition on a list column, and its arguments; no lists mean all.
func onLists(lists []string) (string, []any) {
	if len(lists) == 0 {
		return "1 = 1", nil
	}
	return "list IN (" + marks(len(lists)) + ")", anys(lists)
}

// Return takes back a leaving that was a mistake: on those of the lists that the
// reader left, and no other. It lifts no suppression, and reports whether
// anything changed.
func (s *Store) Return(ctx context.Context, id digest.SubscriberID, lists []string, at time.Time) (bool, error) {
	where, args := onLists(lists)
	n, err := s.exec(ctx, s.db, `UPDATE subscriptions SET state = 'confirmed', since = ?, reason = '' WHERE subscriber_id = ? AND state = 'left' AND `+where,
		append([]any{milli(at), id}, args...)...)
	return n > 0, err
}

// SetReason notes why a reader left, if they have.
func (s *Store) SetReason(ctx context.Context, id digest.SubscriberID, lists []string, reason string) error {
	where, args := onLists(lists)
	_, err := s.exec(ctx, s.db, `UPDATE subscriptions SET reason = ? WHERE subscriber_id = ? AND state = 'left' AND `+where,
		append([]any{text(reason), id}, args...)...)
	return err
}

// States says where a reader stands on lists; a list they were never on is
// absent.
func (s *Store) States(ctx context.Context, id digest.SubscriberID, lists []string) (map[string]digest.SubscriptionState, error) {
	out := map[string]digest.SubscriptionState{}
	where, args := onLists(lists)
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var list, state string
		err := scan(&list, &state)
		out[list] = digest.SubscriptionState(state)
		return err
	}, `SELECT list, state FROM subscriptions WHERE subscriber_id = ? AND `+where, append([]any{id}, args...)...)
	return out, err
}
