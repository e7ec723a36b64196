package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/bounce"
)

func (a *app) bounceCmd() *cobra.Command {
	c := &cobra.Command{
		Use:   "bounce",
		Short: "Read what comes back: bounces, complaints, automatic replies",
		Long: `Without a subcommand, read one message that came back from standard input, as a
mail server's pipe gives it, and act on it: a dead address and a complaint are
suppressed, a message to an unsubscribe address unsubscribes, everything else is
left alone.
` + exitHelp,
		Example: "  bounce: \"|/usr/bin/zest --config /etc/zest/zest.yaml bounce\"    (an alias file)\n  zest bounce parse returned/*.eml --json",
		Args:    exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			raw, err := io.ReadAll(io.LimitReader(a.stdin, 10<<20))
			if err != nil {
				return err
			}
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error { return m.takeBack(ctx, raw) })
		},
	}
	c.AddCommand(a.jsonFlag(&cobra.Command{
		Use: "parse FILE...", Short: "Say what messages that came back mean, and do nothing", Args: atLeast(1),
		Example: "  zest bounce parse returned.eml --json",
		RunE: func(_ *cobra.Command, args []string) error {
			for _, path := range args {
				raw, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				r, err := bounce.Parse(raw)
				if err != nil {
					a.notef("%s: %v", path, err)
				}
				if err := a.showBounce(path, r); err != nil {
					return err
				}
			}
			return nil
		},
	}))
	return c
}

type bounceJSON struct {
	File       string   `json:"file"`
	Kind       string   `json:"kind"`
	Class      string   `json:"class"`
	Status     string   `json:"status,omitempty"`
	Action     string   `json:"action,omitempty"`
	Recipients []string `json:"recipients"`
	Reason     string   `json:"reason,omitempty"`
	Edition    string   `json:"edition,omitempty"`
	Subscriber int64    `json:"subscriber,omitempty"`
}

func (a *app) showBounce(path string, r bounce.Report) error {
	if a.json {
		recipients := r.Recipients
		if recipients == nil {
			recipients = []string{}
		}
		return a.line(bounceJSON{File: path, Kind: string(r.Kind), Class: string(r.Class), Status: r.Status, Action: r.Action, Recipients: recipients, Reason: r.Reason})
	}
	a.printf("%s: %s, %s  %s  %s\n", path, r.Kind, r.Class, r.Status, strings.Join(r.Recipients, ", "))
	if r.Reason != "" {
		a.printf("  %s\n", r.Reason)
	}
	return nil
}

// leaver is the token of a message to unsubscribe+TOKEN, the second address of
// List-Unsubscribe; "" for any other message.
func leaver(raw []byte) string {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return ""
	}
	for _, field := range []string{"X-Original-To", "Delivered-To", "To"} {
		if _, after, ok := strings.Cut(strings.ToLower(msg.Header.Get(field)), "unsubscribe+"); ok {
			token, _, _ := strings.Cut(after, "@")
			return token
		}
	}
	return ""
}

// leaveByMail unsubscribes from every list of the edition that the token is of.
func (m *machine) leaveByMail(ctx context.Context, t digest.Ticket) error {
	f, err := m.store.Frozen(ctx, t.Edition)
	if err != nil {
		return fmt.Errorf("unsubscribing by mail: %w", err)
	}
	for _, list := range f.Lists {
		if _, err := m.store.Unsubscribe(ctx, t.Subscriber, list, "by mail", m.a.now()); err != nil {
			return err
		}
	}
	m.a.printf("unsubscribed\n")
	return nil
}

// takeBack acts on one message that came back. Only a ticket of our own says
// whom it is about: an address in a stranger's message proves nothing.
func (m *machine) takeBack(ctx context.Context, raw []byte) error {
	r, err := bounce.Parse(raw)
	if err != nil {
		return fmt.Errorf("reading what came back: %w", err)
	}
	keys, err := m.keyring(ctx)
	if err != nil {
		return err
	}
	if t, err := keys.OpenBounce(leaver(raw)); err == nil {
		return m.leaveByMail(ctx, t)
	}
	t, err := keys.OpenBounce(cmp.Or(r.EnvelopeToken, r.EnvelopeID))
	if err != nil {
		return &digest.InvalidError{Field: "the message", Reason: fmt.Sprintf("is a %s that none of our envelopes explains; nothing was done", r.Kind)}
	}
	reason := ""
	switch {
	case !r.Suppresses():
		if r.Feedback == "opt-out" {
			return m.leaveByMail(ctx, t)
		}
		m.a.printf("%s, %s: noted, nothing to do\n", r.Kind, r.Class)
		return nil
	case r.Kind == bounce.KindComplaint:
		reason = "complaint"
	default:
		reason = "hard bounce"
	}
	err = m.store.Suppress(ctx, t.Subscriber, reason, "returned mail "+r.Status, m.a.now())
	if errors.Is(err, digest.ErrNotFound) {
		err = nil // erased meanwhile
	}
	if err == nil {
		m.a.printf("%s: suppressed\n", reason)
	}
	return err
}
