package curate_test

import (
	"testing"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
)

func TestTasteIsBoundedAndRelative(t *testing.T) {
	of := func(source string, past ...digest.Taste) float64 {
		return curate.NewTaste(past).Of(digest.Article{Source: source, Section: "Mer"})
	}
	if v := of("a"); v != 0 {
		t.Errorf("nothing is known: %v", v)
	}
	if v := of("a", digest.Taste{Source: "a", Shown: 1000, Clicks: 500}, digest.Taste{Source: "b", Shown: 1000, Clicks: 500}); v != 0 {
		t.Errorf("every source is liked alike: %v", v)
	}
	past := []digest.Taste{{Source: "a", Shown: 1000, Clicks: 300, More: 40}, {Source: "b", Shown: 1000, Clicks: 10, Less: 40}}
	if a, b := of("a", past...), of("b", past...); a <= 0 || a > 0.3 || b >= 0 || b < -0.3 {
		t.Errorf("%v, %v", a, b)
	}
}
