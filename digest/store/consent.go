package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Asking bounds what strangers can have us send.
const (
	asksPerDay  = 3                  // mails of one kind to one address
	pendingLife = 7 * 24 * time.Hour // of what nobody confirms
)

// The kinds of mails that somebody can have us send.
const (
	askJoin = "join"
	askData = "data"
	askMove = "move"
)

// erased is the reason of the suppression that an erasure leaves. It keeps
// imports away, and not the person themself.
const erased = "erased"

// Ask notes that somebody, perhaps the address's owner, wants to join, and says
// which mail is to be sent to whom: none to a suppressed address, and not more
// than three a day. Who left may ask again; only confirming brings them back.
func (s *Store) Ask(ctx context.Context, j digest.Joining) (reader digest.Subscriber, answer digest.JoinAnswer, err error) {
	secret, err := s.Secret(ctx)
	if err != nil {
		return reader, answer, err
	}
	hash := hashesOf(secret, key(j.Subscriber.Email))
	if j.Consent.Network != "" {
		j.Consent.Network = keyedHash(secret, "network\x00"+j.Consent.Network)
	}
	now := j.Consent.Asked
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.expire(ctx, tx, now); err != nil {
			return err
		}
		allowed, err := s.mayAsk(ctx, tx, ask{kind: askJoin, hash: hash, perDomain: j.PerDomain, now: now})
		if err != nil || !allowed {
			return err
		}
		open, known, err := s.openLists(ctx, tx, j)
		if err != nil {
			return err
		}
		if len(open) > 0 {
			if known {
				j.Subscriber.Language, j.Subscriber.Name = "", "" // a stranger changes nothing of a reader
			}
			err = s.pend(ctx, tx, j, open, hash)
			answer = digest.JoinConfirm
		} else {
			answer = digest.JoinKnown
		}
		if err != nil {
			return err
		}
		reader, err = scanSubscriber(s.row(ctx, tx, `SELECT `+subscriberColumns+` FROM subscribers WHERE email_key = ?`, key(j.Subscriber.Email)).Scan)
		if err != nil || answer == digest.JoinKnown {
			return err
		}
		return s.noteConsent(ctx, tx, reader.ID, open, j.Consent)
	})
	if err != nil {
		answer = digest.JoinSilence
	}
	return reader, answer, err
}

// ask is a mail that somebody wants sent.
type ask struct {
	kind      string
	hash      [2]string // of the address, and of its domain
	perDomain int
	now       time.Time
}

// mayAsk counts a mail, and says whether it may be sent.
func (s *Store) mayAsk(ctx context.Context, tx *sql.Tx, a ask) (bool, error) {
	var asks, atDomain, dead int
	err := s.row(ctx, tx, `SELECT (SELECT COUNT(*) FROM asks WHERE hash = ? AND kind = ? AND at > ?),
		(SELECT COUNT(*) FROM asks WHERE domain = ? AND at > ?),
		(SELECT COUNT(*) FROM suppressions WHERE hash IN (?, ?) AND reason <> '`+erased+`')`,
		a.hash[0], a.kind, milli(a.now.Add(-24*time.Hour)), a.hash[1], milli(a.now.Add(-time.Hour)), a.hash[0], a.hash[1]).Scan(&asks, &atDomain, &dead)
	if err != nil || asks >= asksPerDay || dead > 0 || a.perDomain > 0 && atDomain >= a.perDomain {
		return false, err
	}
	_, err = s.exec(ctx, tx, `INSERT INTO asks (hash, kind, domain, at) VALUES (?, ?, ?, ?)`, a.hash[0], a.kind, a.hash[1], milli(a.now))
	return true, err
}

// openLists are those of the lists that the address does not get yet, and
// whether it is a reader's already.
func (s *Store) openLists(ctx context.Context, tx *sql.Tx, j digest.Joining) (open []string, known bool, err error) {
	open = slices.Clone(j.Lists)
	err = s.each(ctx, tx, func(scan func(...any) error) error {
		var list, state string
		var suppressed bool
		if err := scan(&list, &state, &suppressed); err != nil {
			return err
		}
		known = known || state != string(digest.SubPending)
		if state == string(digest.SubConfirmed) && !suppressed {
			open = slices.DeleteFunc(open, func(l string) bool { return l == list })
		}
		return nil
	}, `SELECT x.list, x.state, s.suppressed = 1 FROM subscriptions x JOIN subscribers s ON s.id = x.subscriber_id WHERE s.email_key = ?`, key(j.Subscriber.Email))
	return open, known, err
}

