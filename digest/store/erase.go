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

// EraseReader forgets a person (GDPR article 17): every row that names them, in
// whatever table. The keyed hash of their address stays, so that no import
// brings them back, and numbers without a name: the ledger's lines and what came
// back. Of an SQLite file nothing readable is left either: deleted bytes are
// overwritten, and the log of changes is emptied. Postgres frees the space of
// deleted rows by its own vacuum.
func (s *Store) EraseReader(ctx context.Context, id digest.SubscriberID, at time.Time) error {
	if _, err := s.Secret(ctx); err != nil {
		return err
	}
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.suppressReader(ctx, tx, id, erased, "reader", at); err != nil {
			return err
		}
		if err := s.erase(ctx, tx, id); err != nil {
			return err
		}
		return s.suppressQueued(ctx, tx, id, at)
	})
	if err != nil || s.dialect != sqlite {
		return err
	}
	// The row is gone; its bytes are still in the write-ahead log, and in the file
	// until what overwrote them is copied there.
	_, err = s.exec(ctx, s.db, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return err
}

// erase takes a person out of every table.
func (s *Store) erase(ctx context.Context, tx *sql.Tx, id digest.SubscriberID) error {
	var email, key string
	var secret []byte
	err := s.row(ctx, tx, `SELECT s.email, s.email_key, m.value FROM subscribers s JOIN meta m ON m.name = 'secret' WHERE s.id = ?`, id).Scan(&email, &key, &secret)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	tables, err := s.tablesBy(ctx, tx)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := s.eraseFrom(ctx, tx, t, id); err != nil {
			return fmt.Errorf("erasing from %s: %w", t.name, err)
		}
	}
	if email == "" {
		return nil
	}
	_, err1 := s.exec(ctx, tx, `DELETE FROM asks WHERE hash = ?`, keyedHash(secret, key))
	return errors.Join(err1, s.forgetReturned(ctx, tx, email))
}

// eraseFrom takes a person out of one table.
func (s *Store) eraseFrom(ctx context.Context, tx *sql.Tx, t table, id digest.SubscriberID) error {
	var err error
	switch owner := t.owner(); {
	case t.name == "deliveries":
		_, err = s.exec(ctx, tx, `UPDATE deliveries SET reply = '' WHERE edition_id IN (SELECT id FROM editions) AND subscriber_id = ?`, id) // servers repeat the address in their replies
	case t.name == "returned":
		_, err = s.exec(ctx, tx, `UPDATE returned SET subscriber_id = 0, message = '' WHERE subscriber_id = ?`, id)
	case owner != "":
		_, err = s.exec(ctx, tx, `DELETE FROM `+t.name+` WHERE `+owner+` = ?`, id)
	}
	return err
}

// forgetReturned drops the unread messages that name an address.
func (s *Store) forgetReturned(ctx context.Context, tx *sql.Tx, email string) error {
	like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(email)) + "%"
	_, err1 := s.exec(ctx, tx, `UPDATE returned SET message = '' WHERE message <> '' AND LOWER(message) LIKE ? ESCAPE '\'`, like)
	_, err2 := s.exec(ctx, tx, `DELETE FROM returned WHERE action = 'unmatched' AND message = ''`)
	return errors.Join(err1, err2)
}
