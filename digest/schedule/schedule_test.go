package schedule_test

import (
	"testing"
	"time"

	"github.com/zest-digest/zest/digest/schedule"
)

func TestWordsAndCronSayTheSame(t *testing.T) {
	paris, _ := time.LoadLocation("Europe/Paris")
	from := time.Date(2026, 11, 23, 12, 0, 0, 0, paris) // a Monday
	for words, want := range map[string]string{
		"every monday at 7:30":   "2026-11-30T07:30",
		"Mondays at 8":           "2026-11-30T08:00",
		"weekdays at 7:30":       "2026-11-24T07:30",
		"daily at 18:00":         "2026-11-23T18:00",
		"every day at 9:05":      "2026-11-24T09:05",
		"chaque vendredi à 7h30": "2026-11-27T07:30",
		"tous les jours à 8h":    "2026-11-24T08:00",
		"30 7 * * 1":             "2026-11-30T07:30",
		"0 9 * * 7":              "2026-11-29T09:00",
		"@monthly":               "2026-12-01T00:00",
	} {
		s, err := schedule.Parse(words)
		if err != nil {
			t.Errorf("%s: %v", words, err)
			continue
		}
		if got := s.Next(from, paris).Format("2006-01-02T15:04"); got != want {
			t.Errorf("%s: %s, want %s", words, got, want)
		}
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	for _, s := range []string{"", "now and then", "0 9 31 2 *", "61 * * * *", "every someday at 8", "monday at 25"} {
		if got, err := schedule.Parse(s); err == nil {
			t.Errorf("%q passed: %v", s, got.Next(time.Now(), time.UTC))
		}
	}
}

// The hour from 2 to 3 does not exist in Paris on 29 March 2026, and comes
// twice on 25 October.
func TestSlotsWhenClocksChange(t *testing.T) {
	for _, c := range []struct {
		zone, expr, from string
		want             []string
	}{
		{"Europe/Paris", "30 2 * * *", "2026-03-28T00:00:00Z", []string{"2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
		{"Europe/Paris", "30 2 * * SUN", "2026-03-28T12:00:00Z", []string{"2026-03-29T01:00:00Z", "2026-04-05T00:30:00Z"}},
		{"Europe/Paris", "30 2 * * *", "2026-10-24T12:00:00Z", []string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		{"America/New_York", "30 2 * * *", "2026-03-07T12:00:00Z", []string{"2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"}},
		{"America/New_York", "30 1 * * *", "2026-10-31T12:00:00Z", []string{"2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"}},
		{"Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00:00Z", []string{"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
		{"UTC", "0 0 29 2 *", "2026-01-01T00:00:00Z", []string{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		s, err := schedule.Parse(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		at, _ := time.Parse(time.RFC3339, c.from)
		for _, want := range c.want {
			if at = s.Next(at, zone); at.UTC().Format(time.RFC3339) != want {
				t.Errorf("%s in %s: %s, want %s", c.expr, c.zone, at.UTC().Format(time.RFC3339), want)
			}
		}
	}
}

func TestLastIsTheNewestDueSlot(t *testing.T) {
	s, err := schedule.Parse("every monday at 7:30")
	if err != nil {
		t.Fatal(err)
	}
	until := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	if got := s.Last(until.AddDate(0, -1, 0), until, time.UTC); !got.Equal(time.Date(2026, 11, 23, 7, 30, 0, 0, time.UTC)) {
		t.Errorf("%v", got)
	}
	if got := s.Last(until.Add(-time.Hour), until, time.UTC); !got.IsZero() {
		t.Errorf("nothing was due, got %v", got)
	}
}
