package collect_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/collect"
)

func TestHostileServersEndInAClearError(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(bytes.Repeat([]byte("<item>"), 12*mib/6))
	z.Close()
	routes := map[string]http.HandlerFunc{
		"/headers": hang,
		"/body": func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "<rss>")
			w.(http.Flusher).Flush()
			hang(w, r)
		},
		"/trickle": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				io.WriteString(w, "a")
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		},
		"/endless": func(w http.ResponseWriter, r *http.Request) {
			block := bytes.Repeat([]byte("a"), 64<<10)
			for r.Context().Err() == nil {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		},
		"/gzip": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb.Bytes())
		},
		"/broken-gzip": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, "no gzip at all")
		},
		"/encoding": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "snappy")
			io.WriteString(w, feedOf(1))
		},
		"/loop":   redirect(http.StatusFound, "/loop"),
		"/a":      redirect(http.StatusMovedPermanently, "/b"),
		"/b":      redirect(http.StatusMovedPermanently, "/a"),
		"/file":   redirect(http.StatusFound, "file:///etc/passwd"),
		"/gopher": redirect(http.StatusFound, "gopher://127.0.0.2:25/_MAIL"),
		"/empty":  serve(""),
		"/image": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			w.Write([]byte("\x89PNG\r\n\x1a\n\x00\x00"))
		},
		"/page":        serve("<!DOCTYPE html><title>x</title><p>no feed here"),
		"/304":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) },
		"/410":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) },
		"/404":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"/500":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"/header-bomb": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("a", mib)) },
		"/hang-up":     hangUp,
	}
	for path, want := range map[string]string{
		"/headers": "no answer in time", "/body": "too slowly", "/trickle": "too slowly", "/endless": "too large", "/gzip": "too large",
		"/broken-gzip": "gzip", "/encoding": "unknown content encoding", "/loop": "redirects", "/a": "redirects", "/file": "file address", "/gopher": "gopher address",
		"/empty": "not a feed", "/image": "not a feed", "/page": "page, not a feed", "/304": "304", "/410": "410", "/404": "404", "/500": "500",
		"/header-bomb": "header", "/hang-up": "",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			o := collect.Options{Timeout: 20 * time.Second, SlowWindow: 300 * time.Millisecond, MinRate: 1 << 12}
			if path == "/headers" {
				o.Timeout = 300 * time.Millisecond
			}
			h := newHostile(t, o, routes)
			got, err := h.read(path, digest.SourceState{})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Fatalf("%v, want %q", err, want)
			}
			if got.State.Failures != 1 || got.State.NextTry.IsZero() || got.State.LastError == "" || got.State.ETag != "" {
				t.Errorf("state %+v", got.State)
			}
		})
	}
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

func TestNoDocumentCostsMoreThanItsLimit(t *testing.T) {
	var sent atomic.Int64
	h := newHostile(t, collect.Options{}, map[string]http.HandlerFunc{
		"/endless": func(w http.ResponseWriter, r *http.Request) {
			block := bytes.Repeat([]byte("<item><title>x</title></item>"), 2000)
			for r.Context().Err() == nil {
				n, err := w.Write(block)
				sent.Add(int64(n))
				if err != nil {
					return
				}
			}
		},
		"/many": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `<rss version="2.0"><channel><title>t</title>`)
			for i := range 100_000 {
				fmt.Fprintf(w, "<item><title>Item</title><link>https://t.example/%d</link></item>", i)
			}
			io.WriteString(w, "</channel></rss>")
		},
		"/fat":        repeat("", "<item><title>x</title><description>"+strings.Repeat("word ", 2000)+"</description></item>", 900),
		"/wide":       repeat("<item><title>", strings.Repeat("x", 1024), 9*1024),
		"/deep":       repeat("<item><title>ok</title><description>", "<b>", 200_000),
		"/attributes": repeat("<item ", `a="1" `, 200_000),
	})
	for _, path := range []string{"/endless", "/many", "/fat", "/wide", "/deep", "/attributes"} {
		peak := peakHeap(func() {
			got, err := h.read(path, digest.SourceState{})
			if path == "/many" && (err != nil || len(got.Feed.Items) != 1000) {
				t.Errorf("a hundred thousand items: %d items, %v", len(got.Feed.Items), err)
			}
		})
		t.Logf("%s: %d MiB of heap", path, peak/mib)
		if peak > 64*mib {
			t.Errorf("%s took %d MiB of heap", path, peak/mib)
		}
	}
	if n := sent.Load(); n > 16*mib { // what stands in buffers on the way counts too
		t.Errorf("%d MiB left an endless server", n/mib)
	}
}

