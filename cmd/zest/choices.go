package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
)

type choiceFlags struct {
	list, cadence, language, snooze, hour, zone string
	topics                                      []string
	textOnly                                    bool
}

func (a *app) subsSetCmd() *cobra.Command {
	var f choiceFlags
	c := a.jsonFlag(&cobra.Command{
		Use:   "set ADDRESS [ATTRIBUTE=TEXT | ATTRIBUTE:=JSON]...",
		Short: "Change what a reader asked for, and what you know of them",
		Long: `Change what a reader asked for, on one list (--list) or on every list they are
on. What no flag names stays. It takes effect with the next edition. A weekly
or monthly reader gets what the editions since their last one held, and never
an article twice, also when they change their mind.

Attributes are what you know of a reader, for segments: "=" sets text, ":=" any
value of JSON (41, true, ["a","b"]); "=" with nothing behind it takes one away.
` + exitHelp,
		Example: "  zest subscribers set camille@example.org --cadence weekly --topics Culture,Tech\n" +
			"  zest subscribers set camille@example.org --snooze 2026-12-24\n" +
			"  zest subscribers set camille@example.org --hour 7:30 --zone Europe/Paris\n" +
			"  zest subscribers set camille@example.org --topics all --cadence every --snooze none --hour none\n" +
			"  zest subscribers set camille@example.org city=Brest age:=41 member:=true",
		Args: atLeast(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				if err := m.setAttributes(ctx, args[0], args[1:]); err != nil {
					return err
				}
				if len(args) > 1 && c.Flags().NFlag() == 0 {
					return nil
				}
				return m.setChoice(ctx, args[0], f, c.Flags().Changed)
			})
		},
	})
	flags := c.Flags()
	flags.StringVar(&f.list, "list", "", "only on this `list`")
	flags.StringSliceVar(&f.topics, "topics", nil, "the `sections` they want, or all")
	flags.StringVar(&f.cadence, "cadence", "", "how often: every, daily, weekly or monthly")
	flags.StringVar(&f.language, "language", "", "the reader's `language`, or none for the newsletter's")
	flags.BoolVar(&f.textOnly, "text-only", false, "send this reader plain text only; =false for both parts")
	flags.StringVar(&f.snooze, "snooze", "", "send nothing before this `day`, 2026-12-24, or none")
	flags.StringVar(&f.hour, "hour", "", "the `hour` of their day to send at, 7 or 7:30, or none")
	flags.StringVar(&f.zone, "zone", "", "the time `zone` of that hour (default: the newsletter's)")
	return c
}

// setChoice changes one subscription, or every one, of a reader.
func (m *machine) setChoice(ctx context.Context, email string, f choiceFlags, given func(string) bool) error {
	s, err := m.store.FindSubscriber(ctx, email)
	if err != nil {
		return fmt.Errorf("subscriber %s: %w", email, err)
	}
	var subs []digest.Subscription
	if err := m.subscriptions(ctx, f.list, "", s.Email, func(sub digest.Subscription) error {
		subs = append(subs, sub)
		return nil
	}); err != nil {
		return err
	}
	if len(subs) == 0 {
		return fmt.Errorf("%s on list %q: %w; `zest subscribers show %s` tells where they are", email, f.list, digest.ErrNotFound, email)
	}
	for i, sub := range subs {
		if subs[i].Choice, err = m.choose(sub, f, given); err != nil {
			return err
		}
	}
	for _, sub := range subs { // only now that every flag makes sense
		if err := m.store.SetChoice(ctx, s.ID, sub.List, sub.Choice); err != nil {
			return err
		}
		if m.a.json {
			if err := m.a.line(newSubscription(sub)); err != nil {
				return err
			}
			continue
		}
		m.a.printf("%s on %s: %s\n", s.Email, sub.List, choiceWords(sub.Choice))
	}
	return nil
}

// choose lays the flags that were given over what a reader has.
func (m *machine) choose(sub digest.Subscription, f choiceFlags, given func(string) bool) (digest.Choice, error) {
	c := sub.Choice
	var err error
	if given("topics") {
		if c.Topics, err = m.topics(sub.List, f.topics); err != nil {
			return c, err
		}
	}
	if given("cadence") {
		c.Cadence = digest.Cadence(f.cadence)
	}
	if given("language") {
		c.Language = notNone(f.language)
	}
	if given("text-only") {
		c.TextOnly = f.textOnly
	}
	if given("snooze") {
		if c.Snooze, err = m.snooze(sub.List, f.snooze); err != nil {
			return c, err
		}
	}
	if given("hour") {
		c.Hour = f.hour
	}
	if given("zone") {
		c.Zone = f.zone
	}
	return c.Clean()
}

func notNone(s string) string {
	if s == "none" {
		return ""
	}
	return s
}

// topics finds the sections that a newsletter of the list has under these names,
// in any case.
func (m *machine) topics(list string, names []string) ([]string, error) {
	if len(names) == 1 && (names[0] == "all" || names[0] == "") {
		return nil, nil
	}
	var known, out []string
	for _, n := range m.newslettersOf(list) {
		known = append(known, n.Topics()...)
	}
	for _, name := range names {
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, strings.TrimSpace(name)) })
		switch {
		case i >= 0:
			out = append(out, known[i])
		case len(known) == 0:
			return nil, &digest.InvalidError{Field: "--topics", Value: name, Reason: "cannot be chosen: no newsletter of list " + list + " has sections"}
		default:
			return nil, &digest.InvalidError{Field: "--topics", Value: name, Reason: "is no section of a newsletter of list " + list + "; there are " + strings.Join(known, ", ")}
		}
	}
	return out, nil
}

// newslettersOf are the newsletters that go to a list.
func (m *machine) newslettersOf(list string) []digest.Newsletter {
	all, err := m.newsletters(nil)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(all, func(n digest.Newsletter) bool { return !slices.Contains(n.Lists, list) })
}

// snooze reads a day, which begins in the newsletter's zone, or a moment.
func (m *machine) snooze(list, s string) (time.Time, error) {
	if notNone(s) == "" {
		return time.Time{}, nil
	}
	zone := time.UTC
	for _, n := range m.newslettersOf(list) {
		if n.Zone != nil {
			zone = n.Zone
			break
		}
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return t.UTC(), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, &digest.InvalidError{Field: "--snooze", Value: s, Reason: "is not a day such as 2026-12-24, nor none"}
	}
	return t.UTC(), nil
}

// choiceWords is a choice for people.
func choiceWords(c digest.Choice) string {
	words := []string{c.Cadence.String()}
	if c.Cadence == digest.CadenceEvery {
		words[0] = "every edition"
	}
	if len(c.Topics) > 0 {
		words = append(words, "only "+strings.Join(c.Topics, " and "))
	}
	if c.Language != "" {
		words = append(words, "in "+c.Language)
	}
	if c.TextOnly {
		words = append(words, "plain text")
	}
	if c.Hour != "" {
		words = append(words, strings.TrimSpace("at "+c.Hour+" "+c.Zone))
	}
	if !c.Snooze.IsZero() {
		words = append(words, "nothing before "+c.Snooze.Format("2006-01-02 15:04 UTC"))
	}
	return strings.Join(words, ", ")
}
