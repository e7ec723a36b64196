package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Options bound what collecting may cost. Zero values take the defaults.
type Options struct {
	UserAgent     string        // who we are, with a contact
	Parallel      int           // sources read at once; default 8
	PerHostPause  time.Duration // between two requests to one host; negative for none, default 1 s
	MaxBytes      int64         // of a body, compressed; default 10 MiB
	MaxExpanded   int64         // of a body, expanded; default 10 MiB
	MaxItems      int           // of one feed, the first ones; default 1,000
	Timeout       time.Duration // of one request as a whole; default 30 s
	HeaderTimeout time.Duration // from the question to the answer's header; default 20 s
	MinRate       int64         // bytes a second below which a body is given up; default 256
	SlowWindow    time.Duration // over which that is measured; default 10 s
	Retries       int           // of what passes by itself; negative for none, default 2
	RetryPause    time.Duration // before the first of them; default 1 s
	Proxy         string        // http or socks5 address that every request goes through
	Resolver      *net.Resolver // the system's when nil
	Now           func() time.Time
	// Watch hears that the reading of a source begins, and, by what it gives back,
	// how it ended. It may be nil.
	Watch func(context.Context, digest.Source) (context.Context, func(digest.Harvest, error))
}

func (o Options) complete() Options {
	o.UserAgent = cmp.Or(o.UserAgent, "zest")
	o.Parallel = max(1, cmp.Or(o.Parallel, 8))
	o.PerHostPause = max(0, cmp.Or(o.PerHostPause, time.Second))
	o.MaxBytes, o.MaxExpanded = cmp.Or(o.MaxBytes, 10<<20), cmp.Or(o.MaxExpanded, 10<<20)
	o.MaxItems = cmp.Or(o.MaxItems, 1000)
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.HeaderTimeout = min(cmp.Or(o.HeaderTimeout, 20*time.Second), o.Timeout)
	o.MinRate, o.SlowWindow = cmp.Or(o.MinRate, 256), cmp.Or(o.SlowWindow, 10*time.Second)
	o.Retries, o.RetryPause = cmp.Or(o.Retries, 2), cmp.Or(o.RetryPause, time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Watch == nil {
		o.Watch = func(ctx context.Context, _ digest.Source) (context.Context, func(digest.Harvest, error)) {
			return ctx, func(digest.Harvest, error) {}
		}
	}
	return o
}

// Collector reads sources.
type Collector struct {
	o       Options
	guarded *http.Client // refuses private addresses
	open    *http.Client // for sources that may be on a private address
	proxied map[string]*http.Client
	exempt  func(netip.AddrPort) bool // addresses that tests stand for public ones

	mu     sync.Mutex
	hosts  map[string]*host
	robots map[string]*robots
}

// host lets one request at a time through to a server.
type host struct {
	turn chan struct{}
	last time.Time
}

// New makes a Collector.
func New(o Options) *Collector {
	c := &Collector{o: o.complete(), proxied: map[string]*http.Client{}, hosts: map[string]*host{}, robots: map[string]*robots{}}
	c.guarded, c.open = c.newClient(false), c.newClient(true)
	return c
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
			ctx, ended := c.o.Watch(ctx, j.Source)
			h, err := c.Read(ctx, j.Source, j.State)
			ended(h, err)
			each(h, err)
		})
	}
	wg.Wait()
}

// Read reads one source once. When it fails, the harvest's state says when to
// try again; before that moment the source is not asked, and the error wraps
// [digest.ErrResting].
func (c *Collector) Read(ctx context.Context, s digest.Source, st digest.SourceState) (digest.Harvest, error) {
	h := digest.Harvest{Source: s, State: st}
	now := c.o.Now()
	if st.NextTry.After(now) {
		return h, fmt.Errorf("%w until %s, after: %s", digest.ErrResting, st.NextTry.Local().Format("2006-01-02 15:04"), st.LastError)
	}
	h.State.Source, h.State.LastTried = s.Name, now
	if err := c.read(ctx, &h); err != nil {
		if h.State.Failures == 0 {
			h.State.FailingSince = now
		}
		h.State.Failures++
		h.State.LastError = err.Error()
		rest := pause(h.State.Failures)
		var status *statusError
		if errors.As(err, &status) {
			rest = max(rest, status.after)
		}
		h.State.NextTry = now.Add(rest)
		return h, err
	}
	h.State.Failures, h.State.LastError, h.State.LastOK = 0, "", now
	h.State.NextTry, h.State.FailingSince, h.State.Told = time.Time{}, time.Time{}, time.Time{}
	return h, nil
}

// pause is how long a failing source is left alone: minutes at first, half a
// day at the most, and never all at the same moment.
func pause(failures int) time.Duration {
	d := min(time.Minute<<min(failures, 12), 12*time.Hour)
	return d + rand.N(d/4)
}

// read reads a source by its kind.
func (c *Collector) read(ctx context.Context, h *digest.Harvest) (err error) {
	switch {
	case h.Source.Kind == digest.SourcePush:
		h.NotModified = true // its articles come by themselves
		return nil
	case h.Source.Kind == digest.SourceCommand:
		h.Feed, err = c.readCommand(ctx, h.Source)
	case h.Source.Kind == digest.SourceMailbox:
		h.Feed, err = c.readMailbox(ctx, h.Source, h.State)
	case !isWeb(h.Source.URL):
		h.Feed, err = c.readDisk(h.Source)
	default:
		err = c.readWeb(ctx, h)
	}
	if err != nil || h.NotModified {
		return err
	}
	h.State.Title = cmp.Or(h.Feed.Title, h.State.Title)
	c.finish(h)
	return nil
}

// firstRun is how many items a new source brings when nothing else is said: a
// new reader of an old blog wants its newest, not its archive.
const firstRun = 10

// finish names the items' source, gives each its key, and passes over the
// archive of a new source.
func (c *Collector) finish(h *digest.Harvest) {
	h.State.IdentifyBy = identify(h.Feed.Items, h.State.IdentifyBy)
	h.Feed.Items = once(h.Feed.Items)
	for i := range h.Feed.Items {
		it := &h.Feed.Items[i]
		it.Source, it.Position = h.Source.Name, i
		it.Language = cmp.Or(it.Language, h.Feed.Language)
	}
	if limit := cmp.Or(h.Source.FirstRun, firstRun); h.State.LastOK.IsZero() && len(h.Feed.Items) > limit {
		kept, rest := newest(h.Feed.Items, limit)
		h.Feed.Items, h.Held = kept, len(rest)
		for _, it := range rest {
			h.Passed = append(h.Passed, digest.Pass(it))
		}
	}
}

// Page fetches the page that an item links to.
func (c *Collector) Page(ctx context.Context, s digest.Source, address string) (digest.Page, error) {
	if err := c.allowed(ctx, s, address); err != nil {
		return digest.Page{}, err
	}
	resp, err := c.fetch(ctx, s, address, validators{})
	if err == nil {
		err = resp.cut
	}
	return resp.page, err
}

// Picture fetches a picture that an article shows, within the same limits and
// under the same guard. It does not wait for a turn: a browser that opened the
// article would ask for its pictures all at once.
func (c *Collector) Picture(ctx context.Context, s digest.Source, address string) (digest.Page, error) {
	resp, err := c.get(ctx, s, address, validators{})
	if err == nil {
		err = resp.cut
	}
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
