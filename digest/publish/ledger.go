package publish

import (
	"context"
	"fmt"
	"sync"

	"github.com/zest-digest/zest/digest"
)

// ledger stands between the sender's lanes and the store. One goroutine, the
// keeper, does all that the store is asked for: it writes outcomes in groups,
// one commit a group, and claims for all lanes that want readers at once. A lane
// that is [digest.RunAhead] outcomes ahead of the last commit waits, so that a
// crash leaves no more than that in doubt.
type ledger struct {
	p       *Publisher
	frozen  digest.Frozen
	owner   string
	writer  writer
	resend  bool // what is unknown goes again
	results chan result
	wants   chan want
	done    chan struct{}
	run     context.Context // ends when the sender is to stop
	store   context.Context // outlives the run's own: what was sent must be written

	mu    sync.Mutex
	lanes map[int]*lane
	err   error
	stop  chan struct{} // closed at the first error

	desk desk // the keeper's
}

type result struct {
	lane    *lane
	outcome digest.Outcome
}

// lane is one connection's share.
type lane struct {
	n      int
	ahead  chan struct{}        // holds the outcomes that no commit holds yet
	blocks chan []digest.Reader // readers claimed for it
	asked  bool                 // the lane's own: a block is on its way
}

// group bounds one commit; at 100 rows a commit its cost has all but vanished.
const group = 256

func newLedger(ctx context.Context, p *Publisher, f digest.Frozen, owner string, w writer) *ledger {
	l := &ledger{
		p: p, frozen: f, owner: owner, writer: w,
		results: make(chan result, group), wants: make(chan want, group), done: make(chan struct{}),
		run: ctx, store: context.WithoutCancel(ctx), lanes: map[int]*lane{}, stop: make(chan struct{}),
	}
	go l.keep()
	return l
}

// Newsletter says whose messages these are, for whoever counts them.
func (l *ledger) Newsletter() string { return l.frozen.Edition.Newsletter }

func (l *ledger) lane(n int) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lanes[n] == nil {
		l.lanes[n] = &lane{n: n, ahead: make(chan struct{}, digest.RunAhead), blocks: make(chan []digest.Reader, 1)}
	}
	return l.lanes[n]
}

// Next gives the next readers for a lane. The block after it is claimed while
// this one is sent. The first pass over the edition goes up the readers' numbers,
// so that recovery can tell by order what of a lane was in flight; before a lane
// begins again with those whose time has come since, all its outcomes are
// written.
func (l *ledger) Next(ctx context.Context, n int) ([]digest.Reader, error) {
	lane := l.lane(n)
	readers, err := l.block(ctx, want{lane: lane})
	if err == nil && len(readers) == 0 {
		if err = l.settledAll(lane); err == nil {
			readers, err = l.block(ctx, want{lane: lane, again: true})
		}
	}
	if err != nil || len(readers) == 0 {
		return nil, err
	}
	l.ask(want{lane: lane})
	for i := range readers {
		l.writer.fill(l.frozen.Edition.ID, &readers[i])
	}
	return readers, nil
}

// block is the block that was asked for, or asks for one, and waits.
func (l *ledger) block(ctx context.Context, w want) ([]digest.Reader, error) {
	select {
	case readers := <-w.lane.blocks:
		w.lane.asked = false
		return readers, ctx.Err()
	default:
	}
	w.waits = true
	l.ask(w)
	select {
	case readers := <-w.lane.blocks:
		w.lane.asked = false
		return readers, ctx.Err()
	case <-l.stop:
		return nil, l.failure()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ask tells the keeper what a lane wants, or that it waits for it by now.
func (l *ledger) ask(w want) {
	w.more = w.lane.asked
	w.lane.asked = true
	select {
	case l.wants <- w:
	case <-l.stop:
	}
}

// count is how many lanes there are.
func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.lanes)
}

// settledAll waits until the store holds every outcome of a lane.
func (l *ledger) settledAll(lane *lane) error {
	for range digest.RunAhead {
		select {
		case lane.ahead <- struct{}{}:
		case <-l.stop:
			return l.failure()
		}
	}
	for range digest.RunAhead {
		<-lane.ahead
	}
	return nil
}

// Settle hands one outcome of a lane to the keeper.
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

// keep is the keeper. Outcomes come first: lanes wait for them.
func (l *ledger) keep() {
	defer close(l.done)
	batch := make([]result, 0, group)
	for open := true; open; {
		batch = batch[:0]
		select {
		case r, more := <-l.results:
			if open = more; more {
				batch = append(batch, r)
			}
		case w := <-l.wants:
			l.desk.add(w)
		}
		batch, open = l.pending(batch, open)
		err := l.record(batch)
		if err == nil {
			err = l.serve()
		}
		if err != nil {
			l.fail(err)
			return
		}
	}
}

// pending adds the outcomes that are there to a batch.
func (l *ledger) pending(batch []result, open bool) ([]result, bool) {
	for open && len(batch) < group {
		select {
		case r, more := <-l.results:
			if !more {
				return batch, false
			}
			batch = append(batch, r)
		default:
			return batch, true
		}
	}
	return batch, open
}

// record writes a group of outcomes, and lets their lanes go on.
func (l *ledger) record(batch []result) error {
	if len(batch) == 0 {
		return nil
	}
	outcomes := make([]digest.Outcome, len(batch))
	for i, r := range batch {
		outcomes[i] = r.outcome
	}
	if err := l.p.o.Store.Settle(l.store, l.frozen.Edition.ID, l.owner, outcomes); err != nil {
		return fmt.Errorf("writing the ledger: %w", err)
	}
	for _, r := range batch {
		<-r.lane.ahead
	}
	l.p.o.Progress.Delivered(l.frozen.Edition, outcomes)
	return nil
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
