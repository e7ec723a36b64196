package collect_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/collect"
)

// noon is where the suites' clock stands.
var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// patient is a collector whose retries take no time, on a clock that stands.
func patient(clock *time.Time) *collect.Collector {
	return collect.New(collect.Options{PerHostPause: -1, RetryPause: time.Millisecond, UserAgent: "zest/test (+https://news.example.org)", Now: func() time.Time { return *clock }})
}

func local(url string) digest.Source {
	return digest.Source{Name: "s", Kind: digest.SourceFeed, URL: url, AllowPrivate: true}
}

func TestUnchangedFeedsAreNotReadAgain(t *testing.T) {
	clock := noon
	c := patient(&clock)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/silent" { // no validators at all
			io.WriteString(w, feedOf(2))
			return
		}
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") == `"v1"` {
			conn, buf, _ := w.(http.Hijacker).Hijack() // with a body, which no 304 has
			fmt.Fprintf(buf, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
			buf.Flush()
			conn.Close()
			return
		}
		io.WriteString(w, feedOf(2))
	}))
	defer s.Close()
	for _, path := range []string{"/etag", "/silent"} {
		first, err := c.Read(context.Background(), local(s.URL+path), digest.SourceState{})
		if err != nil || len(first.Feed.Items) != 2 {
			t.Fatalf("%s: %d items, %v", path, len(first.Feed.Items), err)
		}
		again, err := c.Read(context.Background(), local(s.URL+path), first.State)
		if err != nil || !again.NotModified || len(again.Feed.Items) != 0 {
			t.Errorf("%s again: %+v, %v", path, again.NotModified, err)
		}
	}
}

func TestAGoneSourceIsNotAskedAgain(t *testing.T) {
	clock := noon
	c := patient(&clock)
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); w.WriteHeader(http.StatusGone) }))
	defer s.Close()
	h, err := c.Read(context.Background(), local(s.URL), digest.SourceState{})
	if err == nil || !h.State.Gone {
		t.Fatalf("%+v %v", h.State, err)
	}
	clock = clock.Add(365 * 24 * time.Hour)
	if _, err := c.Read(context.Background(), local(s.URL), h.State); !errors.Is(err, digest.ErrGone) || asked.Load() != 1 {
		t.Errorf("%v after %d questions", err, asked.Load())
	}
}

func TestAPermanentMoveIsKeptAndAPassingOneIsNot(t *testing.T) {
	clock := noon
	c := patient(&clock)
	var old atomic.Int64
	gone := false
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	defer s.Close()
	mux.HandleFunc("/old", func(w http.ResponseWriter, r *http.Request) {
		old.Add(1)
		http.Redirect(w, r, "/new", http.StatusMovedPermanently)
	})
	mux.HandleFunc("/new", func(w http.ResponseWriter, _ *http.Request) {
		if gone {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		io.WriteString(w, feedOf(1))
	})
	mux.HandleFunc("/today", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/old", http.StatusFound) })
	h, err := c.Read(context.Background(), local(s.URL+"/old"), digest.SourceState{})
	if err != nil || h.State.MovedTo != s.URL+"/new" {
		t.Fatalf("%+v %v", h.State, err)
	}
	if h, err = c.Read(context.Background(), local(s.URL+"/old"), h.State); err != nil || old.Load() != 1 {
		t.Errorf("the old address was asked %d times, %v", old.Load(), err)
	}
	gone = true
	if h, err = c.Read(context.Background(), local(s.URL+"/old"), h.State); err == nil || h.State.MovedTo != "" || h.State.Gone {
		t.Errorf("an address that is lost leads back to the first: %+v %v", h.State, err)
	}
	gone = false
	if h, err := c.Read(context.Background(), local(s.URL+"/today"), digest.SourceState{}); err != nil || h.State.MovedTo != "" {
		t.Errorf("a passing move was kept: %q %v", h.State.MovedTo, err)
	}
}

func TestARestThatTheServerAsksForIsGiven(t *testing.T) {
	clock := noon
	c := patient(&clock)
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", r.URL.Query().Get("after"))
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer s.Close()
	for after, want := range map[string]time.Duration{"7200": 2 * time.Hour, "Thu,%2026%20Nov%202026%2015:00:00%20GMT": 3 * time.Hour, "99999999": 24 * time.Hour} {
		asked.Store(0)
		h, err := c.Read(context.Background(), local(s.URL+"/?after="+after), digest.SourceState{})
		if err == nil || asked.Load() != 1 {
			t.Errorf("asked %d times, %v", asked.Load(), err)
		}
		if got := h.State.NextTry.Sub(noon); got != want {
			t.Errorf("Retry-After %s: %v of rest, want %v", after, got, want)
		}
		if _, err := c.Read(context.Background(), local(s.URL+"/?after="+after), h.State); !errors.Is(err, digest.ErrResting) || asked.Load() != 1 {
			t.Errorf("asked again within the rest: %v", err)
		}
	}
}

func TestWhatPassesByItselfIsTriedAgain(t *testing.T) {
	clock := noon
	c := patient(&clock)
	for name, bad := range map[string]http.HandlerFunc{
		"503": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "hang-up": hangUp,
	} {
		var asked atomic.Int64
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if asked.Add(1) < 3 {
				bad(w, r)
				return
			}
			io.WriteString(w, feedOf(1))
		}))
		if _, err := c.Read(context.Background(), local(s.URL), digest.SourceState{}); err != nil {
			t.Errorf("%s: %v after %d questions", name, err, asked.Load())
		}
		s.Close()
	}
}

