package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"
)

// Abstracts finds the summaries that were asked for before, by key.
func (s *Store) Abstracts(ctx context.Context, keys []string) (map[string]string, error) {
	out := map[string]string{}
	for some := range slices.Chunk(keys, 500) {
		err := s.each(ctx, s.db, func(scan func(...any) error) error {
			var key, said string
			err := scan(&key, &said)
			out[key] = said
			return err
		}, `SELECT key, text FROM abstracts WHERE key IN (`+marks(len(some))+`)`, anys(some)...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Store) saveAbstracts(ctx context.Context, tx *sql.Tx, list map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(list)) {
		if _, err := s.exec(ctx, tx, `INSERT INTO abstracts (key, text) VALUES (?, ?) ON CONFLICT (key) DO NOTHING`, key, text(list[key])); err != nil {
			return err
		}
	}
	return nil
}
