package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// refusal is a reply that ends a transaction.
type refusal struct {
	at   stage
	code int
	text string
}

func (r *refusal) Error() string { return fmt.Sprintf("%s: %d %s", r.at, r.code, r.text) }

// lost is a connection that broke, or that the server said it closes.
type lost struct {
	at  stage
	err error // a *refusal with code 421 when the server said so
}

func (l *lost) Error() string { return fmt.Sprintf("%s: %v", l.at, l.err) }
func (l *lost) Unwrap() error { return l.err }

// said is the server's own word in an error, nil when there was none.
func said(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}

func isLost(err error) bool {
	var gone *lost
	return errors.As(err, &gone)
}

// begin writes the envelope of a message. Where the server does not pipeline it
// only remembers it, and [session.ready] says it line by line.
func (s *session) begin(ctx context.Context, r *digest.Reader) error {
	var err error
	if s.head, err = s.envelope(s.head[:0], r); err != nil {
		return err
	}
	s.open++
	if !s.pipeline {
		return nil
	}
	s.deadline(ctx, s.timeouts.Command)
	_, err = s.write(s.head)
	return s.unwritten(stageMail, err)
}

// envelope makes the commands of a transaction, with the parameters that the
// server offers and this address needs.
func (s *session) envelope(b []byte, r *digest.Reader) ([]byte, error) {
	plain := ascii(r.Email)
	if !plain && !s.utf8 {
		return b, &refusal{stageRcpt, 553, "5.6.7 the mail server does not take this kind of address (SMTPUTF8)"}
	}
	if s.stale {
		b = append(b, "RSET\r\n"...)
	}
	b = append(append(append(b, "MAIL FROM:<"...), r.Envelope...), '>')
	if !plain {
		// Asking for SMTPUTF8 without need makes servers further on bounce (5.6.7),
		// so only a local part that has no other form asks for it (RFC 6531 3.4).
		b = append(b, " SMTPUTF8"...)
	}
	if s.dsn {
		id, _, _ := strings.Cut(strings.TrimPrefix(r.Envelope, "bounce+"), "@")
		b = appendXtext(append(b, " RET=HDRS ENVID="...), id)
	}
	b = append(append(append(b, "\r\nRCPT TO:<"...), r.Email...), '>')
	if s.dsn {
		b = append(b, " NOTIFY=FAILURE,DELAY"...)
		if plain {
			b = appendXtext(append(b, " ORCPT=rfc822;"...), r.Email)
		}
	}
	b = append(b, "\r\n"...)
	if !s.chunking {
		b = append(b, "DATA\r\n"...)
	}
	return b, nil
}

// ready reads the replies to an envelope, every one of them whatever they are,
// so that the session stays in step. Nil means that the server waits for the
// message.
func (s *session) ready(ctx context.Context) error {
	lines := s.head
	var first error
	s.deadline(ctx, s.timeouts.Command)
	at := stageMail
	for len(lines) > 0 {
		end := bytes.IndexByte(lines, '\n') + 1
		if !s.pipeline {
			if first != nil {
				break
			}
			s.deadline(ctx, s.timeouts.Command)
			if _, err := s.write(lines[:end]); err != nil {
				return s.unwritten(at, err)
			}
		}
		var err error
		switch lines[0] {
		case 'R':
			if lines[1] == 'S' { // RSET
				err = s.expect(stageMail, 2)
				s.stale = false
			} else {
				err = s.expect(stageRcpt, 2)
			}
		case 'M':
			err = s.expect(stageMail, 2)
		default: // DATA
			if err = s.expect(stageData, 3); err == nil && first != nil {
				// The server waits for a message that has no recipient. An empty one
				// could be taken for mail; closing the connection cannot.
				s.broken = true
			}
		}
		if first == nil {
			first = err
		}
		if s.broken {
			return first
		}
		lines = lines[end:]
	}
	if first != nil {
		s.open--
		s.stale = true // MAIL may stand without its RCPT; a RSET too much is harmless
	}
	return first
}

