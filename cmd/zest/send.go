package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
)

type sendFlags struct {
	only       string
	segment    string
	pauseAfter int

	dryRun bool
	due    bool
	force  bool
	to     string
	now    string
	plan   int64
	intro  string
}

func (a *app) sendCmd() *cobra.Command {
	var f sendFlags
	c := a.jsonFlag(&cobra.Command{
		Use:   "send [NEWSLETTER | NEWSLETTER/NUMBER]",
		Short: "Make the next edition and send it, once to each reader",
		Long: `Finish what an earlier run began, then collect, make the next edition and send
it. The edition is stored whole before the first message leaves; a run that is
interrupted goes on where it stopped when the command is run again, and two runs
at once share the work.

--due is what cron calls: every newsletter whose time has come goes out, once. A
slot that was missed follows the newsletter's rule (missed: send, skip or ask).
--to sends a test to one address and leaves no trace.
NEWSLETTER/NUMBER goes on with that edition alone; with --only failed, whoever
it failed for gets another try, except those who left or whose address is dead.
--plan N sends what zest plan --save kept, or says what changed since.
--pause-after N sends N messages of an edition and pauses it; after a look at
zest deliveries, zest editions resume lets the rest go.
` + exitHelp,
		Example: "  zest send weekly\n  zest send weekly --dry-run\n  zest send weekly --to me@example.org\n  zest send weekly --pause-after 100\n  zest send weekly/12 --only failed\n  */5 * * * *  zest send --due --quiet",
		Args:    atMost(1),
		RunE: func(c *cobra.Command, args []string) error {
			if f.due == (len(args) == 1) {
				return usagef("name a newsletter, or say --due for every one whose time has come")
			}
			if err := f.check(args); err != nil {
				return err
			}
			if err := a.setNow(f.now); err != nil {
				return err
			}
			mode := readWrite
			if f.dryRun || f.to != "" {
				mode = readOnly
			}
			return a.with(c.Context(), mode, func(ctx context.Context, m *machine) error {
				m.segment = f.segment
				m.options.Force, m.options.Ration = f.force, f.pauseAfter
				m.publisher = publish.New(m.options)
				if f.due {
					return m.sendDue(ctx, f)
				}
				if strings.Contains(args[0], "/") {
					return m.sendEdition(ctx, args[0], f)
				}
				n, err := m.newsletter(args[0])
				if err != nil {
					return err
				}
				if n.Intro, err = textOf(cmp.Or(f.intro, n.Intro)); err != nil {
					return err
				}
				return m.sendOne(ctx, n, f)
			})
		},
	})
	f.register(c)
	return c
}

func (f *sendFlags) register(c *cobra.Command) {
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "show what would go out, and leave no trace")
	c.Flags().BoolVar(&f.due, "due", false, "send every newsletter whose time has come")
	c.Flags().BoolVar(&f.force, "force", false, "send although the message has hard findings")
	c.Flags().StringVar(&f.to, "to", "", "send a test to this `address` only")
	c.Flags().StringVar(&f.segment, "segment", "", "only to the readers of this `segment`")
	c.Flags().StringVar(&f.only, "only", "", "`failed`: try again those whom an edition failed for")
	c.Flags().IntVar(&f.pauseAfter, "pause-after", 0, "pause an edition after this `number` of messages")
	c.Flags().Int64Var(&f.plan, "plan", 0, "send exactly the plan of this `number`, or say what changed since")
	c.Flags().StringVar(&f.intro, "intro", "", "the `text` above the first story, or @FILE")
	c.Flags().StringVar(&f.now, "now", "", "take this `time` (RFC 3339) for now")
}

// setNow moves the program's clock to a given time; it goes on from there.
func (a *app) setNow(s string) error {
	if s == "" {
		return nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return &digest.InvalidError{Field: "--now", Value: s, Reason: "is not a time such as 2026-11-23T08:00:00+01:00"}
	}
	real, start := a.world.now, a.world.now()
	a.now = func() time.Time { return t.Add(real().Sub(start)) }
	return nil
}

