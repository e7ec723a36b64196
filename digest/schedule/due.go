package schedule

import (
	"slices"
	"time"

	"github.com/zest-digest/zest/digest"
)

const (
	// firstLook is how far a newsletter without history looks back, so that
	// setting one up sends nothing for the past.
	firstLook = time.Hour
	// onTime is how late a slot may be dealt with and still not count as missed:
	// longer than any sensible interval of cron, shorter than anybody notices.
	onTime = 15 * time.Minute
	// mostPassed bounds how many missed slots are named one by one.
	mostPassed = 400
)

// Plan is when a newsletter goes out.
type Plan struct {
	Schedules []Schedule
	Blackouts []Blackout
	Zone      *time.Location
	Missed    digest.MissedPolicy
	Within    time.Duration // how late a missed slot may still be sent
}

// NewPlan reads what the operator decided. Errors are [*digest.InvalidError].
func NewPlan(n digest.Newsletter) (Plan, error) {
	p := Plan{Zone: n.Zone, Missed: n.Missed, Within: n.MissedWithin}
	if p.Zone == nil {
		p.Zone = time.UTC
	}
	for _, line := range n.Schedule {
		s, err := Parse(line)
		if err != nil {
			return p, err
		}
		p.Schedules = append(p.Schedules, s)
	}
	for _, line := range n.Blackout {
		b, err := ParseBlackout(line)
		if err != nil {
			return p, err
		}
		p.Blackouts = append(p.Blackouts, b)
	}
	return p, nil
}

// After is the first slot of any schedule after a moment, blackouts left out.
// Zero when there is none.
func (p Plan) After(at time.Time) time.Time {
	for range 2 * 366 { // two years of blackouts every day end somewhere
		at = p.next(at)
		if at.IsZero() || !p.Blacked(at) {
			return at
		}
	}
	return time.Time{}
}

func (p Plan) next(at time.Time) (first time.Time) {
	for _, s := range p.Schedules {
		t, err := s.Next(at, p.Zone)
		if err == nil && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

func (p Plan) prev(at time.Time) (last time.Time) {
	for _, s := range p.Schedules {
		if t, err := s.Prev(at, p.Zone); err == nil && t.After(last) {
			last = t
		}
	}
	return last
}

// Blacked reports whether a moment falls on a blackout day.
func (p Plan) Blacked(at time.Time) bool {
	return slices.ContainsFunc(p.Blackouts, func(b Blackout) bool { return b.Covers(at, p.Zone) })
}

// Due is what is to be done now about the slots that have come.
type Due struct {
	Slot   time.Time          // the newest; zero when there is nothing to do
	Do     digest.SlotOutcome // what becomes of it: sent, skipped, asked or blackout
	Passed []time.Time        // older ones that nobody dealt with, oldest first
}

// Due decides about the slots after last, the newest that was dealt with (zero
// for none), up to now. However many were missed, one edition at most makes up
// for them: it carries what all of them would have carried.
func (p Plan) Due(last, now time.Time) Due {
	if last.IsZero() {
		last = now.Add(-firstLook)
	}
	var d Due
	slot := p.prev(now)
	if slot.IsZero() || !slot.After(last) {
		return d
	}
	d.Slot, d.Do = slot, p.decide(slot, now)
	for at := p.prev(slot.Add(-time.Nanosecond)); at.After(last) && len(d.Passed) < mostPassed; at = p.prev(at.Add(-time.Nanosecond)) {
		d.Passed = append(d.Passed, at)
	}
	slices.Reverse(d.Passed)
	return d
}

func (p Plan) decide(slot, now time.Time) digest.SlotOutcome {
	late := now.Sub(slot)
	switch {
	case p.Blacked(slot):
		return digest.SlotBlackout
	case late <= onTime:
		return digest.SlotSent
	case p.Missed == digest.MissedSkip:
		return digest.SlotSkipped
	case p.Missed == digest.MissedAsk:
		return digest.SlotAsked
	case late > p.Within:
		return digest.SlotSkipped
	}
	return digest.SlotSent
}
