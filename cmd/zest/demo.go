package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/cmd/zest/demo"
	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
)

func (a *app) demoCmd() *cobra.Command {
	var once bool
	var dir string
	c := &cobra.Command{
		Use:   "demo",
		Short: "See the whole job done on this machine, with nothing configured",
		Long: `Serve a small sample web and a local inbox, and run a newsletter between them:
collect, extract, choose, render, and send a real edition over SMTP to a handful
of readers. Then open the printed addresses in a browser.

--once does it, leaves the messages, the edition, the configuration and the
database in DIR, and ends with status 0 when the books close.
` + exitHelp,
		Example: "  zest demo\n  zest demo --once --dir /tmp/zest\n  zest --config /tmp/zest/zest.yaml editions list",
		Args:    exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			if dir == "" {
				tmp, err := os.MkdirTemp("", "zest-demo-")
				if err != nil {
					return err
				}
				dir = tmp
			}
			return a.demo(c.Context(), dir, once)
		},
	}
	c.Flags().BoolVar(&once, "once", false, "do the job, leave the files, and end")
	c.Flags().StringVar(&dir, "dir", "", "the `folder` to work in (default: a new one)")
	return c
}

// demoReaders are the people the demo writes to, each with a choice of their own.
// The last one's mailbox does not exist.
var demoReaders = []struct {
	email, name string
	choice      digest.Choice
}{
	{"camille@example.org", "Camille Dupré", digest.Choice{Language: "fr"}},
	{"oliver@example.com", "Oliver Reed-Hart", digest.Choice{Language: "en"}},
	{"zoe@example.net", "Zoë Nguyễn", digest.Choice{Language: "fr"}},
	{"lea@example.net", "Léa Morvan", digest.Choice{Language: "fr", Topics: []string{"Culture", "Sciences"}}},
	{"mutt@example.org", "Margaux L.", digest.Choice{Language: "fr", TextOnly: true}},
	{"gone@example.com", "Former Reader", digest.Choice{Language: "en"}},
}

const demoConfig = `# Written by zest demo. Try other commands on it: zest --config %[1]s plan horizon
store: zest.db
public_url: http://%[2]s
smtp: {host: %[3]s, port: %[4]s, tls: none}
web: {listen: %[2]s}
collect: {pause: 0s}
newsletters:
  - name: horizon
    title: Horizon
    description: Ce qui compte cette semaine, en deux langues
    language: fr
    zone: Europe/Paris
    from: Horizon <bonjour@horizon.example>
    postal_address: 12 rue du Port, 29000 Quimper
    accent: "#b3402a"
    sources: [quai, culture, lantern, notebook, etabli]
    schedule: ["every monday at 7:30"]
    max: 16
    clip_bytes: 20000 # far less than mail programs clip at, to show how an edition is fitted
    sections:
      - {name: La ville, any: ["source:quai"], max: 5}
      - {name: Culture, any: ["source:culture"]}
      - {name: Sciences, any: ["source:lantern", "source:notebook"]}
      - {name: Ateliers, any: ["source:etabli"], order: newest}
sources:
  - {name: quai, url: "http://%[5]s/quai/feed.xml", language: fr, allow_private: true, full_text: true, weight: 1.2}
  - {name: culture, url: "http://%[5]s/quai/culture.xml", language: fr, allow_private: true, full_text: true}
  - {name: lantern, url: "http://%[5]s/lantern/atom.xml", language: en, allow_private: true, full_text: true}
  - {name: notebook, url: "http://%[5]s/lantern/notebook.json", language: en, allow_private: true, full_text: true}
  - {name: etabli, url: "http://%[5]s/etabli/", kind: page, selector: "main article h2 a", title: L’Établi, allow_private: true, full_text: true}
`