func (m *machine) sendOne(ctx context.Context, n digest.Newsletter, f sendFlags) error {
	switch {
	case f.dryRun:
		return m.plan(ctx, n)
	case f.to != "":
		return m.sendTest(ctx, n, f.to)
	}
	if f.plan != 0 {
		p, err := m.store.Plan(ctx, digest.PlanID(f.plan))
		if err == nil && p.Newsletter != n.Name {
			err = digest.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("plan %d of %s: %w; `zest plan %s --save` makes one", f.plan, n.Name, err, n.Name)
		}
		return m.sendPlan(ctx, p)
	}
	m.mentionPaused(ctx, n)
	report, err := m.publishNow(ctx, n)
	m.bars.finish()
	return m.tell(n, report, err)
}

// sendTest sends what would go out now to one address.
func (m *machine) sendTest(ctx context.Context, n digest.Newsletter, to string) error {
	address, err := parseAddress("--to", to)
	if err != nil {
		return err
	}
	d, err := m.draft(ctx, n)
	if err != nil {
		return err
	}
	o, err := m.publisher.SendTest(ctx, n, d, address)
	if err != nil {
		return err
	}
	if o.Verdict != digest.VerdictSent {
		return fmt.Errorf("the mail server did not take the test for %s: %d %s", address, o.Code, o.Reply)
	}
	m.a.printf("test of %s sent to %s; nothing was recorded.\n", d.Frozen.Edition.Ref(), address)
	return nil
}

// tell reports a run, and turns it into the command's end.
func (m *machine) tell(n digest.Newsletter, r publish.Report, err error) error {
	for _, s := range r.Sources {
		if s.Err != nil {
			m.a.notef("%s %s: %v", m.a.paint(yellow, "source"), s.Source.Name, s.Err)
		}
	}
	sent := 0
	for _, e := range r.Editions {
		sent += e.Books.Sent
		if m.a.json {
			err = errors.Join(err, m.a.line(newEditionJSON(e)))
			continue
		}
		m.a.showEdition(e)
	}
	m.alarm()
	var relay *digest.SendError
	switch {
	case errors.As(err, &relay) && sent > 0:
		m.a.notef("%s the mail server could not be used any more: %v", m.a.paint(red, "zest:"), relay)
		return errPartly
	case errors.As(err, &relay):
		return fmt.Errorf("the mail server could not be used: %w; everything is kept, run the same command to go on", relay)
	case errors.Is(err, digest.ErrHeld):
		m.a.notef("%v", err)
		return nil
	case errors.Is(err, digest.ErrNothingNew):
		return fmt.Errorf("%s: %w; what there is waits for the next edition (`zest plan %s` shows it)", n.Name, err, n.Name)
	case err != nil:
		return err
	case !r.Complete():
		return errPartly
	}
	return nil
}

func (a *app) showEdition(e publish.EditionReport) {
	b := e.Books
	how := "sent"
	if e.Resumed {
		how = "finished"
	}
	switch {
	case e.Edition.State == digest.EditionPaused, e.Edition.State == digest.EditionCanceled:
		how = string(e.Edition.State)
	case !b.Done():
		how = "under way"
	}
	a.printf("%s %s: %d of %d sent", a.paint(bold, e.Edition.Ref()), how, b.Sent, b.Audience)
	for _, x := range []struct {
		n    int
		what string
	}{{b.Failed, "failed"}, {b.Suppressed, "left meanwhile"}, {b.Unknown, "unknown"}, {b.Canceled, "canceled"}, {b.Queued, "queued"}, {b.Repeats, "sent again after a crash"}} {
		if x.n > 0 {
			a.printf(", %d %s", x.n, x.what)
		}
	}
	a.printf("\n")
	switch {
	case e.Edition.State == digest.EditionPaused:
		a.printf("  to let the rest go: zest editions resume %s\n", e.Edition.Ref())
	case !b.Done() && !e.NextTry.IsZero():
		a.printf("  the rest may be tried again from %s on: `zest send %s`\n", e.NextTry.Local().Format(time.TimeOnly), e.Edition.Newsletter)
	case !b.Done():
		a.printf("  to go on: zest send %s\n", e.Edition.Newsletter)
	case b.Failed+b.Unknown > 0:
		a.printf("  who and why: zest deliveries %s --status failed\n", e.Edition.Ref())
	}
}
