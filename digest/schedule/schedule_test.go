package schedule

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
)

func load(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func parse(t testing.TB, expr string) Schedule {
	t.Helper()
	s, err := Parse(expr)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const stamp = "2006-01-02 15:04 -0700"

// chain lists the n slots after a moment.
func chain(t testing.TB, expr, zone, after string, n int) []string {
	t.Helper()
	place := load(t, zone)
	at, err := time.ParseInLocation("2006-01-02 15:04", after, place)
	if err != nil {
		t.Fatal(err)
	}
	s := parse(t, expr)
	var out []string
	for range n {
		if at, err = s.Next(at, place); err != nil {
			t.Fatal(err)
		}
		out = append(out, at.In(place).Format(stamp))
	}
	return out
}

func TestEachSlotHappensOnceWhenClocksChange(t *testing.T) {
	tests := []struct {
		name, expr, zone, after string
		want                    []string
	}{
		{"Paris forward", "30 2 * * *", "Europe/Paris", "2026-03-28 00:00",
			[]string{"2026-03-28 02:30 +0100", "2026-03-29 03:00 +0200", "2026-03-30 02:30 +0200"}},
		{"Paris forward, weekly", "30 2 * * SUN", "Europe/Paris", "2026-03-28 00:00",
			[]string{"2026-03-29 03:00 +0200", "2026-04-05 02:30 +0200"}},
		{"Paris back", "30 2 * * *", "Europe/Paris", "2026-10-24 03:00",
			[]string{"2026-10-25 02:30 +0200", "2026-10-26 02:30 +0100"}},
		{"Paris, several in the gap", "*/20 2 * * *", "Europe/Paris", "2026-03-29 00:00",
			[]string{"2026-03-29 03:00 +0200", "2026-03-30 02:00 +0200", "2026-03-30 02:20 +0200"}},
		{"Paris, every hour forward", "30 * * * *", "Europe/Paris", "2026-03-29 01:00",
			[]string{"2026-03-29 01:30 +0100", "2026-03-29 03:30 +0200"}},
		{"Paris, every hour back", "0 * * * *", "Europe/Paris", "2026-10-25 01:30",
			[]string{"2026-10-25 02:00 +0200", "2026-10-25 02:00 +0100", "2026-10-25 03:00 +0100"}},
		{"New York forward", "daily at 2:30", "America/New_York", "2026-03-07 12:00",
			[]string{"2026-03-08 03:00 -0400", "2026-03-09 02:30 -0400"}},
		{"New York back", "daily at 1:30", "America/New_York", "2026-10-31 12:00",
			[]string{"2026-11-01 01:30 -0400", "2026-11-02 01:30 -0500"}},
		{"Lord Howe forward, half an hour", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03 03:00",
			[]string{"2026-10-04 02:30 +1100", "2026-10-05 02:15 +1100"}},
		{"Lord Howe back", "45 1 * * *", "Australia/Lord_Howe", "2026-04-04 03:00",
			[]string{"2026-04-05 01:45 +1100", "2026-04-06 01:45 +1030"}},
		{"Casablanca, into Ramadan", "30 2 * * *", "Africa/Casablanca", "2026-02-14 12:00",
			[]string{"2026-02-15 02:30 +0100", "2026-02-16 02:30 +0000"}},
		{"Casablanca, after Ramadan", "30 2 * * *", "Africa/Casablanca", "2026-03-21 12:00",
			[]string{"2026-03-22 03:00 +0100", "2026-03-23 02:30 +0100"}},
		{"Saint John's, midnight twice", "30 23 * * *", "America/St_Johns", "2010-11-06 12:00",
			[]string{"2010-11-06 23:30 -0230", "2010-11-07 23:30 -0330"}},
		{"Samoa, a day that never was", "0 9 * * *", "Pacific/Apia", "2011-12-29 08:00",
			[]string{"2011-12-29 09:00 -1000", "2011-12-31 00:00 +1400", "2011-12-31 09:00 +1400"}},
		{"Beirut, midnight skipped", "0 0 * * *", "Asia/Beirut", "2022-03-26 12:00",
			[]string{"2022-03-27 01:00 +0300", "2022-03-28 00:00 +0300"}},
		{"leap day", "0 9 29 2 *", "Europe/Paris", "2026-01-01 00:00", []string{"2028-02-29 09:00 +0100", "2032-02-29 09:00 +0100"}},
		{"no leap day in 2100", "0 9 29 2 *", "UTC", "2096-03-01 00:00", []string{"2104-02-29 09:00 +0000"}},
		{"year end", "59 23 31 12 *", "Europe/Paris", "2026-12-31 23:59", []string{"2027-12-31 23:59 +0100"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, chain(t, tt.expr, tt.zone, tt.after, len(tt.want))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWordsMeanTheSameInBothLanguages(t *testing.T) {
	for _, tt := range []struct{ cron, words string }{
		{"0 8 * * 1", "every monday at 8:00|chaque lundi à 8h|tous les lundis à 8 h 00|Le lundi à 8 heures|mondays at 8am|monday|every week on monday at 8 a.m."},
		{"30 7 * * 1-5", "weekdays at 7:30|every weekday at 7:30|monday to friday at 7:30|mon-fri at 7:30|du lundi au vendredi à 7h30|en semaine à 7 h 30|les jours ouvrés à 7h30|every working day at 7:30am"},
		{"0 9 * * FRI#1", "first friday at 9:00|first friday of the month at 9|le premier vendredi du mois à 9h|1er vendredi à 9h|every first friday of the month at 9:00|the 1st friday of each month at 9:00"},
		{"0 18 L * *", "last day of month at 18:00|the last day of the month at 6pm|le dernier jour du mois à 18h|dernier jour de chaque mois à 18 h"},
		{"0 8 * * MON#1,MON#3", "first and third monday|1st and 3rd monday at 8:00|les premier et troisième lundis à 8h"},
		{"0 8 * * FRIL", "last friday at 8|le dernier vendredi du mois à 8 h"},
		{"0 8 1,15 * *", "on the 1st and 15th at 8:00|le 1er et le 15 du mois à 8h|every month on the 1st and the 15th at 8:00|the first and the 15th of each month"},
		{"30 18 * * *", "every day at 18:30|daily at 6:30 pm|chaque jour à 18h30|tous les jours à 18 h 30|quotidien à 18:30"},
		{"0 8 * * 1,4", "monday and thursday at 8:00|lundi et jeudi à 8h|mondays, thursdays at 8:00"},
		{"0 10 * * 6,0", "weekends at 10:00|le week-end à 10h|every weekend at 10am|saturday and sunday at 10:00"},
		{"0 12 * * 3", "wednesday at noon|mercredi à midi|le mercredi à 12h"},
		{"0 0 * * 7", "sundays at midnight|dimanche à minuit"},
		{"0 8 1 1 *", "1 january|le 1er janvier à 8h|first of january at 8:00"},
		{"0 8,18 * * *", "every day at 8:00 and 18:00|tous les jours à 8h et 18h|daily at 8am and 6pm"},
		{"0 8 * 9 MON#1", "first monday of september|premier lundi de septembre à 8h"},
		{"0 8 * * 5-1", "friday to monday at 8:00|du vendredi au lundi"},
	} {
		want := chain(t, tt.cron, "Europe/Paris", "2026-02-10 06:00", 9)
		for text := range strings.SplitSeq(tt.words, "|") {
			s, err := Parse(text)
			if err != nil {
				t.Errorf("%q: %v", text, err)
				continue
			}
			if diff := cmp.Diff(want, chain(t, text, "Europe/Paris", "2026-02-10 06:00", 9)); diff != "" {
				t.Errorf("%q is not %q: %s", s, tt.cron, diff)
			}
		}
	}
}

func TestWhatCronLeavesOut(t *testing.T) {
	for expr, want := range map[string]string{
		"0 9 * * 7":                    "2026-01-04 09:00 +0000",
		"0 9 * * 5-7":                  "2026-01-02 09:00 +0000",
		"0 9 * * SAT-SUN":              "2026-01-03 09:00 +0000",
		"0 9 * * 0-7":                  "2026-01-01 09:00 +0000",
		"0 9 L * *":                    "2026-01-31 09:00 +0000",
		"0 9 L-2 * *":                  "2026-01-29 09:00 +0000",
		"0 9 15,L * *":                 "2026-01-15 09:00 +0000",
		"0 9 L 2 *":                    "2026-02-28 09:00 +0000",
		"0 9 * * MON#1":                "2026-01-05 09:00 +0000",
		"0 9 * * 5L":                   "2026-01-30 09:00 +0000",
		"0 9 * * MON#5":                "2026-03-30 09:00 +0000",
		"0 9 13 * 5":                   "2026-01-02 09:00 +0000", // either will do
		"@weekly":                      "2026-01-04 00:00 +0000",
		"30 0 9 * * *":                 "2026-01-01 09:00 +0000",
		"TZ=Europe/Paris 0 9 * * *":    "2026-01-01 08:00 +0000",
		"TZ=Europe/Paris every friday": "2026-01-02 07:00 +0000",
	} {
		s, err := Parse(expr)
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := s.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), nil)
		if err != nil || got.UTC().Format(stamp) != want {
			t.Errorf("%q: %s (%v), want %s", expr, got.UTC().Format(stamp), err, want)
		}
	}
}

func TestWhatCannotBeIsRefused(t *testing.T) {
	for _, expr := range []string{"", " ", "0 9 31 2 *", "0 9 30 FEB *", "0 0 31 4,6,9,11 *", "0 9 * *", "61 9 * * *", "0 24 * * *", "0 9 * * 8",
		"0 9 * * MON#6", "0 9 * * FOO#1", "0 9 L-31 * *", "0 9 LW * *", "0 9 , * *", "@every 2h", "@never", "*/0 * * * *", "TZ=Mars/Olympus 0 9 * * *", "TZ=", "TZ=UTC",
		"whenever", "every monday at 25:00", "every monday at 13pm", "every other monday", "un lundi sur deux", "at 8:00", "monday to", "to friday",
		"sixth monday", "30 february", "le 31 avril", "every 2 hours", "first working day", "32 january", "6th monday", "monday at 8:5", "lundi à 8 h 5", "lundi à 8h5", "monday at 8:60", "monday at 8.30", "every 15 minutes", "monday 8:00-9:00"} {
		s, err := Parse(expr)
		var bad *digest.InvalidError
		if !errors.As(err, &bad) || bad.Reason == "" {
			t.Errorf("%q was taken as %+v (%v)", expr, s, err)
		}
	}
	if _, err := (Schedule{}).Next(time.Now(), time.UTC); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("the zero schedule: %v", err)
	}
	if _, err := (Schedule{}).Prev(time.Now(), time.UTC); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("the zero schedule: %v", err)
	}
}

// zones are 200 names from the tables every system has.
func zones(t *testing.T) []*time.Location {
	t.Helper()
	raw, err := os.ReadFile("testdata/zones.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []*time.Location
	for _, name := range strings.Fields(string(raw)) {
		out = append(out, load(t, name))
	}
	return out
}

// TestPromiseEverySlotExactlyOnceInOrder walks twenty years in 200 zones: one
// slot for every day the rule names, none twice, each later than the one
// before, and Prev walks the same road back.
func TestPromiseEverySlotExactlyOnceInOrder(t *testing.T) {
	exprs := []string{"30 2 * * *", "30 2 * * SUN", "every saturday at midnight", "15 1 L * *", "45 23 * * 6"}
	for k, zone := range zones(t) {
		s := parse(t, exprs[k%len(exprs)])
		start := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)
		end := start.AddDate(20, 0, 0)
		var got []time.Time
		for at := start; ; {
			next, err := s.Next(at, zone)
			if err != nil {
				t.Fatal(err)
			}
			if prev, err := s.Prev(next.Add(time.Minute), zone); err != nil || !prev.Equal(next) {
				t.Fatalf("%s %s: after %s, Prev says %s (%v)", zone, s, next, prev, err)
			}
			if !next.After(at) {
				t.Fatalf("%s %s: %s comes after %s", zone, s, next, at)
			}
			if at = next; !at.Before(end) {
				break
			}
			got = append(got, at)
		}
		days := 0
		for d := dateOf(start).add(-2); d != dateOf(end).add(2); d = d.add(1) {
			if !s.days.match(d) {
				continue
			}
			if first, _, _ := moments(d, s.clocks[0], zone); first.After(start) && first.Before(end) {
				days++
			}
		}
		if len(got) != days {
			t.Errorf("%s %s: %d slots for %d days", zone, s, len(got), days)
		}
	}
}

// TestCronCasesFromElsewhere compares with robfig/cron's own table, except where
// a clock change lies between: there its rule is another one.
func TestCronCasesFromElsewhere(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/data/schedules.json")
	if err != nil {
		t.Skip("no ../shared/data/schedules.json beside the project")
	}
	var cases []struct{ From, Spec, Next string }
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, c := range cases {
		from, zone := moment(t, c.From)
		s, err := Parse(c.Spec)
		if c.Next == "" {
			if err == nil {
				t.Errorf("%q never comes and was taken", c.Spec)
			}
			compared++
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.Spec, err)
			continue
		}
		got, err := s.Next(from, zone)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := moment(t, c.Next)
		if _, change := from.In(s.place(zone)).ZoneBounds(); !s.everyHour && !change.IsZero() && change.Before(from.Add(36*time.Hour)) && !got.Equal(want) {
			t.Logf("%s after %s: ours %s, theirs %s", c.Spec, c.From, got.Format(stamp), want.Format(stamp))
			continue
		}
		compared++
		if !got.Equal(want) {
			t.Errorf("%s after %s: got %s, want %s", c.Spec, c.From, got.Format(stamp), want.Format(stamp))
		}
	}
	t.Logf("%d of %d cases agree", compared, len(cases))
}

func moment(t *testing.T, text string) (time.Time, *time.Location) {
	t.Helper()
	zone := time.UTC
	if name, rest, ok := strings.Cut(strings.TrimPrefix(text, "TZ="), " "); ok && strings.HasPrefix(text, "TZ=") {
		zone, text = load(t, name), rest
	}
	for _, layout := range []string{"Mon Jan 2 15:04 2006", "Mon Jan 2 15:04:05 2006"} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, zone
		}
	}
	at, err := time.Parse("2006-01-02T15:04:05-0700", text)
	if err != nil {
		t.Fatal(err)
	}
	if zone == time.UTC {
		zone = at.Location()
	}
	return at, zone
}

func FuzzParse(f *testing.F) {
	for _, expr := range []string{"0 8 * * 1", "0 9 L,15 * MON#1,5L", "TZ=Europe/Paris every monday at 8:00", "le 1er et le 15 du mois à 8h30", "@daily", "TZ=0"} {
		f.Add(expr)
	}
	zone := load(f, "Europe/Paris")
	f.Fuzz(func(t *testing.T, expr string) {
		s, err := Parse(expr)
		if err != nil {
			return
		}
		after := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
		next, err := s.Next(after, zone)
		if err != nil || !next.After(after) {
			t.Errorf("%q: %s, %v", expr, next, err)
		}
	})
}
