package deliver

import (
	"cmp"
	"context"
	"errors"
	"net/textproto"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/zest-digest/zest/digest"
)

// Options are what a Sender is made of. Zero values take the defaults.
type Options struct {
	Relay         Relay
	Connections   int     // lanes at once; default 4
	PerConnection int     // messages before a connection is renewed; default 500
	Rate          float64 // messages a second over all lanes; 0 for no limit
	Timeouts      Timeouts
	Signer        *DKIM // nil when the relay signs
	Now           func() time.Time
}

// Sender hands messages to a relay.
type Sender struct {
	o       Options
	limit   *rate.Limiter
	breaker *breaker
}

// New makes a Sender.
func New(o Options) (*Sender, error) {
	if o.Relay.Host == "" {
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
	s := &Sender{o: o, breaker: &breaker{domains: map[string]*provider{}}}
	if o.Rate > 0 {
		s.limit = rate.NewLimiter(rate.Limit(o.Rate), max(1, int(o.Rate/10)))
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

// SendOne sends one message outside any ledger.
func (s *Sender) SendOne(ctx context.Context, m *Message, r digest.Reader) (digest.Outcome, error) {
	l := &lane{s: s}
	defer l.close()
	body, err := l.compose(m, &r)
	if err != nil {
		return digest.Outcome{}, err
	}
	return l.attempt(ctx, &r, body)
}

// lane is one connection's worth of work.
type lane struct {
	s        *Sender
	n        int
	messages map[string]*Message
	feed     Feed
	session  *session
	buf      []byte

	refusedAt stage // of the last refusal
}

func (l *lane) run(ctx context.Context) error {
	defer l.close()
	for {
		readers, err := l.feed.Next(ctx, l.n)
		if err != nil || len(readers) == 0 {
			return err
		}
		for i := range readers {
			if err := l.one(ctx, &readers[i]); err != nil {
				return err
			}
		}
	}
}

// one sends to one reader and settles what came of it.
func (l *lane) one(ctx context.Context, r *digest.Reader) error {
	if l.s.limit != nil {
		if err := l.s.limit.Wait(ctx); err != nil {
			return ctx.Err()
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m := l.messages[r.Variant]
	if m == nil {
		return l.feed.Settle(ctx, l.n, digest.Outcome{Subscriber: r.Subscriber, Verdict: digest.VerdictFailed, Reply: "no message was rendered for variant " + r.Variant, At: l.s.o.Now()})
	}
	if pause, why := l.s.breaker.closed(r.Email, l.s.o.Now()); pause > 0 {
		return l.feed.Settle(ctx, l.n, digest.Outcome{Subscriber: r.Subscriber, Verdict: digest.VerdictDefer, Reply: shorten("not tried, the provider refuses us: " + why), RetryAfter: pause, At: l.s.o.Now()})
	}
	body, err := l.compose(m, r)
	if err != nil {
		return l.feed.Settle(ctx, l.n, digest.Outcome{Subscriber: r.Subscriber, Verdict: digest.VerdictFailed, Reply: err.Error(), At: l.s.o.Now()})
	}
	o, err := l.attempt(ctx, r, body)
	if err != nil && o.Verdict == "" {
		return err // never begun
	}
	return errors.Join(l.feed.Settle(ctx, l.n, o), err, l.s.breaker.note(r.Email, l.refusedAt, o))
}

// compose writes and signs the message of one reader. It is valid until the
// next call.
func (l *lane) compose(m *Message, r *digest.Reader) (body []byte, err error) {
	if l.buf, err = m.Append(l.buf[:0], r); err != nil || l.s.o.Signer == nil {
		return l.buf, err
	}
	return l.s.o.Signer.sign(l.buf)
}

// attempt sends a message, on a new connection when the old one is gone. A
// connection that breaks before the message was written costs the reader
// nothing: one fresh connection is tried.
func (l *lane) attempt(ctx context.Context, r *digest.Reader, body []byte) (digest.Outcome, error) {
	o := digest.Outcome{Subscriber: r.Subscriber}
	var last error
	for range 2 {
		if err := l.connect(ctx); err != nil {
			return digest.Outcome{}, err
		}
		err := l.session.send(ctx, r, body)
		o.At = l.s.o.Now()
		var no *refusal
		var gone *lost
		switch {
		case err == nil:
			o.Verdict, o.Code = digest.VerdictSent, 250
			return o, nil
		case errors.As(err, &no):
			o.Code, l.refusedAt = no.code, no.at
			o.Enhanced, o.Reply = split(no.text)
			o.Verdict = verdict(no.at, no.code, o.Enhanced, o.Reply)
			return o, nil
		case errors.As(err, &gone) && gone.at == stageEnd && !refusedBy421(gone):
			_, o.Reply = split("the connection ended before the reply to the message: " + gone.err.Error())
			o.Verdict = digest.VerdictUnknown
			return o, nil
		}
		last = err
	}
	o.Verdict = digest.VerdictDefer
	o.Enhanced, o.Reply = split(last.Error())
	var said *textproto.Error
	var gone *lost
	if errors.As(last, &said) && errors.As(last, &gone) {
		o.Code, l.refusedAt = said.Code, gone.at
		o.Enhanced, o.Reply = split(said.Msg)
	}
	return o, nil
}

// refusedBy421 tells a server that said it closes, and so did not take the
// message, from one that vanished.
func refusedBy421(l *lost) bool { return isProtocol(l.err) }

// connect makes sure of a session that can take a message.
func (l *lane) connect(ctx context.Context) error {
	if s := l.session; s != nil && !s.broken && s.sent < l.s.o.PerConnection {
		return nil
	}
	l.close()
	if err := ctx.Err(); err != nil {
		return err
	}
	s, err := open(ctx, l.s.o.Relay, l.s.o.Timeouts)
	if err != nil {
		return err
	}
	l.session = s
	return nil
}

func (l *lane) close() {
	if l.session != nil {
		l.session.close()
		l.session = nil
	}
}

// Published lists the DNS records that go with the keys this sender signs with.
func (s *Sender) Published() ([]Published, error) { return s.o.Signer.Published() }
