package deliver

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Options are what a Sender is made of. Zero values take the defaults.
type Options struct {
	Relay         Relay
	Relays        []Relay // several, instead of the one
	Drop          Drop    // a way out that is not a mail server, instead of relays
	Connections   int     // lanes at once; default 4
	PerConnection int     // messages before a connection is renewed; default 500
	Rate          float64 // messages a second over all lanes; 0 for no limit
	Timeouts      Timeouts
	Traffic       Traffic
	Signer        *DKIM // nil when the relay signs
	Now           func() time.Time
}

// Deliverer is what hands messages to a mail server: a [Sender], or one that
// stands around it and counts.
type Deliverer interface {
	Deliver(ctx context.Context, messages map[string]*Message, f Feed) error
	SendOne(ctx context.Context, m *Message, r digest.Reader) (digest.Outcome, error)
}

// Sender hands messages to a relay.
type Sender struct {
	o        Options
	breaker  *breaker
	traffic  *traffic
	pool     *pool
	policies []policy // asked in this order; the breaker is one of them
}

// New makes a Sender.
func New(o Options) (*Sender, error) {
	if len(o.Relays) == 0 {
		o.Relays = []Relay{o.Relay}
	}
	if o.Relays[0].Host == "" && o.Drop == nil {
		return nil, &digest.InvalidError{Field: "smtp.host", Reason: "is not set; name the mail server that takes your messages"}
	}
	o.Connections = max(1, cmp.Or(o.Connections, 4))
	o.PerConnection = max(1, cmp.Or(o.PerConnection, 500))
	t := &o.Timeouts
	t.Dial, t.Command = cmp.Or(t.Dial, 30*time.Second), cmp.Or(t.Command, 5*time.Minute)
	t.Data, t.End = cmp.Or(t.Data, 5*time.Minute), cmp.Or(t.End, 10*time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	group := newGrouping(o.Traffic.LookupMX).of
	s := &Sender{o: o, breaker: &breaker{group: group, domains: map[string]*provider{}}, traffic: newTraffic(o.Traffic, group), pool: newPool(o.Relays, o.Timeouts, o.Now)}
	s.policies = []policy{s.breaker, s.traffic} // the second counts whom it lets go: none behind it may hold
	if o.Rate > 0 {
		s.policies = append(s.policies, newPace(o.Rate)) // last: a reader who is held back takes no turn
	}
	return s, nil
}

// Feed is the ledger as the sender sees it.
type Feed interface {
	// Next gives the next readers for a lane, in order. An empty batch means that
	// nothing can go now.
	Next(ctx context.Context, lane int) ([]digest.Reader, error)
	// Settle records one outcome of a lane, in order. It blocks while the lane is
	// [digest.RunAhead] outcomes ahead of what is recorded.
	Settle(ctx context.Context, lane int, o digest.Outcome) error
}

// Deliver runs its lanes until the feed is empty or ctx ends. Readers that were
// handed out and never begun are left unsettled. It returns a
// [*digest.SendError] when the relay could not be used, and the feed's error
// when the ledger could not.
func (s *Sender) Deliver(ctx context.Context, messages map[string]*Message, f Feed) error {
	if err := s.traffic.begin(ctx, s.o.Now()); err != nil {
		return err
	}
	s.pool.begin()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for n := range s.o.Connections {
		wg.Go(func() {
			if err := (&lane{s: s, n: n, messages: messages, feed: f}).run(ctx); err != nil {
				cancel(err) // one lane's relay is every lane's relay
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// unlimited reports whether nothing limits how fast readers follow each other.
func (s *Sender) unlimited() bool { return s.o.Rate == 0 && s.traffic.free() }

// SendOne sends one message outside any ledger.
func (s *Sender) SendOne(ctx context.Context, m *Message, r digest.Reader) (digest.Outcome, error) {
	var one single
	l := &lane{s: s, messages: map[string]*Message{r.Variant: m}, feed: &one}
	defer l.close()
	mail, err := l.compose(&r)
	if err != nil {
		return digest.Outcome{}, err
	}
	if s.o.Drop != nil {
		err := l.drop(ctx, &r, mail)
		return one.outcome, err
	}
	if err := l.transmit(ctx, flight{&r, mail, 0}, nil); err != nil {
		return digest.Outcome{}, err
	}
	err = l.land(ctx)
	return one.outcome, err
}

// single is the ledger of one message.
type single struct{ outcome digest.Outcome }

func (*single) Next(context.Context, int) ([]digest.Reader, error) { return nil, nil }

func (s *single) Settle(_ context.Context, _ int, o digest.Outcome) error {
	s.outcome = o
	return nil
}

// Published lists the DNS records that go with the keys this sender signs with.
func (s *Sender) Published() ([]Published, error) { return s.o.Signer.Published() }
