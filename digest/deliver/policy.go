package deliver

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"github.com/zest-digest/zest/digest"
)

// policy has a say in every message of every lane: when it may begin, and what
// its outcome means for those after it. Lanes ask all policies of a Sender, in
// their order; a policy is called from several goroutines at once.
type policy interface {
	// before is asked when a message is about to begin. It must not block: it
	// says how long to wait, and the lane waits, with nothing in flight.
	before(r *digest.Reader, now time.Time) admission
	// after hears the outcome of a message that was begun, and how far it had
	// come. An error ends the run: a [*digest.SendError] when the relay is of no
	// use to anybody.
	after(r *digest.Reader, at stage, o digest.Outcome) error
}

// admission is a policy's answer. The zero value lets the message go.
type admission struct {
	wait time.Duration // how long the lane is to wait before this message
	hold time.Duration // how long this reader is to be put off; the lane goes on with the next
	why  string        // for the ledger, when held
	// again asks the same policy once more after the wait: what it waits for may
	// take longer.
	again bool
}

// pace holds all lanes together to a number of messages a second.
type pace struct{ limit *rate.Limiter }

func newPace(perSecond float64) pace {
	return pace{rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond/10)))}
}

func (p pace) before(*digest.Reader, time.Time) admission {
	return admission{wait: p.limit.Reserve().Delay()}
}

func (p pace) after(*digest.Reader, stage, digest.Outcome) error { return nil }

// sleep waits, or returns the context's error when that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
