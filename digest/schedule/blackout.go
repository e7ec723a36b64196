package schedule

import (
	"strings"
	"time"
)

// Blackout is a span of days on which nothing goes out. The zero value is none.
type Blackout struct {
	from, to date
	yearly   bool
}

// ParseBlackout reads a day ("2026-12-25"), a span of days ("2026-12-24..2027-01-02"),
// or either without its year, which then comes back every year ("12-25",
// "12-24..01-02"). The last day belongs to the span. Errors are
// [*digest.InvalidError].
func ParseBlackout(text string) (Blackout, error) {
	first, last, isSpan := strings.Cut(strings.TrimSpace(text), "..")
	if !isSpan {
		last = first
	}
	from, yearly, ok := blackoutDay(first)
	to, alsoYearly, also := blackoutDay(last)
	switch {
	case !ok || !also:
		return Blackout{}, invalid(text, `is not a day; write 2026-12-25, 2026-12-24..2027-01-02, or 12-25 for every year`)
	case yearly != alsoYearly:
		return Blackout{}, invalid(text, "names a year on one side only")
	case !yearly && to.before(from):
		return Blackout{}, invalid(text, "ends before it begins")
	}
	return Blackout{from, to, yearly}, nil
}

// blackoutDay reads one day. A day without a year is in 2000, which had all 366.
func blackoutDay(text string) (d date, yearly, ok bool) {
	if t, err := time.Parse(time.DateOnly, strings.TrimSpace(text)); err == nil {
		return dateOf(t), false, true
	}
	t, err := time.Parse(time.DateOnly, "2000-"+strings.TrimSpace(text))
	return dateOf(t), true, err == nil
}

func (d date) before(o date) bool {
	if d.year != o.year {
		return d.year < o.year
	}
	return d.month < o.month || d.month == o.month && d.day < o.day
}

// Covers reports whether the day of a moment, on the calendar of zone, is one of
// the span's.
func (b Blackout) Covers(at time.Time, zone *time.Location) bool {
	d := dateOf(at.In(zone))
	if !b.yearly {
		return !d.before(b.from) && !b.to.before(d)
	}
	d.year = b.from.year
	if b.to.before(b.from) { // over the year's end
		return !d.before(b.from) || !b.to.before(d)
	}
	return !d.before(b.from) && !b.to.before(d)
}
