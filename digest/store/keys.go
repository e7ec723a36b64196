package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/zest-digest/zest/digest"
)

// LinkKey is one of the secrets that links are signed with.
type LinkKey struct {
	Secret  []byte
	Created time.Time // zero for the one the store began with
	Retired time.Time // since when it only opens; zero for the one that signs
}

// LinkKeys lists the keys of links: the one that signs, then those that only
// open, the youngest first. In a read-only store that has none yet it is
// [digest.ErrNotFound].
func (s *Store) LinkKeys(ctx context.Context) ([]LinkKey, error) {
	keys, err := s.linkKeys(ctx, s.db)
	if err != nil || len(keys) > 0 {
		return keys, err
	}
	first, err := s.Secret(ctx)
	if err != nil {
		return nil, err
	}
	return []LinkKey{{Secret: first}}, nil
}

// Keyring is the keys of links, ready to sign and open.
func (s *Store) Keyring(ctx context.Context) (digest.Keyring, error) {
	keys, err := s.LinkKeys(ctx)
	if err != nil {
		return digest.Keyring{}, err
	}
	var retired [][]byte
	for _, k := range keys[1:] {
		retired = append(retired, k.Secret)
	}
	return digest.NewKeyring(keys[0].Secret, retired...), nil
}

func (s *Store) linkKeys(ctx context.Context, r runner) ([]LinkKey, error) {
	var keys []LinkKey
	err := s.each(ctx, r, func(scan func(...any) error) error {
		var k LinkKey
		var created, retired int64
		err := scan(&k.Secret, &created, &retired)
		k.Created, k.Retired = moment(created), moment(retired)
		keys = append(keys, k)
		return err
	}, `SELECT secret, created, retired FROM link_keys ORDER BY id DESC`)
	return keys, err
}

// RotateKeys makes a new key sign from now on, and forgets the keys that
// retired longer than keep ago: their links open no more. Unless keep is 0, it
// keeps those that an edition which is not over was frozen under, because the
// second attempt at a message must look like the first.
func (s *Store) RotateKeys(ctx context.Context, keep time.Duration) (forgotten int, err error) {
	first, err := s.Secret(ctx)
	if err != nil {
		return 0, err
	}
	now := s.now()
	err = s.tx(ctx, func(tx *sql.Tx) error {
		var used map[string]bool
		if keep > 0 {
			if used, err = s.keysInUse(ctx, tx); err != nil {
				return err
			}
		}
		keys, err := s.linkKeys(ctx, tx)
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			if _, err := s.exec(ctx, tx, `INSERT INTO link_keys (secret, created, retired) VALUES (?, 0, 0)`, first); err != nil {
				return err
			}
		}
		secret := make([]byte, 32)
		rand.Read(secret)
		_, err1 := s.exec(ctx, tx, `UPDATE link_keys SET retired = ? WHERE retired = 0`, milli(now))
		_, err2 := s.exec(ctx, tx, `INSERT INTO link_keys (secret, created, retired) VALUES (?, ?, 0)`, secret, milli(now))
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if keys, err = s.linkKeys(ctx, tx); err != nil {
			return err
		}
		for _, k := range keys {
			if k.Retired.IsZero() || k.Retired.After(now.Add(-keep)) || used[digest.NewKeyring(k.Secret).Name()] {
				continue
			}
			n, err := s.exec(ctx, tx, `DELETE FROM link_keys WHERE secret = ?`, k.Secret)
			if err != nil {
				return err
			}
			forgotten += n
		}
		return nil
	})
	return forgotten, err
}

// keysInUse are the names of the keys of editions that are not over. One that was
// frozen before editions knew theirs is a [*digest.InvalidError].
func (s *Store) keysInUse(ctx context.Context, tx *sql.Tx) (map[string]bool, error) {
	used := map[string]bool{}
	err := s.each(ctx, tx, func(scan func(...any) error) error {
		var newsletter, body string
		var number int
		if err := scan(&newsletter, &number, &body); err != nil {
			return err
		}
		var letter digest.Letterhead
		if err := json.Unmarshal([]byte(body), &letter); err != nil {
			return err
		}
		if letter.Key == "" {
			return &digest.InvalidError{Field: "keys", Value: fmt.Sprintf("%s/%d", newsletter, number), Reason: "is still being sent; rotate when it is done, for a message that is tried again must be the same"}
		}
		used[letter.Key] = true
		return nil
	}, `SELECT newsletter, number, letterhead FROM editions WHERE state = 'sending' OR state = 'paused' ORDER BY id`)
	return used, err
}
