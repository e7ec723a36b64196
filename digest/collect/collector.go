package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Options bound what collecting may cost. Zero values take the defaults.
type Options struct {
	UserAgent    string        // who we are, with a contact
	Parallel     int           // sources read at once; default 8
	PerHostPause time.Duration // between two requests to one host; negative for none, default 1 s
	MaxBytes     int64         // of a body, compressed; default 10 MiB
	MaxExpanded  int64         // of a body, expanded; default 32 MiB
	Timeout      time.Duration // of one request as a whole; default 30 s
	Proxy        string        // http or socks5 address that every request goes through
	Now          func() time.Time
}

// Collector reads sources.
type Collector struct {
	o       Options
	guarded *http.Client // refuses private addresses
	open    *http.Client // for sources that may be on a private address
	proxied map[string]*http.Client

	mu    sync.Mutex
	hosts map[string]*host
}

// host lets one request at a time through to a server.
type host struct {
	turn chan struct{}
	last time.Time
}

// New makes a Collector.
func New(o Options) *Collector {
	o.UserAgent = cmp.Or(o.UserAgent, "zest")
	o.Parallel = max(1, cmp.Or(o.Parallel, 8))
	o.PerHostPause = max(0, cmp.Or(o.PerHostPause, time.Second))
	o.MaxBytes, o.MaxExpanded = cmp.Or(o.MaxBytes, 10<<20), cmp.Or(o.MaxExpanded, 32<<20)
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Collector{o: o, guarded: newClient(false), open: newClient(true), proxied: map[string]*http.Client{}, hosts: map[string]*host{}}
}

// Job is one source to read, and what is remembered of it.
type Job struct {
	Source digest.Source
	State  digest.SourceState
}

// ReadAll reads every source, some at once, and calls each as each ends.
func (c *Collector) ReadAll(ctx context.Context, jobs []Job, each func(digest.Harvest, error)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, c.o.Parallel)
	for _, j := range jobs {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			h, err := c.Read(ctx, j.Source, j.State)
			each(h, err)
		})
	}
	wg.Wait()
}

// Read reads one source once. When it fails, the harvest's state says when to
// try again.
func (c *Collector) Read(ctx context.Context, s digest.Source, st digest.SourceState) (digest.Harvest, error) {
	h := digest.Harvest{Source: s, State: st}
	h.State.Source, h.State.LastTried = s.Name, c.o.Now()
	err := c.read(ctx, &h)
	if err != nil {
		h.State.Failures++
		h.State.LastError = err.Error()
		h.State.NextTry = c.o.Now().Add(pause(h.State.Failures))
		return h, err
	}
	h.State.Failures, h.State.LastError, h.State.LastOK, h.State.NextTry = 0, "", c.o.Now(), time.Time{}
	return h, nil
}

// pause is how long a failing source is left alone: minutes at first, half a
// day at the most, and never all at the same moment.
func pause(failures int) time.Duration {
	d := min(time.Minute<<min(failures, 12), 12*time.Hour)
	return d + rand.N(d/4)
}

func (c *Collector) read(ctx context.Context, h *digest.Harvest) error {
	s := h.Source
	if !isWeb(s.URL) {
		return c.readDisk(h)
	}
	if h.State.Gone {
		return fmt.Errorf("%s: %w; remove the source, or give it its new address", s.URL, digest.ErrGone)
	}
	address := cmp.Or(h.State.MovedTo, s.URL)
	resp, err := c.fetch(ctx, s, address, validators{h.State.ETag, h.State.LastModified})
	if err != nil {
		var gone *statusError
		if errors.As(err, &gone) && gone.code == http.StatusGone {
			h.State.Gone = true
		}
		return err
	}
	if resp.notModified {
		h.NotModified = true
		return nil
	}
	h.State.ETag, h.State.LastModified = resp.etag, resp.lastModified
	if resp.moved != "" {
		h.State.MovedTo = resp.moved
	}
	if s.Kind == digest.SourcePage {
		h.Feed, err = readList(resp.page, s)
	} else {
		h.Feed, err = c.readFeed(ctx, s, resp.page)
	}
	if err != nil {
		return err
	}
	h.State.Title = cmp.Or(h.Feed.Title, h.State.Title)
	c.finish(h, h.State.LastOK.IsZero())
	return nil
}

// readFeed parses a feed; when the address is a home page, the feed it names.
func (c *Collector) readFeed(ctx context.Context, s digest.Source, p digest.Page) (digest.Feed, error) {
	f, err := ParseFeed(p.Body, p.ContentType, p.URL)
	if err == nil || !looksLikeHTML(p) {
		return f, err
	}
	link := discover(p)
	if link == "" {
		return f, fmt.Errorf("%s is a page, not a feed, and names none; `kind: page` reads the links on it", p.URL)
	}
	resp, err := c.fetch(ctx, s, link, validators{})
	if err != nil {
		return f, err
	}
	return ParseFeed(resp.page.Body, resp.page.ContentType, resp.page.URL)
}

// firstRun is how many items a new source brings when nothing else is said: a
// new reader of an old blog wants its newest, not its archive.
const firstRun = 10

// finish names the items' source, and holds back the archive of a new one.
func (c *Collector) finish(h *digest.Harvest, first bool) {
	for i := range h.Feed.Items {
		it := &h.Feed.Items[i]
		it.Source, it.Position = h.Source.Name, i
		it.Language = cmp.Or(it.Language, h.Feed.Language)
	}
	if limit := cmp.Or(h.Source.FirstRun, firstRun); first && len(h.Feed.Items) > limit {
		h.Held = len(h.Feed.Items) - limit
		h.Feed.Items = newest(h.Feed.Items, limit)
	}
}

// Page fetches the page that an item links to.
func (c *Collector) Page(ctx context.Context, s digest.Source, address string) (digest.Page, error) {
	resp, err := c.fetch(ctx, s, address, validators{})
	return resp.page, err
}

// Picture fetches a picture that an article shows, within the same limits and
// under the same guard. It does not wait for a turn: a browser that opened the
// article would ask for its pictures all at once.
func (c *Collector) Picture(ctx context.Context, s digest.Source, address string) (digest.Page, error) {
	resp, err := c.get(ctx, s, address, validators{})
	return resp.page, err
}

// turn waits until a host may be asked again, and returns what ends the turn.
func (c *Collector) turn(ctx context.Context, address string) (func(), error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	h := c.hosts[u.Host]
	if h == nil {
		h = &host{turn: make(chan struct{}, 1)}
		c.hosts[u.Host] = h
	}
	c.mu.Unlock()
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if wait := c.o.PerHostPause - time.Since(h.last); wait > 0 && !h.last.IsZero() {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			<-h.turn
			return nil, ctx.Err()
		}
	}
	return func() { h.last = time.Now(); <-h.turn }, nil
}

func isWeb(s string) bool { return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") }
