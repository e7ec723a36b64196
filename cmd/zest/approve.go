package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
)

// held finds the edition that waits for its editor, by the name it will have.
func (m *machine) held(ctx context.Context, ref string) (digest.Plan, error) {
	name, number, _ := strings.Cut(ref, "/")
	p, err := m.store.HeldPlan(ctx, name)
	if err == nil && strconv.Itoa(p.Number) != number {
		err = digest.ErrNotFound
	}
	if errors.Is(err, digest.ErrNotFound) {
		return p, fmt.Errorf("%s waits for nobody: %w; only a newsletter with `approve: true` holds its editions", ref, err)
	}
	return p, err
}

// edits makes a command that changes an edition that is held.
func (a *app) edits(c *cobra.Command, args int, change func(*cobra.Command, *machine, *digest.Plan, []string) error) *cobra.Command {
	c.Args, c.Long = exactly(args), c.Long+"\n"+exitHelp
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
			p, err := m.held(ctx, args[0])
			if err != nil {
				return err
			}
			if err := change(c, m, &p, args[1:]); err != nil {
				return err
			}
			if _, err := m.store.SavePlan(ctx, p); err != nil {
				return err
			}
			return m.a.showHeld(p)
		})
	}
	return a.jsonFlag(c)
}

func (a *app) editCmd() *cobra.Command {
	var subject, intro string
	c := a.edits(&cobra.Command{
		Use: "edit NEWSLETTER/NUMBER", Short: "Change the subject or the intro of an edition that is held",
		Long:    "Change the subject or the intro of an edition that waits for approval. @FILE reads\nthe intro from a file.",
		Example: "  zest editions edit weekly/13 --subject \"The bridge is open\" --intro @intro.txt",
	}, 1, func(c *cobra.Command, _ *machine, p *digest.Plan, _ []string) error {
		if c.Flags().Changed("subject") {
			if strings.ContainsAny(subject, "\r\n") {
				return &digest.InvalidError{Field: "--subject", Value: subject, Reason: "must be one line"}
			}
			p.Subject = subject
		}
		var err error
		if c.Flags().Changed("intro") {
			p.Intro, err = textOf(intro)
		}
		return err
	})
	c.Flags().StringVar(&subject, "subject", "", "the `subject`, instead of the newsletter's template")
	c.Flags().StringVar(&intro, "intro", "", "the `text` above the first story, or @FILE")
	return c
}

// textOf is a text given as it is, or as @FILE.
func textOf(s string) (string, error) {
	path, file := strings.CutPrefix(s, "@")
	if !file {
		return s, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", usagef("reading the text: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

func (a *app) pinCmd() *cobra.Command {
	return a.edits(&cobra.Command{
		Use: "pin NEWSLETTER/NUMBER URL", Short: "Let a story of an edition that is held lead it",
		Long: "Put a story first: it leads, and gives the edition its subject.", Example: "  zest editions pin weekly/13 https://blog.example.org/bridge",
	}, 2, func(_ *cobra.Command, _ *machine, p *digest.Plan, args []string) error { return p.Move(args[0], 1, "") })
}

func (a *app) dropCmd() *cobra.Command {
	return a.edits(&cobra.Command{
		Use: "drop NEWSLETTER/NUMBER URL", Short: "Take a story out of an edition that is held, for good",
		Long: "Take a story out. No later edition of the newsletter tells it either.", Example: "  zest editions drop weekly/13 https://blog.example.org/bridge",
	}, 2, func(_ *cobra.Command, _ *machine, p *digest.Plan, args []string) error { return p.Drop(args[0]) })
}

func (a *app) moveCmd() *cobra.Command {
	var section string
	c := a.edits(&cobra.Command{
		Use: "move NEWSLETTER/NUMBER URL PLACE", Short: "Move a story of an edition that is held",
		Long:    "Move a story to a place, counted from 1 over the whole edition, and with --section\nto another section.",
		Example: "  zest editions move weekly/13 https://blog.example.org/bridge 3 --section Tech",
	}, 3, func(_ *cobra.Command, m *machine, p *digest.Plan, args []string) error {
		place, err := strconv.Atoi(args[1])
		if err != nil {
			return &digest.InvalidError{Field: "place", Value: args[1], Reason: "is not a number"}
		}
		if section != "" {
			n, err := m.newsletter(p.Newsletter)
			if err != nil {
				return err
			}
			found := false
			for _, t := range n.Topics() {
				if strings.EqualFold(t, section) {
					section, found = t, true
				}
			}
			if !found {
				return &digest.InvalidError{Field: "--section", Value: section, Reason: "is not one of " + strings.Join(n.Topics(), ", ")}
			}
		}
		return p.Move(args[0], place, section)
	})
	c.Flags().StringVar(&section, "section", "", "the `section` to move it to")
	return c
}

func (a *app) approveCmd() *cobra.Command {
	c := &cobra.Command{
		Use: "approve NEWSLETTER/NUMBER", Short: "Send an edition that is held",
		Long: `Send an edition that waits for approval, exactly as it stands. When something it
depends on changed since (an article, the settings, the theme), nothing is sent and
the command says what.
` + exitHelp,
		Example: "  zest editions approve weekly/13", Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				p, err := m.held(ctx, args[0])
				if err != nil {
					return err
				}
				return m.sendPlan(ctx, p)
			})
		},
	}
	return a.jsonFlag(c)
}

