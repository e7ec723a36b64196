package storetest

import (
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
)

// canceling: what was queued is canceled at once, what a run holds when the run
// ends, and nothing is handed out any more.
func canceling(t *testing.T, open Opener) {
	s := open(t)
	readers(t, s, 6)
	e := must(s.Freeze(ctx, edition(1)))(t)
	owner, end, err := s.Begin(ctx)
	ok(t, err)
	held := claim(t, s, e.ID, owner, 0, 3)
	settle(t, s, e.ID, owner, held[0], digest.VerdictSent)

	canceled, still, err := s.CancelEdition(ctx, e.ID, Noon)
	ok(t, err)
	if canceled != 3 || still != 2 {
		t.Errorf("canceled %d and held %d, want 3 and 2", canceled, still)
	}
	if more := claim(t, s, e.ID, owner, 1, 3); len(more) != 0 {
		t.Errorf("a canceled edition handed out %d", len(more))
	}
	if moved := must(s.MoveEdition(ctx, e.ID, digest.EditionSending, digest.EditionSent))(t); moved {
		t.Error("a run marked a canceled edition sent")
	}
	settle(t, s, e.ID, owner, held[1], digest.VerdictRetry) // in flight when it was canceled
	ok(t, end(true))
	if canceled, still, err = s.CancelEdition(ctx, e.ID, Noon); err != nil || canceled != 2 || still != 0 {
		t.Errorf("canceled %d and held %d, %v, want 2 and 0", canceled, still, err)
	}
	want := digest.Books{Audience: 6, Sent: 1, Canceled: 5}
	if b := must(s.Books(ctx, e.ID))(t); b != want || !b.Closed() || !b.Done() {
		t.Errorf("%+v, want %+v", b, want)
	}
	if problems := must(s.Check(ctx, e.ID))(t); len(problems) > 0 {
		t.Error(problems)
	}
	if state := must(s.EditionState(ctx, e.ID))(t); state != digest.EditionCanceled {
		t.Error(state)
	}
}

// requeueing: neither who has the edition, nor who left, nor a dead address.
func requeueing(t *testing.T, open Opener) {
	s := open(t)
	ids := readers(t, s, 5)
	must(s.Secret(ctx))(t)
	e := must(s.Freeze(ctx, edition(1)))(t)
	owner, end, err := s.Begin(ctx)
	ok(t, err)
	for i, r := range claim(t, s, e.ID, owner, 0, 10) {
		settle(t, s, e.ID, owner, r, []digest.Verdict{digest.VerdictSent, digest.VerdictFailed, digest.VerdictFailed, digest.VerdictSuppress, digest.VerdictFailed}[i])
	}
	ok(t, end(true))
	must(s.MoveEdition(ctx, e.ID, digest.EditionSending, digest.EditionSent))(t)
	must(s.Unsubscribe(ctx, ids[4], "l", "tired of it", Noon))(t)

	if n := must(s.RequeueFailed(ctx, e.ID, Noon.Add(96*time.Hour)))(t); n != 2 {
		t.Errorf("%d requeued, want 2", n)
	}
	if state := must(s.EditionState(ctx, e.ID))(t); state != digest.EditionSending {
		t.Error(state)
	}
	again := claim(t, s, e.ID, "later", 0, 10)
	if len(again) != 2 || again[0].Subscriber != ids[1] || again[1].Subscriber != ids[2] {
		t.Errorf("%+v", again)
	}
	for _, r := range again {
		ok(t, s.Settle(ctx, e.ID, "later", []digest.Outcome{{Subscriber: r.Subscriber, Verdict: digest.VerdictRetry, At: Noon.Add(72 * time.Hour)}}))
	}
	if b := must(s.Books(ctx, e.ID))(t); b.Queued != 2 || b.Failed != 2 || b.Sent != 1 || !b.Closed() {
		t.Errorf("the edition’s time was not prolonged: %+v", b)
	}
}

// striking: two disabled editions close an address, but not with a delivery in
// between; a full mailbox closes it at the third and after fourteen days.
func striking(t *testing.T, open Opener) {
	s := open(t)
	ids := readers(t, s, 3)
	must(s.Secret(ctx))(t)
	disabled, patient, full := ids[0], ids[1], ids[2]
	day := 0
	publish := func(f func(digest.SubscriberID) (digest.Verdict, digest.Strike)) {
		t.Helper()
		at := Noon.Add(time.Duration(day) * 24 * time.Hour)
		frozen := edition(day + 1)
		frozen.Expires, frozen.Audience = at.Add(48*time.Hour), nil
		for _, g := range must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: at}))(t) {
			frozen.Audience = append(frozen.Audience, digest.Served{AudienceGroup: g, Due: true, Variant: "fr"})
		}
		e := must(s.Freeze(ctx, frozen))(t)
		for _, r := range claim(t, s, e.ID, "run", 0, 10) {
			verdict, strike := f(r.Subscriber)
			ok(t, s.Settle(ctx, e.ID, "run", []digest.Outcome{{Subscriber: r.Subscriber, Verdict: verdict, Strike: strike, Code: 550, At: at}}))
		}
	}
	alive := func(want ...digest.SubscriberID) {
		t.Helper()
		n := 0
		for _, g := range must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t) {
			n += g.Readers
		}
		if n != len(want) {
			t.Errorf("day %d: %d are written to, want %d", day, n, len(want))
		}
	}
	strikes := func(id digest.SubscriberID) (digest.Verdict, digest.Strike) {
		switch {
		case id == full:
			return digest.VerdictFailed, digest.StrikeFull
		case id == patient && day == 1:
			return digest.VerdictSent, ""
		}
		return digest.VerdictFailed, digest.StrikeDisabled
	}
	publish(strikes)
	alive(disabled, patient, full)
	day = 1
	publish(strikes)
	alive(patient, full)
	day = 2
	publish(strikes) // patient's second, but a delivery lies between; full's third, too soon
	alive(patient, full)
	day = 15
	publish(strikes) // patient's second in a row; full's after fourteen days
	alive()
}
