package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Asking bounds what strangers can have us send.
const (
	asksPerDay  = 3                  // confirmation mails to one address
	pendingLife = 7 * 24 * time.Hour // of a subscription that nobody confirms
)

// Ask notes that somebody, perhaps the address's owner, wants to join. It says
// whether a confirmation mail is to be sent, and to whom: not to who is on the
// list already, not to a suppressed address, and not more than three times a day.
// Who left may ask again; only confirming brings them back.
func (s *Store) Ask(ctx context.Context, sub digest.Subscription, c digest.Consent) (digest.Subscriber, bool, error) {
	hash, err := s.hashes(ctx, sub.Subscriber.Email)
	if err != nil {
		return digest.Subscriber{}, false, err
	}
	send := false
	var reader digest.Subscriber
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.forgetAsks(ctx, tx, c.Asked); err != nil {
			return err
		}
		var state sql.NullString
		var asks, dead int
		err := s.row(ctx, tx, `SELECT (SELECT COUNT(*) FROM asks WHERE hash = ? AND at > ?),
			(SELECT COUNT(*) FROM suppressions WHERE hash IN (?, ?)),
			(SELECT x.state FROM subscriptions x JOIN subscribers s ON s.id = x.subscriber_id WHERE s.email_key = ? AND x.list = ?)`,
			hash[0], milli(c.Asked.Add(-24*time.Hour)), hash[0], hash[1], key(sub.Subscriber.Email), sub.List).Scan(&asks, &dead, &state)
		if err != nil || asks >= asksPerDay || dead > 0 || state.String == string(digest.SubConfirmed) {
			return err
		}
		sub.State = digest.SubPending
		if _, err := s.subscribe(ctx, tx, sub, hash, SubscribeOptions{}); err != nil {
			return err
		}
		if reader, err = scanSubscriber(s.row(ctx, tx, `SELECT `+subscriberColumns+` FROM subscribers WHERE email_key = ?`, key(sub.Subscriber.Email)).Scan); err != nil {
			return err
		}
		_, err1 := s.exec(ctx, tx, `INSERT INTO asks (hash, at) VALUES (?, ?)`, hash[0], milli(c.Asked))
		_, err2 := s.exec(ctx, tx, `INSERT INTO consents (subscriber_id, list, source, form, asked, confirmed) VALUES (?, ?, ?, ?, ?, 0)
			ON CONFLICT (subscriber_id, list) DO UPDATE SET source = excluded.source, form = excluded.form, asked = excluded.asked, confirmed = 0`,
			reader.ID, sub.List, c.Source, text(c.Form), milli(c.Asked))
		send = true
		return errors.Join(err1, err2)
	})
	return reader, send && err == nil, err
}

// forgetAsks drops what nobody confirmed in time: the subscription, the consent
// that was never given, and the person when nothing else is known of them.
func (s *Store) forgetAsks(ctx context.Context, tx *sql.Tx, now time.Time) error {
	before := milli(now.Add(-pendingLife))
	_, err1 := s.exec(ctx, tx, `DELETE FROM asks WHERE at < ?`, before)
	_, err2 := s.exec(ctx, tx, `DELETE FROM consents WHERE confirmed = 0 AND asked < ?`, before)
	n, err3 := s.exec(ctx, tx, `DELETE FROM subscriptions WHERE state = 'pending' AND since < ?`, before)
	if n > 0 {
		_, err := s.exec(ctx, tx, `DELETE FROM subscribers WHERE suppressed = 0 AND created < ?
			AND NOT EXISTS (SELECT 1 FROM subscriptions x WHERE x.subscriber_id = subscribers.id)
			AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subscriber_id = subscribers.id)`, before)
		return errors.Join(err1, err2, err3, err)
	}
	return errors.Join(err1, err2, err3)
}

// Confirm is the reader's own word: they are on the list, whatever they were
// before, and the consent is complete.
func (s *Store) Confirm(ctx context.Context, id digest.SubscriberID, list string, at time.Time) error {
	if err := s.Resubscribe(ctx, id, list, at); err != nil {
		return err
	}
	_, err := s.exec(ctx, s.db, `UPDATE consents SET confirmed = ? WHERE subscriber_id = ? AND list = ? AND confirmed = 0`, milli(at), id, list)
	return err
}

// Consents lists what a reader agreed to.
func (s *Store) Consents(ctx context.Context, id digest.SubscriberID) ([]digest.Consent, error) {
	var out []digest.Consent
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var c digest.Consent
		var asked, confirmed int64
		err := scan(&c.List, &c.Source, &c.Form, &asked, &confirmed)
		c.Asked, c.Confirmed = moment(asked), moment(confirmed)
		out = append(out, c)
		return err
	}, `SELECT list, source, form, asked, confirmed FROM consents WHERE subscriber_id = ? ORDER BY list`, id)
	return out, err
}
