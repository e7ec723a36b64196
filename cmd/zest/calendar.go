package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/schedule"
)

func (a *app) scheduleCmd() *cobra.Command {
	c := group(&cobra.Command{Use: "schedule", Short: "When newsletters go out"})
	c.AddCommand(
		a.jsonFlag(&cobra.Command{
			Use: "list", Short: "Show when each newsletter went out last and goes out next", Args: exactly(0),
			Example: "  zest schedule list",
			RunE: func(c *cobra.Command, _ []string) error {
				return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error { return m.listSchedules(ctx) })
			},
		}),
		a.jsonFlag(&cobra.Command{
			Use: "next NEWSLETTER [N]", Short: "Show the next N slots of a newsletter", Args: cobra.RangeArgs(1, 2),
			Example: "  zest schedule next weekly 5",
			RunE: func(c *cobra.Command, args []string) error {
				n := 5
				if len(args) == 2 {
					var err error
					if n, err = strconv.Atoi(args[1]); err != nil || n < 1 || n > 1000 {
						return &digest.InvalidError{Field: "N", Value: args[1], Reason: "is not a number from 1 to 1000"}
					}
				}
				return a.with(c.Context(), readOnly, func(_ context.Context, m *machine) error { return m.nextSlots(args[0], n) })
			},
		}),
	)
	return c
}

// slotAfter is the first slot of any of a newsletter's schedules after a
// moment; zero when it has none.
func slotAfter(n digest.Newsletter, after time.Time) (time.Time, error) {
	var first time.Time
	for _, line := range n.Schedule {
		s, err := schedule.Parse(line)
		if err != nil {
			return first, fmt.Errorf("newsletter %s: %w", n.Name, err)
		}
		t, err := s.Next(after, n.Zone)
		if errors.Is(err, digest.ErrNotFound) {
			continue
		}
		if err != nil {
			return first, err
		}
		if first.IsZero() || t.Before(first) {
			first = t
		}
	}
	return first, nil
}

func (m *machine) listSchedules(ctx context.Context) error {
	newsletters, err := m.newsletters(nil)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, n := range newsletters {
		last, err := m.store.LastSlot(ctx, n.Name)
		if err != nil {
			return err
		}
		next, err := slotAfter(n, m.a.now())
		if err != nil {
			return err
		}
		if m.a.json {
			if err := m.a.line(map[string]any{"newsletter": n.Name, "schedule": n.Schedule, "zone": n.Zone.String(), "last": stamp(last), "next": stamp(next)}); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, []string{n.Name, wallTime(last, n.Zone), wallTime(next, n.Zone), n.Zone.String(), fmt.Sprint(n.Schedule)})
	}
	if len(rows) > 0 {
		m.a.table([]string{"newsletter", "last", "next", "zone", "schedule"}, rows)
	}
	return nil
}

func wallTime(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(zone).Format("Mon 2006-01-02 15:04")
}

func (m *machine) nextSlots(name string, n int) error {
	nl, err := m.newsletter(name)
	if err != nil {
		return err
	}
	if len(nl.Schedule) == 0 {
		return &digest.InvalidError{Field: "newsletter " + name, Reason: "has no schedule; it goes out by `zest send " + name + "` only"}
	}
	at := m.a.now()
	for range n {
		if at, err = slotAfter(nl, at); err != nil {
			return err
		}
		if at.IsZero() {
			return nil
		}
		if m.a.json {
			err = m.a.line(map[string]string{"newsletter": name, "slot": at.In(nl.Zone).Format(time.RFC3339)})
		} else {
			m.a.printf("%s\n", at.In(nl.Zone).Format("Mon 2006-01-02 15:04 MST"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
