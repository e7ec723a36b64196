package publish

import (
	"context"
	"fmt"
	"sync"

	"github.com/zest-digest/zest/digest"
)

// ledger stands between the sender's lanes and the store. Lanes report outcomes
// as they come; one goroutine writes them in groups, one commit a group. A lane
// that is [digest.RunAhead] outcomes ahead of the last commit waits, so that a
// crash leaves no more than that in doubt.
type ledger struct {
	p       *Publisher
	frozen  digest.Frozen
	owner   string
	writer  writer
	resend  bool // what is unknown goes again
	results chan result
	done    chan struct{}
	store   context.Context // outlives the run's own: what was sent must be written

	mu    sync.Mutex
	lanes map[int]*lane
	err   error
	stop  chan struct{} // closed at the first error
}

type result struct {
	lane    *lane
	outcome digest.Outcome
}

// lane counts the outcomes of one connection that no commit holds yet.
type lane struct{ ahead chan struct{} }

// group bounds one commit; at 100 rows a commit its cost has all but vanished.
const group = 256

func newLedger(ctx context.Context, p *Publisher, f digest.Frozen, owner string, w writer) *ledger {
	l := &ledger{
		p: p, frozen: f, owner: owner, writer: w,
		results: make(chan result, group), done: make(chan struct{}),
		store: context.WithoutCancel(ctx), lanes: map[int]*lane{}, stop: make(chan struct{}),
	}
	go l.write()
	return l
}

func (l *ledger) lane(n int) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lanes[n] == nil {
		l.lanes[n] = &lane{ahead: make(chan struct{}, digest.RunAhead)}
	}
	return l.lanes[n]
}

// Next claims the next readers for a lane. The lane's own outcomes are all
// written first, so that recovery can tell by order what was in flight.
func (l *ledger) Next(ctx context.Context, n int) ([]digest.Reader, error) {
	lane := l.lane(n)
	for range digest.RunAhead {
		select {
		case lane.ahead <- struct{}{}:
		case <-l.stop:
			return nil, l.failure()
		}
	}
	for range digest.RunAhead {
		<-lane.ahead
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	readers, err := l.p.o.Store.Claim(ctx, digest.Claim{
		Edition: l.frozen.Edition.ID, Owner: l.owner, Lane: n, Limit: l.p.o.Block, Lease: lease, Now: l.p.o.Now(),
	})
	if err != nil {
		return nil, fmt.Errorf("claiming deliveries: %w", err)
	}
	for i := range readers {
		l.writer.fill(l.frozen.Edition.ID, &readers[i])
	}
	return readers, nil
}

// Settle hands one outcome of a lane to the writer.
func (l *ledger) Settle(_ context.Context, n int, o digest.Outcome) error {
	lane := l.lane(n)
	o.Resend = l.resend && o.Verdict == digest.VerdictUnknown
	select {
	case lane.ahead <- struct{}{}:
	case <-l.stop:
		return l.failure()
	}
	select {
	case l.results <- result{lane, o}:
		return nil
	case <-l.stop:
		return l.failure()
	}
}

func (l *ledger) write() {
	defer close(l.done)
	batch := make([]result, 0, group)
	outcomes := make([]digest.Outcome, 0, group)
	for first := range l.results {
		batch = append(batch[:0], first)
	fill:
		for len(batch) < group {
			select {
			case r, open := <-l.results:
				if !open {
					break fill
				}
				batch = append(batch, r)
			default:
				break fill
			}
		}
		outcomes = outcomes[:0]
		for _, r := range batch {
			outcomes = append(outcomes, r.outcome)
		}
		if err := l.p.o.Store.Settle(l.store, l.frozen.Edition.ID, l.owner, outcomes); err != nil {
			l.fail(fmt.Errorf("writing the ledger: %w", err))
			return
		}
		for _, r := range batch {
			<-r.lane.ahead
		}
		l.p.o.Progress.Delivered(l.frozen.Edition, outcomes)
	}
}

func (l *ledger) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
	close(l.stop)
}

func (l *ledger) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// close writes what is left. The sender has returned: nobody settles any more.
func (l *ledger) close() error {
	close(l.results)
	<-l.done
	return l.failure()
}
