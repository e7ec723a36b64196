package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

func returned(print string, id digest.SubscriberID, e digest.EditionID, wish digest.ReturnWish) digest.Returned {
	return digest.Returned{Fingerprint: print, At: Noon, Source: "smtp", Kind: "bounce", Class: "soft", Status: "5.2.2", Subscriber: id, Edition: e, Wish: wish}
}

func comesBack(t *testing.T, open Opener) {
	s := open(t)
	ids := readers(t, s, 4)
	e := must(s.Freeze(ctx, edition(1)))(t)
	take := func(r digest.Returned, want digest.ReturnAction) {
		t.Helper()
		if got := must(s.TakeBack(ctx, r))(t); got != want {
			t.Errorf("%s: %s, want %s", r.Fingerprint, got, want)
		}
	}
	take(returned("hard", ids[0], e.ID, digest.WishSuppress), digest.ActionSuppressed)
	take(returned("hard", ids[1], e.ID, digest.WishSuppress), digest.ActionSeen) // a replay does nothing, whomever it names
	angry := returned("arf", 0, 0, digest.WishSuppress)
	angry.Kind, angry.Email = "complaint", "READER001@example.org"
	take(angry, digest.ActionSuppressed)
	take(returned("leave", ids[2], e.ID, digest.WishLeave), digest.ActionLeft)
	take(returned("policy", ids[3], e.ID, digest.WishNote), digest.ActionNoted)
	stranger := returned("stranger", 0, 0, digest.WishSuppress)
	stranger.Email, stranger.Message = "nobody@example.org", "To: reader003@example.org\n\nhello"
	take(stranger, digest.ActionUnmatched)
	if x := must(s.SuppressionOf(ctx, "reader001@example.org"))(t); x.Reason != "complaint" {
		t.Errorf("%+v", x)
	}
	if b := must(s.Books(ctx, e.ID))(t); b.Suppressed != 3 || b.Queued != 1 {
		t.Errorf("%+v", b)
	}
	if c := must(s.ReturnCounts(ctx, e.ID))(t); c["soft"] != 3 {
		t.Errorf("%v", c)
	}
	kept := must(s.Returned(ctx, store.ReturnedFilter{Action: digest.ActionUnmatched}))(t)
	if len(kept) != 1 || !strings.Contains(kept[0].Message, "hello") {
		t.Errorf("%+v", kept)
	}
	ok(t, s.EraseReader(ctx, ids[3], Noon))
	if dump := must(s.Dump(ctx))(t); strings.Contains(dump, "reader003") {
		t.Error("a kept message names somebody who was erased")
	}
}

// bouncesAddUp: what lasts closes an address in the end, what is still being
// tried or speaks of us never does.
func bouncesAddUp(t *testing.T, open Opener) {
	for _, c := range []struct {
		name   string
		status string
		days   []int // of each bounce, an edition each
		one    bool  // all of one edition
		closes bool
	}{
		{"full, thrice over two weeks", "5.2.2", []int{0, 7, 14}, false, true},
		{"full, thrice in a week", "5.2.2", []int{0, 3, 6}, false, false},
		{"full, twice", "5.2.2", []int{0, 30}, false, false},
		{"full, long ago", "5.2.2", []int{0, 100, 110}, false, false},
		{"full, one edition", "5.2.2", []int{0, 7, 14}, true, false},
		{"closed, twice", "5.2.1", []int{0, 1}, false, true},
		{"closed, once", "5.2.1", []int{0}, false, false},
	} {
		s := open(t)
		email := strings.ReplaceAll(c.name, " ", ".") + "@example.org"
		must(s.Subscribe(ctx, subscription(strings.ReplaceAll(email, ",", ""), "l"), store.SubscribeOptions{}))(t)
		id := must(s.FindSubscriber(ctx, strings.ReplaceAll(email, ",", "")))(t).ID
		var last digest.ReturnAction
		for i, day := range c.days {
			r := returned(fmt.Sprint(c.name, i), id, digest.EditionID(i+1), digest.WishCount)
			if c.one {
				r.Edition = 1
			}
			r.Status, r.At = c.status, Noon.Add(time.Duration(day)*24*time.Hour)
			last = must(s.TakeBack(ctx, r))(t)
		}
		if (last == digest.ActionSuppressed) != c.closes {
			t.Errorf("%s: %s", c.name, last)
		}
	}
}

