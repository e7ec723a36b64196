package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/zest-digest/zest/digest"
)

// Picture is a picture that an edition shows from our own address. It is
// [digest.ErrNotFound] when no edition does.
func (s *Store) Picture(ctx context.Context, id string) (digest.Embedded, error) {
	p := digest.Embedded{ID: id}
	err := s.row(ctx, s.db, `SELECT type, data FROM pictures WHERE id = ?`, id).Scan(&p.Type, &p.Data)
	if errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("picture %s: %w", id, digest.ErrNotFound)
	}
	return p, err
}
