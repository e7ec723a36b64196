package digest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Cadence is how often a reader wants a newsletter. A reader who wants it less
// often than it appears gets, each time, what the editions since their last one
// held.
type Cadence string

// The cadences. A day, a week (from Monday) and a month are those of the
// newsletter's calendar; the first edition of one is what the reader gets.
const (
	CadenceEvery   Cadence = "" // every edition
	CadenceDaily   Cadence = "daily"
	CadenceWeekly  Cadence = "weekly"
	CadenceMonthly Cadence = "monthly"
)

// Cadences lists them, the most frequent first.
func Cadences() []Cadence {
	return []Cadence{CadenceEvery, CadenceDaily, CadenceWeekly, CadenceMonthly}
}

// ParseCadence reads a cadence by its name; "every" and "" are every edition.
func ParseCadence(s string) (Cadence, error) {
	c := Cadence(strings.ToLower(strings.TrimSpace(s)))
	if c == "every" {
		c = CadenceEvery
	}
	if !slices.Contains(Cadences(), c) {
		return "", &InvalidError{Field: "cadence", Value: s, Reason: "is not one of every, daily, weekly, monthly"}
	}
	return c, nil
}

// String is the cadence's name.
func (c Cadence) String() string {
	if c == CadenceEvery {
		return "every"
	}
	return string(c)
}

// Due reports whether a reader of this cadence whose last edition was of one
// day is to get an edition of another; both in the newsletter's zone. A zero
// last means that there was none.
func (c Cadence) Due(last, now time.Time) bool {
	if last.IsZero() {
		return true
	}
	ly, lm, ld := last.Date()
	y, m, d := now.Date()
	switch c {
	case CadenceDaily:
		return ly != y || lm != m || ld != d
	case CadenceWeekly:
		lastYear, lastWeek := last.ISOWeek()
		year, week := now.ISOWeek()
		return lastYear != year || lastWeek != week
	case CadenceMonthly:
		return ly != y || lm != m
	}
	return true
}

// Choice is what a reader asked for on one list. The zero Choice is everything,
// as it appears, in the newsletter's language.
type Choice struct {
	Topics   []string // names of sections; empty for all
	Cadence  Cadence
	Language string // BCP 47; empty for the person's own, then the newsletter's
	TextOnly bool
	Snooze   time.Time // nothing before this; zero for none
	Hour     string    // "07:30", in Zone; empty for when the edition goes out
	Zone     string    // IANA name; empty for the newsletter's
}

// Made reports whether it asks for any topic, cadence, pause or hour. Language and
// form may be the person's own.
func (c Choice) Made() bool {
	return len(c.Topics) > 0 || c.Cadence != CadenceEvery || !c.Snooze.IsZero() || c.Hour != "" || c.Zone != ""
}

// Clean returns the choice with its topics in order and its hour in full, or a
// [*InvalidError] for what cannot be.
func (c Choice) Clean() (Choice, error) {
	var topics []string
	for _, t := range c.Topics {
		t = strings.Join(strings.Fields(t), " ")
		if t != "" && !slices.Contains(topics, t) {
			topics = append(topics, t)
		}
	}
	slices.Sort(topics)
	c.Topics = topics
	var err error
	if c.Cadence, err = ParseCadence(string(c.Cadence)); err != nil {
		return c, err
	}
	if c.Hour, err = ParseHour(c.Hour); err != nil {
		return c, err
	}
	if c.Zone == "Local" {
		return c, &InvalidError{Field: "zone", Value: c.Zone, Reason: "is this machine's own; name one like Europe/Paris"}
	}
	if _, err := time.LoadLocation(c.Zone); err != nil {
		return c, &InvalidError{Field: "zone", Value: c.Zone, Reason: "is not a time zone; write one like Europe/Paris"}
	}
	return c, nil
}

// ParseHour reads an hour of the day, "7" or "7:30", as "07:30". Empty and
// "none" are no hour.
func ParseHour(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" || s == "none" {
		return "", nil
	}
	hours, minutes, timed := strings.Cut(s, ":")
	h, err1 := strconv.ParseUint(hours, 10, 8)
	m, err2 := strconv.ParseUint(minutes, 10, 8)
	if !timed {
		m, err2 = 0, nil
	}
	if err1 != nil || err2 != nil || h > 23 || m > 59 || timed && len(minutes) != 2 {
		return "", &InvalidError{Field: "hour", Value: s, Reason: "is not an hour of the day; write one like 7 or 18:30"}
	}
	return fmt.Sprintf("%02d:%02d", h, m), nil
}

// NextHour is the first moment at or after now when clocks in a zone show an
// hour that [ParseHour] wrote. An hour that a clock change leaves out that day
// is the moment the clocks jump to.
func NextHour(hour string, zone *time.Location, now time.Time) time.Time {
	h, _ := strconv.Atoi(hour[:2])
	m, _ := strconv.Atoi(hour[3:])
	y, mo, d := now.In(zone).Date()
	at := time.Date(y, mo, d, h, m, 0, 0, zone)
	if at.Before(now) {
		at = time.Date(y, mo, d+1, h, m, 0, 0, zone)
	}
	return at
}
