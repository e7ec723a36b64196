package storetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

// joining is a stranger's wish to be on the list "l".
func joining(email string, at time.Time) digest.Joining {
	return digest.Joining{
		Subscriber: digest.Subscriber{Email: email, Created: at}, Lists: []string{"l"},
		Consent: digest.Consent{Source: "web", Form: "oui", Version: "1", Language: "fr", Network: "192.0.2.0/24", Asked: at},
	}
}

func asking(t *testing.T, open Opener) {
	s := open(t)
	sent := 0
	for i := range 20 {
		if _, answer, err := s.Ask(ctx, joining("Victim@example.org", Noon.Add(time.Duration(i)*time.Minute))); answer == digest.JoinConfirm {
			ok(t, err)
			sent++
		}
	}
	if sent != 3 {
		t.Errorf("%d mails in a day", sent)
	}
	r, answer, err := s.Ask(ctx, joining("victim@example.org", Noon.Add(25*time.Hour)))
	ok(t, err)
	if answer != digest.JoinConfirm {
		t.Error("a day later it may be asked again")
	}
	if g := must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t); len(g) != 0 {
		t.Errorf("asking made a reader: %+v", g)
	}
	for range 2 {
		if !must(s.Confirm(ctx, r.ID, []string{"l"}, Noon.Add(26*time.Hour)))(t) {
			t.Error("confirming is confirming, twice too")
		}
	}
	c := must(s.Consents(ctx, r.ID))(t)
	if len(c) != 1 || c[0].Confirmed.IsZero() || c[0].Version != "1" || c[0].Network == "" || strings.Contains(c[0].Network, "192") {
		t.Errorf("%+v", c)
	}
	if _, answer, _ := s.Ask(ctx, joining("victim@example.org", Noon.Add(60*time.Hour))); answer != digest.JoinKnown {
		t.Errorf("who is on the list was answered %v", answer)
	}
	other, _, err := s.Ask(ctx, joining("other@example.org", Noon))
	ok(t, err)
	_, _, err = s.Ask(ctx, joining("third@example.org", Noon.Add(8*24*time.Hour)))
	ok(t, err)
	if _, err := s.Subscriber(ctx, other.ID); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("what nobody confirmed is still there: %v", err)
	}
	if g := must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t); len(g) != 1 || g[0].Readers != 1 {
		t.Errorf("the confirmed reader: %+v", g)
	}
}

// What a stranger asks for changes nothing of a reader, and takes no proof away.
func strangers(t *testing.T, open Opener) {
	s := open(t)
	r, _, err := s.Ask(ctx, joining("a@example.org", Noon))
	ok(t, err)
	must(s.Confirm(ctx, r.ID, []string{"l"}, Noon))(t)
	must(s.Unsubscribe(ctx, r.ID, "l", "", Noon))(t)
	j := joining("a@example.org", Noon.Add(time.Hour))
	j.Subscriber.Language, j.Subscriber.Name = "xx", "Mallory"
	if _, answer, _ := s.Ask(ctx, j); answer != digest.JoinConfirm {
		t.Error("who left may ask again")
	}
	if now := must(s.Subscriber(ctx, r.ID))(t); now.Language != "" || now.Name != "" {
		t.Errorf("a stranger changed %+v", now)
	}
	if len(must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t)) != 0 {
		t.Error("asking brought a leaver back")
	}
	ok(t, s.Expire(ctx, Noon.Add(9*24*time.Hour)))
	if c := must(s.Consents(ctx, r.ID))(t); len(c) != 1 || c[0].Confirmed.IsZero() {
		t.Errorf("the proof of the first consent: %+v", c)
	}
	if must(s.Confirm(ctx, r.ID, []string{"l"}, Noon))(t) {
		t.Error("an old link confirmed what was not asked again")
	}
	if s := must(s.States(ctx, r.ID, []string{"l"}))(t); s["l"] != digest.SubLeft {
		t.Errorf("%v", s)
	}
}

