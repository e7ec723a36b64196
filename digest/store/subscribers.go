package store

import (
	"cmp"
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
)

// key is an address as identity: two spellings of it are one person.
func key(email string) string {
	if parsed, err := address.Parse(email); err == nil {
		return address.Key(parsed)
	}
	return address.Key(strings.TrimSpace(email))
}

const subscriberColumns = `id, email, name, language, text_only = 1, created, attributes`

func scanSubscriber(scan func(...any) error) (digest.Subscriber, error) {
	var s digest.Subscriber
	var created int64
	var attributes string
	if err := scan(&s.ID, &s.Email, &s.Name, &s.Language, &s.TextOnly, &created, &attributes); err != nil {
		return s, notFound(err)
	}
	s.Created = moment(created)
	var err error
	s.Attributes, err = decodeAttributes(attributes)
	return s, err
}

// Subscriber finds a reader.
func (s *Store) Subscriber(ctx context.Context, id digest.SubscriberID) (digest.Subscriber, error) {
	return scanSubscriber(s.row(ctx, s.db, `SELECT `+subscriberColumns+` FROM subscribers WHERE id = ?`, id).Scan)
}

// FindSubscriber finds a reader by address, in any spelling of it.
func (s *Store) FindSubscriber(ctx context.Context, email string) (digest.Subscriber, error) {
	return scanSubscriber(s.row(ctx, s.db, `SELECT `+subscriberColumns+` FROM subscribers WHERE email_key = ?`, key(email)).Scan)
}

// SubscribeOptions say on whose word somebody is put on a list.
type SubscribeOptions struct {
	// Again is the reader's own wish: it brings back who had left, and lifts a
	// suppression. Nothing else does.
	Again bool
}

// Subscribe puts a reader on a list. Without Again it never raises a state:
// whoever left stays away, and a suppressed address stays suppressed. It reports
// whether the subscription changed.
func (s *Store) Subscribe(ctx context.Context, sub digest.Subscription, o SubscribeOptions) (bool, error) {
	changed := false
	hash, err := s.hashes(ctx, sub.Subscriber.Email)
	if err != nil {
		return false, err
	}
	err = s.tx(ctx, func(tx *sql.Tx) error {
		changed, err = s.subscribe(ctx, tx, sub, hash, o)
		return err
	})
	return changed, err
}

func (s *Store) subscribe(ctx context.Context, tx *sql.Tx, sub digest.Subscription, hash [2]string, o SubscribeOptions) (bool, error) {
	r := sub.Subscriber
	if o.Again {
		if _, err := s.exec(ctx, tx, `DELETE FROM suppressions WHERE hash = ?`, hash[0]); err != nil {
			return false, err
		}
		if _, err := s.exec(ctx, tx, `UPDATE subscribers SET suppressed = 0 WHERE email_key = ? AND NOT EXISTS (SELECT 1 FROM suppressions WHERE hash = ?)`, key(r.Email), hash[1]); err != nil {
			return false, err
		}
	}
	id, err := s.upsertReader(ctx, tx, r, hash)
	if err != nil {
		return false, err
	}
	condition := `subscriptions.state = 'pending' AND excluded.state = 'confirmed' OR subscriptions.state <> 'left' AND excluded.state = 'left'`
	if o.Again {
		condition = `subscriptions.state <> excluded.state`
	}
	// A new subscription begins with what came with it, else with what the person
	// has everywhere. One that exists keeps its choice: only the reader changes it.
	choice, err := sub.Choice.Clean()
	if err != nil {
		return false, err
	}
	choice.Language, choice.TextOnly = cmp.Or(choice.Language, r.Language), choice.TextOnly || r.TextOnly
	n, err := s.exec(ctx, tx, `INSERT INTO subscriptions (list, subscriber_id, state, since, reason, topics, cadence, language, text_only, snooze, hour, zone)
		VALUES (`+marks(12)+`)
		ON CONFLICT (list, subscriber_id) DO UPDATE SET state = excluded.state, since = excluded.since, reason = '' WHERE `+condition,
		append([]any{sub.List, id, string(sub.State), milli(sub.Since), sub.Reason}, choiceValues(choice)...)...)
	if err == nil && o.Again && n > 0 {
		err = s.reopen(ctx, tx, id)
	}
	return n > 0, err
}

// upsertReader finds or adds a person; what is known of them is only filled in,
// never overwritten by an import.
func (s *Store) upsertReader(ctx context.Context, tx *sql.Tx, r digest.Subscriber, hash [2]string) (digest.SubscriberID, error) {
	var id digest.SubscriberID
	created := r.Created
	if created.IsZero() {
		created = s.now()
	}
	err := s.row(ctx, tx, `INSERT INTO subscribers (email, email_key, name, language, text_only, attributes, suppressed, created)
		VALUES (?, ?, ?, ?, ?, ?, CASE WHEN EXISTS (SELECT 1 FROM suppressions WHERE hash IN (?, ?)) THEN 1 ELSE 0 END, ?)
		ON CONFLICT (email_key) DO UPDATE SET
			name = CASE WHEN subscribers.name = '' THEN excluded.name ELSE subscribers.name END,
			language = CASE WHEN subscribers.language = '' THEN excluded.language ELSE subscribers.language END
		RETURNING id`, r.Email, key(r.Email), text(r.Name), r.Language, flag(r.TextOnly), text(encodeAttributes(r.Attributes)), hash[0], hash[1], milli(created)).Scan(&id)
	return id, err
}

