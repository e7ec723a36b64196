package publish_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
	"github.com/zest-digest/zest/digest/render"
)

func TestAnEditionOwesNothingToTheClocksZoneOrTheMachine(t *testing.T) {
	renderer, err := render.New(render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, 99, renderer)
	for range 12 {
		w.live()
	}
	for i, id := range w.readers { // whoever left comes back, each with a choice of their own
		w.join(i)
		w.choices[id] = digest.Choice{Language: []string{"fr", "en"}[i%2], TextOnly: i%3 == 0, Topics: [][]string{nil, {"Mer"}, {"Culture", "Technique"}}[i%3]}
	}
	w.change(func(c digest.Choice) digest.Choice { return c })
	w.write(9)
	w.now = w.now.AddDate(0, 0, 9)
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	var first publish.Draft
	for i, zone := range []*time.Location{time.UTC, tokyo, time.Local, tokyo} {
		runtime.GOMAXPROCS(1 + i%3)
		p := publish.New(publish.Options{Store: w.store, Renderer: renderer, Now: func() time.Time { return w.now.In(zone) }})
		draft, err := p.Compose(ctx, w.letter, publish.ComposeOptions{Slot: "slot"})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = draft
			continue
		}
		sameTime := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
		sameZone := cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
		if d := cmp.Diff(first.Frozen, draft.Frozen, sameTime, sameZone) + cmp.Diff(first.Selection.Decisions, draft.Selection.Decisions, sameTime); d != "" {
			t.Fatalf("in %s with %d processors: %s", zone, 1+i%3, d)
		}
	}
	runtime.GOMAXPROCS(runtime.NumCPU())
	if len(first.Variants) < 3 {
		t.Errorf("only %d variants", len(first.Variants))
	}
}
