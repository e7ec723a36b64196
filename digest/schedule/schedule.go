// Package schedule is calendar arithmetic: when is the next slot of a
// newsletter, and when was the last. It takes the time as an argument.
//
// [Parse] reads a cron expression or plain words, in English and in French.
// A slot is a time on the wall clock of a zone, and each happens exactly once:
// where clocks go forward over it, at the end of the gap; where they go back
// over it, the first time. Only a schedule of every hour ("0 * * * *") follows
// elapsed time instead: it skips what the clock skips, and runs in both of the
// hours that look the same.
package schedule

import (
	"fmt"
	"slices"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Schedule says when. The zero value never comes.
type Schedule struct {
	text      string
	zone      *time.Location // set by a TZ= prefix; nil for the caller's
	clocks    []int          // seconds since midnight, ascending
	everyHour bool
	days      dayRule
}

// String is the expression as it was written.
func (s Schedule) String() string { return s.text }

// dayRule says on which days. Where both a day of the month and a weekday are
// asked for, either will do, as in every cron since the first.
type dayRule struct {
	months           uint64 // bit 1 is January
	dates            uint64 // bit 1 is the first of the month
	lastDays         []int  // days before the last of the month, 0 for the last
	weekdays         uint64 // bit 0 is Sunday
	nth              []nthWeekday
	anyDate, anyWeek bool
}

// nthWeekday is the n-th such weekday of a month, -1 for the last.
type nthWeekday struct {
	day time.Weekday
	n   int
}

func (r dayRule) match(d date) bool {
	if r.months&(1<<uint(d.month)) == 0 {
		return false
	}
	if r.anyDate && r.anyWeek {
		return true
	}
	return !r.anyDate && r.matchDate(d) || !r.anyWeek && r.matchWeekday(d)
}

func (r dayRule) matchDate(d date) bool {
	return r.dates&(1<<uint(d.day)) != 0 || slices.Contains(r.lastDays, d.lastOfMonth()-d.day)
}

func (r dayRule) matchWeekday(d date) bool {
	weekday := d.weekday()
	if r.weekdays&(1<<uint(weekday)) != 0 {
		return true
	}
	return slices.ContainsFunc(r.nth, func(n nthWeekday) bool {
		return n.day == weekday && (n.n == (d.day-1)/7+1 || n.n == -1 && d.day+7 > d.lastOfMonth())
	})
}

// date is a day of the calendar, without a zone.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date{y, m, d}
}

func (d date) add(days int) date {
	return dateOf(time.Date(d.year, d.month, d.day+days, 12, 0, 0, 0, time.UTC))
}

func (d date) weekday() time.Weekday {
	return time.Date(d.year, d.month, d.day, 12, 0, 0, 0, time.UTC).Weekday()
}

func (d date) lastOfMonth() int {
	return time.Date(d.year, d.month+1, 0, 12, 0, 0, 0, time.UTC).Day()
}

// horizon is how far to look for a slot, in days: the fifth Monday of February
// comes every 28 years, and every 40 around 2100.
const horizon = 41 * 366

// Next is the first slot after a moment, in zone (UTC when nil) unless the
// schedule names its own. It returns [digest.ErrNotFound] when there is none.
func (s Schedule) Next(after time.Time, zone *time.Location) (time.Time, error) {
	zone = s.place(zone)
	// A slot of one day may happen on another: when clocks skip over midnight,
	// or when a country skips a day.
	day := dateOf(after.In(zone)).add(-2)
	for range horizon {
		for _, slot := range s.slots(day, zone) {
			if slot.After(after) {
				return s.earliest(slot, after, day.add(1), zone), nil
			}
		}
		day = day.add(1)
	}
	return time.Time{}, fmt.Errorf("looking for the next slot of %q: %w", s.text, digest.ErrNotFound)
}

// earliest looks whether the day after has an earlier slot: an hour that is
// repeated around midnight is interleaved with the next day's.
func (s Schedule) earliest(found, after time.Time, next date, zone *time.Location) time.Time {
	for _, slot := range s.slots(next, zone) {
		if slot.After(after) && slot.Before(found) {
			found = slot
		}
	}
	return found
}

// Prev is the last slot at or before a moment: the one that is due. It returns
// [digest.ErrNotFound] when there is none.
func (s Schedule) Prev(at time.Time, zone *time.Location) (time.Time, error) {
	zone = s.place(zone)
	day := dateOf(at.In(zone)).add(2)
	for range horizon {
		var found time.Time
		for _, d := range []date{day, day.add(-1)} {
			for _, slot := range s.slots(d, zone) {
				if !slot.After(at) && slot.After(found) {
					found = slot
				}
			}
		}
		if !found.IsZero() {
			return found, nil
		}
		day = day.add(-1)
	}
	return time.Time{}, fmt.Errorf("looking for the last slot of %q: %w", s.text, digest.ErrNotFound)
}

func (s Schedule) place(zone *time.Location) *time.Location {
	switch {
	case s.zone != nil:
		return s.zone
	case zone == nil:
		return time.UTC
	}
	return zone
}

// slots lists the moments at which a day's slots happen, each once, in order.
func (s Schedule) slots(d date, zone *time.Location) []time.Time {
	if !s.days.match(d) {
		return nil
	}
	var out []time.Time
	for _, clock := range s.clocks {
		first, second, exists := moments(d, clock, zone)
		if exists || !s.everyHour {
			out = append(out, first)
		}
		if s.everyHour && !second.IsZero() {
			out = append(out, second)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.CompactFunc(out, time.Time.Equal)
}

// moments says when the wall clock of a zone shows d and clock. Where clocks go
// back it shows it twice; where they go forward over it never, and first is the
// end of the gap.
func moments(d date, clock int, zone *time.Location) (first, second time.Time, exists bool) {
	t := time.Date(d.year, d.month, d.day, 0, 0, clock, 0, zone)
	wanted := time.Date(d.year, d.month, d.day, 0, 0, clock, 0, time.UTC)
	start, end := t.ZoneBounds()
	if shown := wall(t); !shown.Equal(wanted) {
		if shown.After(wanted) {
			return start, second, false
		}
		return end, second, false
	}
	if !start.IsZero() {
		if earlier := t.Add(offset(t) - offset(start.Add(-time.Second))); earlier.Before(start) {
			return earlier, t, true
		}
	}
	if !end.IsZero() {
		if later := t.Add(offset(t) - offset(end)); !later.Before(end) {
			return t, later, true
		}
	}
	return t, second, true
}

// wall is what the clock shows at t, written as if it were UTC.
func wall(t time.Time) time.Time { return t.Add(offset(t)).UTC() }

func offset(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}
