package web_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/web"
)

// guarded serves the house as zest serve does, with little patience.
func (h *house) guarded(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := web.Guarded(h.server, 150*time.Millisecond, log.New(io.Discard, "", 0))
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return l.Addr().String()
}

// trickle sends a request a byte at a time, and gives what came back before the
// server hung up. A server that waits for ever fails the test by its deadline.
func trickle(t *testing.T, addr, request string) string {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	go func() {
		for i := range len(request) {
			if _, err := c.Write([]byte{request[i]}); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	answer, err := io.ReadAll(c)
	if err, ok := err.(net.Error); ok && err.Timeout() {
		t.Error("the server waits for ever")
	}
	return string(answer)
}

func TestSlowVisitorsAreShutOut(t *testing.T) {
	h := open(t)
	addr := h.guarded(t)
	link := h.link(digest.PurposeUnsubscribe)
	var wg sync.WaitGroup
	for i := range 60 {
		request := "GET /hebdo HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: b\r\n", 1000)
		if i%2 == 0 {
			request = "POST " + link + " HTTP/1.1\r\nHost: x\r\nContent-Type: " + form + "\r\nContent-Length: 5000\r\n\r\n" + strings.Repeat("a", 5000)
		}
		wg.Go(func() {
			if answer := trickle(t, addr, request); strings.HasPrefix(answer, "HTTP/1.1 200") {
				t.Errorf("a request that never ended was answered: %.80s", answer)
			}
		})
	}
	// Everybody else is answered meanwhile.
	for range 10 {
		if resp, _ := h.call(t, call{method: "GET", path: "/hebdo"}); resp.StatusCode != 200 {
			t.Errorf("beside slow visitors: %d", resp.StatusCode)
		}
	}
	wg.Wait()
	if h.willing(t, "hebdo") != 1 {
		t.Error("half a request unsubscribed somebody")
	}
}

func TestGreedyVisitorsAreShutOut(t *testing.T) {
	h := open(t)
	addr := h.guarded(t)
	link := h.link(digest.PurposeUnsubscribe)
	for name, request := range map[string]string{
		"a body":   fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 1000000000\r\n\r\n%s", link, form, strings.Repeat("a=b&", 50_000)),
		"a chunk":  fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n30d40\r\n%s\r\n", link, strings.Repeat("a", 200_000)),
		"a header": "GET /hebdo HTTP/1.1\r\nHost: x\r\nX-Big: " + strings.Repeat("a", 200_000) + "\r\n\r\n",
		"a path":   "GET /u/" + strings.Repeat("a", 200_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(30 * time.Second))
		go io.WriteString(c, request) // the server may hang up before it ends
		answer, err := io.ReadAll(c)
		if err, ok := err.(net.Error); ok && err.Timeout() {
			t.Errorf("%s: the server waits for ever", name)
		}
		if len(answer) > 0 && !strings.HasPrefix(string(answer), "HTTP/1.1 4") {
			t.Errorf("%s: %.80s", name, answer)
		}
		c.Close()
	}
	if h.willing(t, "hebdo") != 1 {
		t.Error("an oversized request unsubscribed somebody")
	}
}
