package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/zest-digest/zest/digest"
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
const importBatch = 2000

// importCSV puts the readers of a file on a list. A bad row is named and costs
// only itself.
func (m *machine) importCSV(ctx context.Context, list string, in io.Reader, plan bool) error {
	sheet := csv.NewReader(in)
	sheet.FieldsPerRecord, sheet.LazyQuotes, sheet.ReuseRecord = -1, true, true
	head, err := sheet.Read()
	if err != nil {
		return usagef("reading the header line: %w", err)
	}
	columns := headings(head)
	if _, ok := columns["email"]; !ok {
		return usagef("the header line names no email column (it has %s)", strings.Join(head, ", "))
	}
	var sum store.Imported
	refused := 0
	batch := make([]digest.Subscription, 0, importBatch)
	flush := func() error {
		got, err := m.store.Import(ctx, batch, plan)
		sum.Added, sum.Confirmed, sum.Unchanged = sum.Added+got.Added, sum.Confirmed+got.Confirmed, sum.Unchanged+got.Unchanged
		sum.KeptLeft, sum.Suppressed = sum.KeptLeft+got.KeptLeft, sum.Suppressed+got.Suppressed
		batch = batch[:0]
		return err
	}
	for {
		row, err := sheet.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := sheet.FieldPos(0)
		s, bad := m.importRow(list, columns, row, err)
		if bad != nil {
			refused++
			m.a.notef("line %d: %v", line, bad)
			continue
		}
		if batch = append(batch, s); len(batch) == importBatch {
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

func headings(head []string) map[string]int {
	columns := map[string]int{}
	for i, h := range head {
		h = strings.ToLower(strings.Trim(h, " \ufeff\""))
		switch h {
		case "e-mail", "mail", "email address", "adresse", "adresse e-mail", "courriel":
			h = "email"
		case "nom", "full name":
			h = "name"
		case "langue", "lang":
			h = "language"
		}
		if _, taken := columns[h]; !taken {
			columns[h] = i
		}
	}
	return columns
}

func (m *machine) importRow(list string, columns map[string]int, row []string, err error) (digest.Subscription, error) {
	if err != nil {
		return digest.Subscription{}, err
	}
	cell := func(name string) string {
		if i, ok := columns[name]; ok && i < len(row) {
			return strings.TrimSpace(strings.Clone(row[i]))
		}
		return ""
	}
	email, err := parseAddress("address", cell("email"))
	if err != nil {
		return digest.Subscription{}, err
	}
	return digest.Subscription{
		List: list, State: digest.SubConfirmed, Since: m.a.now(),
		Subscriber: digest.Subscriber{Email: email, Name: cell("name"), Language: strings.ToLower(cell("language")), TextOnly: cell("text_only") == "true" || cell("text_only") == "1"},
	}, nil
}

func (m *machine) tellImport(list string, sum store.Imported, refused int, plan bool) error {
	if m.a.json {
		return m.a.line(map[string]any{"list": list, "plan": plan, "added": sum.Added, "confirmed": sum.Confirmed, "unchanged": sum.Unchanged,
			"kept_left": sum.KeptLeft, "suppressed": sum.Suppressed, "refused": refused})
	}
	parts := []string{count(sum.Added, "new reader", "new readers")}
	for _, x := range []struct {
		n    int
		what string
	}{{sum.Confirmed, "confirmed"}, {sum.Unchanged, "there already"}, {sum.KeptLeft, "left before and stay away"}, {sum.Suppressed, "suppressed"}, {refused, "refused"}} {
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
