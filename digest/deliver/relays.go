package deliver

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/zest-digest/zest/digest"
)

// relayRest is how long a relay that could not be used is left out, while
// another can.
const relayRest = time.Minute

// pool shares connections out among relays: by weight, within each one's limits,
// past those that cannot be used.
type pool struct {
	timeouts Timeouts
	now      func() time.Time

	mu    sync.Mutex
	seats []*seat
}

// seat is one relay's place in the pool.
type seat struct {
	relay Relay
	limit *rate.Limiter // nil for none
	open  int
	until time.Time // left out until then
	err   error     // why
}

func newPool(relays []Relay, t Timeouts, now func() time.Time) *pool {
	p := &pool{timeouts: t, now: now}
	for _, r := range relays {
		s := &seat{relay: r}
		if r.Rate > 0 {
			s.limit = rate.NewLimiter(rate.Limit(r.Rate), max(1, int(r.Rate/10)))
		}
		p.seats = append(p.seats, s)
	}
	return p
}

// begin gives every relay another chance: a new run asks again.
func (p *pool) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.seats {
		s.until = time.Time{}
	}
}

// take reserves a connection at the relay that has fewest for its weight. busy
// says that one is up and has no connection left.
func (p *pool) take() (best *seat, busy bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	load := func(s *seat) float64 { return float64(s.open+1) / float64(max(1, s.relay.Weight)) }
	for _, s := range p.seats {
		switch {
		case now.Before(s.until):
		case s.relay.Connections > 0 && s.open >= s.relay.Connections:
			busy = true
		case best == nil || load(s) < load(best):
			best = s
		}
	}
	if best != nil {
		best.open++
	}
	return best, busy
}

// dial opens a session with a relay that can be used. When none can, it returns
// why the last one could not.
func (p *pool) dial(ctx context.Context) (*session, error) {
	for {
		s, busy := p.take()
		switch {
		case s == nil && busy:
			if err := sleep(ctx, 20*time.Millisecond); err != nil {
				return nil, err
			}
			continue
		case s == nil:
			return nil, p.why()
		}
		session, err := open(ctx, s.relay, p.timeouts)
		if err == nil {
			session.seat = s
			return session, nil
		}
		p.release(s)
		if len(p.seats) == 1 || ctx.Err() != nil {
			return nil, err
		}
		p.mu.Lock()
		s.until, s.err = p.now().Add(relayRest), err
		p.mu.Unlock()
	}
}

// passOver leaves a relay out that refused the sender, when another can do its
// work, and says whether one can. A refusal for good counts for as long as a
// provider's.
func (p *pool) passOver(s *seat, no *refusal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for _, other := range p.seats {
		if other == s || now.Before(other.until) {
			continue
		}
		rest := relayRest
		if no.code/100 == 5 {
			rest = policyPause
		}
		if !now.Before(s.until) {
			s.until = now.Add(rest)
		}
		enhanced, reply := split(no.text)
		s.err = &digest.SendError{
			Verdict: digest.VerdictDefer, Code: no.code, Enhanced: enhanced, Stage: string(no.at),
			Err: fmt.Errorf("%s refuses the sender: %d %s", s.relay.name(), no.code, reply),
		}
		return true
	}
	return false
}

// closed lists the relays that are left out until a time.
func (p *pool) closed() []Provider {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Provider
	for _, s := range p.seats {
		if p.now().Before(s.until) {
			out = append(out, Provider{Name: s.relay.name(), Relay: true, Why: shorten(s.err.Error()), Until: s.until})
		}
	}
	return out
}

func (p *pool) release(s *seat) {
	if s == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.open--
}

// why is the last relay's reason for being left out.
func (p *pool) why() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seats[len(p.seats)-1].err
}
