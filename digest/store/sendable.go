package store

import (
	"context"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Sendable lists the editions that a run could do something for now: there are
// deliveries whose time has come, or some in the hands of a run that may have
// died, or all are settled and nobody said so yet. Oldest first.
func (s *Store) Sendable(ctx context.Context, now time.Time) ([]digest.Edition, error) {
	return s.editions(ctx, `state = 'sending' AND (
		EXISTS (SELECT 1 FROM deliveries d WHERE d.edition_id = editions.id AND (d.status = 'claimed' OR d.status = 'queued' AND d.next_try <= ?))
		OR NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.edition_id = editions.id AND (d.status = 'claimed' OR d.status = 'queued')))
		ORDER BY id`, milli(now))
}
