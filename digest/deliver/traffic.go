package deliver

import (
	"context"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Limit bounds what one provider gets. Zero values bound nothing.
type Limit struct {
	Rate        float64 // messages a second
	Connections int     // messages under way at once
	PerDay      int     // messages a day, by UTC
}

// WarmUp is a cap for each provider that grows day by day, for a domain or an
// address that nobody knows yet: providers distrust a stranger who comes with a
// hundred thousand messages.
type WarmUp struct {
	Since    time.Time // the first day; zero for no warm-up
	FirstDay int       // messages a provider gets on it
	Growth   float64   // each day's cap is the day's before times this
}

// cap is the most that a provider gets on the day of now; 0 for no cap.
func (w WarmUp) cap(now time.Time) int {
	if w.Since.IsZero() {
		return 0
	}
	days := math.Floor(now.Sub(w.Since).Hours() / 24)
	n := float64(w.FirstDay) * math.Pow(w.Growth, max(0, days))
	if n > 1e9 {
		return 0
	}
	return max(1, int(n))
}

// Traffic says how providers are to be treated.
type Traffic struct {
	Limits   map[string]Limit // by provider or domain; "*" for every one that is not named
	WarmUp   WarmUp
	Adaptive bool // slow down by itself when a provider asks for it
	LookupMX bool // ask the DNS which provider hosts a domain
	// Sent tells of each message that was sent since a time: what a day's cap has
	// left is in the ledger. Nil when nothing was.
	Sent func(ctx context.Context, since time.Time, each func(email string)) error
}

// longestWait is the longest that a lane waits for a provider's turn; a reader whose
// turn is later is put off until then, and the lane goes on with others.
const longestWait = time.Second

// How an adaptive rate moves: halved when the provider asks for it, at most once
// every settling time, and up by a part of the halved rate with each message
// that is taken.
const (
	settling  = 5 * time.Second
	climb     = 0.02
	slowest   = 1.0 / 30 // messages a second
	forgotten = 8        // times the halved rate: then there is no limit any more
)

// traffic is the policy that keeps providers' limits.
type traffic struct {
	o     Traffic
	group func(email string) string

	mu     sync.Mutex
	flows  map[string]*flow
	slowed int // flows that a provider asked to be slower
}

// flow is what goes to one provider.
type flow struct {
	limit   Limit
	rate    float64 // messages a second now; 0 for no limit
	base    float64 // the rate after the last cut
	next    time.Time
	cut     time.Time
	granted map[digest.SubscriberID]int // turns that were given out, and in which epoch
	epoch   int                         // a cut makes the turns of earlier ones void
	flying  int
	day     int // days since 1970
	today   int // messages sent on it
	since   time.Time
	taken   int // since then, for the rate that was
}

func newTraffic(o Traffic, group func(string) string) *traffic {
	return &traffic{o: o, group: group, flows: map[string]*flow{}}
}

// begin forgets what was under way in a run that ended, and reads from the ledger
// what the day has seen.
func (t *traffic) begin(ctx context.Context, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.flows {
		f.flying, f.today = 0, 0
	}
	if t.o.Sent == nil || !t.daily() {
		return nil
	}
	err := t.o.Sent(ctx, now.UTC().Truncate(24*time.Hour), func(email string) { t.flow(t.group(email), now).today++ })
	if err != nil {
		return fmt.Errorf("counting what was sent today: %w", err)
	}
	return nil
}

// daily reports whether any provider has a cap for the day.
func (t *traffic) daily() bool {
	for _, l := range t.o.Limits {
		if l.PerDay > 0 {
			return true
		}
	}
	return !t.o.WarmUp.Since.IsZero()
}

func (t *traffic) flow(name string, now time.Time) *flow {
	f := t.flows[name]
	if f == nil {
		if len(t.flows) >= manyFlows {
			t.forget()
		}
		limit, named := t.o.Limits[name]
		if !named {
			limit = t.o.Limits["*"]
		}
		f = &flow{limit: limit, rate: limit.Rate, granted: map[digest.SubscriberID]int{}, since: now}
		t.flows[name] = f
	}
	if day := int(now.Unix() / 86400); day != f.day {
		f.day, f.today = day, 0
	}
	return f
}

// manyFlows bounds what is remembered of providers: a list may hold a hundred
// thousand domains.
const manyFlows = 4096

// forget drops the flows that nothing depends on.
func (t *traffic) forget() {
	for name, f := range t.flows {
		if f.flying == 0 && f.base == 0 && f.limit == (Limit{}) && t.o.WarmUp.Since.IsZero() {
			delete(t.flows, name)
		}
	}
}

// free reports whether no limit is in force for anybody.
func (t *traffic) free() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.o.Limits) == 0 && t.o.WarmUp.Since.IsZero() && t.slowed == 0
}

