package store

import (
	"context"
	"crypto/rand"
	"database/sql"
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
// retired longer than keep ago: their links open no more. While an edition is
// being sent it refuses, with a [*digest.InvalidError]: the second attempt at a
// message must look like the first.
func (s *Store) RotateKeys(ctx context.Context, keep time.Duration) (forgotten int, err error) {
	first, err := s.Secret(ctx)
	if err != nil {
		return 0, err
	}
	now := s.now()
	err = s.tx(ctx, func(tx *sql.Tx) error {
		var letter string
		var number int
		err := s.row(ctx, tx, `SELECT newsletter, number FROM editions WHERE state = 'sending' OR state = 'paused' ORDER BY id LIMIT 1`).Scan(&letter, &number)
		if err == nil {
			return &digest.InvalidError{Field: "keys", Value: fmt.Sprintf("%s/%d", letter, number), Reason: "is still being sent; rotate when it is done, for a message that is tried again must be the same"}
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
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
		n, err3 := s.exec(ctx, tx, `DELETE FROM link_keys WHERE retired > 0 AND retired <= ?`, milli(now.Add(-keep)))
		forgotten = n
		return errors.Join(err1, err2, err3)
	})
	return forgotten, err
}
