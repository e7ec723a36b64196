package store

import (
	"context"

	"github.com/zest-digest/zest/digest"
)

// EditionsSince lists the editions of a newsletter that came after a number,
// oldest first, without those that were canceled.
func (s *Store) EditionsSince(ctx context.Context, newsletter string, number int) ([]digest.Edition, error) {
	return s.editions(ctx, `newsletter = ? AND number > ? AND state <> 'canceled' ORDER BY number`, newsletter, number)
}
