package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
)

func (a *app) subscribersCmd() *cobra.Command {
	c := group(&cobra.Command{Use: "subscribers", Aliases: []string{"subs"}, Short: "The readers, and the lists they are on"})
	c.AddCommand(a.subsAddCmd(), a.subsSetCmd(), a.subsRemoveCmd(), a.subsListCmd(), a.subsShowCmd(),
		a.subsImportCmd(), a.subsImportsCmd(), a.subsUndoCmd(), a.subsExportCmd(), a.subsSegmentCmd(), a.subsDataCmd())
	return c
}

func (a *app) subsAddCmd() *cobra.Command {
	var name, language string
	var textOnly, again bool
	c := &cobra.Command{
		Use:   "add LIST ADDRESS",
		Short: "Put a reader on a list, confirmed",
		Long: `Put a reader who agreed to it on a list. Somebody who left the list is not put
back, unless you say --again: they asked you to.
` + exitHelp,
		Example: "  zest subscribers add weekly camille@example.org --name \"Camille Dupré\" --language fr",
		Args:    exactly(2),
		RunE: func(c *cobra.Command, args []string) error {
			email, err := parseAddress("address", args[1])
			if err != nil {
				return err
			}
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				if err := m.knownList(args[0]); err != nil {
					return err
				}
				s := digest.Subscription{
					List: args[0], State: digest.SubConfirmed, Since: a.now(),
					Subscriber: digest.Subscriber{Email: email, Name: name, Language: language, TextOnly: textOnly},
				}
				changed, err := m.subscribe(ctx, s, again)
				switch {
				case err != nil:
					return err
				case changed:
					a.printf("%s is on %s.\n", email, args[0])
				default:
					a.printf("%s: nothing changed on %s (there already, or left; --again puts back somebody who asked for it).\n", email, args[0])
				}
				return nil
			})
		},
	}
	f := c.Flags()
	f.StringVar(&name, "name", "", "the reader's `name`")
	f.StringVar(&language, "language", "", "the reader's language, fr or en (default: the newsletter's)")
	f.BoolVar(&textOnly, "text-only", false, "send this reader plain text only")
	f.BoolVar(&again, "again", false, "put back somebody who had left or was suppressed")
	return c
}

// knownList refuses a list that no newsletter goes to: a typing mistake there
// would be a reader who never gets anything.
func (m *machine) knownList(name string) error {
	var known []string
	for _, n := range m.names() {
		nl, err := m.config.Newsletter(n)
		if err != nil {
			return err
		}
		known = append(known, nl.Lists...)
	}
	if slices.Contains(known, name) {
		return nil
	}
	reason := "is not a list of any newsletter; there are " + strings.Join(known, ", ")
	if k := closest(name, known); k != "" {
		reason = fmt.Sprintf("is not a list of any newsletter; did you mean %q?", k)
	}
	return &digest.InvalidError{Field: "list", Value: name, Reason: reason}
}

func (a *app) subsRemoveCmd() *cobra.Command {
	var list string
	var erase bool
	c := &cobra.Command{
		Use:     "remove ADDRESS",
		Short:   "Take a reader off a list, or off all",
		Long:    "Take a reader off one list (--list) or off all. --erase deletes everything known\nof them, as the law entitles them to.\n" + exitHelp,
		Example: "  zest subscribers remove camille@example.org --list weekly\n  zest subscribers remove camille@example.org --erase",
		Args:    exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				s, err := m.store.FindSubscriber(ctx, args[0])
				if err != nil {
					return fmt.Errorf("subscriber %s: %w", args[0], err)
				}
				if erase {
					if err := m.store.EraseReader(ctx, s.ID, a.now()); err != nil {
						return err
					}
					a.printf("%s is erased.\n", args[0])
					return nil
				}
				changed, err := m.store.Unsubscribe(ctx, s.ID, list, "operator", a.now())
				if err == nil && changed {
					a.printf("%s left %s.\n", args[0], orAll(list))
				} else if err == nil {
					a.printf("%s was not on %s.\n", args[0], orAll(list))
				}
				return err
			})
		},
	}
	c.Flags().StringVar(&list, "list", "", "only this `list`")
	c.Flags().BoolVar(&erase, "erase", false, "delete everything known of the reader")
	return c
}

func orAll(list string) string {
	if list == "" {
		return "any list"
	}
	return list
}

type subscriptionJSON struct {
	Email    string   `json:"email"`
	Name     string   `json:"name,omitempty"`
	List     string   `json:"list"`
	State    string   `json:"state"`
	Since    string   `json:"since"`
	Language string   `json:"language,omitempty"`
	TextOnly bool     `json:"text_only,omitempty"`
	Topics   []string `json:"topics,omitempty"`
	Cadence  string   `json:"cadence"`
	Snooze   string   `json:"snooze,omitempty"`
	Hour     string   `json:"hour,omitempty"`
	Zone     string   `json:"zone,omitempty"`
	Reason   string   `json:"reason,omitempty"`

	Attributes map[string]any `json:"attributes,omitempty"`
}

func newSubscription(s digest.Subscription) subscriptionJSON {
	c := s.Choice
	return subscriptionJSON{
		Email: s.Subscriber.Email, Name: s.Subscriber.Name, List: s.List, State: string(s.State), Since: stamp(s.Since),
		Language: cmp.Or(c.Language, s.Subscriber.Language), TextOnly: c.TextOnly, Topics: c.Topics, Cadence: c.Cadence.String(),
		Snooze: stamp(c.Snooze), Hour: c.Hour, Zone: c.Zone, Reason: s.Reason,
		Attributes: s.Subscriber.Attributes,
	}
}

func (a *app) subsListCmd() *cobra.Command {
	var state string
	c := a.jsonFlag(&cobra.Command{
		Use: "list [LIST]", Short: "List subscriptions", Args: atMost(1),
		Example: "  zest subscribers list weekly\n  zest subscribers list --state left --json",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				var rows [][]string
				err := m.subscriptions(ctx, first(args), state, "", func(s digest.Subscription) error {
					if a.json {
						return a.line(newSubscription(s))
					}
					rows = append(rows, []string{s.List, s.Subscriber.Email, string(s.State), s.Subscriber.Language, s.Subscriber.Name})
					return nil
				})
				if len(rows) > 0 {
					a.table([]string{"list", "address", "state", "lang", "name"}, rows)
				} else if !a.json && err == nil {
					a.notef("nobody yet; `zest subscribers add` or `import` changes that.")
				}
				return err
			})
		},
	})
	c.Flags().StringVar(&state, "state", "", "only pending, confirmed or left")
	return c
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func (a *app) subsShowCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "show ADDRESS", Short: "Show what is known of one reader", Args: exactly(1),
		Example: "  zest subscribers show camille@example.org",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				s, err := m.store.FindSubscriber(ctx, args[0])
				if err != nil {
					return fmt.Errorf("subscriber %s: %w", args[0], err)
				}
				if !a.json {
					a.printf("%s  %s\n", a.paint(bold, s.Email), s.Name)
				}
				return m.subscriptions(ctx, "", "", s.Email, func(sub digest.Subscription) error {
					if a.json {
						return a.line(newSubscription(sub))
					}
					a.printf("  %s: %s since %s; %s\n", sub.List, sub.State, sub.Since.Local().Format("2006-01-02"), choiceWords(sub.Choice))
					return nil
				})
			})
		},
	})
}
