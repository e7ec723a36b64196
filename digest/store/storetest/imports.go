package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

func row(email string) digest.ImportRow {
	return digest.ImportRow{Subscriber: digest.Subscriber{Email: email}, State: digest.SubConfirmed}
}

func with(r digest.ImportRow, change func(*digest.ImportRow)) digest.ImportRow {
	change(&r)
	return r
}

func file(rows ...digest.ImportRow) iter.Seq2[digest.ImportRow, error] {
	return func(yield func(digest.ImportRow, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func fingerprint() string { return "f" }

var intoList = store.ImportOptions{List: "l", File: "readers.csv", Fingerprint: fingerprint}

// states are the states of everybody on the list, by address.
func states(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	ok(t, s.Subscriptions(ctx, store.SubscriptionFilter{List: "l"}, func(x digest.Subscription) error {
		out[x.Subscriber.Email] = string(x.State)
		return nil
	}))
	return out
}

func importing(t *testing.T, open Opener) {
	s := open(t)
	id := readers(t, s, 3)[0]
	must(s.Unsubscribe(ctx, id, "l", "", Noon))(t)
	must(s.Subscribe(ctx, digest.Subscription{Subscriber: digest.Subscriber{Email: "asked@example.org"}, List: "l", State: digest.SubPending, Since: Noon}, store.SubscribeOptions{}))(t)
	rows := file(row("READER000@example.org"), row("reader001@example.org"), row("new@example.org"), row("New@Example.org"), row("asked@example.org"),
		with(row("reader002@example.org"), func(r *digest.ImportRow) { r.State = digest.SubLeft }),
		with(row("gone@example.org"), func(r *digest.ImportRow) { r.State = digest.SubLeft }),
		with(row("twice@example.org"), func(r *digest.ImportRow) { r.Subscriber.Name = "Zoé" }),
		with(row("twice@example.org"), func(r *digest.ImportRow) { r.State, r.Reason = digest.SubLeft, "too much" }))
	want := digest.ImportSums{Added: 1, Confirmed: 1, Unchanged: 1, KeptLeft: 1, Left: 3, Repeated: 2}
	plan := intoList
	plan.Plan = true
	before := must(s.Dump(ctx))(t)
	if got := must(s.Import(ctx, plan, rows))(t); got.Sums != want {
		t.Errorf("plan %+v", got.Sums)
	}
	if d := cmp.Diff(before, must(s.Dump(ctx))(t)); d != "" {
		t.Errorf("a plan changed something: %s", d)
	}
	got := must(s.Import(ctx, intoList, rows))(t)
	if got.Sums != want || got.Finished.IsZero() {
		t.Errorf("import %+v", got)
	}
	if d := cmp.Diff(map[string]string{"reader000@example.org": "left", "reader001@example.org": "confirmed", "reader002@example.org": "left", "asked@example.org": "confirmed",
		"new@example.org": "confirmed", "gone@example.org": "left", "twice@example.org": "left"}, states(t, s)); d != "" {
		t.Error(d)
	}
	if again := must(s.Import(ctx, intoList, rows))(t); again.ID == got.ID || again.Sums != (digest.ImportSums{Unchanged: 6, KeptLeft: 1, Repeated: 2}) {
		t.Errorf("the same file again: %+v", again)
	}
}

// importedChoices: a file gives a choice to who is new or has none, and takes it
// back with itself; what a reader chose is theirs.
func importedChoices(t *testing.T, open Opener) {
	s := open(t)
	ids := readers(t, s, 4)
	theirs := digest.Choice{Cadence: digest.CadenceMonthly}
	ok(t, s.SetChoice(ctx, ids[1], "l", theirs))
	must(s.Unsubscribe(ctx, ids[2], "l", "", Noon))(t)
	must(s.Subscribe(ctx, subscription("elsewhere@example.org", "other"), store.SubscribeOptions{}))(t)
	wish := digest.Choice{Topics: []string{"Culture", "Mer"}, Cadence: digest.CadenceWeekly, Snooze: Noon, Hour: "07:30", Zone: "Europe/Paris"}
	wishing := func(email string) digest.ImportRow {
		return with(row(email), func(r *digest.ImportRow) { r.Choice = wish })
	}
	rows := file(wishing("reader000@example.org"), wishing("reader001@example.org"), wishing("reader002@example.org"), wishing("reader003@example.org"),
		wishing("elsewhere@example.org"), wishing("new@example.org"), row("plain@example.org"))
	want := digest.ImportSums{Added: 3, Changed: 2, Unchanged: 1, KeptLeft: 1}
	plan := intoList
	plan.Plan = true
	if got := must(s.Import(ctx, plan, rows))(t); got.Sums != want {
		t.Errorf("plan %+v", got.Sums)
	}
	imp := must(s.Import(ctx, intoList, rows))(t)
	if imp.Sums != want {
		t.Errorf("import %+v", imp.Sums)
	}
	chosen := func() map[string]digest.Choice {
		out := map[string]digest.Choice{}
		ok(t, s.Subscriptions(ctx, store.SubscriptionFilter{List: "l"}, func(x digest.Subscription) error {
			x.Choice.Language = ""
			out[x.Subscriber.Email] = x.Choice
			return nil
		}))
		return out
	}
	none := digest.Choice{}
	if d := cmp.Diff(map[string]digest.Choice{"reader000@example.org": wish, "reader001@example.org": theirs, "reader002@example.org": none, "reader003@example.org": wish,
		"elsewhere@example.org": wish, "new@example.org": wish, "plain@example.org": none}, chosen()); d != "" {
		t.Error(d)
	}
	if again := must(s.Import(ctx, intoList, rows))(t); again.Sums != (digest.ImportSums{Unchanged: 6, KeptLeft: 1}) {
		t.Errorf("again %+v", again.Sums)
	}
	ok(t, s.SetChoice(ctx, ids[3], "l", theirs))
	if u := must(s.UndoImport(ctx, imp.ID))(t); u.Restored != 1 {
		t.Errorf("%+v", u)
	}
	if d := cmp.Diff(map[string]digest.Choice{"reader000@example.org": none, "reader001@example.org": theirs, "reader002@example.org": none, "reader003@example.org": theirs}, chosen()); d != "" {
		t.Error(d)
	}
}

func importUndone(t *testing.T, open Opener) {
	s := open(t)
	ids := readers(t, s, 2)
	ok(t, s.SetAttributes(ctx, ids[0], map[string]any{"city": "Brest", "age": int64(41)}))
	before := states(t, s)
	dump := must(s.Subscriber(ctx, ids[0]))(t)
	imp := must(s.Import(ctx, intoList, file(
		with(row("reader000@example.org"), func(r *digest.ImportRow) {
			r.Subscriber.Name, r.Subscriber.Attributes = "Zoé", map[string]any{"city": "Quimper", "club": true}
		}),
		with(row("reader001@example.org"), func(r *digest.ImportRow) { r.State = digest.SubLeft }),
		row("new@example.org"), row("leaver@example.org"),
		with(row("dead@example.org"), func(r *digest.ImportRow) { r.State, r.Suppress = digest.SubLeft, "hard bounce" }))))(t)
	if imp.Sums != (digest.ImportSums{Added: 2, Changed: 1, Left: 1, Condemned: 1}) {
		t.Errorf("%+v", imp.Sums)
	}
	r := must(s.Subscriber(ctx, ids[0]))(t)
	if d := cmp.Diff(map[string]any{"city": "Quimper", "age": int64(41), "club": true}, r.Attributes); d != "" || r.Name != "Zoé" {
		t.Errorf("%s %s", r.Name, d)
	}
	leaver := must(s.FindSubscriber(ctx, "leaver@example.org"))(t)
	must(s.Unsubscribe(ctx, leaver.ID, "l", "", Noon.Add(1)))(t)
	must(s.Unsubscribe(ctx, leaver.ID, "l", "", Noon.Add(1e9)))(t)

	u := must(s.UndoImport(ctx, imp.ID))(t)
	if u.Readers < 1 || u.Restored != 3 {
		t.Errorf("%+v", u)
	}
	if d := cmp.Diff(dump, must(s.Subscriber(ctx, ids[0]))(t)); d != "" {
		t.Error(d)
	}
	if _, err := s.SuppressionOf(ctx, "dead@example.org"); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("what the file condemned is still closed: %v", err)
	}
	after := states(t, s)
	delete(after, "leaver@example.org")
	if d := cmp.Diff(before, after); d != "" {
		t.Error(d)
	}
	if _, err := s.UndoImport(ctx, imp.ID); err == nil {
		t.Error("undone twice")
	}
	if list := must(s.Imports(ctx))(t); len(list) != 1 || list[0].Undone.IsZero() {
		t.Errorf("%+v", list)
	}
}

// importKilled ends an import after its first batch, and runs it again.
func importKilled(t *testing.T, open Opener) {
	s := open(t)
	const n = 10_500
	rows := make([]digest.ImportRow, 0, n+1)
	for i := range n {
		rows = append(rows, row(fmt.Sprintf("r%05d@example.org", (i*7919)%n)))
	}
	rows = append(rows, row("R00007@example.org"))
	dying, kill := context.WithCancel(ctx)
	o := intoList
	o.Progress = func(done, total int) {
		if total != n+1 {
			t.Errorf("%d of %d", done, total)
		}
		kill()
	}
	first, err := s.Import(dying, o, file(rows...))
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if half := len(states(t, s)); half == 0 || half >= n {
		t.Fatalf("%d readers after the kill", half)
	}
	second := must(open(t).Import(ctx, intoList, file(rows...)))(t)
	if second.ID != first.ID || second.Sums != (digest.ImportSums{Added: n, Repeated: 1}) || len(states(t, s)) != n {
		t.Errorf("%+v, %d readers", second, len(states(t, s)))
	}
	if u := must(s.UndoImport(ctx, second.ID))(t); u.Readers != n || len(states(t, s)) != 0 {
		t.Errorf("%+v", u)
	}
}

func importDead(t *testing.T, open Opener) {
	s := open(t)
	id := readers(t, s, 1)[0]
	ok(t, s.Suppress(ctx, id, "complaint", "arf", Noon))
	ok(t, s.EraseReader(ctx, id, Noon))
	must(s.AddSuppression(ctx, digest.Suppression{Domain: "Spam.example", Reason: "operator", Since: Noon}))(t)
	imp := must(s.Import(ctx, intoList, file(row("Reader000@example.org"), row("a@spam.example"), row("a@sub.spam.example"))))(t)
	if imp.Sums != (digest.ImportSums{Suppressed: 2, Added: 1}) {
		t.Errorf("%+v", imp.Sums)
	}
	if d := cmp.Diff(map[string]string{"a@sub.spam.example": "confirmed"}, states(t, s)); d != "" {
		t.Error(d)
	}
}

func domainSuppressed(t *testing.T, open Opener) {
	s := open(t)
	readers(t, s, 2)
	must(s.Subscribe(ctx, subscription("zoe@other.example", "l"), store.SubscribeOptions{}))(t)
	e := must(s.Freeze(ctx, edition(1)))(t)
	if !must(s.AddSuppression(ctx, digest.Suppression{Domain: "example.org", Reason: "operator", Since: Noon}))(t) {
		t.Error("nothing was added")
	}
	if b := must(s.Books(ctx, e.ID))(t); b.Suppressed != 2 || b.Queued != 1 {
		t.Errorf("%+v", b)
	}
	must(s.Subscribe(ctx, subscription("late@example.org", "l"), store.SubscribeOptions{Again: true}))(t)
	if g := must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t); g[0].Readers != 1 {
		t.Errorf("a wish of one's own lifted an operator's word on a whole domain: %+v", g)
	}
	var got []digest.Suppression
	ok(t, s.Suppressions(ctx, func(x digest.Suppression) error { got = append(got, x); return nil }))
	if len(got) != 1 || got[0].Domain != "example.org" || got[0].Scope != digest.ScopeDomain || got[0].Reason != "operator" {
		t.Errorf("%+v", got)
	}
	if !must(s.RemoveSuppression(ctx, digest.Suppression{Domain: "EXAMPLE.org"}))(t) {
		t.Error("nothing was lifted")
	}
	if g := must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l"}, Now: Noon}))(t); g[0].Readers != 4 {
		t.Errorf("%+v", g)
	}
}
