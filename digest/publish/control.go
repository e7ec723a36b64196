package publish

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
)

// errStopped ends a run whose edition the operator paused or canceled, or that
// comes into the quiet hours. It is not a failure: the books say where it stands.
var errStopped = errors.New("the edition was paused or canceled, or the quiet hours began")

// quiet reports whether nothing may leave now.
func (p *Publisher) quiet() bool { return p.o.Quiet != nil && !p.o.Quiet(p.o.Now()).IsZero() }

// linger is how long a run waits for readers whose turn comes soon: those whom a
// provider's pace put off. Whoever waits longer is left to the next run.
const linger = 30 * time.Second

// soon waits until the next reader's turn, and reports whether it came.
func (p *Publisher) soon(ctx context.Context, id digest.EditionID) bool {
	next, waiting, err := p.o.Store.NextTry(ctx, id)
	if err != nil || !waiting || ctx.Err() != nil {
		return false
	}
	wait := next.Sub(p.o.Now())
	if wait > linger {
		return false
	}
	t := time.NewTimer(max(wait, watchEvery)) // a few at a time, not each alone
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// watchEvery bounds how long a running send takes to notice.
const watchEvery = 500 * time.Millisecond

// watch ends the returned context when the operator takes the edition out of
// sending. A store that cannot be read for a moment stops nothing.
func (p *Publisher) watch(ctx context.Context, id digest.EditionID) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if p.quiet() {
				cancel(errStopped)
				return
			}
			if state, err := p.o.Store.EditionState(ctx, id); err == nil && state != digest.EditionSending {
				cancel(errStopped)
				return
			}
		}
	}()
	return ctx, cancel
}

// conclude brings a run's edition into the state that its books and the operator
// give it: canceled stays canceled, with what the run gave back; an edition
// without anything queued or waiting is sent.
func (p *Publisher) conclude(ctx context.Context, e *digest.Edition) (digest.Books, error) {
	state, err := p.o.Store.EditionState(ctx, e.ID)
	if err == nil && state == digest.EditionCanceled {
		_, _, err = p.o.Store.CancelEdition(ctx, e.ID, p.o.Now())
	}
	if err != nil {
		return digest.Books{}, err
	}
	books, err := p.o.Store.Books(ctx, e.ID)
	if e.State = state; err != nil || state == digest.EditionCanceled || !books.Done() {
		return books, err
	}
	if _, err := p.o.Store.MoveEdition(ctx, e.ID, state, digest.EditionSent); err != nil {
		return books, err
	}
	e.State = digest.EditionSent
	return books, nil
}

// SendEdition goes on with one frozen edition. It returns a [*digest.SendError]
// when the mail server could not be used; the report is true in both cases.
func (p *Publisher) SendEdition(ctx context.Context, n digest.Newsletter, e digest.Edition) (Report, error) {
	done, err := p.deliver(ctx, n, e, true)
	return Report{Editions: []EditionReport{done}}, err
}

// rationed is a store that hands out so many deliveries and no more: what is
// behind --pause-after.
type rationed struct {
	Store
	mu   sync.Mutex
	left int
}

// Claim takes no more than the ration holds.
func (r *rationed) Claim(ctx context.Context, c digest.Claim) ([]digest.Reader, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Limit = min(c.Limit, r.left); c.Limit == 0 {
		return nil, nil
	}
	readers, err := r.Store.Claim(ctx, c)
	r.left -= len(readers)
	return readers, err
}

// spent reports whether there was a ration, and nothing is left of it.
func (r *rationed) spent() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.left == 0
}

// pause leaves the rest of an edition to the operator, once its ration is used.
func (p *Publisher) pause(ctx context.Context, e digest.Edition, r *rationed) error {
	if !r.spent() {
		return nil
	}
	if _, err := p.o.Store.MoveEdition(context.WithoutCancel(ctx), e.ID, digest.EditionSending, digest.EditionPaused); err != nil {
		return fmt.Errorf("pausing %s: %w", e.Ref(), err)
	}
	return nil
}
