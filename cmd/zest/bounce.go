package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/bounce"
	"github.com/zest-digest/zest/digest/inbound"
	"github.com/zest-digest/zest/digest/store"
)

func (a *app) bounceCmd() *cobra.Command {
	c := &cobra.Command{
		Use:   "bounce",
		Short: "Read what comes back: bounces, complaints, automatic replies",
		Long: `Without a subcommand, read one message that came back from standard input, as a
mail server's pipe gives it, and act on it once: a dead address and a complaint
are suppressed, a full mailbox counts and closes the address in the end, a
message to an unsubscribe address unsubscribes, a refusal for policy says nothing
of the reader. What nobody can match is kept for a look: zest bounce list.
` + exitHelp,
		Example: "  bounce: \"|/usr/bin/zest --config /etc/zest/zest.yaml bounce\"    (an alias file)\n  zest bounce parse returned/*.eml --json",
		Args:    exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			raw, err := io.ReadAll(io.LimitReader(a.stdin, inbound.MaxMessage))
			if err != nil {
				return err
			}
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error { return m.takeBack(ctx, raw) })
		},
	}
	c.AddCommand(a.bounceParseCmd(), a.bouncePollCmd(), a.bounceListCmd(), a.bounceShowCmd())
	return c
}

// takeBack acts on one message that came back.
func (m *machine) takeBack(ctx context.Context, raw []byte) error {
	in, err := m.inbox(ctx)
	if err != nil {
		return err
	}
	r, err := in.Take(ctx, "pipe", "", raw)
	switch {
	case err != nil:
		return err
	case r.Action == digest.ActionUnmatched:
		// A mail server sends a message back whose pipe fails: to keep it is to be
		// done with it.
		m.a.printf("%s: none of our envelopes explains it; kept for a look (zest bounce list)\n", r.Kind)
	case r.Action == digest.ActionLeft:
		m.a.printf("unsubscribed\n")
	default:
		m.a.printf("%s, %s: %s\n", r.Kind, r.Class, r.Action)
	}
	return nil
}

func (a *app) bounceParseCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "parse FILE...", Short: "Say what messages that came back mean, and do nothing", Args: atLeast(1),
		Long:    "Say what messages that came back mean, and do nothing. With a configuration at\nhand, edition and subscriber are those of the envelope's ticket.\n" + exitHelp,
		Example: "  zest bounce parse returned.eml --json",
		RunE: func(c *cobra.Command, args []string) error {
			open := a.ticketOpener(c.Context())
			for _, path := range args {
				raw, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				r, err := bounce.Parse(raw)
				if err != nil {
					a.notef("%s: %v", path, err)
				}
				if err := a.showBounce(path, r, open(r)); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// ticketOpener reads the tickets of reports, where a configuration tells how.
func (a *app) ticketOpener(ctx context.Context) func(bounce.Report) digest.Ticket {
	var keys *digest.Keyring
	err := a.with(ctx, readOnly, func(ctx context.Context, m *machine) error {
		k, err := m.keyring(ctx)
		keys = &k
		return err
	})
	return func(r bounce.Report) digest.Ticket {
		if err != nil {
			return digest.Ticket{}
		}
		t, err := keys.OpenBounce(cmp.Or(r.EnvelopeToken, r.EnvelopeID))
		if err != nil {
			return digest.Ticket{}
		}
		return t
	}
}

type bounceJSON struct {
	File       string              `json:"file"`
	Kind       string              `json:"kind"`
	Class      string              `json:"class"`
	Status     string              `json:"status,omitempty"`
	Action     string              `json:"action,omitempty"`
	Recipient  string              `json:"recipient,omitempty"`
	Recipients []string            `json:"recipients"`
	Reason     string              `json:"reason,omitempty"`
	Edition    digest.EditionID    `json:"edition,omitempty"`
	Subscriber digest.SubscriberID `json:"subscriber,omitempty"`
}

func (a *app) showBounce(path string, r bounce.Report, t digest.Ticket) error {
	if a.json {
		out := bounceJSON{File: path, Kind: string(r.Kind), Class: string(r.Class), Status: r.Status, Action: r.Action, Recipients: r.Recipients, Reason: r.Reason, Edition: t.Edition, Subscriber: t.Subscriber}
		if out.Recipients == nil {
			out.Recipients = []string{}
		}
		if len(r.Recipients) > 0 {
			out.Recipient = r.Recipients[0]
		}
		return a.line(out)
	}
	a.printf("%s: %s, %s  %s  %s\n", path, r.Kind, r.Class, r.Status, strings.Join(r.Recipients, ", "))
	if r.Reason != "" {
		a.printf("  %s\n", r.Reason)
	}
	return nil
}

func (a *app) bouncePollCmd() *cobra.Command {
	return &cobra.Command{
		Use: "poll", Short: "Visit the mailboxes of receive.poll once", Args: exactly(0),
		Long:    "Visit the mailboxes of receive.poll once and act on what is new, as `zest serve`\ndoes by itself.\n" + exitHelp,
		Example: "  zest bounce poll",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				if len(m.config.Receive.Poll) == 0 {
					return usagef("no mailbox to visit; name one under receive.poll")
				}
				in, err := m.inbox(ctx)
				if err != nil {
					return err
				}
				var failed error
				for _, p := range m.config.Receive.Poll {
					box := inbound.Poll{URL: p.URL, User: p.User, Password: string(p.Password), Delete: p.Delete}
					n, err := box.Once(ctx, in)
					failed = errors.Join(failed, err)
					m.a.printf("%s\n", count(n, "message", "messages"))
				}
				return failed
			})
		},
	}
}

