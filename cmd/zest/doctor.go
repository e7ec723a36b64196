package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/config"
	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
	"github.com/zest-digest/zest/digest/doctor"
	"github.com/zest-digest/zest/digest/lint"
	"github.com/zest-digest/zest/digest/publish"
	"github.com/zest-digest/zest/digest/store"
)

// errUnwell ends an examination that found something; it said what.
var errUnwell = errors.New("something keeps mail from arriving; each line above says what mends it")

func (a *app) doctorCmd() *cobra.Command {
	var resolver string
	c := a.jsonFlag(&cobra.Command{
		Use:   "doctor",
		Short: "Examine everything that mail depends on, and say what mends it",
		Long: `Look at the configuration, the store and its disk, the clock, every source, the
themes and the next edition of every newsletter, the mail server with its TLS and
its login, the DNS (SPF, DKIM against our key, DMARC, bounces, PTR), the public
address and one-click unsubscribing by a real request. Nothing is changed and
nobody gets mail. Each finding comes with the record or the command that mends it.
` + exitHelp + `
Here 1 means that a problem was found; warnings alone end with 0.`,
		Example: "  zest doctor\n  zest doctor --json\n  zest doctor --resolver 9.9.9.9:53",
		Args:    exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.examine(c.Context(), resolver)
		},
	})
	c.Flags().StringVar(&resolver, "resolver", "", "the DNS server to ask, as `host:port` (default: the system's)")
	return c
}

// examination is one run of the doctor.
type examination struct {
	a       *app
	d       *doctor.Doctor
	verdict doctor.Level
}

// say shows findings as they come: a source that hangs must not hide the rest.
func (e *examination) say(findings ...doctor.Finding) error {
	for _, f := range findings {
		if f.Level != doctor.Well && e.verdict != doctor.Problem {
			e.verdict = f.Level
		}
		if e.a.json {
			if err := e.a.line(f); err != nil {
				return err
			}
			continue
		}
		mark := map[doctor.Level]string{doctor.Well: e.a.paint(green, "ok     "), doctor.Warning: e.a.paint(yellow, "warning"), doctor.Problem: e.a.paint(red, "problem")}[f.Level]
		e.a.printf("%s  %-9s  %s: %s\n", mark, f.Check, f.Subject, f.Text)
		if f.Remedy != "" {
			e.a.printf("%22s%s %s\n", "", e.a.paint(bold, "→"), f.Remedy)
		}
	}
	return nil
}

func (a *app) examine(ctx context.Context, resolver string) error {
	e := &examination{a: a, verdict: doctor.Well}
	c, err := a.loadConfig()
	var problems config.Problems
	switch {
	case errors.As(err, &problems):
		for _, p := range problems {
			if err := e.say(doctor.Finding{Check: "config", Subject: fmt.Sprintf("%s:%d", p.File, p.Line), Level: doctor.Problem, Text: strings.TrimPrefix(p.Field+": "+p.Reason, ": "), Remedy: "correct that line; `zest config check` reads it again"}); err != nil {
				return err
			}
		}
		return err
	case err != nil:
		return err
	}
	if e.d, err = doctor.New(doctor.Options{Resolver: resolver, Now: a.now}); err != nil {
		return err
	}
	if err := e.say(doctor.Finding{Check: "config", Subject: c.File(), Level: doctor.Well, Text: "reads well"}); err != nil {
		return err
	}
	if err := e.machine(ctx, c); err != nil {
		return err
	}
	if e.verdict == doctor.Problem {
		return errUnwell
	}
	return nil
}

// machine examines what a configuration leads to, nearest things first.
func (e *examination) machine(ctx context.Context, c *config.Config) error {
	if !strings.Contains(c.Store, "://") {
		if err := e.say(doctor.Disk(c.Store)); err != nil {
			return err
		}
	}
	s, err := store.Open(ctx, c.Store, store.Options{ReadOnly: true, Now: e.a.now})
	if err != nil {
		return e.say(doctor.Finding{Check: "store", Subject: where(c.Store), Level: doctor.Problem, Text: err.Error(), Remedy: "correct store in the configuration, or start the database"})
	}
	defer s.Close()
	m, err := e.a.wire(c, s)
	if err == nil {
		_, err = renderer(c) // every theme, not only those in use
	}
	if err != nil {
		return e.say(doctor.Finding{Check: "config", Subject: c.File(), Level: doctor.Problem, Text: err.Error(), Remedy: "correct what it names"})
	}
	m.bars.finish()
	return errors.Join(e.store(ctx, m), e.editions(ctx, m), e.clock(ctx, m), e.mail(ctx, m), e.pages(ctx, m))
}

// where is a store's address without what may be secret in it.
func where(store string) string {
	if u, err := url.Parse(store); err == nil && u.Host != "" {
		return u.Redacted()
	}
	return store
}

// store looks whether the books close.
func (e *examination) store(ctx context.Context, m *machine) error {
	f := doctor.Finding{Check: "store", Subject: where(m.config.Store), Level: doctor.Well, Text: "can be read, and the books close"}
	if _, err := os.Stat(m.config.Store); err != nil && !strings.Contains(m.config.Store, "://") {
		f.Text = "not there yet; the first `zest collect` makes it"
		return e.say(f)
	}
	problems, err := m.store.Check(ctx, 0)
	if err != nil {
		problems = append(problems, err.Error())
	}
	for _, p := range problems {
		f := doctor.Finding{Check: "store", Subject: f.Subject, Level: doctor.Problem, Text: p, Remedy: "keep a copy of the store, then restore the last backup"}
		if err := e.say(f); err != nil {
			return err
		}
	}
	if len(problems) > 0 {
		return nil
	}
	return e.say(f)
}

