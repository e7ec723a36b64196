package deliver

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/zest-digest/zest/digest"
)

// TLS says how a connection is protected.
type TLS string

// The ways to protect a connection. There is no "if possible": a connection that
// silently lost its protection is the one that mattered.
const (
	TLSStart    TLS = "starttls" // RFC 3207; refused when the server does not offer it
	TLSImplicit TLS = "implicit" // RFC 8314
	TLSNone     TLS = "none"     // for a relay on this machine
)

// Relay is a mail server that takes our messages.
type Relay struct {
	Host      string
	Port      int
	TLS       TLS
	User      string
	Password  string
	LocalName string         // for EHLO; the host's name when empty
	Roots     *x509.CertPool // nil for the system's
}

// Timeouts bound each stage (RFC 5321 section 4.5.3.2 asks for minutes).
type Timeouts struct {
	Dial, Command, Data, End time.Duration
}

// session is one connection to a relay.
type session struct {
	client   *smtp.Client
	conn     net.Conn // below any TLS: deadlines are set here
	timeouts Timeouts
	sent     int
	broken   bool
	pipeline bool
	dsn      bool
	utf8     bool
	buf      []byte
	stop     func() bool
}

// open dials a relay. A failure is a [*digest.SendError] that blames no reader.
func open(ctx context.Context, r Relay, t Timeouts) (*session, error) {
	s := &session{timeouts: t}
	options := []mail.Option{
		mail.WithPort(r.Port), mail.WithTimeout(t.Dial), mail.WithoutSMTPUTF8(),
		mail.WithTLSConfig(&tls.Config{ServerName: r.Host, RootCAs: r.Roots, MinVersion: tls.VersionTLS12}),
		mail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{Timeout: t.Dial}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			s.conn = conn
			conn.SetDeadline(time.Now().Add(t.Dial + t.Command))
			if r.TLS == TLSImplicit {
				return tls.Client(conn, &tls.Config{ServerName: r.Host, RootCAs: r.Roots, MinVersion: tls.VersionTLS12}), nil
			}
			return conn, nil
		}),
	}
	if r.TLS == TLSStart {
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	} else {
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if r.LocalName != "" {
		options = append(options, mail.WithHELO(r.LocalName))
	}
	if r.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(r.User), mail.WithPassword(r.Password))
	}
	c, err := mail.NewClient(r.Host, options...)
	if err == nil {
		s.client, err = c.DialToSMTPClientWithContext(ctx)
	}
	if err != nil {
		if s.conn != nil {
			s.conn.Close()
		}
		at := stageConnect
		var reply *textproto.Error
		if errors.As(err, &reply) && (reply.Code == 530 || reply.Code == 534 || reply.Code == 535) { // RFC 4954 section 6
			at = stageLogin
		}
		return nil, &digest.SendError{Verdict: digest.VerdictDefer, Stage: string(at), Err: fmt.Errorf("connecting to %s:%d: %w", r.Host, r.Port, err)}
	}
	s.pipeline, _ = s.client.Extension("PIPELINING")
	s.dsn, _ = s.client.Extension("DSN")
	s.utf8, _ = s.client.Extension("SMTPUTF8")
	// When the run is stopped, what is in flight has a moment to end well.
	s.stop = context.AfterFunc(ctx, func() { s.conn.SetDeadline(time.Now().Add(grace)) })
	return s, nil
}

// grace is how long a stopped run waits for the reply to a message that was
// already written.
const grace = 5 * time.Second

func (s *session) deadline(ctx context.Context, d time.Duration) {
	if ctx.Err() != nil {
		d = min(d, grace)
	}
	s.conn.SetDeadline(time.Now().Add(d))
}

// close says goodbye when the session is whole.
func (s *session) close() {
	if s.stop != nil {
		s.stop()
	}
	if !s.broken {
		s.conn.SetDeadline(time.Now().Add(2 * time.Second))
		s.client.Text.PrintfLine("QUIT")
		s.client.Text.ReadResponse(221)
	}
	s.conn.Close()
}

// refusal is a reply that ends a transaction.
type refusal struct {
	at   stage
	code int
	text string
}

func (r *refusal) Error() string { return fmt.Sprintf("%s: %d %s", r.at, r.code, r.text) }

// lost is a connection that broke.
type lost struct {
	at  stage
	err error
}

func (l *lost) Error() string { return fmt.Sprintf("%s: %v", l.at, l.err) }
func (l *lost) Unwrap() error { return l.err }

// send writes one message. It returns nil when the server took it, a *refusal
// when it said no, and a *lost when the connection broke.
func (s *session) send(ctx context.Context, r *digest.Reader, message []byte) error {
	mailCmd, rcptCmd, err := s.envelope(r)
	if err != nil {
		return err
	}
	if s.pipeline {
		err = s.group(ctx, mailCmd, rcptCmd)
	} else {
		err = s.oneByOne(ctx, mailCmd, rcptCmd)
	}
	if err != nil {
		return err
	}
	s.deadline(ctx, s.timeouts.Data)
	w := s.client.Text.W
	s.buf = stuff(s.buf[:0], message)
	if _, err := w.Write(s.buf); err != nil {
		return s.lose(stageData, err)
	}
	if err := w.Flush(); err != nil {
		// Part of the message may be in the server's hands, but not its end: it
		// cannot have been taken.
		return s.lose(stageData, err)
	}
	s.deadline(ctx, s.timeouts.End)
	if err := s.reply(stageEnd, 250); err != nil {
		return err
	}
	s.sent++
	return nil
}

