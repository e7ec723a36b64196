package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/segment"
)

// setAttributes changes what the operator knows of a reader.
func (m *machine) setAttributes(ctx context.Context, email string, args []string) error {
	if len(args) == 0 {
		return nil
	}
	attributes, err := parseAttributes(args)
	if err != nil {
		return err
	}
	s, err := m.store.FindSubscriber(ctx, email)
	if err != nil {
		return fmt.Errorf("subscriber %s: %w", email, err)
	}
	if err := m.store.SetAttributes(ctx, s.ID, attributes); err != nil {
		return err
	}
	if !m.a.json {
		m.a.printf("%s: %s set\n", s.Email, count(len(attributes), "attribute", "attributes"))
	}
	return nil
}

// parseAttributes reads NAME=TEXT and NAME:=JSON.
func parseAttributes(args []string) (map[string]any, error) {
	out := map[string]any{}
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || strings.Trim(name, ": ") == "" {
			return nil, usagef("%q: write an attribute as name=text or name:=json", arg)
		}
		plain, typed := strings.CutSuffix(name, ":")
		switch {
		case !typed && value == "":
			out[name] = nil
		case !typed:
			out[name] = value
		default:
			var v any
			if err := json.Unmarshal([]byte(value), &v); err != nil {
				return nil, &digest.InvalidError{Field: plain, Value: value, Reason: "is not JSON; text in quotes, or write " + plain + "=" + value}
			}
			out[plain] = v
		}
	}
	return out, nil
}

func (a *app) subsSegmentCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "segment SEGMENT | EXPRESSION",
		Short: "Show who a segment is, or would be",
		Long: `Show which readers a segment of the configuration is about, or an expression that
may become one. It sees name, language, text_only, domain, created, attributes,
lists (those a reader is on), left (those they left), and now. A reader without
an attribute that it asks for is not of it.
` + exitHelp,
		Example: `  zest subscribers segment brest
  zest subscribers segment 'attributes.age >= 18 and "weekly" in lists' --json`,
		Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				match := args[0]
				if s, err := m.config.Segment(match); err == nil {
					match = s.Match
				} else if !strings.ContainsAny(match, " =<>().!") {
					return err
				}
				s, err := segment.Parse(match)
				if err != nil {
					return err
				}
				n := 0
				_, err = m.store.Members(ctx, m.lists(), func(r digest.Subscriber, on []digest.Subscription) bool {
					if !s.Holds(r, on, a.now()) {
						return false
					}
					n++
					if a.json {
						a.line(map[string]any{"email": r.Email, "name": r.Name, "attributes": r.Attributes})
					} else {
						a.printf("%s  %s\n", r.Email, r.Name)
					}
					return false
				})
				if err == nil && !a.json {
					a.notef("%s", count(n, "reader", "readers"))
				}
				return err
			})
		},
	})
}

// lists are all that newsletters go to.
func (m *machine) lists() []string {
	var out []string
	for _, l := range m.config.AllLists() {
		out = append(out, l.Name)
	}
	return out
}

func (a *app) subsDataCmd() *cobra.Command {
	return &cobra.Command{
		Use: "data ADDRESS", Short: "Print everything stored of one reader, as JSON", Args: exactly(1),
		Long: `Print everything stored of one reader as JSON, by table, as the law entitles them
to see it (GDPR article 15).
` + exitHelp,
		Example: "  zest subscribers data camille@example.org > camille.json",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				s, err := m.store.FindSubscriber(ctx, args[0])
				if err != nil {
					return fmt.Errorf("subscriber %s: %w", args[0], err)
				}
				d, err := m.store.Dossier(ctx, s.ID)
				if err != nil {
					return err
				}
				body, err := json.MarshalIndent(d, "", "  ")
				if err != nil {
					return err
				}
				a.printf("%s\n", body)
				return nil
			})
		},
	}
}