// refusalsAndBounces: some servers refuse to our face, others take a message and
// send it back, and many do now this, now that. An edition is one trouble.
func refusalsAndBounces(t *testing.T, open Opener) {
	type event struct {
		day    int // of its edition
		refuse digest.Strike
		back   string // status of what came back for it
	}
	taken := digest.Strike("")
	for _, c := range []struct {
		name   string
		events []event
		closes bool
	}{
		{"refused, then back", []event{{0, digest.StrikeDisabled, ""}, {1, taken, "5.2.1"}}, true},
		{"back, then refused", []event{{0, taken, "5.2.1"}, {1, digest.StrikeDisabled, ""}}, true},
		{"once in both ways", []event{{0, digest.StrikeDisabled, "5.2.1"}}, false},
		{"taken in between", []event{{0, digest.StrikeDisabled, ""}, {1, taken, ""}, {2, taken, "5.2.1"}}, false},
		{"full, now this, now that", []event{{0, digest.StrikeFull, ""}, {7, taken, "5.2.2"}, {15, digest.StrikeFull, ""}}, true},
		{"full, too soon", []event{{0, digest.StrikeFull, ""}, {7, taken, "5.2.2"}, {8, digest.StrikeFull, ""}}, false},
		{"full, and disabled at last", []event{{0, digest.StrikeFull, ""}, {7, digest.StrikeFull, ""}, {15, taken, "5.2.1"}}, true},
		{"a lost domain is no full mailbox", []event{{0, digest.StrikeFull, ""}, {7, digest.StrikeDomain, ""}, {15, taken, "5.2.2"}}, false},
	} {
		s := open(t)
		email := strings.NewReplacer(" ", ".", ",", "").Replace(c.name) + "@example.org"
		must(s.Subscribe(ctx, subscription(email, c.name), store.SubscribeOptions{}))(t)
		id := must(s.FindSubscriber(ctx, email))(t).ID
		for i, x := range c.events {
			at := Noon.Add(time.Duration(x.day) * 24 * time.Hour)
			f := edition(i + 1)
			f.Expires, f.Audience, f.Edition.Newsletter, f.Lists = at.Add(48*time.Hour), nil, c.name, []string{c.name}
			for _, g := range must(s.Audience(ctx, digest.AudienceQuery{Newsletter: c.name, Lists: f.Lists, Now: at}))(t) {
				f.Audience = append(f.Audience, digest.Served{AudienceGroup: g, Due: true, Variant: "fr"})
			}
			e := must(s.Freeze(ctx, f))(t)
			if got := claim(t, s, e.ID, "run", 0, 1); len(got) != 1 {
				t.Fatalf("%s: closed before day %d", c.name, x.day)
			}
			o := digest.Outcome{Subscriber: id, Verdict: digest.VerdictSent, Code: 250, At: at}
			if x.refuse != taken {
				o.Verdict, o.Strike, o.Code = digest.VerdictFailed, x.refuse, 550
			}
			ok(t, s.Settle(ctx, e.ID, "run", []digest.Outcome{o}))
			if x.back != "" {
				r := returned(fmt.Sprint(c.name, i), id, e.ID, digest.WishCount)
				r.Status, r.At = x.back, at.Add(time.Minute)
				must(s.TakeBack(ctx, r))(t)
			}
		}
		if _, err := s.SuppressionOf(ctx, email); (err == nil) != c.closes {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
