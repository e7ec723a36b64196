package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
)

func planning(t *testing.T, open Opener) {
	s := open(t)
	p := digest.Plan{Newsletter: "n", Number: 1, Slot: "s", State: digest.PlanHeld, Made: Noon, Settings: map[string]string{"templates": "x"},
		Stories: []digest.PlannedStory{{Section: "Mer", Title: "Le pont", URL: "https://example.org/a", Articles: []digest.ArticleID{1, 2}, Prints: []string{"p", "q"}}}}
	first := must(s.SavePlan(ctx, p))(t)
	p.ID = first
	if d := cmp.Diff(p, must(s.HeldPlan(ctx, "n"))(t)); d != "" {
		t.Error(d)
	}
	p.ID = must(s.SavePlan(ctx, digest.Plan{Newsletter: "n", Number: 1, State: digest.PlanHeld, Made: Noon}))(t)
	if old := must(s.Plan(ctx, first))(t); old.State != digest.PlanCanceled || old.Open() {
		t.Errorf("one edition waits at a time: %+v", old)
	}
	f := edition(1)
	f.Plan, f.Abstracts = p.ID, map[string]string{"k": "Le pont rouvre."}
	f.Inputs = map[string]digest.Inputs{"fr": {WebURL: "https://example.org/n/1", Templates: "x"}}
	e := must(s.Freeze(ctx, f))(t)
	if in := must(s.Inputs(ctx, e.ID))(t); len(in) != 1 || in["fr"].Templates != "x" {
		t.Errorf("%+v", in)
	}
	if _, err := s.SavePlan(ctx, p); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("a plan that was sent was changed: %v", err)
	}
	if got := must(s.Abstracts(ctx, []string{"k", "other"}))(t); len(got) != 1 || got["k"] != "Le pont rouvre." {
		t.Errorf("%v", got)
	}
	again := edition(2)
	again.Plan = p.ID
	if _, err := s.Freeze(ctx, again); !errors.Is(err, digest.ErrAlreadyFrozen) {
		t.Errorf("a plan made two editions: %v", err)
	}
	if _, err := s.HeldPlan(ctx, "n"); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("%v", err)
	}
}
