package deliver

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
)

// How a [breaker] counts. A refusal that is about us says nothing of the next
// address, but much of the next message: after a few, going on only makes the
// provider's mind up, and spends readers who would have had their edition
// tomorrow. A refusal of the message itself is final at once: every reader there
// has the same one.
const (
	messageTrip   = 1  // of the message, for one provider
	providerTrip  = 5  // in a row, for one provider
	relayTrip     = 20 // in a row, whatever the domain
	senderTrip    = 5  // in a row at MAIL, where no reader is named yet
	policyPause   = time.Hour
	throttlePause = 10 * time.Minute
)

// breaker keeps us from a provider, or a relay, that refuses us rather than the
// reader (RFC 3463 section 3.8, and the providers' own pages). A success closes
// it at once; after its pause one more refusal opens it again.
type breaker struct {
	group    func(email string) string // to the provider
	mu       sync.Mutex
	domains  map[string]*provider
	refusals int // in a row over all domains, for good
	atMail   int // of those in a row, at MAIL
}

type provider struct {
	refusals int
	until    time.Time
	why      string
}

// before holds back the readers of a provider that is to be left alone.
func (b *breaker) before(r *digest.Reader, now time.Time) admission {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.domains) == 0 {
		return admission{}
	}
	p := b.domains[b.group(r.Email)]
	if p == nil || !now.Before(p.until) {
		return admission{}
	}
	return admission{hold: p.until.Sub(now), why: "the provider refuses us: " + p.why}
}

// after counts an outcome. It returns a [*digest.SendError] when the relay
// refuses whoever is written to.
func (b *breaker) after(r *digest.Reader, at stage, o digest.Outcome) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o.Verdict == digest.VerdictSent && len(b.domains) == 0 {
		b.refusals, b.atMail = 0, 0
		return nil
	}
	name := b.group(r.Email)
	if o.Verdict == digest.VerdictSent {
		delete(b.domains, name)
		b.refusals, b.atMail = 0, 0
		return nil
	}
	why := judge(at, o.Code, o.Enhanced, o.Reply).blame
	if why == aboutReader {
		return nil
	}
	if at == stageMail && why != tooFast {
		b.atMail++
	} else {
		b.count(name, why, o)
	}
	if why != tooFast {
		b.refusals++
	}
	if b.atMail < senderTrip && b.refusals < relayTrip {
		return nil
	}
	n := max(b.atMail, b.refusals)
	b.refusals, b.atMail = 0, 0 // the next run asks again
	return &digest.SendError{
		Verdict: digest.VerdictDefer, Code: o.Code, Enhanced: o.Enhanced, Stage: string(at),
		Err: fmt.Errorf("stopping after %d refusals in a row that are about the sender: %d %s", n, o.Code, o.Reply),
	}
}

// count opens a provider's breaker when it has refused often enough.
func (b *breaker) count(name string, why blame, o digest.Outcome) {
	p := b.domains[name]
	if p == nil {
		p = &provider{}
		b.domains[name] = p
	}
	trip := providerTrip
	if why == aboutMessage {
		trip = messageTrip
	}
	if p.refusals++; p.refusals < trip {
		return
	}
	pause := policyPause
	if why == tooFast {
		pause = throttlePause
	}
	p.until, p.why = o.At.Add(pause), o.Reply
}

// Provider is one that is left alone until a time, and why: a mail provider, or one of
// several relays of our own, for which the others do the work.
type Provider struct {
	Name  string
	Relay bool   // its name is HOST:PORT, or a socket
	Why   string // its words
	Until time.Time
}

// String is the state in one line.
func (p Provider) String() string {
	return fmt.Sprintf("%s left alone until %s: %s", p.Name, p.Until.Local().Format(time.TimeOnly), p.Why)
}

// Kind is what it is, in a word.
func (p Provider) Kind() string {
	if p.Relay {
		return "relay"
	}
	return "provider"
}

// Page is where the provider says what it wants of senders, "" when unknown.
func (p Provider) Page() string { return ProviderPage(p.Name) }

// Closed lists the providers and relays that are being left alone, by name.
func (s *Sender) Closed() []Provider {
	b, now := s.breaker, s.o.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Provider
	for name, p := range b.domains {
		if now.Before(p.until) {
			out = append(out, Provider{Name: name, Why: p.why, Until: p.until})
		}
	}
	out = append(out, s.pool.closed()...)
	slices.SortFunc(out, func(a, b Provider) int { return strings.Compare(a.Name, b.Name) })
	return out
}
