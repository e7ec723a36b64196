package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
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
	Socket    string         // of a Unix domain, instead of host and port
	LMTP      bool           // speak RFC 2033: a server that fills mailboxes itself
	OneByOne  bool           // one command at a time, though it may offer to take several

	// Among several relays.
	Weight      int     // its share of the connections; 1 when 0
	Connections int     // at most; 0 for no limit of its own
	Rate        float64 // messages a second; 0 for no limit of its own
}

// name is the relay for people.
func (r Relay) name() string {
	if r.Socket != "" {
		return r.Socket
	}
	return fmt.Sprintf("%s:%d", r.Host, r.Port)
}

// Timeouts bound each stage (RFC 5321 section 4.5.3.2 asks for minutes).
type Timeouts struct {
	Dial, Command, Data, End time.Duration
}

// session is one connection to a relay. A transaction is begin, ready, content
// and end, in this order; content may begin the next one, so that its commands
// travel behind the message.
type session struct {
	client   *smtp.Client
	conn     net.Conn // below any TLS: deadlines are set here
	timeouts Timeouts
	stop     func() bool
	seat     *seat // of its relay

	pipeline, chunking, dsn, utf8 bool

	sent   int    // messages taken
	broken bool   // nothing can be said or heard any more
	deaf   bool   // the server takes no more; a reply may still come
	open   int    // transactions begun and not concluded; a QUIT would be read as mail
	stale  bool   // the server still holds an envelope, and wants a RSET before the next
	head   []byte // the commands of the newest transaction

	bare   bool        // conn is the system's own, and nothing encrypts what is written
	vector net.Buffers // what is being written to such a one
	joined []byte      // what is being written to another

	watchdog watchdog
}

// open dials a relay. A failure is a [*digest.SendError] that blames no reader.
func open(ctx context.Context, r Relay, t Timeouts) (*session, error) {
	s := &session{timeouts: t}
	options := []mail.Option{
		mail.WithPort(r.Port), mail.WithTimeout(t.Dial), mail.WithoutSMTPUTF8(),
		mail.WithTLSConfig(&tls.Config{ServerName: r.Host, RootCAs: r.Roots, MinVersion: tls.VersionTLS12}),
		mail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			return s.dial(ctx, network, address, r)
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
	host := r.Host
	if r.Socket != "" {
		host = "localhost"
	}
	c, err := mail.NewClient(host, options...)
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
		return nil, &digest.SendError{Verdict: digest.VerdictDefer, Stage: string(at), Err: fmt.Errorf("connecting to %s: %w", r.name(), err)}
	}
	s.pipeline, _ = s.client.Extension("PIPELINING")
	s.pipeline = s.pipeline && !r.OneByOne
	s.chunking, _ = s.client.Extension("CHUNKING")
	s.dsn, _ = s.client.Extension("DSN")
	s.utf8, _ = s.client.Extension("SMTPUTF8")
	// When the run is stopped, what is in flight has a moment to end well.
	s.stop = context.AfterFunc(ctx, func() { s.conn.SetDeadline(time.Now().Add(grace)) })
	return s, nil
}

// dial makes the connection below a session, with TLS from the first byte where
// the relay wants that.
func (s *session) dial(ctx context.Context, network, address string, r Relay) (net.Conn, error) {
	if r.Socket != "" {
		network, address = "unix", r.Socket
	}
	conn, err := (&net.Dialer{Timeout: s.timeouts.Dial}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetWriteBuffer(sendBuffer)
	}
	s.bare = r.TLS == TLSNone && !r.LMTP
	if r.LMTP {
		conn = lmtpConn{conn}
	}
	s.conn = conn
	conn.SetDeadline(time.Now().Add(s.timeouts.Dial + s.timeouts.Command))
	if r.TLS == TLSImplicit {
		return tls.Client(conn, &tls.Config{ServerName: r.Host, RootCAs: r.Roots, MinVersion: tls.VersionTLS12}), nil
	}
	return conn, nil
}

// sendBuffer holds a whole message, in octets: writing one need not wait for the
// server to read it.
const sendBuffer = 256 << 10

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
	if !s.broken && s.open == 0 {
		s.conn.SetDeadline(time.Now().Add(2 * time.Second))
		if s.client.Text.PrintfLine("QUIT") == nil {
			readReply(s.client.Text.R)
		}
	}
	s.conn.Close()
}
