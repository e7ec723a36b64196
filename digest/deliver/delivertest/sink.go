package delivertest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Sink is a mail server that takes everything and keeps nothing: what is
// measured against it is the sender. It pipelines (RFC 2920), takes chunks (RFC
// 3030), encrypts when it has a certificate (RFC 3207), and can stand as far away
// as a test wants.
type Sink struct {
	RoundTrip time.Duration // from a command to the sight of its reply; 0 for none
	Chunking  bool
	TLS       *tls.Config // nil: STARTTLS is not offered

	messages, bytes, connections atomic.Int64
}

// Serve takes connections until the listener closes.
func (s *Sink) Serve(l net.Listener) error {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		s.connections.Add(1)
		go s.serve(c)
	}
}

// Counts are the messages taken so far, the octets of their content as sent, and
// the connections.
func (s *Sink) Counts() (messages, octets, connections int64) {
	return s.messages.Load(), s.bytes.Load(), s.connections.Load()
}

// visit is one connection to a Sink.
type visit struct {
	s    *Sink
	conn net.Conn
	r    *bufio.Reader
	out  []byte // replies not yet written
	line *delayLine
}

func (s *Sink) serve(c net.Conn) {
	defer func() { c.Close() }()
	v := &visit{s: s, conn: c, r: bufio.NewReaderSize(c, 128<<10)}
	v.open(c)
	v.say("220 sink ESMTP")
	for {
		if v.r.Buffered() == 0 && !v.flush() {
			return
		}
		line, err := v.r.ReadSlice('\n')
		if err != nil || !v.answer(bytes.TrimRight(line, "\r\n")) {
			v.flush()
			v.line.close()
			return
		}
		c = v.conn
	}
}

func (v *visit) open(c net.Conn) {
	v.conn = c
	v.line = nil
	if v.s.RoundTrip > 0 {
		v.line = newDelayLine(c, v.s.RoundTrip)
	}
}

func (v *visit) say(reply string) { v.out = append(append(v.out, reply...), "\r\n"...) }

// flush writes the pending replies, now or when the round trip is over.
func (v *visit) flush() bool {
	if len(v.out) == 0 {
		return true
	}
	var err error
	if v.line != nil {
		v.line.send(v.out)
	} else {
		_, err = v.conn.Write(v.out)
	}
	v.out = v.out[:0]
	return err == nil
}

// answer deals with one command, and reports whether the connection goes on.
func (v *visit) answer(line []byte) bool {
	verb := line
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		verb = line[:i]
	}
	switch string(bytes.ToUpper(verb)) {
	case "EHLO", "HELO":
		v.hello()
	case "STARTTLS":
		return v.encrypt()
	case "DATA":
		v.say("354 go ahead")
		if !v.flush() || !v.data() {
			return false
		}
		v.taken()
	case "BDAT":
		return v.chunk(line)
	case "QUIT":
		v.say("221 2.0.0 bye")
		return false
	default:
		v.say("250 2.0.0 ok")
	}
	return true
}

func (v *visit) hello() {
	v.say("250-sink")
	v.say("250-PIPELINING")
	if v.s.Chunking {
		v.say("250-CHUNKING")
	}
	if _, secret := v.conn.(*tls.Conn); v.s.TLS != nil && !secret {
		v.say("250-STARTTLS")
	}
	v.say("250 ENHANCEDSTATUSCODES")
}

func (v *visit) encrypt() bool {
	if v.s.TLS == nil {
		v.say("502 5.5.1 not offered")
		return true
	}
	v.say("220 2.0.0 go ahead")
	if !v.flush() {
		return false
	}
	v.line.close()
	c := tls.Server(v.conn, v.s.TLS)
	if c.Handshake() != nil {
		return false
	}
	v.open(c)
	v.r = bufio.NewReaderSize(c, 128<<10)
	return true
}

func (v *visit) taken() {
	v.s.messages.Add(1)
	v.say("250 2.0.0 taken")
}

// data reads up to the line of one dot. It looks at whole buffers, not at lines.
func (v *visit) data() bool {
	end := []byte("\r\n.\r\n")
	last := make([]byte, 0, 2*len(end)) // the end of what was read, across buffers
	for {
		if _, err := v.r.Peek(1); err != nil {
			return false
		}
		chunk, _ := v.r.Peek(v.r.Buffered())
		// The end may lie across two buffers.
		seam := append(last, chunk[:min(len(chunk), len(end)-1)]...)
		n := -1
		if i := bytes.Index(seam, end); i >= 0 {
			n = i + len(end) - len(last)
		} else if i := bytes.Index(chunk, end); i >= 0 {
			n = i + len(end)
		}
		if n >= 0 {
			v.r.Discard(n)
			v.s.bytes.Add(int64(n))
			return true
		}
		if len(chunk) >= len(end)-1 {
			seam = chunk
		}
		last = append(last[:0], seam[max(0, len(seam)-len(end)+1):]...)
		v.s.bytes.Add(int64(len(chunk)))
		v.r.Discard(len(chunk))
	}
}

func (v *visit) chunk(line []byte) bool {
	fields := bytes.Fields(line)
	n, err := strconv.Atoi(string(fields[min(1, len(fields)-1)]))
	if err != nil || n < 0 {
		v.say("501 5.5.4 how many octets?")
		return true
	}
	if _, err := io.CopyN(io.Discard, v.r, int64(n)); err != nil {
		return false
	}
	v.s.bytes.Add(int64(n))
	if len(fields) == 3 {
		v.taken()
	} else {
		v.say("250 2.0.0 go on")
	}
	return true
}

// delayLine writes each reply a round trip after it was made, without holding up
// those behind it, as a long cable does.
type delayLine struct {
	trip  time.Duration
	queue chan late
	done  sync.WaitGroup
}

type late struct {
	at   time.Time
	text []byte
}

func newDelayLine(c net.Conn, trip time.Duration) *delayLine {
	d := &delayLine{trip: trip, queue: make(chan late, 64)}
	d.done.Go(func() {
		for l := range d.queue {
			time.Sleep(time.Until(l.at))
			c.Write(l.text)
		}
	})
	return d
}

func (d *delayLine) send(text []byte) {
	d.queue <- late{time.Now().Add(d.trip), bytes.Clone(text)}
}

func (d *delayLine) close() {
	if d != nil {
		close(d.queue)
		d.done.Wait()
	}
}
