package collect

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/zest-digest/zest/digest"
)

// readIMAP reads the newest messages of a mailbox, as far as the limit of bytes
// goes: imaps://host/Mailbox, or imap:// with TLS after the greeting. A password
// goes over an unprotected line to private addresses only.
func (c *Collector) readIMAP(ctx context.Context, s digest.Source, since time.Time, read func([]byte)) error {
	u, err := url.Parse(s.URL)
	if err != nil {
		return fmt.Errorf("%s: not an address", s.URL)
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	client, err := c.dialIMAP(ctx, s, u)
	if err != nil {
		return fmt.Errorf("%s: %w", u.Redacted(), err)
	}
	defer client.Close()
	stop := context.AfterFunc(ctx, func() { client.Close() })
	defer stop()
	err = c.fetchIMAP(client, s, u, since, read)
	if err != nil && ctx.Err() != nil {
		err = errors.New("no answer in time")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", u.Redacted(), err)
	}
	return nil
}

func (c *Collector) dialIMAP(ctx context.Context, s digest.Source, u *url.URL) (*imapclient.Client, error) {
	port := map[string]string{"imaps": "993", "imap": "143"}[u.Scheme]
	if port == "" {
		return nil, errors.New("a mailbox is at imaps:// or imap://")
	}
	conn, err := c.dial(s.AllowPrivate)(ctx, "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)))
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	// What is asked for fits the limit; a server that sends more does not mean it.
	conn = &cappedConn{conn, capped{r: conn, left: 2 * c.o.MaxBytes, what: "the answer"}}
	secure := &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	if u.Scheme == "imaps" {
		over := tls.Client(conn, secure)
		if err := over.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		return imapclient.New(over, nil), nil
	}
	if s.AllowPrivate {
		return imapclient.New(conn, nil), nil
	}
	return imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: secure})
}

type cappedConn struct {
	net.Conn
	capped capped
}

func (c *cappedConn) Read(p []byte) (int, error) { return c.capped.Read(p) }

// fetchIMAP logs in and reads, without marking anything as read.
func (c *Collector) fetchIMAP(client *imapclient.Client, s digest.Source, u *url.URL, since time.Time, read func([]byte)) error {
	user, password := s.User, s.Password
	if user == "" && u.User != nil {
		user = u.User.Username()
		password, _ = u.User.Password()
	}
	if err := client.Login(user, password).Wait(); err != nil {
		return errors.New("the server does not let us in; check user and password")
	}
	box := cmp.Or(strings.Trim(u.Path, "/"), "INBOX")
	if _, err := client.Select(box, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return fmt.Errorf("opening mailbox %s: %w", box, err)
	}
	found, err := client.UIDSearch(&imap.SearchCriteria{Since: since}, nil).Wait()
	if err != nil {
		return fmt.Errorf("looking for messages: %w", err)
	}
	uids := found.AllUIDs()
	if len(uids) == 0 {
		return nil
	}
	slices.Sort(uids)
	uids = uids[max(0, len(uids)-c.o.MaxItems):]
	sizes, err := client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, RFC822Size: true}).Collect()
	if err != nil {
		return fmt.Errorf("asking for sizes: %w", err)
	}
	slices.SortFunc(sizes, func(a, b *imapclient.FetchMessageBuffer) int { return cmp.Compare(b.UID, a.UID) })
	left := c.o.MaxBytes
	for _, m := range sizes {
		if left -= m.RFC822Size; left < 0 {
			break
		}
		section := &imap.FetchItemBodySection{Peek: true}
		got, err := client.Fetch(imap.UIDSetNum(m.UID), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
		if err != nil {
			return fmt.Errorf("reading a message: %w", err)
		}
		for _, one := range got {
			read(one.FindBodySection(section))
		}
	}
	return client.Logout().Wait()
}