type returnedJSON struct {
	ID         int64               `json:"id"`
	At         string              `json:"at"`
	Source     string              `json:"source"`
	Kind       string              `json:"kind"`
	Class      string              `json:"class"`
	Status     string              `json:"status,omitempty"`
	Reason     string              `json:"reason,omitempty"`
	Edition    digest.EditionID    `json:"edition,omitempty"`
	Subscriber digest.SubscriberID `json:"subscriber,omitempty"`
	Action     digest.ReturnAction `json:"action"`
}

func (a *app) bounceListCmd() *cobra.Command {
	var all bool
	var limit int
	c := a.jsonFlag(&cobra.Command{
		Use: "list", Short: "List what came back and nobody could match, or everything", Args: exactly(0),
		Long:    "List what came back and nobody could match (kept for 30 days), or everything\n(--all), the newest first.\n" + exitHelp,
		Example: "  zest bounce list\n  zest bounce list --all --json",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				q := store.ReturnedFilter{Action: digest.ActionUnmatched, Limit: limit}
				if all {
					q.Action = ""
				}
				list, err := m.store.Returned(ctx, q)
				if err != nil {
					return err
				}
				var rows [][]string
				for _, r := range list {
					if a.json {
						if err := a.line(returnedJSON{r.ID, stamp(r.At), r.Source, r.Kind, r.Class, r.Status, r.Reason, r.Edition, r.Subscriber, r.Action}); err != nil {
							return err
						}
					}
					rows = append(rows, []string{strconv.FormatInt(r.ID, 10), r.At.Local().Format("2006-01-02 15:04"), r.Source, r.Kind, r.Class, r.Status, r.Reason, string(r.Action)})
				}
				if !a.json && len(rows) > 0 {
					a.table([]string{"id", "at", "by", "kind", "class", "status", "reason", "action"}, rows)
				}
				return nil
			})
		},
	})
	c.Flags().BoolVar(&all, "all", false, "also what was matched and acted on")
	c.Flags().IntVar(&limit, "limit", 100, "at most this `number`")
	return c
}

func (a *app) bounceShowCmd() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Print a message that was kept for a look", Args: exactly(1),
		Long:    "Print a message that was kept for a look, as it came.\n" + exitHelp,
		Example: "  zest bounce show 17 | less",
		RunE: func(c *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return &digest.InvalidError{Field: "id", Value: args[0], Reason: "is no number; `zest bounce list` shows them"}
			}
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				list, err := m.store.Returned(ctx, store.ReturnedFilter{ID: id, Limit: 1})
				if err != nil {
					return err
				}
				if len(list) == 0 || list[0].Message == "" {
					return fmt.Errorf("message %d: %w; only what nobody could match is kept", id, digest.ErrNotFound)
				}
				a.printf("%s", printable(list[0].Message))
				return nil
			})
		},
	}
}

// printable keeps a stranger's message from driving the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || 0x80 <= r && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}
