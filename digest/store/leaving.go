package store

import (
	"context"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// LeaveAll takes readers off lists, all in one commit: what many ask for at once
// costs one. What is queued for them and not in flight is suppressed with it.
// Whoever is not there, or has left already, changes nothing.
func (s *Store) LeaveAll(ctx context.Context, leaves []digest.Leave) error {
	return s.promptTx(ctx, func(tx runner) error {
		for _, alike := range alikeLeaves(leaves) {
			if err := s.leaveTogether(ctx, tx, alike); err != nil {
				return err
			}
		}
		return nil
	})
}

// leavesAtOnce bounds the readers of one statement; SQLite and Postgres take far
// more parameters.
const leavesAtOnce = 512

// alikeLeaves puts those together that one statement can do. What they ask for
// at one time counts as asked for at its last moment.
func alikeLeaves(leaves []digest.Leave) (out [][]digest.Leave) {
	place := map[string]int{}
	for _, l := range leaves {
		kind := l.Reason + "\x00" + strings.Join(l.Lists, "\x00")
		at, known := place[kind]
		if !known || len(out[at]) == leavesAtOnce {
			at, place[kind] = len(out), len(out)
			out = append(out, nil)
		}
		out[at] = append(out[at], l)
	}
	return out
}

func (s *Store) leaveTogether(ctx context.Context, tx runner, leaves []digest.Leave) error {
	where, lists := onLists(leaves[0].Lists)
	last := leaves[len(leaves)-1]
	ids := make([]any, len(leaves), 2*len(leaves))
	for i, l := range leaves {
		ids[i] = l.Subscriber
	}
	ids = filledUp(ids)
	var left []any
	err := s.each(ctx, tx, func(scan func(...any) error) error {
		var id digest.SubscriberID
		err := scan(&id)
		left = append(left, id)
		return err
	}, `UPDATE subscriptions SET state = 'left', since = ?, reason = ? WHERE `+where+` AND state <> 'left'
		AND subscriber_id IN (`+marks(len(ids))+`) RETURNING subscriber_id`, append(append([]any{milli(last.At), last.Reason}, lists...), ids...)...)
	if err != nil || len(left) == 0 {
		return err
	}
	return s.closeQueued(ctx, tx, last.At, filledUp(left)...)
}

// filledUp repeats the last of a list up to a power of two, so that there are few
// different statements and a session prepares each once.
func filledUp(list []any) []any {
	for n := len(list); n&(n-1) != 0; n++ {
		list = append(list, list[len(list)-1])
	}
	return list
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
