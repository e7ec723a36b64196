package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
)

type editionJSON struct {
	Edition    string    `json:"edition"`
	Newsletter string    `json:"newsletter"`
	Number     int       `json:"number"`
	Subject    string    `json:"subject"`
	Date       string    `json:"date"`
	State      string    `json:"state"`
	Books      booksJSON `json:"books"`
	Resumed    bool      `json:"resumed,omitempty"`
	NextTry    string    `json:"next_try,omitempty"`
	Stories    []string  `json:"stories,omitempty"`
}

type booksJSON struct {
	Audience   int  `json:"audience"`
	Sent       int  `json:"sent"`
	Failed     int  `json:"failed"`
	Suppressed int  `json:"suppressed"`
	Unknown    int  `json:"unknown"`
	Canceled   int  `json:"canceled"`
	Queued     int  `json:"queued"`
	Repeats    int  `json:"repeats"`
	Closed     bool `json:"closed"`
}

func newBooks(b digest.Books) booksJSON {
	return booksJSON{b.Audience, b.Sent, b.Failed, b.Suppressed, b.Unknown, b.Canceled, b.Queued, b.Repeats, b.Closed()}
}

func newEditionJSON(r publish.EditionReport) editionJSON {
	e := r.Edition
	return editionJSON{
		Edition: e.Ref(), Newsletter: e.Newsletter, Number: e.Number, Subject: e.Subject, Date: e.Date.Format(time.RFC3339),
		State: string(e.State), Books: newBooks(r.Books), Resumed: r.Resumed, NextTry: stamp(r.NextTry),
	}
}

func (a *app) editionsCmd() *cobra.Command {
	c := group(&cobra.Command{Use: "editions", Short: "The editions that were made"})
	c.AddCommand(
		a.jsonFlag(&cobra.Command{
			Use: "list [NEWSLETTER]", Short: "List editions, newest first", Args: atMost(1),
			Example: "  zest editions list\n  zest editions list weekly --json",
			RunE: func(c *cobra.Command, args []string) error {
				return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error { return m.listEditions(ctx, args) })
			},
		}),
		a.jsonFlag(&cobra.Command{
			Use: "show NEWSLETTER/NUMBER", Short: "Show one edition and its books", Args: exactly(1),
			Example: "  zest editions show weekly/12",
			RunE: func(c *cobra.Command, args []string) error {
				return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
					if p, err := m.held(ctx, args[0]); err == nil {
						return a.showHeld(p)
					}
					e, err := m.edition(ctx, args[0])
					if err != nil {
						return err
					}
					return m.showOneEdition(ctx, e)
				})
			},
		}),
		a.pauseCmd(), a.resumeCmd(), a.cancelCmd(),
		a.editCmd(), a.pinCmd(), a.dropCmd(), a.moveCmd(), a.approveCmd(),
	)
	return c
}

func (m *machine) listEditions(ctx context.Context, args []string) error {
	newsletters, err := m.newsletters(args)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, n := range newsletters {
		list, err := m.store.Editions(ctx, n.Name, 100)
		if err != nil {
			return err
		}
		for _, e := range list {
			b, err := m.store.Books(ctx, e.ID)
			if err != nil {
				return err
			}
			if m.a.json {
				if err := m.a.line(newEditionJSON(publish.EditionReport{Edition: e, Books: b})); err != nil {
					return err
				}
				continue
			}
			rows = append(rows, []string{e.Ref(), e.Date.Local().Format("2006-01-02 15:04"), string(e.State), fmt.Sprintf("%d/%d", b.Sent, b.Audience), e.Subject})
		}
	}
	switch {
	case m.a.json:
	case len(rows) == 0:
		m.a.notef("no edition yet; `zest send` makes the first.")
	default:
		m.a.table([]string{"edition", "date", "state", "sent", "subject"}, rows)
	}
	return nil
}

func (m *machine) showOneEdition(ctx context.Context, e digest.Edition) error {
	b, err := m.store.Books(ctx, e.ID)
	if err != nil {
		return err
	}
	if m.a.json {
		j := newEditionJSON(publish.EditionReport{Edition: e, Books: b})
		for _, c := range e.Cards() {
			j.Stories = append(j.Stories, c.Article.URL)
		}
		return m.a.line(j)
	}
	m.a.printf("%s  %s\n%s, %s\n\n", m.a.paint(bold, e.Ref()), e.Subject, e.Date.Local().Format("2006-01-02 15:04"), e.State)
	for _, s := range e.Sections {
		if s.Title != "" {
			m.a.printf("%s\n", m.a.paint(bold, s.Title))
		}
		for _, c := range s.Cards {
			m.a.printf("  %s %s\n", c.Article.Title, m.a.paint(faint, c.Article.URL))
		}
	}
	m.a.printf("\n%s\n", sums(b))
	return nil
}