// content writes the message, and behind it the envelope of the next one, when
// there is a next: RFC 2920 section 3.1 allows a message to be the first of a
// group of commands. It reports whether that envelope is on its way. An error
// means that the server does not have the message.
func (s *session) content(ctx context.Context, l *letter, next *digest.Reader) (begun bool, err error) {
	var behind []byte
	if next != nil && s.pipeline {
		if s.head, err = s.envelope(s.head[:0], next); err == nil {
			behind = s.head
		}
	}
	pieces := l.data(behind)
	if s.chunking {
		pieces = l.chunk(behind)
	}
	whole := octets(pieces) - len(behind)
	s.deadline(ctx, s.timeouts.Data)
	s.watchdog.begin(s)
	n, err := s.writeAll(pieces)
	s.watchdog.end(s)
	switch {
	case err == nil:
		if begun = len(behind) > 0; begun {
			s.open++
		}
		return begun, nil
	case n >= whole:
		s.deaf = true // after the message; the reply to it may still come
		return false, nil
	}
	return false, s.unwritten(stageData, err)
}

// end reads the reply to the message.
func (s *session) end(ctx context.Context) error {
	s.deadline(ctx, s.timeouts.End)
	err := s.expect(stageEnd, 2)
	if s.broken {
		return err
	}
	s.open--
	s.broken = s.deaf
	if err == nil {
		s.sent++
	} else {
		s.stale = s.open == 0 // RFC 3030 section 2 wants a RSET after a refused chunk
	}
	return err
}

// write hands bytes to the connection, all of them. After an error it says how
// many are gone.
func (s *session) write(b []byte) (n int, err error) {
	w := s.client.Text.W
	if n, err = w.Write(b); err == nil {
		err = w.Flush()
		n -= w.Buffered()
	}
	return n, err
}

// writeAll hands pieces to the connection, as write does. Where nothing stands
// between us and the system, it gets them as they lie.
func (s *session) writeAll(pieces [][]byte) (n int, err error) {
	if s.bare {
		s.vector = pieces
		n, err := s.vector.WriteTo(s.conn)
		return int(n), err
	}
	s.joined = s.joined[:0]
	for _, p := range pieces {
		s.joined = append(s.joined, p...)
	}
	return s.write(s.joined)
}

// unwritten ends a session whose server takes no more. It may have said why
// before it stopped listening: 421, or that the message is too big.
func (s *session) unwritten(at stage, err error) error {
	if err == nil {
		return nil
	}
	s.conn.SetReadDeadline(time.Now().Add(time.Second))
	word := said(s.expect(at, 0))
	s.broken = true
	switch {
	case word == nil:
		return &lost{at, err}
	case at == stageData && word.code != 421:
		return word
	}
	return &lost{at, word}
}

// expect reads a reply. A code of another class is a *refusal; 421, something
// that is no reply, or silence is a *lost.
func (s *session) expect(at stage, class int) error {
	r, err := readReply(s.client.Text.R)
	if err != nil {
		s.broken = true
		return &lost{at, err}
	}
	switch {
	case r.code == 421:
		// The server closes (RFC 5321 section 3.8); the reader is not to blame.
		s.broken = true
		return &lost{at, &refusal{at, r.code, r.text}}
	case r.code/100 == class:
		return nil
	case r.code >= 400:
		return &refusal{at, r.code, r.text}
	}
	s.broken = true
	return &lost{at, fmt.Errorf("%w: %d to %s", errReply, r.code, at)}
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] > 126 {
			return false
		}
	}
	return true
}

// appendXtext is RFC 3461 section 4's encoding of a parameter.
func appendXtext(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c > ' ' && c <= '~' && c != '+' && c != '=' {
			b = append(b, c)
		} else {
			b = append(b, '+', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return b
}