// before gives a reader their provider's next turn.
func (t *traffic) before(r *digest.Reader, now time.Time) admission {
	t.mu.Lock()
	defer t.mu.Unlock()
	name := t.group(r.Email)
	f := t.flow(name, now)
	if most := f.most(t.o.WarmUp.cap(now)); most > 0 && f.today+f.flying >= most {
		return admission{hold: now.UTC().Truncate(24 * time.Hour).Add(24*time.Hour + 5*time.Minute).Sub(now), why: fmt.Sprintf("%s has had its %d messages for today", name, most)}
	}
	if f.limit.Connections > 0 && f.flying >= f.limit.Connections {
		return admission{wait: 10 * time.Millisecond, again: true}
	}
	var wait time.Duration
	if epoch, ok := f.granted[r.Subscriber]; ok && epoch == f.epoch {
		delete(f.granted, r.Subscriber)
	} else if f.rate > 0 {
		turn := f.next
		if turn.Before(now) {
			turn = now
		}
		f.next = turn.Add(time.Duration(float64(time.Second) / f.rate))
		if wait = turn.Sub(now); wait > longestWait {
			f.granted[r.Subscriber] = f.epoch
			return admission{hold: wait, why: fmt.Sprintf("%s takes %.3g messages a second", name, f.rate)}
		}
	}
	f.flying++
	return admission{wait: wait}
}

// most is the day's cap, the smaller of what is configured and the warm-up's.
func (f *flow) most(warm int) int {
	if f.limit.PerDay > 0 && (warm == 0 || f.limit.PerDay < warm) {
		return f.limit.PerDay
	}
	return warm
}

// after counts a message, and moves the rate.
func (t *traffic) after(r *digest.Reader, at stage, o digest.Outcome) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.flow(t.group(r.Email), o.At)
	f.flying = max(0, f.flying-1)
	was := f.base
	switch {
	case o.Verdict == digest.VerdictSent:
		f.today++
		if f.taken++; o.At.Sub(f.since) > 10*time.Second {
			f.since, f.taken = o.At, 1
		}
		if t.o.Adaptive {
			f.faster()
		}
	case t.o.Adaptive && asksForLess(at, o) && o.At.Sub(f.cut) >= settling:
		f.slower(o.At)
	}
	switch {
	case was == 0 && f.base > 0:
		t.slowed++
	case was > 0 && f.base == 0:
		t.slowed--
	}
	return nil
}

// slower halves the rate, from what it was or from what it turned out to be.
func (f *flow) slower(now time.Time) {
	if f.rate == 0 {
		f.rate = float64(f.taken) / max(1, now.Sub(f.since).Seconds())
	}
	f.rate = max(f.rate/2, slowest)
	f.base, f.cut, f.epoch = f.rate, now, f.epoch+1
	f.next = now.Add(time.Duration(float64(time.Second) / f.rate))
	clear(f.granted)
}

// faster climbs back, up to what is configured, or until there is nothing left to
// fear.
func (f *flow) faster() {
	if f.base == 0 {
		return
	}
	f.rate += climb * f.base
	switch {
	case f.limit.Rate > 0 && f.rate >= f.limit.Rate:
		f.rate, f.base = f.limit.Rate, 0
	case f.limit.Rate == 0 && f.rate >= forgotten*f.base:
		f.rate, f.base = 0, 0
	}
}

// asksForLess tells a provider that is asked too much from one that speaks of
// this reader, or greylists.
func asksForLess(at stage, o digest.Outcome) bool {
	if o.Code/100 != 4 {
		return false
	}
	if o.Code == 421 || judge(at, o.Code, o.Enhanced, o.Reply).blame == tooFast {
		return true
	}
	for _, busy := range []string{"4.3.1", "4.3.2", "4.4.5", "4.5.3"} {
		if strings.HasPrefix(o.Enhanced, busy) {
			return true
		}
	}
	return false
}

// newGrouping is how a Sender tells providers apart.
func newGrouping(lookupMX bool) *grouping {
	g := &grouping{}
	if lookupMX {
		g.lookup = net.DefaultResolver.LookupMX
	}
	return g
}
