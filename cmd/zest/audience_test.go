package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
	"github.com/zest-digest/zest/digest/store"
)

// TestPromiseNobodyIsSkippedOrMailedTwiceWhenTheAudienceChanges sends while
// readers join, leave, come back, are erased and change their address. Whoever
// stays gets one message; whoever left gets none or the one that was on its way.
func TestPromiseNobodyIsSkippedOrMailedTwiceWhenTheAudienceChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, where string) {
		const readers, before = 1500, 60
		var taken atomic.Int64
		changed := make(chan struct{})
		b := newBenchAt(t, where, readers, delivertest.Script{Reply: func(_ delivertest.Session, verb string) string {
			if verb == "." && taken.Add(1) > before {
				<-changed // the rest waits until the audience is another
			}
			return ""
		}})
		s, ctx := b.open(t), context.Background()
		email := func(i int) string { return fmt.Sprintf("reader%05d@example.org", i) }
		id := func(i int) digest.SubscriberID {
			r, err := s.FindSubscriber(ctx, strings.ToUpper(email(i)))
			if err != nil {
				t.Error(err)
			}
			return r.ID
		}
		leave := func(i int) error {
			_, err := s.Unsubscribe(ctx, id(i), "hebdo", "", time.Now())
			return err
		}
		join := func(address string, again bool) error {
			_, err := s.Subscribe(ctx, digest.Subscription{List: "hebdo", State: digest.SubConfirmed, Since: time.Now(), Subscriber: digest.Subscriber{Email: address}}, store.SubscribeOptions{Again: again})
			return err
		}
		changes := map[string]func(i int) error{
			"left":                    leave,
			"left and came back":      func(i int) error { return errors.Join(leave(i), join(email(i), true)) },
			"left, and was imported":  func(i int) error { return errors.Join(leave(i), join(strings.ToUpper(email(i)), false)) },
			"erased":                  func(i int) error { return s.EraseReader(ctx, id(i), time.Now()) },
			"joined in capitals":      func(i int) error { return join(strings.ToUpper(email(i)), true) },
			"changed case of address": func(i int) error { return moveTo(ctx, s, id(i), strings.ToUpper(email(i)[:1])+email(i)[1:]) },
			"changed address":         func(i int) error { return moveTo(ctx, s, id(i), "moved-"+email(i)) },
			"a new reader joined":     func(i int) error { return join("new-"+email(i), true) },
		}
		cmd := b.send(t)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for taken.Load() <= before {
			time.Sleep(time.Millisecond)
		}
		what := map[int]string{}
		for i := 3; i < readers; i += 61 { // some have it, some are in flight, most are not begun
			for n, name := range slices.Sorted(maps.Keys(changes)) {
				if (i/61)%len(changes) == n {
					what[i] = name
					if err := changes[name](i); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
		}
		close(changed)
		if err := cmd.Wait(); err != nil {
			t.Errorf("sending: %v", err)
		}
		got, repeats := b.copies(t)
		if repeats > 0 {
			t.Errorf("%d messages went twice", repeats)
		}
		low := map[string]int{}
		for to, n := range got {
			low[strings.ToLower(strings.Trim(to, "<>"))] += n
		}
		for i := range readers {
			n := low[email(i)] + low["moved-"+email(i)]
			stays := !strings.HasPrefix(what[i], "left") && what[i] != "erased" || what[i] == "left and came back"
			if n > 1 || n == 0 && stays || low["new-"+email(i)] > 0 {
				t.Errorf("reader %d (%s) got %d messages, %d at an address that is new", i, what[i], n, low["new-"+email(i)])
			}
		}
		books := b.closed(t)
		t.Logf("%+v", books)
		if books.Audience != readers || books.Sent != len(b.host.Messages()) || books.Sent+books.Suppressed != readers || books.Suppressed == 0 {
			t.Errorf("%+v for %d messages", books, len(b.host.Messages()))
		}
	})
}

// moveTo changes a reader's address as they would.
func moveTo(ctx context.Context, s *store.Store, id digest.SubscriberID, to string) error {
	request, answer, err := s.AskMove(ctx, id, to, time.Now())
	if err != nil || answer != digest.MoveConfirm {
		if strings.EqualFold(to[:6], "reader") {
			return err // the same person in another spelling: there is nothing to move
		}
		return fmt.Errorf("asking for %s: %v %w", to, answer, err)
	}
	return s.MoveReader(ctx, id, request)
}
