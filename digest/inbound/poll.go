package inbound

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/knadh/go-pop3"
)

// Poll is a mailbox that bounces come to: a Maildir's path, or imaps://, imap://
// (TLS after the greeting), pop3s:// or pop3:// with a host, and for IMAP a
// mailbox (INBOX when none is named). Plain pop3:// is for this machine only.
type Poll struct {
	URL      string
	User     string
	Password string
	// Delete takes messages away once they are dealt with. Otherwise IMAP marks
	// them as seen, a Maildir moves them to cur, and POP3, which has neither, keeps
	// them; they count once all the same.
	Delete  bool
	Timeout time.Duration  // of one visit; a minute when 0
	Roots   *x509.CertPool // the system's when nil
}

// batch is how many messages one visit takes.
const batch = 500

// Once visits the mailbox and takes what is new. It returns how many messages
// that were.
func (p *Poll) Once(ctx context.Context, in *Inbox) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(p.Timeout, time.Minute))
	defer cancel()
	scheme, _, found := strings.Cut(p.URL, "://")
	if !found {
		n, err := p.pollMaildir(ctx, in)
		return n, wrap("Maildir "+p.URL, err)
	}
	u, err := url.Parse(p.URL)
	if err != nil || u.Hostname() == "" {
		return 0, fmt.Errorf("polling %s: not an address of a mailbox", p.URL)
	}
	n := 0
	switch scheme {
	case "imap", "imaps":
		n, err = p.pollIMAP(ctx, in, u)
	case "pop3", "pop3s":
		n, err = p.pollPOP3(ctx, in, u)
	default:
		err = errors.New("a mailbox is a path, or begins with imaps://, imap://, pop3s:// or pop3://")
	}
	if err != nil && ctx.Err() != nil {
		err = errors.New("no answer in time")
	}
	return n, wrap(u.Redacted(), err)
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("polling %s: %w", what, err)
	}
	return nil
}

// Run visits the mailbox now and at every interval, until ctx ends.
func (p *Poll) Run(ctx context.Context, in *Inbox, every time.Duration, failed func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if _, err := p.Once(ctx, in); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// dial connects, and ends the connection when ctx does.
func (p *Poll) dial(ctx context.Context, u *url.URL, port string, secure bool) (net.Conn, *tls.Config, error) {
	config := &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12, RootCAs: p.Roots}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)))
	if err != nil {
		return nil, nil, err
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	if !secure {
		return conn, config, nil
	}
	over := tls.Client(conn, config)
	if err := over.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, nil, err
	}
	return over, config, nil
}

func (p *Poll) credentials(u *url.URL) (user, password string) {
	user, password = p.User, p.Password
	if user == "" && u.User != nil {
		user = u.User.Username()
	}
	return user, password
}

var errLogin = errors.New("the server does not let us in; check user and password")

// pollIMAP takes the unseen messages of a mailbox, or all where they are taken
// away.
func (p *Poll) pollIMAP(ctx context.Context, in *Inbox, u *url.URL) (int, error) {
	conn, config, err := p.dial(ctx, u, map[string]string{"imaps": "993", "imap": "143"}[u.Scheme], u.Scheme == "imaps")
	if err != nil {
		return 0, err
	}
	var client *imapclient.Client
	if u.Scheme == "imaps" {
		client = imapclient.New(conn, nil)
	} else if client, err = imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: config}); err != nil {
		conn.Close()
		return 0, err
	}
	defer client.Close()
	user, password := p.credentials(u)
	if err := client.Login(user, password).Wait(); err != nil {
		return 0, errLogin
	}
	if _, err := client.Select(cmp.Or(strings.Trim(u.Path, "/"), "INBOX"), nil).Wait(); err != nil {
		return 0, fmt.Errorf("opening the mailbox: %w", err)
	}
	criteria := &imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagDeleted}}
	if !p.Delete {
		criteria.NotFlag = append(criteria.NotFlag, imap.FlagSeen)
	}
	found, err := client.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return 0, fmt.Errorf("looking for messages: %w", err)
	}
	uids := found.AllUIDs()
	n := 0
	for _, uid := range uids[:min(len(uids), batch)] {
		if err := p.takeIMAP(ctx, in, client, uid); err != nil {
			return n, err
		}
		n++
	}
	if p.Delete && n > 0 {
		if _, err := client.Expunge().Collect(); err != nil {
			return n, fmt.Errorf("taking messages away: %w", err)
		}
	}
	return n, client.Logout().Wait()
}

func (p *Poll) takeIMAP(ctx context.Context, in *Inbox, client *imapclient.Client, uid imap.UID) error {
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: MaxMessage}}
	got, err := client.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		return fmt.Errorf("reading a message: %w", err)
	}
	for _, m := range got {
		if _, err := in.Take(ctx, "imap", "", m.FindBodySection(section)); err != nil {
			return err
		}
	}
	flag := imap.FlagSeen
	if p.Delete {
		flag = imap.FlagDeleted
	}
	return client.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{flag}}, nil).Close()
}

// dialer hands a connection that stands already to the POP3 client.
type dialer struct{ conn net.Conn }

// Dial implements [pop3.Dialer].
func (d dialer) Dial(string, string) (net.Conn, error) { return d.conn, nil }

// pollPOP3 takes every message of a mailbox. Those that stay are read again at
// the next visit and known by their fingerprint.
func (p *Poll) pollPOP3(ctx context.Context, in *Inbox, u *url.URL) (int, error) {
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "pop3" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return 0, errors.New("a password may not go over an open line; use pop3s://")
	}
	conn, _, err := p.dial(ctx, u, map[string]string{"pop3s": "995", "pop3": "110"}[u.Scheme], u.Scheme == "pop3s")
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	client, err := pop3.New(pop3.Opt{Dialer: dialer{conn}}).NewConn()
	if err != nil {
		return 0, err
	}
	user, password := p.credentials(u)
	if err := client.Auth(user, password); err != nil {
		return 0, errLogin
	}
	list, err := client.List(0)
	if err != nil {
		return 0, fmt.Errorf("looking for messages: %w", err)
	}
	if !p.Delete { // the newest: the others were taken at earlier visits
		list = list[max(0, len(list)-batch):]
	}
	n := 0
	for _, m := range list[:min(len(list), batch)] {
		if m.Size > MaxMessage {
			continue
		}
		raw, err := client.RetrRaw(m.ID)
		if err != nil {
			return n, fmt.Errorf("reading a message: %w", err)
		}
		if _, err := in.Take(ctx, "pop3", "", raw.Bytes()); err != nil {
			return n, err
		}
		n++
		if p.Delete {
			if err := client.Dele(m.ID); err != nil {
				return n, fmt.Errorf("taking a message away: %w", err)
			}
		}
	}
	return n, client.Quit() // POP3 deletes only now (RFC 1939 section 6)
}