// edition finds an edition by its name for people, "weekly/12".
func (m *machine) edition(ctx context.Context, ref string) (digest.Edition, error) {
	name, number, ok := strings.Cut(ref, "/")
	i, err := strconv.Atoi(number)
	if !ok || err != nil {
		return digest.Edition{}, &digest.InvalidError{Field: "edition", Value: ref, Reason: "is not of the form NEWSLETTER/NUMBER; `zest editions list` shows them"}
	}
	e, err := m.store.Edition(ctx, name, i)
	if err != nil {
		return e, fmt.Errorf("edition %s: %w; `zest editions list` shows them", ref, err)
	}
	return e, nil
}

type deliveryJSON struct {
	Edition  string `json:"edition"`
	Email    string `json:"email"`
	Variant  string `json:"variant"`
	Status   string `json:"status"`
	Attempts int    `json:"attempts"`
	Repeats  int    `json:"repeats,omitempty"`
	Code     int    `json:"code,omitempty"`
	Enhanced string `json:"enhanced,omitempty"`
	Reply    string `json:"reply,omitempty"`
	NextTry  string `json:"next_try,omitempty"`
	Settled  string `json:"settled,omitempty"`
}

func (a *app) deliveriesCmd() *cobra.Command {
	var status string
	var asCSV bool
	c := a.jsonFlag(&cobra.Command{
		Use:   "deliveries NEWSLETTER/NUMBER",
		Short: "Who got an edition, who did not, and why",
		Long: `List the deliveries of an edition with what the mail server said.
--status is one of queued, claimed, sent, failed, suppressed, unknown, canceled.
` + exitHelp,
		Example: "  zest deliveries weekly/12 --status failed --csv",
		Args:    exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			switch digest.DeliveryStatus(status) {
			case "", digest.DeliveryQueued, digest.DeliveryClaimed, digest.DeliverySent, digest.DeliveryFailed, digest.DeliverySuppressed, digest.DeliveryUnknown, digest.DeliveryCanceled:
			default:
				return &digest.InvalidError{Field: "--status", Value: status, Reason: "is not one of queued, claimed, sent, failed, suppressed, unknown, canceled"}
			}
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				e, err := m.edition(ctx, args[0])
				if err != nil {
					return err
				}
				return m.listDeliveries(ctx, e, digest.DeliveryStatus(status), asCSV)
			})
		},
	})
	c.Flags().StringVar(&status, "status", "", "only deliveries that are so")
	c.Flags().BoolVar(&asCSV, "csv", false, "print CSV")
	return c
}

func (m *machine) listDeliveries(ctx context.Context, e digest.Edition, status digest.DeliveryStatus, asCSV bool) error {
	head := []string{"email", "status", "attempts", "code", "enhanced", "reply"}
	sheet := csv.NewWriter(m.a.stdout)
	if asCSV {
		if err := sheet.Write(append([]string{"edition"}, head...)); err != nil {
			return err
		}
	}
	var rows [][]string
	err := m.deliveries(ctx, e.ID, status, func(d digest.Delivery) error {
		row := []string{d.Email, string(d.Status), strconv.Itoa(d.Attempts), codeWord(d.Code), d.Enhanced, d.Reply}
		switch {
		case m.a.json:
			return m.a.line(deliveryJSON{e.Ref(), d.Email, d.Variant, string(d.Status), d.Attempts, d.Repeats, d.Code, d.Enhanced, d.Reply, stamp(d.NextTry), stamp(d.Settled)})
		case asCSV:
			return sheet.Write(append([]string{e.Ref()}, row...))
		}
		rows = append(rows, row)
		return nil
	})
	sheet.Flush()
	if err == nil {
		err = sheet.Error()
	}
	if err == nil && len(rows) > 0 {
		m.a.table(head, rows)
	}
	return err
}

func codeWord(code int) string {
	if code == 0 {
		return ""
	}
	return strconv.Itoa(code)
}
