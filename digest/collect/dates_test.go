package collect_test

import (
	"testing"
	"time"

	"github.com/zest-digest/zest/digest/collect"
)

func TestDatesOfTheWild(t *testing.T) {
	for s, want := range map[string]string{
		"Mon, 23 Nov 2026 08:30:00 +0100": "2026-11-23T07:30:00Z",
		"2026-11-23T08:30:00+01:00":       "2026-11-23T07:30:00Z",
		"2026-11-23T08:30":                "2026-11-23T08:30:00Z",
		"2026-11-23 08:30:15.25":          "2026-11-23T08:30:15Z",
		"2026/11/23 08:30":                "2026-11-23T08:30:00Z",
		"lun. 23 nov. 2026":               "2026-11-23T00:00:00Z",
		"lun., 23 nov. 2026 08:30:00 CET": "2026-11-23T07:30:00Z",
		"lundi 23 novembre 2026 à 8h30":   "2026-11-23T08:30:00Z",
		"1er mars 2026":                   "2026-03-01T00:00:00Z",
		"23/11/2026":                      "2026-11-23T00:00:00Z",
		"23.11.2026 18:05":                "2026-11-23T18:05:00Z",
		"14 août 2026":                    "2026-08-14T00:00:00Z",
		"5 juillet 2026":                  "2026-07-05T00:00:00Z",
		"5 juin 2026":                     "2026-06-05T00:00:00Z",
		"November 23, 2026 8:30 pm":       "2026-11-23T20:30:00Z",
		"Nov 23rd, 2026":                  "2026-11-23T00:00:00Z",
		"23 Nov 26 08:30 GMT":             "2026-11-23T08:30:00Z",
		"Thu, 23 Nov 2026 24:00:00 GMT":   "2026-11-24T00:00:00Z",
		"Mon, 23 November 2026 16:31 PT":  "2026-11-24T00:31:00Z",
		"Mon, 23 Nov 2026 08:30:00 EST":   "2026-11-23T13:30:00Z",
		"1795422600":                      "2026-11-23T08:30:00Z",
		"1795422600000":                   "2026-11-23T08:30:00Z",
		"2026":                            "2026-01-01T00:00:00Z",
		"2026-11":                         "2026-11-01T00:00:00Z",
	} {
		got, ok := collect.ParseDate(s)
		if !ok || got.Truncate(time.Second).Format(time.RFC3339) != want {
			t.Errorf("%q: %v %v, want %s", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "soon", "31 février 2026", "2026-13-01", "12345", "99/99/2026", "le 3"} {
		if got, ok := collect.ParseDate(s); ok {
			t.Errorf("%q passed as %v", s, got)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	f.Add("lun. 23 nov. 2026 08:30 +0100")
	f.Add("2026-11-23T08:30:00Z")
	f.Fuzz(func(t *testing.T, s string) {
		if got, ok := collect.ParseDate(s); ok && (got.Year() < 1970 || got.Year() > 2200 || got.Location() != time.UTC) {
			t.Errorf("%q: %v", s, got)
		}
	})
}