// demo runs the product's own pipeline on an example configuration.
func (a *app) demo(ctx context.Context, dir string, once bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	inbox, err := demo.NewInbox(demo.InboxOptions{SMTPAddr: "127.0.0.1:0", Refuse: []string{"gone@example.com"}})
	if err != nil {
		return fmt.Errorf("opening the inbox: %w", err)
	}
	defer inbox.Close()
	web, err := serveLocal(demo.Web(a.now()))
	if err != nil {
		return err
	}
	defer web.Close()
	public, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer public.Close()

	a.configPath = filepath.Join(dir, "zest.yaml")
	host, port, _ := strings.Cut(inbox.SMTPAddr(), ":")
	text := fmt.Sprintf(demoConfig, a.configPath, public.Addr(), host, port, web.addr)
	if err := os.WriteFile(a.configPath, []byte(text), 0o600); err != nil {
		return err
	}
	return a.with(ctx, readWrite, func(ctx context.Context, m *machine) error {
		report, err := m.demoEdition(ctx)
		if err != nil {
			return err
		}
		if err := m.leave(ctx, dir, inbox, report); err != nil || once {
			return err
		}
		mailbox, err := serveLocal(inbox.Handler())
		if err != nil {
			return err
		}
		defer mailbox.Close()
		a.printf("\n  the inbox        http://%s/\n  the archive      http://%s/horizon\n  the sample web   http://%s/\n\nOpen the inbox in a browser. Ctrl-C ends the demo; %s stays.\n",
			mailbox.addr, public.Addr(), web.addr, dir)
		return m.serve(ctx, public)
	})
}

// demoEdition subscribes the readers and sends them an edition.
func (m *machine) demoEdition(ctx context.Context) (publish.Report, error) {
	for _, r := range demoReaders {
		_, err := m.subscribe(ctx, digest.Subscription{
			List: "horizon", State: digest.SubConfirmed, Since: m.a.now(),
			Subscriber: digest.Subscriber{Email: r.email, Name: r.name, Language: r.choice.Language, TextOnly: r.choice.TextOnly}, Choice: r.choice,
		}, false)
		if err != nil {
			return publish.Report{}, fmt.Errorf("subscribing %s: %w", r.email, err)
		}
	}
	n, err := m.newsletter("horizon")
	if err != nil {
		return publish.Report{}, err
	}
	report, err := m.publisher.Publish(ctx, n, "")
	m.bars.finish()
	if errors.Is(err, digest.ErrNothingNew) {
		// The folder is from an earlier demo: there is an edition to look at.
		return report, nil
	}
	if err != nil {
		return report, err
	}
	if err := m.a.showSources(report.Sources); err != nil {
		return report, err
	}
	m.a.printf("\n")
	for _, e := range report.Editions {
		m.a.showEdition(e)
	}
	return report, nil
}

// leave writes what was sent to files, and fails unless the books close.
func (m *machine) leave(ctx context.Context, dir string, inbox *demo.Inbox, r publish.Report) error {
	if err := inbox.WriteTo(dir); err != nil {
		return err
	}
	for _, e := range r.Editions {
		f, err := m.store.Frozen(ctx, e.Edition.ID)
		if err != nil {
			return err
		}
		for _, p := range f.Proofs {
			if p.Variant.Key != "fr" {
				continue
			}
			err = errors.Join(os.WriteFile(filepath.Join(dir, "edition.html"), []byte(p.HTML), 0o644), os.WriteFile(filepath.Join(dir, "edition.txt"), []byte(p.Text), 0o644))
			if err != nil {
				return err
			}
		}
		// One reader's server refuses; every other one must have it.
		if b := e.Books; !b.Closed() || !b.Done() || b.Sent != len(demoReaders)-1 || len(inbox.Messages()) != b.Sent {
			return fmt.Errorf("the books do not close: %+v, %d messages in the inbox", b, len(inbox.Messages()))
		}
	}
	m.a.printf("books closed; messages and edition are in %s\n", dir)
	return nil
}

// local is an HTTP server on a loopback port of its own.
type local struct {
	addr   string
	server *http.Server
}

func serveLocal(h http.Handler) (*local, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &local{addr: l.Addr().String(), server: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}}
	go s.server.Serve(l)
	return s, nil
}

// Close ends the server.
func (s *local) Close() error { return s.server.Close() }
