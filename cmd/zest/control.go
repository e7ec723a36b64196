package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
)

// control makes a command that moves one edition on.
func (a *app) control(c *cobra.Command, f func(context.Context, *machine, digest.Edition) error) *cobra.Command {
	c.Args, c.Use, c.Long = exactly(1), c.Use+" NEWSLETTER/NUMBER", c.Long+"\n"+exitHelp
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
			e, err := m.edition(ctx, args[0])
			if err != nil {
				return err
			}
			if err := f(ctx, m, e); err != nil {
				return err
			}
			if !m.a.json {
				return nil
			}
			if e, err = m.edition(ctx, args[0]); err != nil {
				return err
			}
			b, err := m.store.Books(ctx, e.ID)
			if err != nil {
				return err
			}
			return m.a.line(newEditionJSON(publish.EditionReport{Edition: e, Books: b}))
		})
	}
	return a.jsonFlag(c)
}

func (a *app) pauseCmd() *cobra.Command {
	return a.control(&cobra.Command{
		Use:     "pause",
		Short:   "Stop sending an edition until it is resumed",
		Long:    "Stop sending an edition. A run that is sending it notices within a second,\nfinishes what is in flight, and ends; everybody else stays queued.",
		Example: "  zest editions pause weekly/12",
	}, func(ctx context.Context, m *machine, e digest.Edition) error {
		if err := m.move(ctx, e, digest.EditionSending, digest.EditionPaused); err != nil {
			return err
		}
		m.a.say("%s paused; to let the rest go: zest editions resume %s\n", e.Ref(), e.Ref())
		return nil
	})
}

func (a *app) resumeCmd() *cobra.Command {
	return a.control(&cobra.Command{
		Use:     "resume",
		Short:   "Let a paused edition go on",
		Long:    "Let a paused edition go on: the next zest send of its newsletter sends the rest,\nand so does zest serve within a minute.",
		Example: "  zest editions resume weekly/12 && zest send weekly/12",
	}, func(ctx context.Context, m *machine, e digest.Edition) error {
		if err := m.move(ctx, e, digest.EditionPaused, digest.EditionSending); err != nil {
			return err
		}
		m.a.say("%s resumed; to send the rest now: zest send %s\n", e.Ref(), e.Ref())
		return nil
	})
}

// move takes an edition from one state to another; to be there already is fine.
func (m *machine) move(ctx context.Context, e digest.Edition, from, to digest.EditionState) error {
	moved, err := m.store.MoveEdition(ctx, e.ID, from, to)
	if err != nil || moved {
		return err
	}
	state, err := m.store.EditionState(ctx, e.ID)
	if err != nil || state == to {
		return err
	}
	return &digest.InvalidError{Field: "edition", Value: e.Ref(), Reason: fmt.Sprintf("is %s, not %s", state, from)}
}

// cancelPatience is how long cancel waits for a run to give back what it holds.
const cancelPatience = 15 * time.Second

func (a *app) cancelCmd() *cobra.Command {
	c := a.control(&cobra.Command{
		Use:   "cancel",
		Short: "End an edition for everybody who has not got it",
		Long: `End an edition for good. Whoever is queued is marked canceled, and the books close
with them; what is sent is sent. A run that is sending it notices within a second.
Whoever had not got it is told its stories with the next edition. An edition that
waits for approval is canceled whole, and its articles wait for the next.`,
		Example: "  zest editions cancel weekly/12",
	}, func(ctx context.Context, m *machine, e digest.Edition) error {
		if e.State == digest.EditionSent {
			return &digest.InvalidError{Field: "edition", Value: e.Ref(), Reason: "is sent already; there is nothing to cancel"}
		}
		return m.cancel(ctx, e)
	})
	sent := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		was := false
		err := a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) (err error) {
			was, err = m.cancelHeld(ctx, args[0])
			return err
		})
		if err != nil || was {
			return err
		}
		return sent(c, args)
	}
	return c
}