func perDomain(t *testing.T, open Opener) {
	s := open(t)
	sent := 0
	for i := range 30 {
		j := joining(fmt.Sprintf("p%d@example.org", i), Noon)
		j.PerDomain = 10
		if _, answer, _ := s.Ask(ctx, j); answer == digest.JoinConfirm {
			sent++
		}
	}
	if sent != 10 {
		t.Errorf("%d mails to one domain", sent)
	}
}

func leavingTogether(t *testing.T, open Opener) {
	s := open(t)
	ids := readers(t, s, 5)
	e := must(s.Freeze(ctx, edition(1)))(t)
	ok(t, s.LeaveAll(ctx, []digest.Leave{
		{Subscriber: ids[0], Lists: []string{"l"}, Reason: "reader", At: Noon}, {Subscriber: ids[1], At: Noon},
		{Subscriber: ids[2], Lists: []string{"another"}, At: Noon}, {Subscriber: 999, Lists: []string{"l"}, At: Noon},
	}))
	if b := must(s.Books(ctx, e.ID))(t); b.Suppressed != 2 || b.Queued != 3 || !b.Closed() {
		t.Errorf("%+v", b)
	}
	ok(t, s.SetReason(ctx, ids[0], []string{"l"}, "too often"))
	ok(t, s.SetReason(ctx, ids[3], []string{"l"}, "too often")) // who did not leave has no reason
	reasons := ""
	ok(t, s.Subscriptions(ctx, store.SubscriptionFilter{List: "l"}, func(sub digest.Subscription) error {
		reasons += string(sub.State) + " " + sub.Reason + "\n"
		return nil
	}))
	if d := cmp.Diff("left too often\nleft \nconfirmed \nconfirmed \nconfirmed \n", reasons); d != "" {
		t.Error(d)
	}
	ok(t, s.Suppress(ctx, ids[0], "complaint", "test", Noon))
	must(s.Return(ctx, ids[0], []string{"l"}, Noon))(t)
	if g := must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t); g[0].Readers != 3 {
		t.Errorf("returning lifted a suppression: %+v", g)
	}
}

func linkKeys(t *testing.T, open Opener) {
	s := open(t)
	first := must(s.LinkKeys(ctx))(t)
	if len(first) != 1 || !bytes.Equal(first[0].Secret, must(s.Secret(ctx))(t)) {
		t.Fatalf("%+v", first)
	}
	must(s.RotateKeys(ctx, time.Hour))(t)
	two := must(s.LinkKeys(ctx))(t)
	if len(two) != 2 || bytes.Equal(two[0].Secret, first[0].Secret) || !bytes.Equal(two[1].Secret, first[0].Secret) || !two[0].Retired.IsZero() || two[1].Retired.IsZero() {
		t.Fatalf("%+v", two)
	}
	if n := must(s.RotateKeys(ctx, 0))(t); n != 2 || len(must(s.LinkKeys(ctx))(t)) != 1 {
		t.Errorf("%d forgotten", n)
	}
	must(s.Freeze(ctx, edition(1)))(t)
	var invalid *digest.InvalidError
	if _, err := s.RotateKeys(ctx, time.Hour); !errors.As(err, &invalid) {
		t.Errorf("rotated under an edition that does not know its key: %v", err)
	}
}

// The key of an edition that is being sent outlives its time, unless it leaked.
func keysInUse(t *testing.T, open Opener) {
	s := open(t)
	began := must(s.Keyring(ctx))(t)
	f := edition(1)
	f.Letterhead.Key = began.Name()
	must(s.Freeze(ctx, f))(t)
	const moment = time.Nanosecond // every retired key is older, by the store's clock or the next
	for range 3 {
		must(s.RotateKeys(ctx, moment))(t)
	}
	now := must(s.Keyring(ctx))(t)
	then, found := now.Signing(began.Name())
	if !found || now.Name() == began.Name() || then.MessageID(1, 2) != began.MessageID(1, 2) || then.SealBounce(1, 2) != began.SealBounce(1, 2) {
		t.Errorf("after rotating, the edition's key is found: %v", found)
	}
	if _, err := now.Open(digest.PurposeUnsubscribe, began.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe}), Noon); err != nil {
		t.Error(err)
	}
	must(s.RotateKeys(ctx, 0))(t)
	if _, found := must(s.Keyring(ctx))(t).Signing(began.Name()); found {
		t.Error("a leaked key is still there")
	}
}

