package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Backup writes a copy of an SQLite store to a file that is not there yet, as it
// stands at one moment, while others go on writing. Of a Postgres store it is a
// [*digest.InvalidError] that says what to run instead.
func (s *Store) Backup(ctx context.Context, file string) error {
	if s.dialect != sqlite {
		return &digest.InvalidError{Field: "store", Reason: "is a Postgres database; its own tools back it up: pg_dump --format=custom --file=" + file}
	}
	if _, err := os.Stat(file); err == nil {
		return fmt.Errorf("%s: %w", file, fs.ErrExist)
	}
	part := file + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Only the owner may read it: it holds every reader's address.
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	defer os.Remove(part)
	if _, err := s.db.ExecContext(ctx, `VACUUM INTO ?`, part); err != nil {
		return fmt.Errorf("copying the store: %w", err)
	}
	if err := syncFile(part); err != nil {
		return err
	}
	return os.Rename(part, file)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Restore puts a backup in the place of an SQLite store and holds it, so that it
// sends nothing before somebody vouched for it. What was there is kept beside it,
// under the name that is returned. Nobody else may have the store open.
func Restore(ctx context.Context, backup, path string, now time.Time) (kept string, err error) {
	if strings.Contains(path, "://") {
		return "", &digest.InvalidError{Field: "store", Value: path, Reason: "is a Postgres database; its own tools restore it: pg_restore"}
	}
	s, err := Open(ctx, backup, Options{ReadOnly: true})
	var invalid *digest.InvalidError
	if err != nil && !errors.As(err, &invalid) { // an earlier version's backup is brought up to date below
		return "", fmt.Errorf("opening the backup: %w", err)
	}
	if err == nil {
		problems, err := s.Check(ctx, 0)
		if err = errors.Join(err, s.Close()); err != nil {
			return "", fmt.Errorf("reading the backup: %w", err)
		}
		if len(problems) > 0 {
			return "", fmt.Errorf("the backup is not sound: %s", problems[0])
		}
	}
	if kept, err = setAside(ctx, path, now); err != nil {
		return "", err
	}
	if err := copyFile(backup, path); err != nil {
		return kept, fmt.Errorf("copying the backup: %w", err)
	}
	restored, err := Open(ctx, path, Options{})
	if err != nil {
		return kept, fmt.Errorf("opening what was restored: %w", err)
	}
	hold := restored.Hold(ctx, "it was restored from a backup at "+now.UTC().Format("2006-01-02 15:04")+" UTC")
	return kept, errors.Join(hold, restored.Close())
}

// setAside moves a store away, once nobody else has it open.
func setAside(ctx context.Context, path string, now time.Time) (string, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err := alone(ctx, path); err != nil {
		return "", err
	}
	kept := path + ".before-restore-" + now.UTC().Format("20060102-150405")
	if err := os.Rename(path, kept); err != nil {
		return "", err
	}
	for _, suffix := range []string{"-wal", "-shm"} { // empty: alone wrote them back
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return kept, err
		}
	}
	return kept, nil
}

// alone writes back what lies in the log of a store, which only its sole user
// can.
func alone(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(500)&_pragma=locking_mode(EXCLUSIVE)")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err = db.ExecContext(ctx, `PRAGMA journal_mode = DELETE`); err == nil {
		_, err = db.ExecContext(ctx, `BEGIN EXCLUSIVE; COMMIT`)
	}
	if err != nil {
		return &digest.InvalidError{Field: "store", Value: path, Reason: "is in use; stop zest first, then restore (" + err.Error() + ")"}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// Sound asks the database whether its own structure is whole. It returns one
// sentence for each thing that is not.
func (s *Store) Sound(ctx context.Context) ([]string, error) {
	if s.dialect != sqlite {
		return nil, nil // Postgres checks its pages as it reads them
	}
	var out []string
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var line string
		err := scan(&line)
		if line != "ok" {
			out = append(out, line)
		}
		return err
	}, `PRAGMA integrity_check`)
	return out, err
}
