package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/schedule"
)

func (a *app) scheduleCmd() *cobra.Command {
	c := group(&cobra.Command{Use: "schedule", Short: "When newsletters go out"})
	c.AddCommand(
		a.jsonFlag(&cobra.Command{
			Use: "list", Short: "Show when each newsletter went out last, what is due, what comes next", Args: exactly(0),
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
	var now string
	skip := &cobra.Command{
		Use: "skip NEWSLETTER", Short: "Leave out the slot that is due or waits for an answer", Args: exactly(1),
		Long:    "Leave out the slot that is due now, or that was missed and asked about. Its articles\nwait for the next edition.\n" + exitHelp,
		Example: "  zest schedule skip weekly",
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.setNow(now); err != nil {
				return err
			}
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				n, err := m.newsletter(args[0])
				if err != nil {
					return err
				}
				return m.skipSlot(ctx, n)
			})
		},
	}
	skip.Flags().StringVar(&now, "now", "", "take this `time` (RFC 3339) for now")
	c.AddCommand(skip)
	return c
}

func (m *machine) listSchedules(ctx context.Context) error {
	newsletters, err := m.newsletters(nil)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, n := range newsletters {
		plan, err := schedule.NewPlan(n)
		if err != nil {
			return err
		}
		var last digest.Slot
		if slots, err := m.store.Slots(ctx, n.Name, 1); err != nil {
			return err
		} else if len(slots) > 0 {
			last = slots[0]
		}
		due, err := m.due(ctx, n)
		if err != nil {
			return err
		}
		next := plan.After(m.a.now())
		if m.a.json {
			if err := m.a.line(map[string]any{"newsletter": n.Name, "schedule": n.Schedule, "zone": n.Zone.String(), "last": stamp(last.At), "outcome": last.Outcome, "due": stamp(due.Slot), "next": stamp(next)}); err != nil {
				return err
			}
			continue
		}
		shown := wallTime(last.At, n.Zone)
		if last.Outcome != "" {
			shown += ", " + string(last.Outcome)
		}
		rows = append(rows, []string{n.Name, shown, wallTime(due.Slot, n.Zone), wallTime(next, n.Zone), n.Zone.String(), strings.Join(n.Schedule, "; ")})
	}
	if len(rows) > 0 {
		m.a.table([]string{"newsletter", "last", "due now", "next", "zone", "schedule"}, rows)
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
	plan, err := schedule.NewPlan(nl)
	if err != nil {
		return err
	}
	at := m.a.now()
	for range n {
		if at = plan.After(at); at.IsZero() {
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
