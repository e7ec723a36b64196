package storetest

import (
	"strings"
	"testing"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

func leaving(t *testing.T, open Opener) {
	s := open(t)
	ids := readers(t, s, 4)
	e := must(s.Freeze(ctx, edition(1)))(t)
	changed := must(s.Unsubscribe(ctx, ids[1], "l", "reader", Noon))(t)
	if !changed || must(s.Unsubscribe(ctx, ids[1], "l", "reader", Noon))(t) {
		t.Error("leaving twice must change something once")
	}
	if b := must(s.Books(ctx, e.ID))(t); b.Suppressed != 1 || b.Queued != 3 || !b.Closed() {
		t.Errorf("%+v", b)
	}
	ok(t, s.EraseReader(ctx, ids[2], Noon))
	for _, r := range claim(t, s, e.ID, "o", 0, 10) {
		if r.Subscriber == ids[1] || r.Subscriber == ids[2] {
			t.Errorf("%s is written to after leaving", r.Email)
		}
	}
	if b := must(s.Books(ctx, e.ID))(t); b.Suppressed != 2 || !b.Closed() {
		t.Errorf("%+v", b)
	}
}

func leavers(t *testing.T, open Opener) {
	s := open(t)
	id := readers(t, s, 1)[0]
	must(s.Unsubscribe(ctx, id, "", "", Noon))(t)
	if must(s.Subscribe(ctx, subscription("READER000@example.org", "l"), store.SubscribeOptions{}))(t) {
		t.Error("somebody else brought a leaver back")
	}
	if g := must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t); len(g) != 0 {
		t.Errorf("audience %+v", g)
	}
	if !must(s.Return(ctx, id, []string{"l"}, Noon))(t) || must(s.Return(ctx, id, []string{"l"}, Noon))(t) {
		t.Error("returning twice must change something once")
	}
	if g := must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t); len(g) != 1 {
		t.Errorf("audience %+v", g)
	}
	ok(t, s.SetPreferences(ctx, id, digest.Preferences{Language: "en", TextOnly: true}))
	if r := must(s.Subscriber(ctx, id))(t); r.Language != "en" || !r.TextOnly {
		t.Errorf("%+v", r)
	}
}

func bounce(t *testing.T, open Opener) {
	s := open(t)
	must(s.Secret(ctx))(t)
	id := readers(t, s, 1)[0]
	e := must(s.Freeze(ctx, edition(1)))(t)
	settle(t, s, e.ID, "o", claim(t, s, e.ID, "o", 0, 1)[0], digest.VerdictSuppress)
	if g := must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t); len(g) != 0 {
		t.Errorf("audience %+v", g)
	}
	ok(t, s.EraseReader(ctx, id, Noon))
	must(s.Subscribe(ctx, subscription("reader000@example.org", "l"), store.SubscribeOptions{}))(t)
	if g := must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t); len(g) != 0 {
		t.Errorf("a dead address came back to life: %+v", g)
	}
	must(s.Subscribe(ctx, subscription("reader000@example.org", "l"), store.SubscribeOptions{Again: true}))(t)
	if g := must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t); len(g) != 1 {
		t.Errorf("its owner could not come back: %+v", g)
	}
}

func numbers(t *testing.T, open Opener) {
	s := open(t)
	gone := readers(t, s, 2)[1]
	ok(t, s.EraseReader(ctx, gone, Noon))
	must(s.Subscribe(ctx, subscription("next@example.org", "l"), store.SubscribeOptions{}))(t)
	if next := must(s.FindSubscriber(ctx, "next@example.org"))(t); next.ID == gone {
		t.Error("an erased reader's number, which their links carry, went to another")
	}
}

func erase(t *testing.T, open Opener) {
	s := open(t)
	id := readers(t, s, 1)[0]
	e := must(s.Freeze(ctx, edition(1)))(t)
	r := claim(t, s, e.ID, "o", 0, 1)[0]
	ok(t, s.Settle(ctx, e.ID, "o", []digest.Outcome{{Subscriber: r.Subscriber, Verdict: digest.VerdictSuppress, Code: 550, Enhanced: "5.1.1", Reply: "5.1.1 <reader000@example.org> unknown", At: Noon}}))
	ok(t, s.EraseReader(ctx, id, Noon))
	if dump := must(s.Dump(ctx))(t); strings.Contains(dump, "reader000") {
		t.Error(dump)
	}
	if b := must(s.Books(ctx, e.ID))(t); !b.Closed() || b.Failed != 1 {
		t.Errorf("%+v", b)
	}
}
