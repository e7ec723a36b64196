// Package schedule knows when a newsletter goes out: cron expressions and
// words, in a named time zone, right on the days when clocks change.
package schedule

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/zest-digest/zest/digest"
)

// Schedule is one line of a newsletter's schedule.
type Schedule struct {
	text string
	cron cron.Schedule
}

// String is the schedule as it was written.
func (s Schedule) String() string { return s.text }

var parser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// Parse reads a cron expression of five fields, or words such as "every monday
// at 7:30", "weekdays at 8:00", "daily at 18:00", "chaque lundi à 7h30".
func Parse(s string) (Schedule, error) {
	invalid := func(reason string) (Schedule, error) {
		return Schedule{}, &digest.InvalidError{Field: "schedule", Value: s, Reason: reason}
	}
	expr := strings.TrimSpace(s)
	if words, ok := fromWords(expr); ok {
		expr = words
	}
	expr = sundays.ReplaceAllString(expr, "${1}0") // cron(8) counts Sunday as 0 and as 7
	c, err := parser.Parse(expr)
	if err != nil {
		return invalid("is neither a cron expression nor words such as \"every monday at 7:30\"")
	}
	if c.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return invalid("names a day that never comes")
	}
	return Schedule{text: s, cron: c}, nil
}

var sundays = regexp.MustCompile(`^(\S+\s+\S+\s+\S+\s+\S+\s+)7$`)

// days are the names of days and groups of days in both languages, as cron
// writes them.
var days = map[string]string{
	"day": "*", "jour": "*", "jours": "*", "weekday": "1-5", "weekdays": "1-5", "semaine": "1-5",
	"monday": "1", "tuesday": "2", "wednesday": "3", "thursday": "4", "friday": "5", "saturday": "6", "sunday": "0",
	"lundi": "1", "mardi": "2", "mercredi": "3", "jeudi": "4", "vendredi": "5", "samedi": "6", "dimanche": "0",
}

var sentence = regexp.MustCompile(`^(?:every |each |chaque |tous les |on |le )?(\p{L}+?)s?(?: (?:at|à) (\d{1,2})(?:[:h](\d{2})?)?)$`)

// fromWords writes words as a cron expression.
func fromWords(s string) (string, bool) {
	s = strings.Join(strings.Fields(strings.ToLower(s)), " ")
	s = strings.TrimPrefix(strings.Replace(s, "daily", "day", 1), "every ")
	m := sentence.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	day, ok := days[m[1]]
	if !ok {
		return "", false
	}
	hour, _ := strconv.Atoi(m[2])
	minute, _ := strconv.Atoi(m[3])
	return fmt.Sprintf("%d %d * * %s", minute, hour, day), true
}

// Next is the first occurrence after a moment. The calendar is walked on the
// wall clock, which shows every time once a day; then the wall time becomes a
// moment: one that the zone skips in spring is its gap's end, one that comes
// twice in autumn is its first.
func (s Schedule) Next(after time.Time, zone *time.Location) time.Time {
	local := after.In(zone)
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
	// In the second run of a doubled hour the wall clock has been here before.
	wall = wall.Add(-3 * time.Hour)
	for range 10000 {
		if wall = s.cron.Next(wall); wall.IsZero() {
			return time.Time{}
		}
		if t := moment(wall, zone); t.After(after) {
			return t
		}
	}
	return time.Time{}
}

// moment is a wall time as a point in time.
func moment(wall time.Time, zone *time.Location) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, zone)
	if t.Hour() == wall.Hour() && t.Minute() == wall.Minute() {
		// time.Date takes the first of two; some zones need to be asked.
		if start, _ := t.ZoneBounds(); !start.IsZero() {
			_, now := t.Zone()
			_, before := start.Add(-time.Second).Zone()
			if earlier := t.Add(time.Duration(now-before) * time.Second); earlier.Before(start) && earlier.In(zone).Hour() == wall.Hour() && earlier.In(zone).Minute() == wall.Minute() {
				return earlier
			}
		}
		return t
	}
	// The wall time is in a gap: the zone jumped over it.
	start, end := t.ZoneBounds()
	if !end.IsZero() && end.Sub(t) < 4*time.Hour && end.After(t) {
		return end
	}
	return start
}

// Last is the newest occurrence at or before a moment and after another; zero
// when there is none between them.
func (s Schedule) Last(from, until time.Time, zone *time.Location) time.Time {
	var last time.Time
	for t := s.Next(from, zone); !t.IsZero() && !t.After(until); t = s.Next(t, zone) {
		last = t
	}
	return last
}
