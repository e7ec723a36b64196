package storetest

import (
	"testing"

	"github.com/zest-digest/zest/digest"
)

// segmented: only members of a segment get an edition, and who is none is not
// behind for that.
func segmented(t *testing.T, open Opener) {
	s := open(t)
	ids := readers(t, s, 4)
	for i, city := range []string{"Brest", "Quimper", "Brest"} {
		ok(t, s.SetAttributes(ctx, ids[i], map[string]any{"city": city}))
	}
	ok(t, s.Suppress(ctx, ids[2], "complaint", "test", Noon))
	asked := 0
	members := must(s.Members(ctx, []string{"l"}, func(r digest.Subscriber, on []digest.Subscription) bool {
		asked++
		return r.Attributes["city"] != "Quimper" && len(on) == 1 && on[0].List == "l"
	}))(t)
	if asked != 3 || len(members.IDs) != 2 {
		t.Errorf("%d asked, %+v", asked, members)
	}
	count := func(m *digest.Members) (n int) {
		for _, g := range must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Members: m, Now: Noon}))(t) {
			n += g.Readers
		}
		return n
	}
	if all, some, none := count(nil), count(members), count(&digest.Members{}); all != 3 || some != 2 || none != 0 {
		t.Errorf("%d in all, %d of the segment, %d of an empty one", all, some, none)
	}
	f := edition(1)
	f.Members = members
	e := must(s.Freeze(ctx, f))(t)
	if b := must(s.Books(ctx, e.ID))(t); b.Audience != 2 {
		t.Errorf("%+v", b)
	}
	for _, r := range claim(t, s, e.ID, "o", 0, 10) {
		if r.Subscriber == ids[1] || r.Subscriber == ids[2] {
			t.Errorf("%s is not of the segment", r.Email)
		}
	}
	if n := must(s.Freeze(ctx, edition(2)))(t); must(s.Books(ctx, n.ID))(t).Audience != 3 {
		t.Error("the next edition is for everybody again")
	}
}