// sendPlan sends what a plan says.
func (m *machine) sendPlan(ctx context.Context, p digest.Plan) error {
	if err := m.trusted(ctx); err != nil {
		return err
	}
	n, err := m.newsletter(p.Newsletter)
	if err != nil {
		return err
	}
	report, err := m.publisher.SendPlan(ctx, n, p)
	m.bars.finish()
	return m.tell(n, report, errors.Join(err, m.store.Vouch(context.WithoutCancel(ctx), m.a.guard())))
}

// cancelHeld cancels an edition that waits for its editor; false when none of
// this name does.
func (m *machine) cancelHeld(ctx context.Context, ref string) (bool, error) {
	p, err := m.held(ctx, ref)
	if errors.Is(err, digest.ErrNotFound) {
		return false, nil
	}
	if err == nil {
		p.State = digest.PlanCanceled
		_, err = m.store.SavePlan(ctx, p)
	}
	if err == nil {
		m.a.printf("%s is canceled before anything left; its articles wait for the next.\n", p.Ref())
	}
	return true, err
}

type heldJSON struct {
	Plan    digest.PlanID    `json:"plan"`
	Edition string           `json:"edition"`
	State   digest.PlanState `json:"state"`
	Subject string           `json:"subject,omitempty"`
	Stories []string         `json:"stories"`
}

func (a *app) showHeld(p digest.Plan) error {
	if a.json {
		j := heldJSON{Plan: p.ID, Edition: p.Ref(), State: p.State, Subject: p.Subject}
		for _, s := range p.Stories {
			j.Stories = append(j.Stories, s.URL)
		}
		return a.line(j)
	}
	a.printf("%s", heldText(p))
	return nil
}

// heldText lists a plan for its editor, in a terminal as in a mail.
func heldText(p digest.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is %s (plan %d)\n", p.Ref(), p.State, p.ID)
	if p.Subject != "" {
		fmt.Fprintf(&b, "subject: %s\n", p.Subject)
	}
	section := ""
	for i, s := range p.Stories {
		if s.Section != section {
			fmt.Fprintf(&b, "\n%s\n", s.Section)
			section = s.Section
		}
		fmt.Fprintf(&b, "%3d. %s\n     %s\n", i+1, s.Title, s.URL)
	}
	if p.State == digest.PlanHeld {
		fmt.Fprintf(&b, "\nzest editions approve %[1]s\nzest editions pin|drop|move %[1]s URL\nzest editions edit %[1]s --subject TEXT --intro TEXT\nzest editions cancel %[1]s\n", p.Ref())
	}
	return b.String()
}

// Held mails an edition that is held to its editor.
func (n notifier) Held(ctx context.Context, nl digest.Newsletter, p digest.Plan, d publish.Draft) error {
	text := fmt.Sprintf("%s\n%d stories for %d readers in %d variants.\n\n%s", d.Frozen.Edition.Subject, len(p.Stories), d.Readers, len(d.Variants), heldText(p))
	to := nl.Editor
	if to == "" {
		if to = nl.ReplyTo.Email; to == "" {
			to = nl.From.Email
		}
	}
	return n.Notify(ctx, nl, to, digest.Proof{Subject: fmt.Sprintf("%s waits for you", p.Ref()), Text: text})
}

func (a *app) replayCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "replay NEWSLETTER/NUMBER", Short: "Render an edition again, and compare it with what was sent",
		Long: `Render every variant of an edition again, from what was frozen with it, and compare
the bytes with what was sent. The status is 1 when they differ; then the theme or
the program changed.
` + exitHelp,
		Example: "  zest replay weekly/12", Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error { return m.replay(ctx, args[0]) })
		},
	})
}

func (m *machine) replay(ctx context.Context, ref string) error {
	e, err := m.edition(ctx, ref)
	if err != nil {
		return err
	}
	list, err := m.publisher.Replay(ctx, e.ID)
	if err != nil {
		return err
	}
	differ := 0
	for _, r := range list {
		if !r.Same {
			differ++
		}
		if m.a.json {
			if err := m.a.line(map[string]any{"edition": e.Ref(), "variant": r.Variant, "same": r.Same, "bytes": r.Bytes, "sha256": r.Print, "why": r.Why}); err != nil {
				return err
			}
			continue
		}
		what := "the same bytes"
		if !r.Same {
			what = strings.TrimSpace("not the same; " + r.Why)
		}
		m.a.printf("%s %s: %s, %s, sha256 %s\n", e.Ref(), r.Variant, what, bytesize(r.Bytes), r.Print[:16])
	}
	if differ > 0 {
		return fmt.Errorf("%d of %d variants of %s are not what was sent", differ, len(list), e.Ref())
	}
	return nil
}
