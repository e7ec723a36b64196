package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/zest-digest/zest/digest"
)

// AskData says whether the mail that leads to a person's own data may be sent:
// not to a suppressed address, and three times a day at most.
func (s *Store) AskData(ctx context.Context, id digest.SubscriberID, now time.Time) (bool, error) {
	reader, err := s.Subscriber(ctx, id)
	if err != nil {
		return false, err
	}
	hash, err := s.hashes(ctx, reader.Email)
	if err != nil {
		return false, err
	}
	allowed := false
	err = s.tx(ctx, func(tx *sql.Tx) error {
		allowed, err = s.mayAsk(ctx, tx, ask{kind: askData, hash: hash, now: now})
		return err
	})
	return allowed && err == nil, err
}

// AskMove notes that a reader wants their mail at another address, and says
// which mail is to be sent there. Nothing moves before its owner confirms.
func (s *Store) AskMove(ctx context.Context, id digest.SubscriberID, email string, now time.Time) (request int64, answer digest.MoveAnswer, err error) {
	hash, err := s.hashes(ctx, email)
	if err != nil {
		return 0, answer, err
	}
	err = s.tx(ctx, func(tx *sql.Tx) error {
		allowed, err := s.mayAsk(ctx, tx, ask{kind: askMove, hash: hash, now: now})
		if err != nil || !allowed {
			return err
		}
		taken, err := s.taken(ctx, tx, email)
		if err != nil {
			return err
		}
		if taken > 0 {
			answer = digest.MoveTaken
			return nil
		}
		answer = digest.MoveConfirm
		return s.row(ctx, tx, `INSERT INTO moves (subscriber_id, email, asked) VALUES (?, ?, ?) RETURNING id`, id, email, milli(now)).Scan(&request)
	})
	if err != nil {
		answer = digest.MoveSilence
	}
	return request, answer, err
}

// taken counts what makes an address a reader's; a pending wish does not.
func (s *Store) taken(ctx context.Context, r runner, email string) (n int, err error) {
	err = s.row(ctx, r, `SELECT COUNT(*) FROM subscribers s WHERE s.email_key = ? AND (s.suppressed = 1
		OR EXISTS (SELECT 1 FROM subscriptions x WHERE x.subscriber_id = s.id AND x.state <> 'pending')
		OR EXISTS (SELECT 1 FROM deliveries d WHERE d.edition_id IN (SELECT id FROM editions) AND d.subscriber_id = s.id))`, key(email)).Scan(&n)
	return n, err
}

// PendingMove finds a change of address that waits for its button.
func (s *Store) PendingMove(ctx context.Context, id digest.SubscriberID, request int64) (digest.Move, error) {
	m := digest.Move{Request: request}
	err := s.row(ctx, s.db, `SELECT s.email, m.email FROM moves m JOIN subscribers s ON s.id = m.subscriber_id WHERE m.id = ? AND m.subscriber_id = ?`, request, id).Scan(&m.From, &m.To)
	return m, notFound(err)
}

// MoveReader gives a reader the address they asked for, and forgets the wish. A
// wish that is not there, or an address that became another reader's meanwhile,
// is [digest.ErrNotFound].
func (s *Store) MoveReader(ctx context.Context, id digest.SubscriberID, request int64) error {
	m, err := s.PendingMove(ctx, id, request)
	if err != nil {
		return err
	}
	hash, err := s.hashes(ctx, m.To)
	if err != nil {
		return err
	}
	return s.tx(ctx, func(tx *sql.Tx) error {
		taken, err := s.taken(ctx, tx, m.To)
		if err != nil {
			return err
		}
		if taken > 0 && key(m.From) != key(m.To) {
			return digest.ErrNotFound
		}
		var pending digest.SubscriberID
		err = s.row(ctx, tx, `SELECT id FROM subscribers WHERE email_key = ? AND id <> ?`, key(m.To), id).Scan(&pending)
		if err == nil {
			err = s.erase(ctx, tx, pending) // a wish to join that nobody confirmed
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		_, err1 := s.exec(ctx, tx, `UPDATE subscribers SET email = ?, email_key = ?,
			suppressed = CASE WHEN EXISTS (SELECT 1 FROM suppressions WHERE hash IN (?, ?)) THEN 1 ELSE 0 END WHERE id = ?`, m.To, key(m.To), hash[0], hash[1], id)
		_, err2 := s.exec(ctx, tx, `DELETE FROM moves WHERE subscriber_id = ?`, id)
		return errors.Join(err1, err2)
	})
}
