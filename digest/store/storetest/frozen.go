package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
)

func frozen(t *testing.T, open Opener) {
	s := open(t)
	readers(t, s, 2)
	f := edition(1)
	shown := digest.Embedded{ID: "0123456789abcdef", Type: "image/png", Data: []byte("\x89PNG\x00")}
	f.Pictures = []digest.Embedded{shown}
	e := must(s.Freeze(ctx, f))(t)
	got := must(s.Frozen(ctx, e.ID))(t)
	f.Edition, f.Pictures = e, nil // pictures are asked for one by one
	if d := cmp.Diff(shown, must(s.Picture(ctx, shown.ID))(t)); d != "" {
		t.Error(d)
	}
	if _, err := s.Picture(ctx, "other"); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("a picture that nobody froze: %v", err)
	}
	f.Edition, f.Audience, f.Carried, f.Inputs = e, nil, nil, nil // they are stored row by row
	if d := cmp.Diff(f, got, cmp.Comparer(func(a, b time.Time) bool { return a.UnixMilli() == b.UnixMilli() })); d != "" {
		t.Error(d)
	}
	if open := must(s.Unfinished(ctx, "n"))(t); len(open) != 1 || open[0].ID != e.ID {
		t.Errorf("unfinished: %+v", open)
	}
	if moved := must(s.MoveEdition(ctx, e.ID, digest.EditionSending, digest.EditionSent))(t); !moved {
		t.Error("a sending edition could not be finished")
	}
	if open := must(s.Unfinished(ctx, "n"))(t); len(open) != 0 {
		t.Errorf("unfinished: %+v", open)
	}
	if n := must(s.NextNumber(ctx, "n"))(t); n != 2 {
		t.Errorf("next is %d", n)
	}
	if _, err := s.Edition(ctx, "n", 9); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("%v", err)
	}
}
