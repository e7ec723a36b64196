package store

import (
	"context"
	"time"

	"github.com/zest-digest/zest/digest"
)

// LastSlot is the newest slot of a newsletter, up to a moment, that was dealt
// with; zero when none was. A slot beyond it was dealt with under a clock that
// was ahead, and must not hold up the ones before.
func (s *Store) LastSlot(ctx context.Context, newsletter string, until time.Time) (time.Time, error) {
	var at int64
	err := s.row(ctx, s.db, `SELECT COALESCE(MAX(at), 0) FROM slots WHERE newsletter = ? AND at <= ?`, newsletter, milli(until)).Scan(&at)
	return moment(at), err
}

// CloseSlot notes what became of a slot, and reports whether this call was the
// one that did: of all who notice a slot, one is first. Only a slot that was
// asked about may change.
func (s *Store) CloseSlot(ctx context.Context, slot digest.Slot) (first bool, err error) {
	n, err := s.exec(ctx, s.db, `INSERT INTO slots (newsletter, slot, at, outcome) VALUES (?, ?, ?, ?)
		ON CONFLICT (newsletter, slot) DO UPDATE SET outcome = excluded.outcome WHERE slots.outcome = 'asked' AND excluded.outcome <> 'asked'`,
		slot.Newsletter, slot.Name(), milli(slot.At), string(slot.Outcome))
	return n > 0, err
}

// Slots lists the newest slots of a newsletter that were dealt with, newest
// first.
func (s *Store) Slots(ctx context.Context, newsletter string, limit int) ([]digest.Slot, error) {
	var out []digest.Slot
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		slot := digest.Slot{Newsletter: newsletter}
		var at int64
		err := scan(&at, &slot.Outcome)
		slot.At = moment(at)
		out = append(out, slot)
		return err
	}, `SELECT at, outcome FROM slots WHERE newsletter = ? ORDER BY at DESC LIMIT ?`, newsletter, limit)
	return out, err
}