func TestEveryEncodingIsReadWithinItsLimit(t *testing.T) {
	compress := map[string]func(io.Writer) io.WriteCloser{
		"gzip": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"br":   func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
		"zstd": func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z },
	}
	pack := func(name, body string) http.HandlerFunc {
		var b bytes.Buffer
		z := compress[name](&b)
		io.WriteString(z, body)
		z.Close()
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", name)
			w.Write(b.Bytes())
		}
	}
	routes := map[string]http.HandlerFunc{}
	for name := range compress {
		routes["/"+name] = pack(name, feedOf(3))
		routes["/bomb/"+name] = pack(name, strings.Repeat("a", 12*mib))
	}
	h := newHostile(t, collect.Options{}, routes)
	for name := range compress {
		if got, err := h.read("/"+name, digest.SourceState{}); err != nil || len(got.Feed.Items) != 3 {
			t.Errorf("%s: %d items, %v", name, len(got.Feed.Items), err)
		}
		if _, err := h.read("/bomb/"+name, digest.SourceState{}); err == nil || !strings.Contains(err.Error(), "too large") {
			t.Errorf("a bomb in %s: %v", name, err)
		}
	}
}

func TestACutAnswerGivesTheItemsBeforeTheCut(t *testing.T) {
	whole := feedOf(10)
	h := newHostile(t, collect.Options{}, map[string]http.HandlerFunc{
		"/short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"1"`)
			w.Header().Set("Content-Length", fmt.Sprint(len(whole)+1000))
			io.WriteString(w, whole[:len(whole)/2])
		},
		"/long": func(w http.ResponseWriter, _ *http.Request) { // says less than it is
			conn, buf, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			fmt.Fprintf(buf, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(whole)/2, whole)
			buf.Flush()
		},
		"/json": serve(`{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":"1","url":"https://t.example/1","title":"{[\"x"},{"id":"2","url":"https://t.ex`),
		"/large": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, strings.TrimSuffix(feedOf(5), "</channel></rss>")+"<item><title>"+strings.Repeat("x", 11*mib))
		},
	})
	for path, want := range map[string]int{"/short": 4, "/long": 4, "/json": 1, "/large": 5} {
		got, err := h.read(path, digest.SourceState{})
		if err != nil || len(got.Feed.Items) < want {
			t.Errorf("%s: %d items, %v", path, len(got.Feed.Items), err)
		}
		if got.State.ETag != "" {
			t.Errorf("%s: the validator of a cut answer was kept", path)
		}
	}
}

func TestGuardRefusesEveryPrivateTarget(t *testing.T) {
	list := append(targets(), extra(t)...)
	canary := netip.MustParseAddr("127.0.0.2")
	h := newHostile(t, collect.Options{Timeout: 5 * time.Second, Resolver: resolver(t, func(string, int) []netip.Addr { return []netip.Addr{canary} })}, map[string]http.HandlerFunc{
		"/to/": func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Location"] = []string{strings.ReplaceAll(r.URL.Query().Get("at"), "PORT", "80")}
			w.WriteHeader(http.StatusFound)
		},
	})
	list = append(list, h.canary.url(), fmt.Sprintf("http://canary.example:%d/", h.canary.port), fmt.Sprintf("http://[::ffff:127.0.0.2]:%d/", h.canary.port))
	for _, target := range list {
		src := digest.Source{Name: "s", Kind: digest.SourceFeed, URL: target}
		if _, err := h.collector.Page(context.Background(), src, target); err == nil {
			t.Errorf("%s was read", target)
		}
		through := h.URL + "/to/?at=" + strings.NewReplacer("%", "%25", "&", "%26", "#", "%23", "+", "%2B", " ", "%20").Replace(target)
		if _, err := h.collector.Page(context.Background(), digest.Source{Name: "s", IgnoreRobots: true, URL: through}, through); err == nil {
			t.Errorf("%s was read by redirect", target)
		}
	}
	if n := h.canary.hits.Load(); n > 0 {
		t.Errorf("the canary had %d visitors", n)
	}
	t.Logf("%d targets refused, directly and by redirect", len(list))
}

