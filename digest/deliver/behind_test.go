package deliver

import (
	"bufio"
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/zest-digest/zest/digest"
)

// brittle is a connection that breaks for writing after so many octets, and can
// still be read from.
type brittle struct {
	net.Conn
	left int
}

func (b *brittle) Write(p []byte) (int, error) {
	if n := min(len(p), b.left); n < len(p) {
		b.left -= n
		n, _ = b.Conn.Write(p[:n])
		return n, syscall.EPIPE
	}
	b.left -= len(p)
	return b.Conn.Write(p)
}

// A message that is gone whole may have been taken, even if the connection broke
// in the envelope behind it: then its reply decides, and nobody sends it again.
func TestAMessageIsGoneOnceItsEndIs(t *testing.T) {
	next := &digest.Reader{Email: "next@example.org", Envelope: "bounce+1@example.org"}
	l := &letter{message: &Message{opening: []byte("Subject: Bonjour\r\n\r\nLe pont rouvre.\r\n")}}
	whole := octets(l.data(nil))
	for _, c := range []struct {
		octets int
		gone   bool
	}{{whole - 1, false}, {whole, true}, {whole + 9, true}} {
		t.Run(fmt.Sprintf("%d of %d octets", c.octets, whole), func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer ours.Close()
			go func() {
				fmt.Fprint(theirs, "220 here\r\n")
				r := bufio.NewReader(theirs)
				for n := 0; n < min(c.octets, whole); n++ {
					r.ReadByte()
				}
				if c.gone {
					go fmt.Fprint(theirs, "250 2.0.0 taken\r\n")
				}
				for {
					if _, err := r.ReadByte(); err != nil {
						return
					}
				}
			}()
			client, err := smtp.NewClient(&brittle{ours, 1 << 20}, "localhost")
			if err != nil {
				t.Fatal(err)
			}
			conn := &brittle{ours, c.octets}
			client.Text.W = bufio.NewWriter(conn)
			s := &session{client: client, conn: conn, pipeline: true, open: 1, timeouts: Timeouts{Command: time.Second, Data: time.Second, End: time.Second}}
			begun, err := s.content(t.Context(), l, next)
			if begun || (err == nil) != c.gone {
				t.Fatalf("the next one begun: %v; %v", begun, err)
			}
			if !c.gone {
				return
			}
			if err := s.end(t.Context()); err != nil || !s.broken || s.sent != 1 {
				t.Errorf("%v, broken %v, sent %d", err, s.broken, s.sent)
			}
		})
	}
}
