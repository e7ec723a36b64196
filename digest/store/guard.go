package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Guard keeps a store from sending by itself after it went back in time or moved
// to another machine: it does not know what was sent since, and would send it
// again. What this machine has seen of a store is written down outside of it.
type Guard struct {
	Dir  string // where the memory of a Postgres store is kept; an SQLite store has it beside its file. Empty for none.
	Host string // names this machine; empty where nothing does
}

// memory is what a machine knows of a store.
type memory struct {
	Store   string    `json:"store"`
	Edition int64     `json:"edition"` // the highest that was there
	At      time.Time `json:"at"`
}

// Suspicion says why a store must not send, or "" when nothing speaks against
// it.
func (s *Store) Suspicion(ctx context.Context, g Guard) (string, error) {
	hold, err := s.meta(ctx, "hold")
	if err != nil || hold != "" {
		return hold, err
	}
	id, err := s.meta(ctx, "id")
	if err != nil || id == "" {
		return "", err // nobody has vouched for it yet
	}
	known, err := s.remember(g, id)
	if err != nil {
		return "", err
	}
	var edition int64
	if err := s.row(ctx, s.db, `SELECT COALESCE(MAX(id), 0) FROM editions`).Scan(&edition); err != nil {
		return "", err
	}
	if known.Store == id && known.Edition > edition {
		return fmt.Sprintf("it is older than what was sent from here: editions up to %s are missing, as in a restored backup", known.At.Local().Format("2006-01-02 15:04")), nil
	}
	host, err := s.meta(ctx, "host")
	if err == nil && s.dialect == sqlite && host != "" && g.Host != "" && host != g.Host {
		return "it last sent on another machine, as a copy does; if that one still runs, readers would get everything twice", nil
	}
	return "", err
}

// Vouch notes that a store stands as it is, on this machine.
func (s *Store) Vouch(ctx context.Context, g Guard) error {
	id, err := s.meta(ctx, "id")
	if err != nil {
		return err
	}
	if id == "" {
		id = rand.Text()
	}
	for name, value := range map[string]string{"id": id, "host": g.Host, "hold": ""} {
		if err := s.setMeta(ctx, name, value); err != nil {
			return err
		}
	}
	// Another machine may have named it a moment ago.
	m := memory{At: s.now().UTC()}
	if m.Store, err = s.meta(ctx, "id"); err != nil {
		return err
	}
	if err := s.row(ctx, s.db, `SELECT COALESCE(MAX(id), 0) FROM editions`).Scan(&m.Edition); err != nil {
		return err
	}
	return s.writeMemory(g, m)
}

// Hold keeps a store from sending until somebody vouches for it.
func (s *Store) Hold(ctx context.Context, reason string) error {
	return s.setMeta(ctx, "hold", reason)
}

func (s *Store) memoryFile(g Guard, id string) string {
	switch {
	case s.path != "":
		return filepath.Join(s.path+"-runs", "memory.json")
	case g.Dir != "":
		return filepath.Join(g.Dir, "store-"+id+".json")
	}
	return ""
}

func (s *Store) remember(g Guard, id string) (m memory, err error) {
	path := s.memoryFile(g, id)
	if path == "" {
		return m, nil
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		return m, fmt.Errorf("reading what was sent from here: %w", err)
	}
	return m, nil
}

func (s *Store) writeMemory(g Guard, m memory) error {
	path := s.memoryFile(g, m.Store)
	if path == "" {
		return nil
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", raw, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (s *Store) meta(ctx context.Context, name string) (string, error) {
	var value []byte
	err := s.row(ctx, s.db, `SELECT value FROM meta WHERE name = ?`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return string(value), err
}

// setMeta keeps a store's name for ever; everything else may change. What is
// empty is not kept.
func (s *Store) setMeta(ctx context.Context, name, value string) error {
	if value == "" {
		_, err := s.exec(ctx, s.db, `DELETE FROM meta WHERE name = ?`, name)
		return err
	}
	_, err := s.exec(ctx, s.db, `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE meta.name <> 'id'`, name, []byte(value))
	return err
}
