package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/zest-digest/zest/digest"
)

// unreadLife is how long a message that nobody could match is kept: it may name
// people.
const unreadLife = 30 * 24 * time.Hour

// unreadMost is how many such messages are kept: strangers write them.
const unreadMost = 1000

// TakeBack notes a message that came back and does what it asks for, in one
// transaction and once: the same message again is [digest.ActionSeen].
func (s *Store) TakeBack(ctx context.Context, r digest.Returned) (digest.ReturnAction, error) {
	if _, err := s.Secret(ctx); err != nil {
		return "", err
	}
	action := digest.ActionNoted
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := s.exec(ctx, tx, `DELETE FROM returned WHERE action = 'unmatched' AND at < ?`, milli(r.At.Add(-unreadLife))); err != nil {
			return err
		}
		if r.Subscriber == 0 && r.Email != "" {
			err := s.row(ctx, tx, `SELECT id FROM subscribers WHERE email_key = ?`, key(r.Email)).Scan(&r.Subscriber)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		if r.Subscriber == 0 && r.Wish != digest.WishNote {
			r.Wish = digest.WishKeep
		}
		if r.Wish != digest.WishKeep {
			r.Message = ""
		}
		n, err := s.exec(ctx, tx, `INSERT INTO returned (fingerprint, at, source, kind, class, status, reason, subscriber_id, edition_id, action, message)
			VALUES (`+marks(11)+`) ON CONFLICT (fingerprint) DO NOTHING`,
			r.Fingerprint, milli(r.At), r.Source, r.Kind, r.Class, r.Status, text(r.Reason), r.Subscriber, r.Edition, string(digest.ActionNoted), text(r.Message))
		if err != nil {
			return err
		}
		if n == 0 {
			action = digest.ActionSeen
			return nil
		}
		if action, err = s.grant(ctx, tx, r); err != nil {
			return err
		}
		_, err = s.exec(ctx, tx, `UPDATE returned SET action = ? WHERE fingerprint = ?`, string(action), r.Fingerprint)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("taking back a message: %w", err)
	}
	return action, nil
}

// grant does what a message asks for.
func (s *Store) grant(ctx context.Context, tx *sql.Tx, r digest.Returned) (digest.ReturnAction, error) {
	switch r.Wish {
	case digest.WishKeep:
		_, err := s.exec(ctx, tx, `DELETE FROM returned WHERE id < (SELECT id FROM returned WHERE message <> '' ORDER BY id DESC LIMIT 1 OFFSET ?) AND message <> ''`, unreadMost)
		return digest.ActionUnmatched, err
	case digest.WishSuppress:
		reason := "hard bounce"
		if r.Kind == "complaint" {
			reason = "complaint"
		}
		return digest.ActionSuppressed, s.close(ctx, tx, r, reason)
	case digest.WishLeave:
		_, err := s.exec(ctx, tx, `UPDATE subscriptions SET state = 'left', since = ?, reason = 'by mail' WHERE subscriber_id = ? AND state <> 'left'
			AND (list IN (SELECT l.list FROM edition_lists l WHERE l.edition_id = ?) OR ? = 0)`, milli(r.At), r.Subscriber, r.Edition, r.Edition)
		if err != nil {
			return "", err
		}
		return digest.ActionLeft, s.suppressQueued(ctx, tx, r.Subscriber, r.At)
	case digest.WishCount:
		n, err := s.enough(ctx, tx, r.Subscriber, r.Fingerprint, r.At)
		if err != nil || n == 0 {
			return digest.ActionCounted, err
		}
		return digest.ActionSuppressed, s.close(ctx, tx, r, "bounced again and again")
	}
	return digest.ActionNoted, nil
}

func (s *Store) close(ctx context.Context, tx *sql.Tx, r digest.Returned, reason string) error {
	source := r.Source
	if r.Status != "" {
		source += " " + r.Status
	}
	if err := s.suppressReader(ctx, tx, r.Subscriber, reason, source, r.At); err != nil {
		return err
	}
	return s.suppressQueued(ctx, tx, r.Subscriber, r.At)
}

// ReturnedFilter picks what came back; empty fields pick all.
type ReturnedFilter struct {
	ID     int64
	Action digest.ReturnAction
	Kind   string
	Since  time.Time
	Limit  int
}

// Returned lists what came back, the newest first.
func (s *Store) Returned(ctx context.Context, q ReturnedFilter) ([]digest.Returned, error) {
	where, args := `at >= ?`, []any{milli(q.Since)}
	if q.ID != 0 {
		where, args = where+` AND id = ?`, append(args, q.ID)
	}
	if q.Action != "" {
		where, args = where+` AND action = ?`, append(args, string(q.Action))
	}
	if q.Kind != "" {
		where, args = where+` AND kind = ?`, append(args, q.Kind)
	}
	limit := q.Limit
	if limit == 0 {
		limit = 1 << 30
	}
	var out []digest.Returned
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var r digest.Returned
		var at int64
		err := scan(&r.ID, &r.Fingerprint, &at, &r.Source, &r.Kind, &r.Class, &r.Status, &r.Reason, &r.Subscriber, &r.Edition, &r.Action, &r.Message)
		r.At = moment(at)
		out = append(out, r)
		return err
	}, `SELECT id, fingerprint, at, source, kind, class, status, reason, subscriber_id, edition_id, action, message FROM returned WHERE `+where+` ORDER BY id DESC LIMIT ?`, append(args, limit)...)
	return out, err
}

// ReturnCounts count what came back for an edition: bounces by their class (hard,
// soft, policy), the rest by kind (complaint, autoreply, delayed…).
func (s *Store) ReturnCounts(ctx context.Context, id digest.EditionID) (map[string]int, error) {
	out := map[string]int{}
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var kind, class string
		var n int
		err := scan(&kind, &class, &n)
		if kind == "bounce" {
			kind = class
		}
		out[kind] += n
		return err
	}, `SELECT kind, class, COUNT(*) FROM returned WHERE edition_id = ? GROUP BY kind, class`, id)
	return out, err
}
