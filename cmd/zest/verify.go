package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
)

func (a *app) verifyCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "verify [NEWSLETTER/NUMBER]",
		Short: "Prove that the books close",
		Long: `Check, for one edition or for all, that every reader of the audience is accounted
for: audience = sent + failed + suppressed + unknown + canceled + queued.
` + exitHelp,
		Example: "  zest verify\n  zest verify weekly/12 --json",
		Args:    atMost(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				var only digest.EditionID
				if len(args) == 1 {
					e, err := m.edition(ctx, args[0])
					if err != nil {
						return err
					}
					only = e.ID
				}
				return m.verify(ctx, only)
			})
		},
	})
}

// sums writes the books as the sum that they are.
func sums(b digest.Books) string {
	return fmt.Sprintf("audience %d = sent %d + failed %d + suppressed %d + unknown %d + canceled %d + queued %d", b.Audience, b.Sent, b.Failed, b.Suppressed, b.Unknown, b.Canceled, b.Queued)
}

func (m *machine) verify(ctx context.Context, only digest.EditionID) error {
	problems, err := m.store.Check(ctx, only)
	if err != nil {
		return err
	}
	editions, err := m.store.AllEditions(ctx)
	if err != nil {
		return err
	}
	for _, e := range editions {
		if only != 0 && e.ID != only {
			continue
		}
		b, err := m.store.Books(ctx, e.ID)
		if err != nil {
			return err
		}
		if m.a.json {
			if err := m.a.line(map[string]any{"edition": e.Ref(), "state": e.State, "books": newBooks(b)}); err != nil {
				return err
			}
			continue
		}
		m.a.printf("%s: %s\n", e.Ref(), sums(b))
	}
	for _, p := range problems {
		m.a.notef("%s %s", m.a.paint(red, "problem:"), p)
	}
	if len(problems) > 0 {
		return errors.New("the books do not close")
	}
	if !m.a.json {
		m.a.printf("the books close.\n")
	}
	return nil
}