func TestAnAddressThatChangesAfterTheFirstAnswerIsRefused(t *testing.T) {
	var port int
	names := resolver(t, func(name string, n int) []netip.Addr {
		if name == "both.example" {
			return []netip.Addr{netip.MustParseAddr("127.0.0.2")}
		}
		if n == 1 {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")} // stands for a public one
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.2")}
	})
	// The canary has the server's port, so that only its address differs.
	h := newHostile(t, collect.Options{Resolver: names, Timeout: 5 * time.Second}, map[string]http.HandlerFunc{
		"/feed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			io.WriteString(w, feedOf(1))
		},
		"/back": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			http.Redirect(w, r, fmt.Sprintf("http://twice.example:%d/feed", port), http.StatusFound)
		},
	})
	port = h.Listener.Addr().(*net.TCPAddr).Port
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.2:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var visits atomic.Int64
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			visits.Add(1)
			conn.Close()
		}
	}()
	at := func(host, path string) error {
		u := fmt.Sprintf("http://%s:%d%s", host, port, path)
		_, err := h.collector.Read(context.Background(), digest.Source{Name: host, Kind: digest.SourceFeed, URL: u}, digest.SourceState{})
		return err
	}
	if err := at("once.example", "/feed"); err != nil {
		t.Fatalf("the first answer is public: %v", err)
	}
	for _, try := range [][2]string{{"once.example", "/feed"}, {"twice.example", "/back"}, {"both.example", "/feed"}} {
		if err := at(try[0], try[1]); err == nil || !strings.Contains(err.Error(), "private") {
			t.Errorf("%s: %v", try[0], err)
		}
	}
	if visits.Load() > 0 {
		t.Errorf("%d connections to the private address", visits.Load())
	}
}

func TestBadTLSIsRefused(t *testing.T) {
	s := httptest.NewTLSServer(serve(feedOf(1)))
	defer s.Close()
	s.Config.ErrorLog = nil
	_, err := collect.New(collect.Options{Retries: -1}).Read(context.Background(), digest.Source{Name: "s", URL: s.URL, AllowPrivate: true}, digest.SourceState{})
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("%v", err)
	}
}

func TestXMLBombsCostNothing(t *testing.T) {
	entities := `<!ENTITY a0 "lol">`
	for i := 1; i < 10; i++ {
		entities += fmt.Sprintf(`<!ENTITY a%d "%s">`, i, strings.Repeat(fmt.Sprintf("&a%d;", i-1), 10))
	}
	item := `<item><title>ok &x;</title><link>https://t.example/1</link></item></channel></rss>`
	for name, body := range map[string]string{
		"billion laughs": `<?xml version="1.0"?><!DOCTYPE rss [` + entities + `]><rss version="2.0"><channel><title>&a9;</title>` + item,
		"quadratic":      `<!DOCTYPE rss [<!ENTITY x "` + strings.Repeat("A", 100_000) + `">]><rss version="2.0"><channel><title>` + strings.Repeat("&x;", 20_000) + `</title>` + item,
		"external":       `<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel><title>&x;</title>` + item,
	} {
		var f digest.Feed
		peak := peakHeap(func() { f, _ = collect.ParseFeed([]byte(body), "", "") })
		if peak > 16*mib {
			t.Errorf("%s: %d MiB", name, peak/mib)
		}
		for _, s := range []string{f.Title, firstTitle(f)} {
			if strings.Contains(s, "root:") || len(s) > 1000_000 {
				t.Errorf("%s was expanded", name)
			}
		}
	}
}

func firstTitle(f digest.Feed) string {
	if len(f.Items) == 0 {
		return ""
	}
	return f.Items[0].Title
}
