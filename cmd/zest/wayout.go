package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/zest-digest/zest/config"
	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/store"
)

// sender makes the way out. A relay's certificate is always verified. s tells
// what the day has seen, for the caps of the day; nil when nothing is to be sent.
func (a *app) sender(c *config.Config, s *store.Store) (*deliver.Sender, error) {
	m := c.SMTP
	o := deliver.Options{
		Connections: m.Connections, PerConnection: m.PerConnection, Rate: m.Rate, Now: a.now,
		Timeouts: deliver.Timeouts{Dial: m.Timeout, Command: m.CommandTimeout, Data: m.CommandTimeout, End: 2 * m.CommandTimeout},
	}
	var err error
	if o.Traffic, err = traffic(c.Traffic, s); err != nil {
		return nil, err
	}
	switch c.Deliver.Via {
	case config.ViaMaildir:
		o.Drop = deliver.Maildir(c.Deliver.Path)
	case config.ViaFolder:
		o.Drop = deliver.Folder(c.Deliver.Path)
	case config.ViaSendmail:
		o.Drop = deliver.Sendmail(strings.Fields(c.Deliver.Command))
	default:
		err = relays(c, &o)
	}
	if err != nil {
		return nil, err
	}
	if c.DKIM.Domain != "" {
		if o.Signer, err = deliver.NewDKIM(c.DKIM.Domain, c.DKIM.Selector, []byte(c.DKIM.Key)); err != nil {
			return nil, err
		}
	}
	return deliver.New(o)
}

// relays are the mail servers: those of the list, or the one.
func relays(c *config.Config, o *deliver.Options) error {
	m := c.SMTP
	one := deliver.Relay{Host: m.Host, Port: m.Port, TLS: deliver.TLS(m.TLS), User: m.User, Password: string(m.Password), LocalName: m.Hello, OneByOne: !m.Pipelining}
	if c.Deliver.Via == config.ViaLMTP {
		one.LMTP, one.Socket = true, c.Deliver.Path
		if one.Socket != "" {
			one.TLS = deliver.TLSNone
		}
	}
	var err error
	if one.Roots, err = roots("smtp.ca_file", m.CAFile); err != nil {
		return err
	}
	o.Relay = one
	if len(c.Relays) > 0 {
		o.Connections = 0
	}
	for _, r := range c.Relays {
		relay := deliver.Relay{
			Host: r.Host, Port: r.Port, TLS: deliver.TLS(r.TLS), User: r.User, Password: string(r.Password), LocalName: r.Hello,
			OneByOne: !m.Pipelining, Weight: r.Weight, Connections: r.Connections, Rate: r.Rate,
		}
		if relay.Roots, err = roots("relays."+r.Name+".ca_file", r.CAFile); err != nil {
			return err
		}
		o.Relays = append(o.Relays, relay)
		o.Connections += r.Connections
	}
	return nil
}

// serverOut reports whether mail leaves by a mail server.
func serverOut(c *config.Config) bool {
	return c.Deliver.Via == config.ViaSMTP || c.Deliver.Via == config.ViaLMTP
}

// wayOut names the way out for people.
func wayOut(c *config.Config) string {
	switch c.Deliver.Via {
	case config.ViaSendmail:
		return c.Deliver.Command
	case config.ViaMaildir, config.ViaFolder:
		return "the " + c.Deliver.Via + " " + c.Deliver.Path
	case config.ViaLMTP:
		if c.Deliver.Path != "" {
			return c.Deliver.Path
		}
	}
	if len(c.Relays) > 0 {
		var names []string
		for _, r := range c.Relays {
			names = append(names, net.JoinHostPort(r.Host, strconv.Itoa(r.Port)))
		}
		return strings.Join(names, ", ")
	}
	return net.JoinHostPort(c.SMTP.Host, strconv.Itoa(c.SMTP.Port))
}

// roots reads the authorities of a relay's certificate; nil for the system's.
func roots(field, path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", field, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &digest.InvalidError{Field: field, Value: path, Reason: "holds no certificate in PEM"}
	}
	return pool, nil
}

func traffic(t config.Traffic, s *store.Store) (deliver.Traffic, error) {
	o := deliver.Traffic{Adaptive: t.Adaptive, LookupMX: t.LookupMX, Limits: map[string]deliver.Limit{}}
	for _, p := range t.Providers {
		o.Limits[p.Name] = deliver.Limit{Rate: p.Rate, Connections: p.Connections, PerDay: p.PerDay}
	}
	since, err := t.WarmUp.Start()
	if err != nil {
		return o, err
	}
	o.WarmUp = deliver.WarmUp{Since: since, FirstDay: t.WarmUp.FirstDay, Growth: t.WarmUp.Growth}
	if s != nil {
		o.Sent = func(ctx context.Context, since time.Time, each func(string)) error {
			return s.SentSince(ctx, since, each)
		}
	}
	return o, nil
}

// alarm tells of the providers and relays that a run leaves alone, and where they say what
// they want.
func (m *machine) alarm() {
	for _, p := range m.closed() {
		m.a.notef("%s %s", m.a.paint(yellow, p.Kind()), p)
		if page := p.Page(); page != "" {
			m.a.notef("  what it wants of senders: %s", page)
		}
	}
}
