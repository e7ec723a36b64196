package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

func choosing(t *testing.T, open Opener) {
	s := open(t)
	id := readers(t, s, 1)[0]
	want := digest.Choice{Topics: []string{"Culture", "Mer & ports"}, Cadence: digest.CadenceWeekly, Language: "en", TextOnly: true,
		Snooze: Noon.Add(time.Hour), Hour: "07:30", Zone: "Europe/Paris"}
	given := want
	given.Topics, given.Hour = []string{"Mer & ports ", "Culture", "Culture", ""}, "7:30"
	ok(t, s.SetChoice(ctx, id, "l", given))
	if d := cmp.Diff(want, must(s.Choice(ctx, id, "l"))(t)); d != "" {
		t.Error(d)
	}
	ok(t, s.Subscriptions(ctx, store.SubscriptionFilter{List: "l"}, func(sub digest.Subscription) error {
		if d := cmp.Diff(want, sub.Choice); d != "" {
			t.Error(d)
		}
		return nil
	}))
	var invalid *digest.InvalidError
	for _, wrong := range []digest.Choice{{Cadence: "hourly"}, {Hour: "25"}, {Zone: "Paris"}, {Zone: "Local"}} {
		if err := s.SetChoice(ctx, id, "l", wrong); !errors.As(err, &invalid) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
	if err := s.SetChoice(ctx, id, "other", want); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("a list the reader is not on: %v", err)
	}
}

func keptChoices(t *testing.T, open Opener) {
	s := open(t)
	sub := subscription("reader000@example.org", "l")
	sub.Subscriber.Language, sub.Choice = "fr", digest.Choice{Cadence: digest.CadenceMonthly, Topics: []string{"Mer"}}
	must(s.Subscribe(ctx, sub, store.SubscribeOptions{}))(t)
	id := must(s.FindSubscriber(ctx, "reader000@example.org"))(t).ID
	want := digest.Choice{Cadence: digest.CadenceMonthly, Topics: []string{"Mer"}, Language: "fr"}
	sub.Choice = digest.Choice{Cadence: digest.CadenceDaily}
	must(s.Subscribe(ctx, sub, store.SubscribeOptions{}))(t)
	must(s.Import(ctx, intoList, file(with(row("reader000@example.org"), func(r *digest.ImportRow) { r.Subscriber.Language, r.Subscriber.TextOnly = "en", true }))))(t)
	must(s.Unsubscribe(ctx, id, "l", "", Noon))(t)
	must(s.Return(ctx, id, []string{"l"}, Noon))(t)
	if d := cmp.Diff(want, must(s.Choice(ctx, id, "l"))(t)); d != "" {
		t.Errorf("an import, or leaving and coming back, changed what the reader chose: %s", d)
	}
	ok(t, s.SetPreferences(ctx, id, digest.Preferences{Language: "en", TextOnly: true}))
	want.Language, want.TextOnly = "en", true
	if d := cmp.Diff(want, must(s.Choice(ctx, id, "l"))(t)); d != "" {
		t.Error(d)
	}
}
