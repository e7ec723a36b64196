package delivertest

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

func visitSink(t *testing.T, s *Sink) (net.Conn, *bufio.Reader) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go s.Serve(l)
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return c, bufio.NewReader(c)
}

func replies(t *testing.T, r *bufio.Reader, want ...string) {
	t.Helper()
	for _, w := range want {
		got, err := r.ReadString('\n')
		if err != nil || !strings.HasPrefix(got, w) {
			t.Fatalf("%q %v, want %s", got, err, w)
		}
	}
}

func TestTheSinkFindsTheEndOfAMessageWhereverItLies(t *testing.T) {
	s := &Sink{Chunking: true}
	c, r := visitSink(t, s)
	fmt.Fprintf(c, "EHLO me\r\n")
	replies(t, r, "220", "250-", "250-", "250-CHUNKING", "250 ")
	body := "a: b\r\n\r\n..\r\n.x\r\n" + strings.Repeat("line\r\n", 40) + ".\r\n"
	for piece := 1; piece < 9; piece++ {
		fmt.Fprintf(c, "MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n")
		replies(t, r, "250", "250", "354")
		for i := 0; i < len(body); i += piece {
			c.Write([]byte(body[i:min(len(body), i+piece)]))
			if piece > 4 || i%16 == 0 {
				time.Sleep(50 * time.Microsecond)
			}
		}
		replies(t, r, "250")
	}
	fmt.Fprintf(c, "BDAT 5 LAST\r\n12345QUIT\r\n")
	replies(t, r, "250", "221")
	if n, octets, _ := s.Counts(); n != 9 || octets != int64(8*len(body)+5) {
		t.Errorf("%d messages, %d octets", n, octets)
	}
}

func TestTheSinkIsAsFarAwayAsItIsTold(t *testing.T) {
	const trip = 20 * time.Millisecond
	c, r := visitSink(t, &Sink{RoundTrip: trip})
	replies(t, r, "220")
	begin := time.Now()
	fmt.Fprintf(c, "NOOP\r\n")
	time.Sleep(trip / 2)
	fmt.Fprintf(c, "NOOP\r\n")
	replies(t, r, "250")
	first := time.Since(begin)
	replies(t, r, "250")
	if second := time.Since(begin); first < trip || second < trip*3/2 {
		t.Errorf("replies after %v and %v", first, second)
	}
}
