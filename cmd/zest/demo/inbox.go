package demo

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// maxMessageBytes is what one message may weigh; announced as SIZE.
const maxMessageBytes = 25 << 20

// InboxOptions say how the inbox behaves.
type InboxOptions struct {
	SMTPAddr  string        // where to listen; any free port of this machine when empty
	Refuse    []string      // addresses answered 550 5.1.1, compared without regard to case
	OnMessage func(Message) // called after a message was stored; may be nil
}

// Inbox is a mail server that keeps what it gets in memory, byte for byte, and
// shows it on a web page. It offers PIPELINING, 8BITMIME, SMTPUTF8 and DSN.
type Inbox struct {
	refuse    map[string]bool
	onMessage func(Message)
	server    *smtp.Server
	addr      string
	close     func() error // once

	mu       sync.Mutex
	messages []Message
	letters  []func() letter // the same, opened when first looked at
}

// Message is one delivery: a message as one recipient got it.
type Message struct {
	Number   int // from 1, in order of arrival
	From     string
	To       string
	Received time.Time
	Raw      []byte // as it came over the wire, CRLF included
}

// NewInbox listens at once; the caller closes it.
func NewInbox(o InboxOptions) (*Inbox, error) {
	listener, err := net.Listen("tcp", cmp.Or(o.SMTPAddr, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("opening the inbox: %w", err)
	}
	i := &Inbox{refuse: map[string]bool{}, onMessage: o.OnMessage, addr: listener.Addr().String()}
	for _, address := range o.Refuse {
		i.refuse[strings.ToLower(address)] = true
	}
	i.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{inbox: i}, nil
	}))
	i.server.Domain = "inbox.localhost"
	i.server.MaxMessageBytes = maxMessageBytes
	i.server.ReadTimeout, i.server.WriteTimeout = 5*time.Minute, time.Minute
	i.server.EnableSMTPUTF8, i.server.EnableDSN = true, true
	i.server.ErrorLog = silence{}
	served := make(chan error, 1)
	go func() { served <- i.server.Serve(listener) }()
	i.close = sync.OnceValue(func() error {
		err := i.server.Close()
		if end := <-served; end != nil && !errors.Is(end, net.ErrClosed) {
			err = errors.Join(err, end)
		}
		return err
	})
	return i, nil
}

// SMTPAddr is where the inbox takes mail, host and port.
func (i *Inbox) SMTPAddr() string { return i.addr }

// Messages lists what arrived, in order. The messages share their bytes with
// the inbox; do not change them.
func (i *Inbox) Messages() []Message {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.messages)
}

// letter opens a message by its number.
func (i *Inbox) letter(number int) (letter, bool) {
	i.mu.Lock()
	if number < 1 || number > len(i.letters) {
		i.mu.Unlock()
		return letter{}, false
	}
	open := i.letters[number-1]
	i.mu.Unlock()
	return open(), true
}

// WriteTo writes every message to dir/inbox/NNN-recipient.eml, making the
// folder where it is missing.
func (i *Inbox) WriteTo(dir string) error {
	folder := filepath.Join(dir, "inbox")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("writing the inbox: %w", err)
	}
	for _, m := range i.Messages() {
		name := fmt.Sprintf("%03d-%s.eml", m.Number, fileName(m.To))
		if err := os.WriteFile(filepath.Join(folder, name), m.Raw, 0o644); err != nil {
			return fmt.Errorf("writing the inbox: %w", err)
		}
	}
	return nil
}

// fileName keeps of an address what every file system takes.
func fileName(address string) string {
	address = address[:min(len(address), 100)]
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("@._+-", r) || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, strings.ToLower(address))
}

// Close stops taking mail and ends open sessions. What arrived stays readable.
func (i *Inbox) Close() error { return i.close() }

func (i *Inbox) store(from string, to []string, raw []byte) {
	i.mu.Lock()
	first := len(i.messages)
	for _, address := range to {
		m := Message{Number: len(i.messages) + 1, From: from, To: address, Received: time.Now(), Raw: raw}
		i.messages = append(i.messages, m)
		i.letters = append(i.letters, sync.OnceValue(func() letter { return open(m) }))
	}
	arrived := slices.Clone(i.messages[first:])
	i.mu.Unlock()
	if i.onMessage == nil {
		return
	}
	for _, m := range arrived {
		i.onMessage(m)
	}
}

// session is one SMTP connection.
type session struct {
	inbox *Inbox
	from  string
	to    []string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.inbox.refuse[strings.ToLower(to)] {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox here"}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.inbox.store(s.from, s.to, raw)
	return nil
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

// silence drops the SMTP library's own log: a client that hangs up is not an
// event for the person watching the demo.
type silence struct{}

func (silence) Printf(string, ...any) {}
func (silence) Println(...any)        {}