func moving(t *testing.T, open Opener) {
	s := open(t)
	ids := readers(t, s, 2)
	request, answer, err := s.AskMove(ctx, ids[0], "new@example.net", Noon)
	ok(t, err)
	if answer != digest.MoveConfirm {
		t.Fatal(answer)
	}
	if m := must(s.PendingMove(ctx, ids[0], request))(t); m.From != "reader000@example.org" || m.To != "new@example.net" {
		t.Errorf("%+v", m)
	}
	if err := s.MoveReader(ctx, ids[1], request); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("somebody else's request moved a reader: %v", err)
	}
	_, _, err = s.Ask(ctx, joining("new@example.net", Noon)) // a wish that nobody confirmed is no obstacle
	ok(t, err)
	ok(t, s.MoveReader(ctx, ids[0], request))
	if r := must(s.Subscriber(ctx, ids[0]))(t); r.Email != "new@example.net" {
		t.Errorf("%+v", r)
	}
	if err := s.MoveReader(ctx, ids[0], request); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("a request moved twice: %v", err)
	}
	if _, answer, _ := s.AskMove(ctx, ids[0], "Reader001@example.org", Noon); answer != digest.MoveTaken {
		t.Errorf("another reader's address: %v", answer)
	}
	ok(t, s.Suppress(ctx, ids[1], "complaint", "test", Noon))
	if _, answer, _ := s.AskMove(ctx, ids[0], "reader001@example.org", Noon); answer != digest.MoveSilence {
		t.Errorf("a suppressed address was to be mailed: %v", answer)
	}
	for range 5 {
		must(s.AskData(ctx, ids[0], Noon))(t)
	}
	if must(s.AskData(ctx, ids[0], Noon))(t) {
		t.Error("more than three data mails a day")
	}
}

// dossier shows that what is exported is all there is, and that erasing leaves
// nothing of it.
func dossier(t *testing.T, open Opener) {
	s := open(t)
	r, _, err := s.Ask(ctx, joining("zoe.petit@example.org", Noon))
	ok(t, err)
	must(s.Confirm(ctx, r.ID, []string{"l"}, Noon))(t)
	e := must(s.Freeze(ctx, edition(1)))(t)
	b := claim(t, s, e.ID, "o", 0, 1)[0]
	ok(t, s.Settle(ctx, e.ID, "o", []digest.Outcome{{Subscriber: b.Subscriber, Verdict: digest.VerdictSent, Code: 250, Reply: "ok zoe.petit@example.org", At: Noon}}))
	_, _, err = s.AskMove(ctx, r.ID, "zoe.moved@example.org", Noon)
	ok(t, err)
	d := must(s.Dossier(ctx, r.ID))(t)
	for _, kind := range []string{"subscribers", "subscriptions", "consents", "deliveries", "moves", "asks"} {
		if len(d[kind]) == 0 {
			t.Errorf("the dossier lacks %s", kind)
		}
	}
	text, err := json.Marshal(d)
	ok(t, err)
	for _, want := range []string{"zoe.petit@example.org", "2026-11-23T12:00:00Z", "zoe.moved@example.org"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the dossier lacks %s:\n%s", want, text)
		}
	}
	ok(t, s.EraseReader(ctx, r.ID, Noon))
	if dump := must(s.Dump(ctx))(t); strings.Contains(dump, "zoe.") {
		t.Error(dump)
	}
	must(s.Subscribe(ctx, subscription("zoe.petit@example.org", "l"), store.SubscribeOptions{}))(t)
	if len(must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t)) != 0 {
		t.Error("an import brought an erased person back")
	}
	again, answer, err := s.Ask(ctx, joining("zoe.petit@example.org", Noon.Add(48*time.Hour)))
	ok(t, err)
	if answer != digest.JoinConfirm || !must(s.Confirm(ctx, again.ID, []string{"l"}, Noon.Add(48*time.Hour)))(t) {
		t.Error("they could not come back themselves")
	}
	if g := must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t); len(g) != 1 {
		t.Errorf("%+v", g)
	}
}