// editions composes the next edition of every newsletter and stores nothing:
// that reads every source, loads every theme, and lints what would go out.
func (e *examination) editions(ctx context.Context, m *machine) error {
	newsletters, err := m.newsletters(nil)
	if err != nil {
		return err
	}
	read := map[string]bool{}
	for _, n := range newsletters {
		draft, err := m.publisher.Compose(ctx, n, publish.ComposeOptions{Collect: true})
		m.bars.finish()
		for _, s := range draft.Sources {
			if read[s.Source.Name] {
				continue
			}
			read[s.Source.Name] = true
			if err := e.say(sourceFinding(s)); err != nil {
				return err
			}
		}
		if err := e.say(editionFindings(n, draft, err)...); err != nil {
			return err
		}
	}
	return nil
}

func sourceFinding(s publish.SourceReport) doctor.Finding {
	f := doctor.Finding{Check: "source", Subject: s.Source.Name, Level: doctor.Well, Text: count(s.Items, "item", "items")}
	switch {
	case errors.Is(s.Err, digest.ErrGone):
		f.Level, f.Text, f.Remedy = doctor.Problem, s.Err.Error(), "remove the source, or give it its new address"
	case s.Err != nil:
		f.Level, f.Text, f.Remedy = doctor.Problem, s.Err.Error(), "look at what it answers: zest source inspect "+s.Source.URL
	case s.NotModified:
		f.Text = "unchanged since it was read last"
	case s.Items == 0:
		f.Level, f.Text, f.Remedy = doctor.Warning, "answers, and holds nothing", "look at what it answers: zest source inspect "+s.Source.URL
	}
	return f
}

func editionFindings(n digest.Newsletter, d publish.Draft, err error) []doctor.Finding {
	f := doctor.Finding{Check: "edition", Subject: n.Name, Level: doctor.Well}
	var out []doctor.Finding
	switch {
	case errors.Is(err, digest.ErrNothingNew):
		f.Text = "nothing new to try the theme with"
		return append(out, f)
	case err != nil:
		f.Level, f.Text, f.Remedy = doctor.Problem, err.Error(), "correct what it names; `zest plan "+n.Name+"` tries again"
		return append(out, f)
	case d.Readers == 0:
		f.Level, f.Text, f.Remedy = doctor.Warning, "nobody is subscribed", "zest subscribers add "+n.Lists[0]+" ADDRESS, or publish "+n.PublicURL+"/subscribe/"+n.Name
	default:
		f.Text = fmt.Sprintf("%s for %s", count(d.Selection.Count(), "story", "stories"), count(d.Readers, "reader", "readers"))
	}
	out = append(out, f)
	for _, v := range d.Variants {
		for _, l := range v.Findings {
			if l.Severity == lint.Hard {
				out = append(out, doctor.Finding{Check: "lint", Subject: n.Name + " (" + v.Variant.Key + ")", Level: doctor.Problem,
					Text: fmt.Sprintf("%s (line %d, %s)", l.Reason, l.Line, l.Rule), Remedy: "zest preview " + n.Name + " shows the message"})
			}
		}
	}
	return out
}

// clock asks the web servers we know anyway for the time.
func (e *examination) clock(ctx context.Context, m *machine) error {
	var servers []string
	sources, err := m.sources(nil)
	if err != nil {
		return err
	}
	for _, s := range sources {
		if isURL(s.URL) {
			servers = append(servers, s.URL)
		}
	}
	return e.say(e.d.Clock(ctx, append(servers, m.config.PublicURL)))
}

func (e *examination) mail(ctx context.Context, m *machine) error {
	c := m.config
	sender, err := e.a.sender(c, nil)
	if err != nil {
		return err
	}
	can, err := sender.Probe(ctx)
	f := doctor.Relay(wayOut(c), err)
	if err == nil && serverOut(c) {
		f.Text = fmt.Sprintf("encrypted %v, login %v, pipelining %v, DSN %v, SMTPUTF8 %v", can.Encrypted, can.Auth, can.Pipelining, can.DSN, can.SMTPUTF8)
	}
	if err := e.say(f); err != nil {
		return err
	}
	keys, err := sender.Published()
	if err != nil {
		return err
	}
	newsletters, err := m.newsletters(nil)
	if err != nil {
		return err
	}
	var seen []string
	for _, n := range newsletters {
		way := doctor.Mail{From: address.Domain(n.From.Email), BounceDomain: n.BounceDomain, Relay: c.SMTP.Host}
		if way.BounceDomain == "" {
			way.BounceDomain = way.From
		}
		if slices.Contains(seen, way.From+" "+way.BounceDomain) {
			continue
		}
		seen = append(seen, way.From+" "+way.BounceDomain)
		for _, k := range keys {
			way.Keys = append(way.Keys, doctor.Key(k))
		}
		if err := e.say(e.d.Mail(ctx, way)...); err != nil {
			return err
		}
	}
	return nil
}

func (e *examination) pages(ctx context.Context, m *machine) error {
	keys, err := m.options.Store.Keyring(ctx)
	if errors.Is(err, digest.ErrNotFound) {
		keys, err = digest.NewKeyring([]byte("no key yet")), nil
	}
	if err != nil {
		return err
	}
	ticket := keys.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Newsletter: m.names()[0]})
	return e.say(e.d.Pages(ctx, m.config.PublicURL, ticket)...)
}
