package inbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/netutil"

	"github.com/zest-digest/zest/digest"
)

// ServerOptions say what a receiver takes.
type ServerOptions struct {
	Name      string            // of this host, in the greeting
	Domains   []string          // that bounces come back to
	Mailboxes map[string]string // folders in the form of Maildir, by the address whose mail goes there
	TLS       *tls.Config       // for STARTTLS; nil for none
	LMTP      bool              // RFC 2033 instead of SMTP
}

// Server is a receiver of mail. It takes messages to the addresses that our own
// messages name, with a ticket that opens, to postmaster and abuse (RFC 5321
// 4.5.1, RFC 2142), and to mailboxes of its own; it refuses everything else
// before it is sent, relays nothing, and answers nothing by mail.
type Server struct {
	in *Inbox
	o  ServerOptions
}

// NewServer makes a receiver.
func NewServer(in *Inbox, o ServerOptions) *Server {
	for i := range o.Domains {
		o.Domains[i] = strings.ToLower(o.Domains[i])
	}
	boxes := map[string]string{}
	for address, folder := range o.Mailboxes {
		boxes[strings.ToLower(address)] = folder
	}
	o.Mailboxes = boxes
	return &Server{in, o}
}

// What one client may take of us.
const (
	connections   = 100
	maxRecipients = 20
	patience      = time.Minute // for each line and each block of a message
)

// Serve takes mail on l until ctx ends; then it lets the messages under way
// finish.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{s: s, ctx: ctx}, nil }))
	server.Domain, server.LMTP, server.TLSConfig = s.o.Name, s.o.LMTP, s.o.TLS
	server.MaxMessageBytes, server.MaxRecipients = MaxMessage, maxRecipients
	server.ReadTimeout, server.WriteTimeout = patience, patience
	server.EnableSMTPUTF8 = true // a bounce may name an address of RFC 6531
	server.ErrorLog = log.New(io.Discard, "", 0)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(netutil.LimitListener(l, connections)) }()
	select {
	case err := <-failed:
		return fmt.Errorf("receiving mail: %w", err)
	case <-ctx.Done():
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(end); !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		return nil // what was not acknowledged comes again
	}
}

// session is one transaction after another on a connection.
type session struct {
	s   *Server
	ctx context.Context
	to  []recipient
}

type recipient struct {
	address string
	folder  string // of a mailbox; "" for the inbox
}

// Reset implements [smtp.Session].
func (x *session) Reset() { x.to = nil }

// Logout implements [smtp.Session].
func (x *session) Logout() error { return nil }

// Mail implements [smtp.Session]. Bounces come from nobody, complaints from
// anybody.
func (x *session) Mail(string, *smtp.MailOptions) error { return nil }

var (
	errNobody  = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such address here"}
	errRelay   = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "this server relays nothing"}
	errTrouble = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "it could not be stored; try again later"}
)

// Rcpt implements [smtp.Session].
func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if folder, ok := x.s.o.Mailboxes[strings.ToLower(to)]; ok {
		x.to = append(x.to, recipient{to, folder})
		return nil
	}
	name, token, domain := split(to)
	switch {
	case domain != "" && !slices.Contains(x.s.o.Domains, domain):
		return errRelay
	case token == "" && slices.Contains([]string{"postmaster", "abuse", "complaints", nameBounce}, name):
	case name == nameBounce || name == nameLeave:
		if _, err := x.s.in.o.Keys.OpenBounce(token); err != nil {
			return errNobody
		}
	default:
		return errNobody
	}
	x.to = append(x.to, recipient{address: to})
	return nil
}

// Data implements [smtp.Session]: a message is stored and acted on before it is
// acknowledged.
func (x *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	source := "smtp"
	if x.s.o.LMTP {
		source = "lmtp"
	}
	if loops := bytes.Count(raw[:min(len(raw), 64<<10)], []byte("\nReceived:")); loops > 100 { // RFC 5321 6.3
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 4, 6}, Message: "this message goes in circles"}
	}
	for _, to := range x.to {
		if to.folder != "" {
			err = deposit(to.folder, raw)
		} else {
			_, err = x.s.in.Take(context.WithoutCancel(x.ctx), source, to.address, raw)
		}
		if err != nil {
			if x.s.in.o.Told != nil && to.folder != "" {
				x.s.in.o.Told(digest.Returned{Source: source}, err)
			}
			return errTrouble
		}
	}
	return nil
}
