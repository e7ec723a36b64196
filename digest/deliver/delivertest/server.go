// Package delivertest is a mail server for tests and for `zest selftest`: a real
// one on loopback, that can be told to misbehave at any step.
package delivertest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// Script says how the server behaves. The zero Script is an honest server.
type Script struct {
	Extensions []string                            // of EHLO; nil for PIPELINING, 8BITMIME, ENHANCEDSTATUSCODES
	Banner     string                              // instead of 220
	Reply      func(s Session, verb string) string // an answer instead of 250 or 354; "" for the honest one
	Hangup     func(s Session, verb string) bool   // close without an answer
	AfterReply func(s Session, verb string) bool   // answer, then close
	Swallow    func(s Session) bool                // take a message, and close without an answer
	Trickle    func(s Session, verb string) bool   // answer a byte at a time
	Wait       func(s Session, verb string) time.Duration
	Delay      time.Duration // before every answer
	LMTP       bool          // RFC 2033: greeted by LHLO alone
	HeaderOnly bool          // keep no bodies: for tests with many messages
}

// Session is what a connection is about when the script is asked. The verb "."
// is the end of a message, "body" the middle of one.
type Session struct {
	Connection int // from 1
	Message    int // messages taken on this connection so far
	From, To   string
	Buffered   int // octets that came behind the command and wait
}

// Message is a message that the server took.
type Message struct {
	Connection int
	From, To   string // as in the commands, with parameters
	Data       string // without dot-stuffing
}

// Server is a running server.
type Server struct {
	Host string
	Port int

	script   Script
	listener net.Listener
	mu       sync.Mutex
	messages []Message
	commands []string
	count    int
	busy     sync.WaitGroup
}

// testingTB is the part of [testing.TB] that Start needs: the package is part of
// the shipped program, which has no use for package testing.
type testingTB interface {
	Helper()
	Fatal(args ...any)
	Cleanup(f func())
}

// Start runs a server until the test ends.
func Start(t testingTB, script Script) *Server {
	t.Helper()
	s, err := Listen(script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Listen runs a server on loopback until it is closed.
func Listen(script Script) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for mail: %w", err)
	}
	if script.Extensions == nil {
		script.Extensions = []string{"PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"}
	}
	addr := l.Addr().(*net.TCPAddr)
	s := &Server{Host: "127.0.0.1", Port: addr.Port, script: script, listener: l}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.count++
			n := s.count
			s.mu.Unlock()
			s.busy.Go(func() { s.serve(c, n) })
		}
	}()
	return s, nil
}

// Close stops taking connections.
func (s *Server) Close() { s.listener.Close() }

// Quiet waits until every connection has ended: what dead clients left behind is
// read to its end then.
func (s *Server) Quiet() { s.busy.Wait() }

// Count is how many messages were taken so far.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.messages)
}

// Messages are the messages taken so far.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Commands are the command lines received so far, over all connections.
func (s *Server) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Connections is how many connections were opened.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

func (s *Server) serve(c net.Conn, n int) {
	defer c.Close()
	r, w := bufio.NewReader(c), bufio.NewWriter(c)
	st := Session{Connection: n}
	banner := s.script.Banner
	if banner == "" {
		banner = "220 test ESMTP"
	}
	fmt.Fprintf(w, "%s\r\n", banner)
	w.Flush()
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.note(line)
		st.Buffered = r.Buffered()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		if !s.answer(w, r, &st, verb, line) {
			w.Flush()
			return
		}
		// Pipelined commands are answered in one go, but a message at once (RFC 2920
		// section 3.2: responses to DATA must not be held back).
		if r.Buffered() == 0 || verb == "DATA" || verb == "BDAT" {
			w.Flush()
		}
	}
}

func (s *Server) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, line)
}

