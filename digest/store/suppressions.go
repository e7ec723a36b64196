package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// domainHash is the hash under which a whole domain is suppressed.
func domainHash(secret []byte, domain string) string {
	return keyedHash(secret, "@"+strings.ToLower(domain))
}

// suppressReader closes the address of a reader for good.
func (s *Store) suppressReader(ctx context.Context, tx runner, id digest.SubscriberID, reason, source string, at time.Time) error {
	var email string
	err := s.row(ctx, tx, `SELECT email_key FROM subscribers WHERE id = ?`, id).Scan(&email)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // erased meanwhile: nothing to write to
	}
	if err != nil {
		return err
	}
	var secret []byte
	if err := s.row(ctx, tx, `SELECT value FROM meta WHERE name = 'secret'`).Scan(&secret); err != nil {
		return err
	}
	if err := s.suppressKey(ctx, tx, secret, email, digest.Suppression{Reason: reason, Source: source, Since: at}); err != nil {
		return err
	}
	_, err = s.exec(ctx, tx, `UPDATE subscribers SET suppressed = 1 WHERE id = ?`, id)
	return err
}

// suppressKey remembers that an address gets nothing. The first reason stays.
func (s *Store) suppressKey(ctx context.Context, tx runner, secret []byte, key string, x digest.Suppression) error {
	_, err := s.exec(ctx, tx, `INSERT INTO suppressions (hash, reason, source, since, scope) VALUES (?, ?, ?, ?, 'address') ON CONFLICT (hash) DO NOTHING`,
		keyedHash(secret, key), text(x.Reason), text(x.Source), milli(x.Since))
	return err
}

// closeAddress keeps a suppressed address, if somebody has it, from getting what
// is queued.
func (s *Store) closeAddress(ctx context.Context, tx *sql.Tx, key string, at time.Time) error {
	var id digest.SubscriberID
	err := s.row(ctx, tx, `UPDATE subscribers SET suppressed = 1 WHERE email_key = ? RETURNING id`, key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.suppressQueued(ctx, tx, id, at)
}

// Suppress closes a reader's address for good: nothing is sent to it any more,
// and what is queued for it is closed too.
func (s *Store) Suppress(ctx context.Context, id digest.SubscriberID, reason, source string, at time.Time) error {
	if _, err := s.Secret(ctx); err != nil {
		return err
	}
	return s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.suppressReader(ctx, tx, id, reason, source, at); err != nil {
			return err
		}
		return s.suppressQueued(ctx, tx, id, at)
	})
}

// AddSuppression closes an address, a whole domain (no subdomain of it), or what
// a hash of this store stands for, whether a reader has it or not. It reports
// whether that was new.
func (s *Store) AddSuppression(ctx context.Context, x digest.Suppression) (bool, error) {
	secret, err := s.Secret(ctx)
	if err != nil {
		return false, err
	}
	hash, scope := x.Hash, digest.ScopeAddress
	switch {
	case x.Email != "":
		hash = keyedHash(secret, key(x.Email))
	case x.Domain != "":
		hash, scope = domainHash(secret, x.Domain), digest.ScopeDomain
	case x.Scope != "":
		scope = x.Scope
	}
	added := 0
	err = s.tx(ctx, func(tx *sql.Tx) error {
		added, err = s.exec(ctx, tx, `INSERT INTO suppressions (hash, reason, source, since, scope) VALUES (?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING`,
			hash, text(x.Reason), text(x.Source), milli(x.Since), string(scope))
		if err != nil {
			return err
		}
		switch {
		case x.Email != "":
			return s.closeAddress(ctx, tx, key(x.Email), x.Since)
		case x.Domain != "":
			return s.closeDomain(ctx, tx, x.Domain, x.Since)
		}
		return nil
	})
	return added > 0, err
}

func (s *Store) closeDomain(ctx context.Context, tx *sql.Tx, domain string, at time.Time) error {
	like := "%@" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(domain))
	if _, err := s.exec(ctx, tx, `UPDATE subscribers SET suppressed = 1 WHERE email_key LIKE ? ESCAPE '\'`, like); err != nil {
		return err
	}
	_, err := s.exec(ctx, tx, `UPDATE deliveries SET status = 'suppressed', settled = ? WHERE edition_id IN (`+open+`) AND status = 'queued'
		AND subscriber_id IN (SELECT id FROM subscribers WHERE email_key LIKE ? ESCAPE '\')`, milli(at), like)
	return err
}

