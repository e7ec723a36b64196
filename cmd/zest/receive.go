package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
	"github.com/zest-digest/zest/digest/inbound"
	"github.com/zest-digest/zest/digest/web/hooks"
)

// inbox takes what comes back.
func (m *machine) inbox(ctx context.Context) (*inbound.Inbox, error) {
	keys, err := m.keyring(ctx)
	if err != nil {
		return nil, err
	}
	return inbound.New(inbound.Options{Store: m.store, Keys: keys, Now: m.a.now, Told: m.cameBack}), nil
}

// cameBack logs what came back, without the address of anybody.
func (m *machine) cameBack(r digest.Returned, err error) {
	if err != nil {
		m.a.log.Error("taking what came back", "source", r.Source, "error", err)
		return
	}
	m.a.log.Info("something came back", "source", r.Source, "kind", r.Kind, "class", r.Class, "status", r.Status, "action", r.Action, "edition", r.Edition)
}

// receivers are the ports where `zest serve` takes what comes back.
type receivers struct {
	in     *inbound.Inbox
	listen []listening
}

type listening struct {
	on      net.Listener
	options inbound.ServerOptions
}

// receivers opens the ports of the configuration.
func (m *machine) receivers(ctx context.Context, newsletters []digest.Newsletter) (*receivers, error) {
	c := m.config.Receive
	in, err := m.inbox(ctx)
	if err != nil {
		return nil, err
	}
	r := &receivers{in: in}
	o := inbound.ServerOptions{Name: cmp.Or(m.config.SMTP.Hello, "localhost"), Mailboxes: map[string]string{}}
	for _, n := range newsletters {
		if domain := cmp.Or(n.BounceDomain, address.Domain(n.From.Email)); !slices.Contains(o.Domains, domain) {
			o.Domains = append(o.Domains, domain)
		}
	}
	for _, box := range c.Mailboxes {
		o.Mailboxes[box.Address] = box.Folder
	}
	if c.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("reading receive.cert_file: %w", err)
		}
		o.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	for _, way := range []struct {
		where string
		lmtp  bool
	}{{c.Listen, false}, {c.LMTP, true}} {
		if way.where == "" {
			continue
		}
		network := "tcp"
		if filepath.IsAbs(way.where) {
			network = "unix"
			if err := removeSocket(way.where); err != nil {
				return nil, err
			}
		}
		l, err := net.Listen(network, way.where)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listening for mail: %w", err), r.close())
		}
		one := o
		one.LMTP = way.lmtp
		r.listen = append(r.listen, listening{l, one})
		m.a.notef("taking mail on %s (%s)", l.Addr(), map[bool]string{true: "LMTP", false: "SMTP"}[way.lmtp])
	}
	return r, nil
}

// removeSocket removes what a server that was killed left behind, and nothing
// else.
func removeSocket(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return nil
	}
	if info.Mode().Type() != os.ModeSocket {
		return &digest.InvalidError{Field: "receive.lmtp", Value: path, Reason: "is there and no socket; name another path"}
	}
	return os.Remove(path)
}

func (r *receivers) close() (err error) {
	for _, l := range r.listen {
		err = errors.Join(err, l.on.Close())
	}
	return err
}

// run takes mail until ctx ends.
func (r *receivers) run(ctx context.Context, m *machine) {
	var all sync.WaitGroup
	for _, l := range r.listen {
		all.Go(func() {
			if err := inbound.NewServer(r.in, l.options).Serve(ctx, l.on); err != nil {
				m.a.log.Error("taking mail", "error", err)
			}
		})
	}
	all.Wait()
}

// visit visits the mailboxes of the configuration until ctx ends.
func (m *machine) visit(ctx context.Context, in *inbound.Inbox) {
	for _, p := range m.config.Receive.Poll {
		box := inbound.Poll{URL: p.URL, User: p.User, Password: string(p.Password), Delete: p.Delete}
		go box.Run(ctx, in, p.Every, func(err error) { m.a.log.Error("visiting a mailbox", "error", err) })
	}
}

// hooks answers providers' notices.
func (m *machine) hooks(ctx context.Context) (http.Handler, error) {
	keys, err := m.keyring(ctx)
	if err != nil {
		return nil, err
	}
	h := m.config.Receive.Hooks
	return hooks.New(hooks.Options{
		Store: m.store, Keys: keys, Now: m.a.now, Told: m.cameBack, SESTopics: h.SES.Topics, MailgunKey: string(h.Mailgun.Key), SendGridPublicKey: h.SendGrid.PublicKey,
		PostmarkUser: h.Postmark.User, PostmarkPassword: string(h.Postmark.Password), BrevoToken: string(h.Brevo.Token),
	})
}