// Unsubscribe takes a reader off a list, or off all when list is empty. What is
// queued for them and not in flight is suppressed in the same transaction.
func (s *Store) Unsubscribe(ctx context.Context, id digest.SubscriberID, list, reason string, at time.Time) (bool, error) {
	changed := 0
	err := s.tx(ctx, func(tx *sql.Tx) error {
		where, args := `subscriber_id = ? AND state <> 'left'`, []any{milli(at), reason, id}
		if list != "" {
			where, args = where+` AND list = ?`, append(args, list)
		}
		var err error
		if changed, err = s.exec(ctx, tx, `UPDATE subscriptions SET state = 'left', since = ?, reason = ? WHERE `+where, args...); err != nil {
			return err
		}
		return s.suppressQueued(ctx, tx, id, at)
	})
	return changed > 0, err
}

// open names the editions whose deliveries may still be open. The ledger is found
// by edition and reader, and has no index for a reader alone.
const open = `SELECT id FROM editions WHERE state = 'sending' OR state = 'paused'`

// suppressQueued closes the open deliveries of a reader who no longer wants the
// edition on any of its lists.
func (s *Store) suppressQueued(ctx context.Context, tx *sql.Tx, id digest.SubscriberID, at time.Time) error {
	return s.closeQueued(ctx, tx, at, id)
}

// closeQueued does it for several readers at once.
func (s *Store) closeQueued(ctx context.Context, tx runner, at time.Time, ids ...any) error {
	_, err := s.exec(ctx, tx, `UPDATE deliveries SET status = 'suppressed', settled = ? WHERE edition_id IN (`+open+`) AND subscriber_id IN (`+marks(len(ids))+`) AND status = 'queued'
		AND NOT EXISTS (SELECT 1 FROM subscribers s JOIN subscriptions x ON x.subscriber_id = s.id JOIN edition_lists l ON l.list = x.list
			WHERE s.id = deliveries.subscriber_id AND s.suppressed = 0 AND x.state = 'confirmed' AND l.edition_id = deliveries.edition_id)`, append([]any{milli(at)}, ids...)...)
	return err
}

// reopen queues again what was closed for a reader who left while an edition is
// being sent, and came back by their own wish. Nothing of it was begun. A claim
// looks anyway whether they want it now.
func (s *Store) reopen(ctx context.Context, tx *sql.Tx, id digest.SubscriberID) error {
	_, err := s.exec(ctx, tx, `UPDATE deliveries SET status = 'queued', next_try = 0, settled = 0 WHERE edition_id IN (`+open+`) AND subscriber_id = ? AND status = 'suppressed'`, id)
	return err
}

// SubscriptionFilter picks subscriptions; empty fields pick all.
type SubscriptionFilter struct {
	List  string
	State digest.SubscriptionState
	Email string
}

// Subscriptions calls f for each subscription, by list and address.
func (s *Store) Subscriptions(ctx context.Context, q SubscriptionFilter, f func(digest.Subscription) error) error {
	where, args := `1 = 1`, []any{}
	for _, c := range []struct{ column, value string }{{"x.list", q.List}, {"x.state", string(q.State)}, {"s.email_key", key(q.Email)}} {
		if c.value != "" {
			where, args = where+` AND `+c.column+` = ?`, append(args, c.value)
		}
	}
	return s.each(ctx, s.db, func(scan func(...any) error) error {
		var sub digest.Subscription
		var created, since int64
		var attributes string
		r := &sub.Subscriber
		choice := choiceScan{choice: &sub.Choice}
		err := scan(append([]any{&r.ID, &r.Email, &r.Name, &r.Language, &r.TextOnly, &created, &attributes, &sub.List, &sub.State, &since, &sub.Reason}, choice.targets()...)...)
		if err != nil {
			return err
		}
		choice.finish()
		r.Created, sub.Since = moment(created), moment(since)
		if r.Attributes, err = decodeAttributes(attributes); err != nil {
			return err
		}
		return f(sub)
	}, `SELECT s.id, s.email, s.name, s.language, s.text_only = 1, s.created, s.attributes, x.list, x.state, x.since, x.reason, `+choiceColumns+`
		FROM subscriptions x JOIN subscribers s ON s.id = x.subscriber_id WHERE `+where+` ORDER BY x.list, s.email_key`, args...)
}
