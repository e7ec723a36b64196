package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
)

// A run holds a lock for as long as it lives: on a file beside an SQLite store,
// in a session of its own on Postgres. The system lets go of it at once when the
// process dies, by kill -9 too, so a run that can be locked is dead; no clock
// has to be trusted for it.

// Begin starts a run and returns its name. end(true) gives back what the run
// claimed and never began; end(false), after a ledger that could not be written,
// leaves that to [Store.Recover].
func (s *Store) Begin(ctx context.Context) (owner string, end func(clean bool) error, err error) {
	host, _ := os.Hostname()
	owner = fmt.Sprintf("%s-%d-%s", host, os.Getpid(), rand.Text()[:10])
	release, conn, ok, err := s.lock(ctx, owner)
	if err != nil {
		return "", nil, fmt.Errorf("locking the run: %w", err)
	}
	if !ok {
		return "", nil, fmt.Errorf("locking the run %s: it is locked already", owner)
	}
	run := &session{d: s.dialect, conn: conn}
	if s.path != "" {
		if run, err = s.openSession(ctx); err != nil {
			release()
			return "", nil, fmt.Errorf("opening the run's session: %w", err)
		}
		unlock := release
		release = func() { run.close(); unlock() }
	}
	s.sessions.Store(owner, run)
	return owner, func(clean bool) error {
		defer release()
		defer s.sessions.Delete(owner)
		if err := run.journal.close(clean); err != nil || !clean {
			return err
		}
		_, err := s.exec(context.WithoutCancel(ctx), s.db, `UPDATE deliveries SET status = 'queued', owner = ''
			WHERE edition_id IN (SELECT id FROM editions WHERE state <> 'sent') AND status = 'claimed' AND owner = ?`, owner)
		return err
	}, nil
}

// dead reports whether a run has ended, and keeps it locked until release, so
// that two runs do not take the same one over.
func (s *Store) dead(ctx context.Context, owner string) (bool, func(), error) {
	release, _, ok, err := s.lock(ctx, owner)
	if err != nil || !ok {
		return false, func() {}, err
	}
	return true, release, nil
}

// lock takes the lock of a run. On Postgres it also gives the session that holds
// it.
func (s *Store) lock(ctx context.Context, owner string) (release func(), session *sql.Conn, ok bool, err error) {
	if s.dialect == postgres {
		return s.lockSession(ctx, owner)
	}
	if s.path == "" {
		return func() {}, nil, true, nil // in memory: there is nobody else
	}
	dir := s.path + "-runs"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, false, err
	}
	release, ok, err = lockFile(filepath.Join(dir, owner))
	return release, nil, ok, err
}

// lockSession takes an advisory lock on a connection that is kept for it.
func (s *Store) lockSession(ctx context.Context, owner string) (func(), *sql.Conn, bool, error) {
	h := fnv.New64a()
	h.Write([]byte("zest run " + owner))
	key := int64(h.Sum64())
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, nil, false, err
	}
	var ok bool
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, key).Scan(&ok); err != nil || !ok {
		conn.Close()
		return nil, nil, false, err
	}
	return func() {
		conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, key)
		conn.Close()
	}, conn, true, nil
}
