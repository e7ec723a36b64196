package schedule

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
)

// clockAt reads a time on the wall clock of Paris.
func clockAt(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, load(t, "Europe/Paris"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func planOf(t testing.TB, missed digest.MissedPolicy, lines ...string) Plan {
	t.Helper()
	p, err := NewPlan(digest.Newsletter{Zone: load(t, "Europe/Paris"), Schedule: lines, Missed: missed, MissedWithin: 24 * time.Hour, Blackout: []string{"12-24..01-02", "2026-07-14"}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatIsDue(t *testing.T) {
	weekly := "every monday at 8:00"
	tests := []struct {
		name      string
		missed    digest.MissedPolicy
		last, now string
		slot      string
		do        digest.SlotOutcome
		passed    int
	}{
		{"not yet", digest.MissedSend, "2026-11-16 08:00", "2026-11-23 07:59", "", "", 0},
		{"on the minute", digest.MissedSend, "2026-11-16 08:00", "2026-11-23 08:00", "2026-11-23 08:00", digest.SlotSent, 0},
		{"dealt with", digest.MissedSend, "2026-11-23 08:00", "2026-11-23 08:01", "", "", 0},
		{"missed, sent late", digest.MissedSend, "2026-11-16 08:00", "2026-11-23 20:00", "2026-11-23 08:00", digest.SlotSent, 0},
		{"missed by too much", digest.MissedSend, "2026-11-16 08:00", "2026-11-24 08:01", "2026-11-23 08:00", digest.SlotSkipped, 0},
		{"missed, to be skipped", digest.MissedSkip, "2026-11-16 08:00", "2026-11-23 08:16", "2026-11-23 08:00", digest.SlotSkipped, 0},
		{"to be skipped, but in time", digest.MissedSkip, "2026-11-16 08:00", "2026-11-23 08:14", "2026-11-23 08:00", digest.SlotSent, 0},
		{"missed, ask", digest.MissedAsk, "2026-11-16 08:00", "2026-11-23 08:16", "2026-11-23 08:00", digest.SlotAsked, 0},
		{"three missed make one", digest.MissedSend, "2026-11-02 08:00", "2026-11-23 09:00", "2026-11-23 08:00", digest.SlotSent, 2},
		{"a blackout over the year's end", digest.MissedSend, "2026-12-21 08:00", "2026-12-28 08:00", "2026-12-28 08:00", digest.SlotBlackout, 0},
		{"no history", digest.MissedSend, "", "2026-11-23 08:30", "2026-11-23 08:00", digest.SlotSent, 0},
		{"no history, and the slot is over", digest.MissedSend, "", "2026-11-23 09:30", "", "", 0},
		{"the clock went back an hour", digest.MissedSend, "2026-11-23 08:00", "2026-11-23 07:05", "", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var last time.Time
			if tt.last != "" {
				last = clockAt(t, tt.last)
			}
			d := planOf(t, tt.missed, weekly).Due(last, clockAt(t, tt.now))
			got := ""
			if !d.Slot.IsZero() {
				got = d.Slot.In(load(t, "Europe/Paris")).Format("2006-01-02 15:04")
			}
			if got != tt.slot || d.Do != tt.do || len(d.Passed) != tt.passed {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestSeveralSchedulesOfOneNewsletterAreOneCalendar(t *testing.T) {
	p := planOf(t, digest.MissedSend, "every monday at 8:00", "TZ=UTC 0 7 * * MON", "friday at 18:00", "14 july at noon")
	at := clockAt(t, "2026-07-10 00:00")
	var got []string
	for range 4 {
		at = p.After(at)
		got = append(got, at.In(p.Zone).Format("Mon 01-02 15:04"))
	}
	// Seven in London's winter time is nine in Paris in July; the 14th is black.
	if diff := cmp.Diff([]string{"Fri 07-10 18:00", "Mon 07-13 08:00", "Mon 07-13 09:00", "Fri 07-17 18:00"}, got); diff != "" {
		t.Error(diff)
	}
	winter := planOf(t, digest.MissedSend, "every monday at 8:00", "TZ=UTC 0 7 * * MON")
	if d := winter.Due(clockAt(t, "2026-11-22 08:00"), clockAt(t, "2026-11-23 08:00")); len(d.Passed) != 0 {
		t.Errorf("two names of one moment are two slots: %+v", d)
	}
	if !planOf(t, digest.MissedSend).After(at).IsZero() {
		t.Error("a newsletter without a schedule has a next slot")
	}
}

func TestBlackouts(t *testing.T) {
	paris := load(t, "Europe/Paris")
	for _, tt := range []struct{ text, in, out string }{
		{"2026-12-25", "2026-12-25 00:00,2026-12-25 23:59", "2026-12-24 23:59,2026-12-26 00:00,2027-12-25 12:00"},
		{"2026-12-24..2027-01-02", "2026-12-24 00:00,2027-01-02 23:00", "2026-12-23 12:00,2027-01-03 00:00"},
		{"12-25", "2026-12-25 12:00,2031-12-25 12:00", "2026-12-26 00:00"},
		{"12-24..01-02", "2026-12-31 12:00,2028-01-01 12:00,2027-12-24 12:00", "2027-01-03 12:00,2027-12-23 12:00"},
		{"02-29", "2028-02-29 12:00", "2027-02-28 12:00,2027-03-01 12:00"},
	} {
		b, err := ParseBlackout(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		for want, list := range map[bool]string{true: tt.in, false: tt.out} {
			for _, at := range strings.Split(list, ",") {
				if got := b.Covers(clockAt(t, at), paris); got != want {
					t.Errorf("%s covers %s: %v", tt.text, at, got)
				}
			}
		}
	}
	for _, bad := range []string{"", "25/12", "2026-02-30", "2026-12-31..2026-12-24", "12-24..2027-01-02", "13-01", "noel"} {
		if b, err := ParseBlackout(bad); err == nil {
			t.Errorf("%q was taken as %+v", bad, b)
		}
	}
}

// TestPromiseOneEditionForEachSlotWhateverTheClockDoes lets a daemon run for
// weeks of fake time over both clock changes of four zones.
func TestPromiseOneEditionForEachSlotWhateverTheClockDoes(t *testing.T) {
	for zone, start := range map[string]time.Time{
		"Europe/Paris": time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC), "America/New_York": time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		"Australia/Lord_Howe": time.Date(2026, 9, 28, 0, 0, 0, 0, time.UTC), "Africa/Casablanca": time.Date(2026, 2, 10, 0, 0, 0, 0, time.UTC),
	} {
		synctest.Test(t, func(t *testing.T) {
			p, err := NewPlan(digest.Newsletter{Zone: load(t, zone), Schedule: []string{"30 2 * * *"}, MissedWithin: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			shift := time.Until(start)
			ctx, stop := context.WithTimeout(t.Context(), 14*24*time.Hour)
			defer stop()
			var last time.Time
			sent := map[string]int{}
			loop := Loop{Every: time.Minute, Now: func() time.Time { return time.Now().Add(shift) }}
			loop.Run(ctx, func(context.Context) {
				if d := p.Due(last, loop.Now()); d.Do == digest.SlotSent {
					last = d.Slot
					sent[d.Slot.In(p.Zone).Format(time.DateOnly)]++
				}
			})
			for day, n := range sent {
				if n != 1 {
					t.Errorf("%s: %d editions on %s", zone, n, day)
				}
			}
			if len(sent) != 14 {
				t.Errorf("%s: %d editions in 14 days", zone, len(sent))
			}
		})
	}
}

func TestTheLoopNoticesAClockThatJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shift atomic.Int64 // nanoseconds
		var jumps []time.Duration
		var worked []time.Duration
		start := time.Now()
		loop := Loop{Every: time.Minute, Now: func() time.Time { return time.Now().Add(time.Duration(shift.Load())) }, Jump: func(by time.Duration) { jumps = append(jumps, by) }}
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute+time.Second)
		defer stop()
		time.AfterFunc(3*time.Minute+time.Second, func() { shift.Store(int64(-time.Hour)) })
		time.AfterFunc(7*time.Minute+time.Second, func() { shift.Store(int64(24 * time.Hour)) })
		loop.Run(ctx, func(context.Context) { worked = append(worked, time.Since(start)) })
		if diff := cmp.Diff([]time.Duration{-time.Hour, 25 * time.Hour}, jumps); diff != "" {
			t.Error(diff)
		}
		minutes := func(n ...int) (out []time.Duration) {
			for _, m := range n {
				out = append(out, time.Duration(m)*time.Minute)
			}
			return out
		}
		if diff := cmp.Diff(minutes(0, 1, 2, 3, 6, 7, 10), worked); diff != "" {
			t.Error(diff)
		}
	})
}

func TestALongRoundIsNotAJump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 30*time.Minute)
		defer stop()
		rounds := 0
		Loop{Every: time.Minute, Now: time.Now, Jump: func(by time.Duration) { t.Errorf("a jump by %s", by) }}.Run(ctx, func(context.Context) {
			rounds++
			time.Sleep(9*time.Minute + 30*time.Second)
		})
		if rounds < 3 {
			t.Errorf("%d rounds", rounds)
		}
	})
}