// envelope makes the MAIL and RCPT commands with the parameters that the server
// offers and this address needs.
func (s *session) envelope(r *digest.Reader) (string, string, error) {
	mailCmd, rcptCmd := "MAIL FROM:<"+r.Envelope+">", "RCPT TO:<"+r.Email+">"
	if !ascii(r.Email) {
		// Asking for SMTPUTF8 without need makes servers further on bounce (5.6.7),
		// so only a local part that has no other form asks for it (RFC 6531 3.4).
		if !s.utf8 {
			return "", "", &refusal{stageRcpt, 553, "5.6.7 the mail server does not take this kind of address (SMTPUTF8)"}
		}
		mailCmd += " SMTPUTF8"
	}
	if s.dsn {
		id, _, _ := strings.Cut(strings.TrimPrefix(r.Envelope, "bounce+"), "@")
		mailCmd += " RET=HDRS ENVID=" + xtext(id)
		rcptCmd += " NOTIFY=FAILURE,DELAY"
		if ascii(r.Email) {
			rcptCmd += " ORCPT=rfc822;" + xtext(r.Email)
		}
	}
	return mailCmd, rcptCmd, nil
}

// group sends the envelope in one go (RFC 2920) and reads every reply, so that
// the session stays in step whatever they are.
func (s *session) group(ctx context.Context, mailCmd, rcptCmd string) error {
	s.deadline(ctx, s.timeouts.Command)
	w := s.client.Text.W
	w.WriteString(mailCmd + "\r\n" + rcptCmd + "\r\nDATA\r\n")
	if err := w.Flush(); err != nil {
		return s.lose(stageMail, err)
	}
	first := s.reply(stageMail, 250)
	if s.broken {
		return first
	}
	if err := s.reply(stageRcpt, 25); first == nil {
		first = err
	} else if s.broken {
		return err
	}
	if s.broken {
		return first
	}
	err := s.reply(stageData, 354)
	if first == nil {
		return err
	}
	if err == nil {
		// The server waits for a message that has no recipient. An empty one could
		// be taken for mail; closing the connection cannot.
		s.broken = true
	}
	return first
}

func (s *session) oneByOne(ctx context.Context, mailCmd, rcptCmd string) error {
	for _, c := range []struct {
		line   string
		at     stage
		expect int
	}{{mailCmd, stageMail, 250}, {rcptCmd, stageRcpt, 25}, {"DATA", stageData, 354}} {
		s.deadline(ctx, s.timeouts.Command)
		if err := s.client.Text.PrintfLine("%s", c.line); err != nil {
			return s.lose(c.at, err)
		}
		if err := s.reply(c.at, c.expect); err != nil {
			if !s.broken {
				s.reset(ctx)
			}
			return err
		}
	}
	return nil
}

func (s *session) reset(ctx context.Context) {
	s.deadline(ctx, s.timeouts.Command)
	if s.client.Text.PrintfLine("RSET") != nil || s.reply(stageMail, 250) != nil {
		s.broken = true
	}
}

func (s *session) reply(at stage, expect int) error {
	code, text, err := s.client.Text.ReadResponse(expect)
	var protocol *textproto.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &protocol) && code >= 400 && code < 600:
		if code == 421 {
			// The server closes (RFC 5321 section 3.8); the reader is not to blame.
			return s.lose(at, protocol)
		}
		return &refusal{at, code, text}
	}
	return s.lose(at, err)
}

func (s *session) lose(at stage, err error) error {
	s.broken = true
	return &lost{at, err}
}

// stuff doubles the dot at the beginning of a line and ends the message (RFC
// 5321 section 4.5.2).
func stuff(dst, message []byte) []byte {
	if bytes.HasPrefix(message, []byte(".")) {
		dst = append(dst, '.')
	}
	for {
		at := bytes.Index(message, []byte("\n."))
		if at < 0 {
			break
		}
		dst = append(dst, message[:at+1]...)
		dst = append(dst, '.')
		message = message[at+1:]
	}
	dst = append(dst, message...)
	if !bytes.HasSuffix(dst, []byte("\r\n")) {
		dst = append(dst, "\r\n"...)
	}
	return append(dst, ".\r\n"...)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] > 126 {
			return false
		}
	}
	return true
}

// xtext is RFC 3461 section 4's encoding of a parameter.
func xtext(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c > ' ' && c <= '~' && c != '+' && c != '=' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "+%02X", c)
		}
	}
	return b.String()
}

// isProtocol reports whether an error is something the server said.
func isProtocol(err error) bool {
	var p *textproto.Error
	return errors.As(err, &p)
}
