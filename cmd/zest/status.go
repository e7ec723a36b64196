package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/schedule"
)

func (a *app) statusCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "status",
		Short: "Show what ran, what is next, and what is stuck",
		Long: `Show for every newsletter its readers, its last edition, its next slot and what
waits to be sent; then what needs somebody: sources that fail, slots that wait for
an answer, editions that are paused or do not get on, a store that must not send.
` + exitHelp,
		Example: "  zest status\n  zest status --json | jq .stuck",
		Args:    exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				st, err := m.status(ctx)
				if err != nil {
					return err
				}
				return a.showStatus(st)
			})
		},
	})
}

type statusJSON struct {
	Newsletters []newsletterStatus `json:"newsletters"`
	Stuck       []string           `json:"stuck"`
}

type newsletterStatus struct {
	Newsletter string `json:"newsletter"`
	Readers    int    `json:"readers"`
	Last       string `json:"last,omitempty"`
	Outcome    string `json:"outcome,omitempty"` // of the newest slot
	Next       string `json:"next,omitempty"`
	Queued     int    `json:"queued"`
	Edition    string `json:"edition,omitempty"` // the newest under way

	last, next time.Time
	zone       *time.Location
}

// grace is how long messages may wait for the next round before they count as
// stuck.
const grace = 30 * time.Minute

func (m *machine) status(ctx context.Context) (statusJSON, error) {
	st := statusJSON{Newsletters: []newsletterStatus{}, Stuck: []string{}}
	pulse, err := m.store.Pulse(ctx)
	if err != nil {
		return st, err
	}
	newsletters, err := m.newsletters(nil)
	if err != nil {
		return st, err
	}
	if why, err := m.store.Suspicion(ctx, m.a.guard()); err != nil {
		return st, err
	} else if why != "" {
		st.Stuck = append(st.Stuck, "the store sends nothing: "+why+"; `zest store accept` lets it")
	}
	for _, n := range newsletters {
		one, err := m.newsletterStatus(ctx, n, pulse)
		if err != nil {
			return st, err
		}
		st.Newsletters = append(st.Newsletters, one)
		if one.Outcome == string(digest.SlotAsked) {
			st.Stuck = append(st.Stuck, fmt.Sprintf("%s waits for your answer: `zest send %s` or `zest schedule skip %s`", n.Name, n.Name, n.Name))
		}
	}
	for _, q := range pulse.Queues {
		switch {
		case q.State == digest.EditionPaused:
			st.Stuck = append(st.Stuck, fmt.Sprintf("%s is paused with %s left; `zest editions resume %s` lets them go", q.Edition, count(q.Messages, "message", "messages"), q.Edition))
		case m.a.now().Sub(later(q.Since, q.NextTry)) > grace:
			st.Stuck = append(st.Stuck, fmt.Sprintf("%s does not get on: %s left; `zest send %s` goes on, `zest deliveries %s --status queued` says who", q.Edition, count(q.Messages, "message", "messages"), q.Newsletter, q.Edition))
		}
	}
	for _, s := range pulse.Failing {
		if s.Gone {
			st.Stuck = append(st.Stuck, "source "+s.Source+" is gone for good; remove it, or give it its new address")
		} else if s.Failures >= 3 {
			st.Stuck = append(st.Stuck, fmt.Sprintf("source %s failed %d times in a row: %s", s.Source, s.Failures, s.LastError))
		}
	}
	return st, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (m *machine) newsletterStatus(ctx context.Context, n digest.Newsletter, p digest.Pulse) (newsletterStatus, error) {
	plan, err := schedule.NewPlan(n)
	if err != nil {
		return newsletterStatus{}, err
	}
	one := newsletterStatus{Newsletter: n.Name, last: p.LastEdition[n.Name], next: plan.After(m.a.now()), zone: n.Zone}
	one.Last, one.Next = stamp(one.last), stamp(one.next)
	groups, err := m.store.Audience(ctx, digest.AudienceQuery{Newsletter: n.Name, Lists: n.Lists, Now: m.a.now()})
	if err != nil {
		return one, err
	}
	for _, g := range groups {
		one.Readers += g.Readers
	}
	slots, err := m.store.Slots(ctx, n.Name, 1)
	if err != nil {
		return one, err
	}
	if len(slots) > 0 {
		one.Outcome = string(slots[0].Outcome)
	}
	for _, q := range p.Queues {
		if q.Newsletter == n.Name {
			one.Queued, one.Edition = one.Queued+q.Messages, q.Edition
		}
	}
	return one, nil
}

func (a *app) showStatus(st statusJSON) error {
	if a.json {
		return a.line(st)
	}
	var rows [][]string
	for _, n := range st.Newsletters {
		queued := "-"
		if n.Queued > 0 {
			queued = fmt.Sprintf("%d (%s)", n.Queued, n.Edition)
		}
		rows = append(rows, []string{n.Newsletter, fmt.Sprint(n.Readers), wallTime(n.last, n.zone), queued, wallTime(n.next, n.zone)})
	}
	if len(rows) > 0 {
		a.table([]string{"newsletter", "readers", "last edition", "queued", "next"}, rows)
	}
	for _, s := range st.Stuck {
		a.printf("%s %s\n", a.paint(red, "stuck:"), s)
	}
	if len(st.Stuck) == 0 {
		a.printf("nothing is stuck.\n")
	}
	return nil
}

func (a *app) statsCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "stats NEWSLETTER/NUMBER",
		Short: "Show how an edition went: outcomes, providers, speed, refusals, reactions",
		Long: `Show how an edition went: how many got it, by outcome and by mail provider, how
fast it went out, and what servers said who refused it. Where the newsletter counts
them (feedback), also the clicks and the wishes for more or less of each article.
` + exitHelp,
		Example: "  zest stats weekly/12\n  zest stats weekly/12 --json",
		Args:    exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				e, err := m.edition(ctx, args[0])
				if err != nil {
					return err
				}
				s, err := m.stats(ctx, e)
				if err != nil {
					return err
				}
				if a.json {
					return a.line(s)
				}
				a.showStats(s)
				return nil
			})
		},
	})
}

// bar draws a share of a whole, n cells wide at most.
func bar(part, whole, n int) string {
	if whole == 0 || part == 0 {
		return ""
	}
	eighths := max(1, part*n*8/whole)
	const cells = "▏▎▍▌▋▊▉"
	s := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string([]rune(cells)[rest-1])
	}
	return s
}

// spark draws a row of numbers, one cell each.
func spark(values []int) string {
	top := slices.Max(append([]int{1}, values...))
	var b strings.Builder
	for _, v := range values {
		if v == 0 {
			b.WriteRune(' ')
			continue
		}
		b.WriteRune([]rune("▁▂▃▄▅▆▇█")[v*7/top])
	}
	return b.String()
}
