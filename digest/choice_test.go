package digest_test

import (
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
)

func TestACadenceIsDueOnceInEachPeriodOfTheCalendar(t *testing.T) {
	day := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d.Add(7 * time.Hour)
	}
	for _, c := range []struct {
		cadence   digest.Cadence
		last, now string
		due       bool
	}{
		{digest.CadenceEvery, "2026-11-23", "2026-11-23", true},
		{digest.CadenceDaily, "2026-11-23", "2026-11-23", false},
		{digest.CadenceDaily, "2026-11-23", "2026-11-24", true},
		{digest.CadenceWeekly, "2026-11-23", "2026-11-29", false}, // Monday to Sunday
		{digest.CadenceWeekly, "2026-11-29", "2026-11-30", true},
		{digest.CadenceWeekly, "2025-12-29", "2026-01-04", false}, // one ISO week, two years
		{digest.CadenceWeekly, "2025-01-06", "2026-01-05", true},  // the same number, another year
		{digest.CadenceMonthly, "2026-11-01", "2026-11-30", false},
		{digest.CadenceMonthly, "2026-11-30", "2026-12-01", true},
		{digest.CadenceMonthly, "2025-12-01", "2026-12-01", true},
		{digest.CadenceMonthly, "", "2026-12-01", true},
	} {
		if got := c.cadence.Due(day(c.last), day(c.now)); got != c.due {
			t.Errorf("%s after %q on %s: %v", c.cadence, c.last, c.now, got)
		}
	}
}

func TestAnHourOfTheDayIsReadInAnyForm(t *testing.T) {
	for in, want := range map[string]string{"7": "07:00", "07": "07:00", "7:05": "07:05", "23:59": "23:59", "": "", "none": "", " 18:30 ": "18:30"} {
		if got, err := digest.ParseHour(in); got != want || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"24", "7:60", "7:5", "-1", "+7", "7h", "7:", ":30", "noon", "1e1"} {
		if got, err := digest.ParseHour(in); err == nil {
			t.Errorf("%q was read as %q", in, got)
		}
	}
}

func TestTheNextHourIsOnTheReadersClock(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ now, hour, want string }{
		{"2026-11-23T05:00:00Z", "07:30", "2026-11-23T06:30:00Z"},
		{"2026-11-23T06:30:00Z", "07:30", "2026-11-23T06:30:00Z"}, // now is in time
		{"2026-11-23T06:30:01Z", "07:30", "2026-11-24T06:30:00Z"},
		{"2026-10-24T12:00:00Z", "07:30", "2026-10-25T06:30:00Z"}, // the clocks went back meanwhile
		{"2026-03-28T23:30:00Z", "02:30", "2026-03-29T01:30:00Z"}, // an hour that does not exist that day
	} {
		now, _ := time.Parse(time.RFC3339, c.now)
		if got := digest.NextHour(c.hour, paris, now).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s after %s: %s, not %s", c.hour, c.now, got, c.want)
		}
	}
}