// pend makes what is new pending; asking again lengthens its life, and counts as
// it was asked last.
func (s *Store) pend(ctx context.Context, tx *sql.Tx, j digest.Joining, lists []string, hash [2]string) error {
	for _, list := range lists {
		sub := digest.Subscription{Subscriber: j.Subscriber, List: list, State: digest.SubPending, Since: j.Consent.Asked, Choice: j.Choice}
		if _, err := s.subscribe(ctx, tx, sub, hash, SubscribeOptions{}); err != nil {
			return err
		}
		_, err := s.exec(ctx, tx, `UPDATE subscriptions SET since = ?, topics = ?, cadence = ?, language = ?, text_only = ?, snooze = ?, hour = ?, zone = ?
			WHERE list = ? AND state = 'pending' AND subscriber_id = (SELECT id FROM subscribers WHERE email_key = ?)`,
			append(append([]any{milli(j.Consent.Asked)}, choiceValues(j.Choice)...), list, key(j.Subscriber.Email))...)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) noteConsent(ctx context.Context, tx *sql.Tx, id digest.SubscriberID, lists []string, c digest.Consent) error {
	for _, list := range lists {
		_, err1 := s.exec(ctx, tx, `DELETE FROM consents WHERE subscriber_id = ? AND list = ? AND confirmed = 0`, id, list)
		_, err2 := s.exec(ctx, tx, `INSERT INTO consents (subscriber_id, list, source, form, version, language, network, asked, confirmed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)`,
			id, list, c.Source, text(c.Form), c.Version, c.Language, c.Network, milli(c.Asked))
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
	}
	return nil
}

// Expire drops what nobody confirmed within seven days.
func (s *Store) Expire(ctx context.Context, now time.Time) error {
	return s.tx(ctx, func(tx *sql.Tx) error { return s.expire(ctx, tx, now) })
}

// expire drops subscriptions, consents that were never given, new addresses,
// and the person when nothing else is known of them.
func (s *Store) expire(ctx context.Context, tx *sql.Tx, now time.Time) error {
	before := milli(now.Add(-pendingLife))
	_, err1 := s.exec(ctx, tx, `DELETE FROM asks WHERE at < ?`, before)
	_, err2 := s.exec(ctx, tx, `DELETE FROM consents WHERE confirmed = 0 AND asked < ?`, before)
	_, err3 := s.exec(ctx, tx, `DELETE FROM moves WHERE asked < ?`, before)
	_, err4 := s.exec(ctx, tx, `DELETE FROM subscribers WHERE suppressed = 0
		AND id IN (SELECT x.subscriber_id FROM subscriptions x WHERE x.state = 'pending' AND x.since < ?)
		AND NOT EXISTS (SELECT 1 FROM subscriptions x WHERE x.subscriber_id = subscribers.id AND (x.state <> 'pending' OR x.since >= ?))
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.edition_id IN (SELECT id FROM editions) AND d.subscriber_id = subscribers.id)`, before, before)
	_, err5 := s.exec(ctx, tx, `DELETE FROM subscriptions WHERE state = 'pending' AND since < ?`, before)
	return errors.Join(err1, err2, err3, err4, err5)
}

// Confirm is the reader's own word: they are on the lists they were asked about,
// whatever they were before, and the consents are complete. Confirming twice is
// confirming; when there is nothing to confirm, because they left since, it
// reports false.
func (s *Store) Confirm(ctx context.Context, id digest.SubscriberID, lists []string, at time.Time) (bool, error) {
	reader, err := s.Subscriber(ctx, id)
	if err != nil {
		return false, err
	}
	hash, err := s.hashes(ctx, reader.Email)
	if err != nil {
		return false, err
	}
	where, args := onLists(lists)
	args = append([]any{id}, args...)
	willing := false
	err = s.tx(ctx, func(tx *sql.Tx) error {
		_, err1 := s.exec(ctx, tx, `UPDATE subscriptions SET state = 'confirmed', since = ?, reason = '' WHERE subscriber_id = ? AND `+where+` AND state <> 'confirmed'
			AND EXISTS (SELECT 1 FROM consents c WHERE c.subscriber_id = subscriptions.subscriber_id AND c.list = subscriptions.list AND c.confirmed = 0)`,
			append([]any{milli(at)}, args...)...)
		n, err2 := s.exec(ctx, tx, `UPDATE consents SET confirmed = ? WHERE subscriber_id = ? AND `+where+` AND confirmed = 0`, append([]any{milli(at)}, args...)...)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if n > 0 {
			_, err1 = s.exec(ctx, tx, `DELETE FROM suppressions WHERE hash = ? AND reason = '`+erased+`'`, hash[0])
			_, err2 = s.exec(ctx, tx, `UPDATE subscribers SET suppressed = 0 WHERE id = ? AND NOT EXISTS (SELECT 1 FROM suppressions WHERE hash IN (?, ?))`, id, hash[0], hash[1])
			if err := errors.Join(err1, err2, s.reopen(ctx, tx, id)); err != nil {
				return err
			}
		}
		var confirmed int
		err := s.row(ctx, tx, `SELECT COUNT(*) FROM subscriptions WHERE subscriber_id = ? AND `+where+` AND state = 'confirmed'`, args...).Scan(&confirmed)
		willing = confirmed > 0
		return err
	})
	return willing && err == nil, err
}

// Consents lists what a reader agreed to, the oldest first.
func (s *Store) Consents(ctx context.Context, id digest.SubscriberID) ([]digest.Consent, error) {
	var out []digest.Consent
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var c digest.Consent
		var asked, confirmed int64
		err := scan(&c.List, &c.Source, &c.Form, &c.Version, &c.Language, &c.Network, &asked, &confirmed)
		c.Asked, c.Confirmed = moment(asked), moment(confirmed)
		out = append(out, c)
		return err
	}, `SELECT list, source, form, version, language, network, asked, confirmed FROM consents WHERE subscriber_id = ? ORDER BY id`, id)
	return out, err
}
