package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
)

// serving makes edition number for readers of two cadences: every edition gets
// "fr", weekly gets "fr@0" when it is their week and nothing otherwise.
func serving(number int, weeklyDue bool, audience []digest.AudienceGroup) digest.Frozen {
	f := edition(number)
	f.Proofs = append(f.Proofs, digest.Proof{Variant: digest.Variant{Key: "fr@0", Language: "fr", Since: 0}, Text: "é"})
	f.Audience = nil
	for _, g := range audience {
		s := digest.Served{AudienceGroup: g, Due: !g.Snoozed && (g.Cadence == digest.CadenceEvery || weeklyDue), Variant: "fr"}
		if g.Mark >= 0 {
			s.Variant = "fr@0"
		}
		f.Audience = append(f.Audience, s)
	}
	return f
}

func look(t *testing.T, open Opener) ([]digest.AudienceGroup, func(number int, weeklyDue bool) digest.Edition) {
	s := open(t)
	q := digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}
	groups := must(s.Audience(ctx, q))(t)
	return groups, func(number int, weeklyDue bool) digest.Edition {
		return must(s.Freeze(ctx, serving(number, weeklyDue, groups)))(t)
	}
}

func behind(t *testing.T, open Opener) {
	s := open(t)
	ids := readers(t, s, 4)
	ok(t, s.SetChoice(ctx, ids[1], "l", digest.Choice{Cadence: digest.CadenceWeekly}))
	ok(t, s.SetChoice(ctx, ids[2], "l", digest.Choice{Snooze: Noon.Add(time.Hour)}))
	want := []digest.AudienceGroup{{Mark: -1, Readers: 2}, {Snoozed: true, Mark: -1, Readers: 1}, {Cadence: digest.CadenceWeekly, Mark: -1, Readers: 1}}
	groups, freeze := look(t, open)
	if d := cmp.Diff(want, groups); d != "" {
		t.Error(d)
	}
	if e := freeze(1, false); must(s.Books(ctx, e.ID))(t).Audience != 2 {
		t.Error("who is not due, or sleeps, was counted in")
	}
	for i := range want[1:] {
		want[i+1].Mark = 0
	}
	groups, freeze = look(t, open)
	if d := cmp.Diff(want, groups); d != "" {
		t.Error(d)
	}
	freeze(2, true)
	want[2].Mark = -1 // caught up
	groups, _ = look(t, open)
	if d := cmp.Diff(want, groups); d != "" {
		t.Error(d)
	}
	must(s.Unsubscribe(ctx, ids[2], "l", "", Noon))(t)
	_, freeze = look(t, open)
	freeze(3, true)
	must(s.Return(ctx, ids[2], []string{"l"}, Noon))(t)
	groups, _ = look(t, open)
	want[1].Mark = -1 // forgotten while they were away
	if d := cmp.Diff(want, groups); d != "" {
		t.Error(d)
	}
}

func failing(t *testing.T, open Opener) {
	s := open(t)
	ids := readers(t, s, 4)
	_, freeze := look(t, open)
	e := freeze(1, true)
	must(s.Secret(ctx))(t)
	for i, r := range claim(t, s, e.ID, "o", 0, 10) {
		settle(t, s, e.ID, "o", r, []digest.Verdict{digest.VerdictSent, digest.VerdictFailed, digest.VerdictUnknown, digest.VerdictFailed}[i])
	}
	marks := func() map[int]int {
		groups, _ := look(t, open)
		out := map[int]int{}
		for _, g := range groups {
			out[g.Mark] += g.Readers
		}
		return out
	}
	if d := cmp.Diff(map[int]int{-1: 2, 0: 2}, marks()); d != "" {
		t.Errorf("who did not get an edition gets its stories with the next, who may have got it does not: %s", d)
	}
	// One of the two gets the next edition, which tells both; the other is away.
	ok(t, s.SetChoice(ctx, ids[3], "l", digest.Choice{Cadence: digest.CadenceWeekly}))
	_, freeze = look(t, open)
	freeze(2, false)
	if n := must(s.RequeueFailed(ctx, e.ID, Noon.Add(time.Hour)))(t); n != 1 {
		t.Errorf("%d tried again: only who was not told by a later edition may be", n)
	}
	if d := cmp.Diff(map[int]int{-1: 3, 1: 1}, marks()); d != "" {
		t.Error(d)
	}
}

func hours(t *testing.T, open Opener) {
	s := open(t)
	ids := readers(t, s, 4)
	ok(t, s.SetChoice(ctx, ids[0], "l", digest.Choice{Hour: "18:00", Zone: "Europe/Paris"}))
	ok(t, s.SetChoice(ctx, ids[1], "l", digest.Choice{Hour: "18:00"}))
	ok(t, s.SetChoice(ctx, ids[2], "l", digest.Choice{Hour: "13:30", Zone: "Asia/Tokyo"}))
	groups, _ := look(t, open)
	f := serving(1, true, groups)
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	ok(t, err)
	f.Zone, f.Expires = tokyo, Noon.Add(23*time.Hour)
	e := must(s.Freeze(ctx, f))(t)
	got := map[digest.SubscriberID]time.Time{}
	ok(t, s.Deliveries(ctx, e.ID, "", func(d digest.Delivery) error { got[d.Subscriber] = d.NextTry; return nil }))
	want := map[digest.SubscriberID]time.Time{ids[0]: Noon.Add(5 * time.Hour), ids[1]: Noon.Add(21 * time.Hour), ids[2]: Noon.Add(16*time.Hour + 30*time.Minute), ids[3]: {}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if r := claim(t, s, e.ID, "o", 0, 10); len(r) != 1 || r[0].Subscriber != ids[3] {
		t.Errorf("%+v go out now", r)
	}
	f.Edition.Number, f.Edition.Slot, f.Expires = 2, "2", Noon.Add(6*time.Hour)
	e = must(s.Freeze(ctx, f))(t)
	ok(t, s.Deliveries(ctx, e.ID, "", func(d digest.Delivery) error {
		if late := d.Subscriber == ids[1] || d.Subscriber == ids[2]; late && !d.NextTry.IsZero() {
			t.Errorf("reader %d waits until %s, when the edition is over", d.Subscriber, d.NextTry)
		}
		return nil
	}))
}

func retelling(t *testing.T, open Opener) {
	s := open(t)
	must(s.SaveHarvest(ctx, digest.SourceState{Source: "s"}, []digest.Article{article("a", "Un", 10), article("b", "Deux", 10), article("c", "Trois", 10)}))(t)
	list := must(s.Candidates(ctx, "n", []string{"s"}))(t)
	for i, a := range list {
		f := edition(i + 1)
		f.Carried = []digest.Told{{Article: digest.Article{ID: a.ID}, Card: []digest.ArticleID{a.ID, list[0].ID, 0}[i]}}
		must(s.Freeze(ctx, f))(t)
	}
	var got [][3]int64
	for _, x := range must(s.Told(ctx, "n", 0))(t) {
		got = append(got, [3]int64{int64(x.ID), int64(x.Edition), int64(x.Card)})
	}
	if d := cmp.Diff([][3]int64{{int64(list[0].ID), 1, int64(list[0].ID)}, {int64(list[1].ID), 2, int64(list[0].ID)}}, got); d != "" {
		t.Errorf("what the editor dropped is not told again: %s", d)
	}
	if got := must(s.Told(ctx, "n", 1))(t); len(got) != 1 {
		t.Errorf("%d after the first", len(got))
	}
	if got := must(s.Appearances(ctx, "n", Noon))(t); len(got) != 3 || !got[2].Equal(Noon) {
		t.Errorf("%v", got)
	}
}
