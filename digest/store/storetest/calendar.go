package storetest

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

func slots(t *testing.T, open Opener) {
	a, b := open(t), open(t)
	slot := digest.Slot{Newsletter: "n", At: Noon, Outcome: digest.SlotAsked}
	var first atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			s := a
			if i%2 == 1 {
				s = b
			}
			was, err := s.CloseSlot(ctx, slot)
			if err != nil {
				t.Error(err)
			}
			if was {
				first.Add(1)
			}
		})
	}
	wg.Wait()
	if first.Load() != 1 {
		t.Errorf("%d were first", first.Load())
	}
	// The same moment under another name of it is the same slot; the answer to a
	// question stands, and nothing changes it any more.
	slot.At = Noon.In(time.FixedZone("elsewhere", 3600))
	for _, step := range []struct {
		outcome digest.SlotOutcome
		first   bool
	}{{digest.SlotAsked, false}, {digest.SlotSent, true}, {digest.SlotSkipped, false}} {
		slot.Outcome = step.outcome
		if was := must(a.CloseSlot(ctx, slot))(t); was != step.first {
			t.Errorf("%s: first %v", step.outcome, was)
		}
	}
	must(a.CloseSlot(ctx, digest.Slot{Newsletter: "n", At: Noon.Add(time.Hour), Outcome: digest.SlotNothing}))(t)
	if list := must(b.Slots(ctx, "n", 5))(t); len(list) != 2 || list[1].Outcome != digest.SlotSent || !list[1].At.Equal(Noon) {
		t.Errorf("%+v", list)
	}
	// A slot of the future, dealt with under a wrong clock, holds up nothing.
	if at := must(a.LastSlot(ctx, "n", Noon.Add(time.Minute)))(t); !at.Equal(Noon) {
		t.Errorf("the last slot is %s", at)
	}
	if at := must(a.LastSlot(ctx, "other", Noon))(t); !at.IsZero() {
		t.Errorf("another newsletter's slot is ours: %s", at)
	}
}

func guard(t *testing.T, open Opener) {
	s := open(t)
	here := store.Guard{Dir: t.TempDir(), Host: "here"}
	trusted := func(g store.Guard, want bool) {
		t.Helper()
		if why := must(s.Suspicion(ctx, g))(t); (why == "") != want {
			t.Errorf("suspicion: %q", why)
		}
	}
	trusted(here, true)
	readers(t, s, 1)
	must(s.Freeze(ctx, edition(1)))(t)
	ok(t, s.Vouch(ctx, here))
	trusted(here, true)
	must(s.Freeze(ctx, edition(2)))(t)
	trusted(here, true) // further than what we remember is no reason for doubt
	ok(t, s.Vouch(ctx, here))
	// What an SQLite store is compared with lies beside its file: that is tested
	// with a real copy. What a Postgres store is compared with lies in Dir.
	files, err := filepath.Glob(filepath.Join(here.Dir, "store-*.json"))
	ok(t, err)
	for _, f := range files {
		raw := must(os.ReadFile(f))(t)
		ok(t, os.WriteFile(f, []byte(strings.Replace(string(raw), `"edition":2`, `"edition":3`, 1)), 0o600))
		trusted(here, false)
		ok(t, s.Vouch(ctx, here))
		trusted(here, true)
	}
	ok(t, s.Hold(ctx, "restored a moment ago"))
	trusted(here, false)
	ok(t, s.Vouch(ctx, here))
	trusted(here, true)
}