// answer answers one command, and reports whether the connection goes on.
func (s *Server) answer(w *bufio.Writer, r *bufio.Reader, st *Session, verb, line string) bool {
	reply := "250 2.0.0 ok"
	switch verb {
	case "EHLO", "HELO", "LHLO":
		if (verb == "LHLO") != s.script.LMTP { // RFC 2033 section 4.1
			fmt.Fprintf(w, "500 5.5.1 not here\r\n")
			return true
		}
		lines := append([]string{"test"}, s.script.Extensions...)
		for i, l := range lines {
			sep := "-"
			if i == len(lines)-1 {
				sep = " "
			}
			fmt.Fprintf(w, "250%s%s\r\n", sep, l)
		}
		return true
	case "MAIL":
		if st.From != "" {
			reply = "503 5.5.1 nested MAIL command"
			break
		}
		st.From, st.To = line[len("MAIL FROM:"):], ""
	case "RSET":
		st.From, st.To = "", ""
	case "RCPT":
		st.To = line[len("RCPT TO:"):]
	case "DATA":
		reply = "354 go ahead"
	case "BDAT":
		return s.chunk(w, r, st, line)
	case "QUIT":
		reply = "221 2.0.0 bye"
	}
	said, alive := s.say(w, *st, verb, reply)
	switch {
	case verb == "MAIL" && !strings.HasPrefix(said, "2"):
		st.From = "" // no transaction was begun
	case verb == "RCPT" && !strings.HasPrefix(said, "2"):
		st.To = "" // no recipient: DATA has nothing to be for
	case verb == "DATA" && alive && strings.HasPrefix(said, "354"):
		return s.data(w, r, st)
	}
	return alive && verb != "QUIT"
}

func (s *Server) data(w *bufio.Writer, r *bufio.Reader, st *Session) bool {
	w.Flush()
	var b strings.Builder
	header := true
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		if line == "\r\n" && s.script.Hangup != nil && s.script.Hangup(*st, "body") {
			return false
		}
		if header = header && line != "\r\n"; header || !s.script.HeaderOnly {
			b.WriteString(strings.TrimPrefix(line, "."))
		}
	}
	return s.take(w, st, b.String())
}

// chunk reads a message that is one chunk (RFC 3030).
func (s *Server) chunk(w *bufio.Writer, r *bufio.Reader, st *Session, line string) bool {
	var n int
	if _, err := fmt.Sscanf(line, "BDAT %d LAST", &n); err != nil {
		_, alive := s.say(w, *st, ".", "501 5.5.4 one chunk, the last one, is all this server takes")
		return alive
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return false
	}
	if s.script.Hangup != nil && s.script.Hangup(*st, "body") {
		return false
	}
	if header, _, ok := bytes.Cut(b, []byte("\r\n\r\n")); ok && s.script.HeaderOnly {
		b = header
	}
	if st.To == "" {
		_, alive := s.say(w, *st, ".", "503 5.5.1 no recipient")
		return alive
	}
	return s.take(w, st, string(b))
}

// take answers a message that has come whole.
func (s *Server) take(w *bufio.Writer, st *Session, data string) bool {
	if s.script.Swallow != nil && s.script.Swallow(*st) {
		s.keep(st, data)
		return false
	}
	if s.script.Hangup != nil && s.script.Hangup(*st, ".") {
		return false
	}
	said, alive := s.say(w, *st, ".", "250 2.0.0 taken")
	defer func() { st.From, st.To = "", "" }()
	if strings.HasPrefix(said, "250") {
		s.keep(st, data)
	}
	return alive
}

func (s *Server) keep(st *Session, data string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, Message{st.Connection, st.From, st.To, data})
	st.Message++
}

func (s *Server) say(w *bufio.Writer, st Session, verb, reply string) (said string, alive bool) {
	if verb == "DATA" && st.To == "" {
		reply = "503 5.5.1 no recipient"
	}
	if s.script.Hangup != nil && verb != "." && s.script.Hangup(st, verb) {
		return "", false
	}
	if s.script.Reply != nil {
		if own := s.script.Reply(st, verb); own != "" {
			reply = own
		}
	}
	time.Sleep(s.script.Delay)
	if s.script.Wait != nil {
		time.Sleep(s.script.Wait(st, verb))
	}
	if s.script.Trickle != nil && s.script.Trickle(st, verb) {
		for i := range len(reply) {
			w.WriteByte(reply[i])
			w.Flush()
			time.Sleep(time.Millisecond)
		}
		reply, said = "", reply
	}
	fmt.Fprintf(w, "%s\r\n", reply)
	if reply == "" {
		reply = said
	}
	if s.script.AfterReply != nil && s.script.AfterReply(st, verb) {
		return reply, false
	}
	return reply, !strings.HasPrefix(reply, "421")
}
