package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/roster"
	"github.com/zest-digest/zest/digest/store"
)

func (m *machine) subscribe(ctx context.Context, s digest.Subscription, again bool) (bool, error) {
	return m.store.Subscribe(ctx, s, store.SubscribeOptions{Again: again})
}

func (m *machine) subscriptions(ctx context.Context, list, state, email string, f func(digest.Subscription) error) error {
	switch digest.SubscriptionState(state) {
	case "", digest.SubPending, digest.SubConfirmed, digest.SubLeft:
	default:
		return &digest.InvalidError{Field: "--state", Value: state, Reason: "is not one of pending, confirmed, left"}
	}
	return m.store.Subscriptions(ctx, store.SubscriptionFilter{List: list, State: digest.SubscriptionState(state), Email: email}, f)
}

func (m *machine) deliveries(ctx context.Context, id digest.EditionID, status digest.DeliveryStatus, f func(digest.Delivery) error) error {
	return m.store.Deliveries(ctx, id, status, f)
}

// importBatch is how many rows go into one transaction.
const importBatch = 5000

// importFile puts the readers of a file on a list. A bad row is named and costs
// only itself.
func (m *machine) importFile(ctx context.Context, list string, in io.Reader, plan bool) error {
	file, err := roster.NewReader(in, roster.Options{})
	if err != nil {
		return err
	}
	var sum store.Imported
	refused := 0
	batch := make([]digest.Subscription, 0, importBatch)
	flush := func() error {
		got, err := m.store.Import(ctx, batch, plan)
		sum.Added, sum.Confirmed, sum.Unchanged = sum.Added+got.Added, sum.Confirmed+got.Confirmed, sum.Unchanged+got.Unchanged
		sum.Left += got.Left
		sum.KeptLeft, sum.Suppressed = sum.KeptLeft+got.KeptLeft, sum.Suppressed+got.Suppressed
		batch = batch[:0]
		return err
	}
	for row, err := range file.Rows() {
		if err != nil {
			return fmt.Errorf("reading the import: %w", err)
		}
		if row.Refused == nil && row.Suppress != "" {
			row.Refused = fmt.Errorf("the file says that this address gets nothing: %s", row.Suppress)
		}
		if row.Refused != nil {
			refused++
			m.a.notef("line %d: %v", row.Line, row.Refused)
			continue
		}
		if batch = append(batch, m.subscription(list, row)); len(batch) == importBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return m.tellImport(list, sum, refused, plan)
}

func (m *machine) subscription(list string, row roster.Row) digest.Subscription {
	s := digest.Subscription{
		List: list, State: cmp.Or(row.State, digest.SubConfirmed), Since: m.a.now(), Reason: row.Reason,
		Subscriber: digest.Subscriber{Email: row.Email, Name: row.Name, Language: row.Language, TextOnly: row.TextOnly, Created: row.Created},
	}
	return s
}

func (m *machine) tellImport(list string, sum store.Imported, refused int, plan bool) error {
	if m.a.json {
		return m.a.line(map[string]any{"list": list, "plan": plan, "added": sum.Added, "confirmed": sum.Confirmed, "unchanged": sum.Unchanged,
			"left": sum.Left, "kept_left": sum.KeptLeft, "suppressed": sum.Suppressed, "refused": refused})
	}
	parts := []string{count(sum.Added, "new reader", "new readers")}
	for _, x := range []struct {
		n    int
		what string
	}{{sum.Confirmed, "confirmed"}, {sum.Unchanged, "there already"}, {sum.Left, "left, as the file says"}, {sum.KeptLeft, "left before and stay away"}, {sum.Suppressed, "suppressed"}, {refused, "refused"}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	what := list
	if plan {
		what = "plan for " + list
	}
	m.a.printf("%s: %s\n", what, strings.Join(parts, ", "))
	return nil
}