func TestFailuresRestLongerAndLonger(t *testing.T) {
	clock := noon
	c := patient(&clock)
	var st digest.SourceState
	last := time.Duration(0)
	for i := range 8 {
		h, err := c.Read(context.Background(), local("http://127.0.0.1:1/"), st)
		if err == nil {
			t.Fatal("nobody listens there")
		}
		rest := h.State.NextTry.Sub(clock)
		if rest <= last || h.State.Failures != i+1 || !h.State.FailingSince.Equal(noon) {
			t.Errorf("failure %d: rest %v after %v, %+v", i+1, rest, last, h.State)
		}
		last, st, clock = rest, h.State, h.State.NextTry
	}
}

func TestWhoAsksIsSaidAndKeysStayAtHome(t *testing.T) {
	clock := noon
	c := patient(&clock)
	var mu sync.Mutex
	var got []http.Header
	note := func(r *http.Request) { mu.Lock(); got = append(got, r.Header.Clone()); mu.Unlock() }
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { note(r); io.WriteString(w, feedOf(1)) }))
	defer away.Close()
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { note(r); http.Redirect(w, r, away.URL, http.StatusFound) }))
	defer home.Close()
	src := local(home.URL)
	src.Headers, src.User, src.Password = []digest.Header{{Name: "X-Key", Value: "k"}}, "u", "p"
	if _, err := c.Read(context.Background(), src, digest.SourceState{}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || !strings.Contains(got[0].Get("User-Agent"), "+https://news.example.org") || got[0].Get("X-Key") != "k" || got[0].Get("Authorization") == "" {
		t.Errorf("first: %v", got)
	}
	if got[1].Get("X-Key") != "" || got[1].Get("Authorization") != "" {
		t.Errorf("the keys went to another server: %v", got[1])
	}
}

func TestAProxyIsAsked(t *testing.T) {
	clock := noon
	c := patient(&clock)
	var asked string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked = r.URL.String(); io.WriteString(w, feedOf(1)) }))
	defer proxy.Close()
	src := digest.Source{Name: "s", URL: "http://far.example/feed", Proxy: proxy.URL}
	if _, err := c.Read(context.Background(), src, digest.SourceState{}); err != nil || asked != "http://far.example/feed" {
		t.Errorf("%q %v", asked, err)
	}
}

func TestRobotsAreAskedAboutPagesAndNotAboutFeeds(t *testing.T) {
	clock := noon
	c := patient(&clock)
	var paths []string
	rules, status := "User-agent: *\nDisallow: /private/\n", http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		switch r.URL.Path {
		case "/robots.txt":
			w.WriteHeader(status)
			io.WriteString(w, rules)
		case "/feed":
			io.WriteString(w, feedOf(1))
		default:
			io.WriteString(w, "<html><main><h2><a href=/a>A headline of some words</a></h2></main>")
		}
	}))
	defer s.Close()
	if _, err := c.Read(context.Background(), local(s.URL+"/feed"), digest.SourceState{}); err != nil || slices.Contains(paths, "/robots.txt") {
		t.Errorf("a feed: %v, asked %v", err, paths)
	}
	list := local(s.URL + "/private/list")
	list.Kind = digest.SourcePage
	if _, err := c.Read(context.Background(), list, digest.SourceState{}); err == nil || !strings.Contains(err.Error(), "robots.txt") || slices.Contains(paths, "/private/list") {
		t.Errorf("a page that is closed to robots: %v, asked %v", err, paths)
	}
	list.IgnoreRobots = true
	if _, err := c.Read(context.Background(), list, digest.SourceState{}); err != nil {
		t.Errorf("told to read it nevertheless: %v", err)
	}
	if _, err := c.Page(context.Background(), local(s.URL), s.URL+"/open"); err != nil {
		t.Error(err)
	}
	n := 0
	for _, p := range paths {
		if p == "/robots.txt" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("robots.txt was asked for %d times", n)
	}
	clock, status = clock.Add(25*time.Hour), http.StatusInternalServerError
	if _, err := c.Page(context.Background(), local(s.URL), s.URL+"/open"); err == nil {
		t.Error("a robots.txt that cannot be had forbids everything")
	}
}

func TestOneRequestAtATimeAHost(t *testing.T) {
	var now, most atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(5 * time.Millisecond)
		now.Add(-1)
		io.WriteString(w, feedOf(1))
	}))
	defer s.Close()
	clock := noon
	jobs := make([]collect.Job, 12)
	for i := range jobs {
		jobs[i].Source = local(fmt.Sprintf("%s/%d", s.URL, i))
	}
	patient(&clock).ReadAll(context.Background(), jobs, func(_ digest.Harvest, err error) {
		if err != nil {
			t.Error(err)
		}
	})
	if most.Load() != 1 {
		t.Errorf("%d requests at once", most.Load())
	}
}
