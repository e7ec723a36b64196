package storetest

import (
	"testing"

	"github.com/zest-digest/zest/digest"
)

func dealing(t *testing.T, open Opener) {
	s := open(t)
	readers(t, s, 700)
	e := must(s.Freeze(ctx, edition(1)))(t)
	c := digest.Claim{Edition: e.ID, Owner: "gone", Lanes: []int{4, 0, 9}, Limit: 602, Now: Noon}
	got := must(s.Claim(ctx, c))(t)
	if len(got) != 602 {
		t.Fatalf("%d claimed", len(got))
	}
	for i := range got[1:] {
		if got[i].Subscriber >= got[i+1].Subscriber {
			t.Fatalf("reader %d comes before %d", got[i].Subscriber, got[i+1].Subscriber)
		}
	}
	// Lane 4 has settled its first three of 201, lane 0 its first, lane 9 none.
	var sent []digest.Outcome
	for _, i := range []int{0, 3, 6, 1} {
		sent = append(sent, digest.Outcome{Subscriber: got[i].Subscriber, Verdict: digest.VerdictSent, Code: 250, At: Noon})
	}
	ok(t, s.Settle(ctx, e.ID, "gone", sent))
	rec := must(s.Recover(ctx, e.ID, digest.UnknownLeave, Noon))(t)
	if rec.Doubtful != 9 || rec.Requeued != 602-4-9 {
		t.Errorf("%+v", rec)
	}
	doubtful := map[digest.SubscriberID]bool{}
	ok(t, s.Deliveries(ctx, e.ID, digest.DeliveryUnknown, func(d digest.Delivery) error {
		doubtful[d.Subscriber] = true
		return nil
	}))
	for _, i := range []int{9, 12, 15, 4, 7, 10, 2, 5, 8} { // the first three open ones of each lane
		if !doubtful[got[i].Subscriber] {
			t.Errorf("the reader at place %d may have been sent to, and counts as not", i)
		}
	}
}

func onward(t *testing.T, open Opener) {
	s := open(t)
	ids := readers(t, s, 600)
	e := must(s.Freeze(ctx, edition(1)))(t)
	owner, end, err := s.Begin(ctx)
	ok(t, err)
	c := digest.Claim{Edition: e.ID, Owner: owner, Lanes: []int{0, 1}, Limit: 10, After: ids[299], Now: Noon}
	if got := must(s.Claim(ctx, c))(t); len(got) != 10 || got[0].Subscriber != ids[300] {
		t.Errorf("%d claimed, from %v", len(got), got[0])
	}
	must(s.Unsubscribe(ctx, ids[5], "l", "reader", Noon))(t)
	c.After, c.Limit = 0, 590
	got := must(s.Claim(ctx, c))(t)
	var sent []digest.Outcome
	for _, r := range got {
		sent = append(sent, digest.Outcome{Subscriber: r.Subscriber, Verdict: digest.VerdictSent, Code: 250, At: Noon})
	}
	ok(t, s.Settle(ctx, e.ID, owner, sent))
	if b := must(s.Books(ctx, e.ID))(t); b.Sent != 589 || b.Suppressed != 1 || b.Queued != 10 || !b.Closed() {
		t.Errorf("%+v", b)
	}
	ok(t, end(true))
	if b := must(s.Books(ctx, e.ID))(t); b.Queued != 10 || len(claim(t, s, e.ID, "another", 0, 20)) != 10 {
		t.Errorf("what was never begun is not given back: %+v", b)
	}
}
