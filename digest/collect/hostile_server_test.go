package collect_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/collect"
)

const mib = 1 << 20

// hostile is a server that answers as told, a canary that nobody may reach, and
// a collector that takes the first for a public address.
type hostile struct {
	*httptest.Server
	collector *collect.Collector
	canary    *canary
	asked     atomic.Int64
}

func newHostile(t *testing.T, o collect.Options, routes map[string]http.HandlerFunc) *hostile {
	t.Helper()
	h := &hostile{canary: newCanary(t)}
	mux := http.NewServeMux()
	for path, f := range routes {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { h.asked.Add(1); f(w, r) })
	}
	h.Server = httptest.NewServer(mux)
	t.Cleanup(h.Close)
	o.PerHostPause, o.Retries = -1, -1
	h.collector = collect.New(o)
	own := netip.MustParseAddrPort(h.Listener.Addr().String())
	h.collector.Exempt(func(a netip.AddrPort) bool { return a == own })
	return h
}

func (h *hostile) read(path string, st digest.SourceState) (digest.Harvest, error) {
	return h.collector.Read(context.Background(), digest.Source{Name: "s", Kind: digest.SourceFeed, URL: h.URL + path, FirstRun: 1 << 20}, st)
}

// canary listens on another loopback address and counts who comes.
type canary struct {
	port int
	hits atomic.Int64
}

func newCanary(t *testing.T) *canary {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c := &canary{port: l.Addr().(*net.TCPAddr).Port}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.hits.Add(1)
			conn.Close()
		}
	}()
	return c
}

func (c *canary) url() string { return fmt.Sprintf("http://127.0.0.2:%d/", c.port) }

// resolver is a name server on loopback: answer gives the addresses of the n-th
// question for a name.
func resolver(t *testing.T, answer func(name string, n int) []netip.Addr) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		counts := map[string]int{}
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) == 0 {
				continue
			}
			q := m.Questions[0]
			m.Response, m.RecursionAvailable = true, true
			m.Additionals = nil
			if q.Type == dnsmessage.TypeA {
				counts[q.Name.String()]++
				for _, a := range answer(strings.TrimSuffix(q.Name.String(), "."), counts[q.Name.String()]) {
					m.Answers = append(m.Answers, dnsmessage.Resource{
						Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 0}, Body: &dnsmessage.AResource{A: a.As4()}})
				}
			}
			if out, err := m.Pack(); err == nil {
				conn.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func feedOf(n int) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><link>https://t.example/</link>`)
	for i := range n {
		fmt.Fprintf(&b, "<item><title>Item %d</title><link>https://t.example/%d</link><guid>%d</guid></item>\n", i, i, i)
	}
	return b.String() + "</channel></rss>"
}

func serve(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

// repeat serves a feed of one block, many times, without holding it in memory.
func repeat(before, block string, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>`+before)
		for range n {
			if _, err := io.WriteString(w, block); err != nil {
				return
			}
		}
		io.WriteString(w, "</channel></rss>")
	}
}

func redirect(code int, to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, code) }
}

// hang answers nothing until the client has gone.
func hang(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// peakHeap is how far f drives the heap above where it was.
func peakHeap(f func()) uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	peak := before
	for {
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
		select {
		case <-done:
			return peak - before
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// extra are the targets of a suite that others wrote, where it is present.
func extra(t *testing.T) (out []string) {
	body, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "ssrf", "must-refuse.txt"))
	if err != nil {
		t.Log("the suite of others is not here; our own targets only")
		return nil
	}
	for line := range strings.Lines(string(body)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// targets are addresses that no source may be at: each way to write a loopback,
// private, link-local, metadata, multicast or reserved address (RFC 6890), and
// ports that no page is served on.
func targets() []string {
	return []string{
		"http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://localhost/", "http://localhost.localdomain/",
		"http://[::1]/", "http://[::]/", "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/", "http://[0:0:0:0:0:ffff:7f00:1]/", "http://[::127.0.0.1]/",
		"http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[fe80::1%25lo]/",
		"http://[fe80::1%25eth0]/", "http://[fc00::1]/", "http://[fd00:ec2::254]/", "http://100.64.0.1/", "http://198.18.0.1/", "http://224.0.0.1/", "http://[ff02::1]/", "http://255.255.255.255/",
		"http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[2001:db8::1]/", "http://240.0.0.1/", "http://192.0.2.1/",
		"http://93.184.216.34:22/", "http://93.184.216.34:25/", "http://93.184.216.34:6379/", "https://93.184.216.34:3306/",
		"http://user@127.0.0.1/", "http://example.org@127.0.0.1/", "http://127.0.0.1#example.org/", "http://any-name.example/", "http://metadata.google.internal/",
		"file:///etc/passwd", "ftp://127.0.0.2/", "gopher://127.0.0.2/", "dict://127.0.0.2/", "unix:/run/x", "//127.0.0.2/", "javascript:alert(1)", "http:///", "http://",
	}
}
