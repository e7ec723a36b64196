package config

import (
	"testing"
	"time"
)

func TestQuietHours(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		t.Helper()
		when, err := time.ParseInLocation("2006-01-02 15:04", s, paris)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, c := range []struct{ hours, now, until string }{
		{"22:00-07:00", "2026-11-23 21:59", ""},
		{"22:00-07:00", "2026-11-23 22:00", "2026-11-24 07:00"},
		{"22:00-07:00", "2026-11-24 06:59", "2026-11-24 07:00"},
		{"22:00-07:00", "2026-11-24 07:00", ""},
		{"12:30 - 14:00", "2026-11-24 13:00", "2026-11-24 14:00"},
		{"12:30-14:00", "2026-11-24 14:00", ""},
		{"22:00-07:00", "2026-10-24 23:00", "2026-10-25 07:00"}, // an hour longer: the clocks go back
		{"", "2026-11-24 03:00", ""},
	} {
		q, err := Traffic{QuietHours: c.hours, Zone: "Europe/Paris"}.Quiet()
		if err != nil {
			t.Fatal(err)
		}
		want := time.Time{}
		if c.until != "" {
			want = at(c.until)
		}
		if got := q.Until(at(c.now).UTC()); !got.Equal(want) {
			t.Errorf("%s at %s: %s, want %s", c.hours, c.now, got, c.until)
		}
	}
}