func (m *machine) cancel(ctx context.Context, e digest.Edition) error {
	deadline := time.Now().Add(cancelPatience)
	total := 0
	for {
		// What a dead run had in flight may have been sent: it is not canceled but unknown.
		if _, err := m.store.Recover(ctx, e.ID, digest.UnknownLeave, m.a.now()); err != nil {
			return err
		}
		canceled, held, err := m.store.CancelEdition(ctx, e.ID, m.a.now())
		if err != nil {
			return err
		}
		total += canceled
		if held == 0 {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is canceled, but a run still holds %s of it; run the same command again once it ended", e.Ref(), count(held, "message", "messages"))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	b, err := m.store.Books(ctx, e.ID)
	if err != nil {
		return err
	}
	m.a.say("%s canceled for %s; %s\n", e.Ref(), count(b.Canceled, "reader", "readers"), sums(b))
	return nil
}

// say prints a result for a person; with --json the line that follows says it.
func (a *app) say(format string, args ...any) {
	if !a.json {
		a.printf(format, args...)
	}
}

// check refuses flags that do not go together.
func (f sendFlags) check(args []string) error {
	one := len(args) == 1 && strings.Contains(args[0], "/")
	switch {
	case f.only != "" && f.only != "failed":
		return &digest.InvalidError{Field: "--only", Value: f.only, Reason: "is not one of failed"}
	case f.only != "" && !one:
		return usagef("--only failed is about one edition: zest send NEWSLETTER/NUMBER --only failed")
	case one && (f.to != "" || f.dryRun && f.only == ""):
		return usagef("--to and --dry-run make the next edition of a newsletter; name the newsletter, without a number")
	case f.pauseAfter < 0:
		return &digest.InvalidError{Field: "--pause-after", Value: fmt.Sprint(f.pauseAfter), Reason: "must be a number of messages, 1 or more"}
	}
	return nil
}

// sendEdition goes on with one edition, for --only failed with those it failed
// for.
func (m *machine) sendEdition(ctx context.Context, ref string, f sendFlags) error {
	e, err := m.edition(ctx, ref)
	if err != nil {
		return err
	}
	n, err := m.newsletter(e.Newsletter)
	if err != nil {
		return err
	}
	if f.only != "" {
		if e, err = m.requeue(ctx, n, e, f.dryRun); err != nil || f.dryRun {
			return err
		}
	}
	if e.State != digest.EditionSending {
		reason := "is " + string(e.State) + "; `zest send " + ref + " --only failed` tries again whom it failed for"
		if e.State == digest.EditionPaused {
			reason = "is paused; `zest editions resume " + ref + "` lets it go on"
		}
		return &digest.InvalidError{Field: "edition", Value: ref, Reason: reason}
	}
	report, err := m.publisher.SendEdition(ctx, n, e)
	m.bars.finish()
	return m.tell(n, report, err)
}

// requeue opens what failed again; a plan only counts it.
func (m *machine) requeue(ctx context.Context, n digest.Newsletter, e digest.Edition, plan bool) (digest.Edition, error) {
	if e.State == digest.EditionPaused {
		return e, &digest.InvalidError{Field: "edition", Value: e.Ref(), Reason: "is paused; `zest editions resume " + e.Ref() + "` first, or everybody who waits would get it"}
	}
	b, err := m.store.Books(ctx, e.ID)
	if err != nil {
		return e, err
	}
	if plan {
		m.a.printf("%s: %s failed; those who left, whose address is dead or whom a later edition told it stay as they are.\n", e.Ref(), count(b.Failed, "delivery", "deliveries"))
		return e, nil
	}
	requeued, err := m.store.RequeueFailed(ctx, e.ID, m.a.now().Add(n.MaxAge))
	if err != nil {
		return e, err
	}
	if requeued == 0 {
		return e, fmt.Errorf("%s: %w to try again; %s failed, and none of their readers is willing, alive and without a later edition that told it", e.Ref(), digest.ErrNothingNew, count(b.Failed, "delivery", "deliveries"))
	}
	m.a.notef("%s: %s of %d failed ones queued again.", e.Ref(), count(requeued, "delivery", "deliveries"), b.Failed)
	e.State = digest.EditionSending
	return e, nil
}

// mentionPaused reminds of editions that wait for the operator.
func (m *machine) mentionPaused(ctx context.Context, n digest.Newsletter) {
	open, err := m.store.Unfinished(ctx, n.Name)
	if err != nil {
		return // whatever is wrong, the run itself will say it
	}
	for _, e := range open {
		if e.State == digest.EditionPaused {
			m.a.notef("%s is paused; `zest editions resume %s` lets it go on.", e.Ref(), e.Ref())
		}
	}
}