// RemoveSuppression lets an address, a domain or a hash get mail again. It
// reports whether there was anything to lift.
func (s *Store) RemoveSuppression(ctx context.Context, x digest.Suppression) (bool, error) {
	secret, err := s.Secret(ctx)
	if err != nil {
		return false, err
	}
	hash := x.Hash
	switch {
	case x.Email != "":
		hash = keyedHash(secret, key(x.Email))
	case x.Domain != "":
		hash = domainHash(secret, x.Domain)
	}
	n := 0
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if n, err = s.exec(ctx, tx, `DELETE FROM suppressions WHERE hash = ?`, hash); err != nil || n == 0 {
			return err
		}
		return s.revive(ctx, tx)
	})
	return n > 0, err
}

// revive brings the readers' own marks in step with the suppressions that are
// left.
func (s *Store) revive(ctx context.Context, tx *sql.Tx) error {
	var secret []byte
	if err := s.row(ctx, tx, `SELECT value FROM meta WHERE name = 'secret'`).Scan(&secret); err != nil {
		return notFound(err)
	}
	var back []digest.SubscriberID
	dead, err := s.suppressed(ctx, tx)
	if err != nil {
		return err
	}
	err = s.each(ctx, tx, func(scan func(...any) error) error {
		var id digest.SubscriberID
		var key string
		if err := scan(&id, &key); err != nil {
			return err
		}
		if h := hashesOf(secret, key); !dead[h[0]] && !dead[h[1]] {
			back = append(back, id)
		}
		return nil
	}, `SELECT id, email_key FROM subscribers WHERE suppressed = 1`)
	if err != nil {
		return err
	}
	for _, id := range back {
		if _, err := s.exec(ctx, tx, `UPDATE subscribers SET suppressed = 0 WHERE id = ?`, id); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) suppressed(ctx context.Context, r runner) (map[string]bool, error) {
	dead := map[string]bool{}
	err := s.each(ctx, r, func(scan func(...any) error) error {
		var hash string
		err := scan(&hash)
		dead[hash] = true
		return err
	}, `SELECT hash FROM suppressions`)
	return dead, err
}

// Suppressions calls f for each suppression, the oldest first. The address
// stands in it while a reader with that address is known, and the domain while
// one of it is; after that only the hash is left.
func (s *Store) Suppressions(ctx context.Context, f func(digest.Suppression) error) error {
	secret, err := s.Secret(ctx)
	if errors.Is(err, digest.ErrNotFound) {
		return nil // nothing was ever suppressed
	}
	if err != nil {
		return err
	}
	names := map[string]string{}
	err = s.each(ctx, s.db, func(scan func(...any) error) error {
		var email, key string
		if err := scan(&email, &key); err != nil {
			return err
		}
		h := hashesOf(secret, key)
		names[h[0]], names[h[1]] = email, key[strings.LastIndexByte(key, '@')+1:]
		return nil
	}, `SELECT email, email_key FROM subscribers WHERE suppressed = 1`)
	if err != nil {
		return err
	}
	return s.each(ctx, s.db, func(scan func(...any) error) error {
		var x digest.Suppression
		var since int64
		if err := scan(&x.Hash, &x.Scope, &x.Reason, &x.Source, &since); err != nil {
			return err
		}
		x.Since = moment(since)
		if x.Scope == digest.ScopeDomain {
			x.Domain = names[x.Hash]
		} else {
			x.Email = names[x.Hash]
		}
		return f(x)
	}, `SELECT hash, scope, reason, source, since FROM suppressions ORDER BY since, hash`)
}

// SuppressionOf says why an address gets nothing; [digest.ErrNotFound] when it
// may.
func (s *Store) SuppressionOf(ctx context.Context, email string) (digest.Suppression, error) {
	x := digest.Suppression{Email: email}
	secret, err := s.Secret(ctx)
	if err != nil {
		return x, err
	}
	h := hashesOf(secret, key(email))
	var since int64
	err = s.row(ctx, s.db, `SELECT hash, scope, reason, source, since FROM suppressions WHERE hash IN (?, ?) ORDER BY since LIMIT 1`, h[0], h[1]).
		Scan(&x.Hash, &x.Scope, &x.Reason, &x.Source, &since)
	x.Since = moment(since)
	if err != nil {
		return x, fmt.Errorf("the suppression of an address: %w", notFound(err))
	}
	return x, nil
}
