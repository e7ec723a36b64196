package publish

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
)

// ledger stands between the sender's lanes and the store. A lane notes whom it
// has sent to in the run's journal, which a death of the process does not touch.
// The keeper syncs the journal, once for many notes, so that a loss of power does
// not either. The clerk does all that the store is asked for: behind the journal
// it writes outcomes in large groups, and it claims for all lanes that want
// readers at once. What is more than a plain yes, or has no journal, it writes at
// once. A lane that is [digest.RunAhead] outcomes ahead of the last sync, or
// commit, waits, so that a crash leaves no more than that in doubt.
type ledger struct {
	p       *Publisher
	frozen  digest.Frozen
	owner   string
	writer  writer
	resend  bool            // what is unknown goes again
	journal digest.Journal  // nil where the store keeps none
	run     context.Context // ends when the sender is to stop
	store   context.Context // outlives the run's own: what was sent must be written

	mu    sync.Mutex
	lanes map[int]*lane
	noted []result // in the journal, and not synced yet
	err   error
	stop  chan struct{} // closed at the first error

	some  chan struct{} // something is noted
	hurry chan struct{} // a lane waits for the sync, or soon will
	last  chan struct{} // closed when nothing more will be noted
	kept  chan struct{} // closed when the keeper has ended

	results chan result           // for the clerk to write at once
	synced  chan []digest.Outcome // for the clerk to write by and by
	wants   chan want
	done    chan struct{} // closed when the clerk has ended

	batch  []result         // the clerk's
	behind []digest.Outcome // the clerk's: synced, and not in the store yet
	desk   desk             // the clerk's
}

type result struct {
	lane    *lane
	outcome digest.Outcome
}

// lane is one connection's share.
type lane struct {
	n      int
	ahead  chan struct{}        // holds the outcomes that neither a sync nor a commit holds yet
	blocks chan []digest.Reader // readers claimed for it
	asked  bool                 // the lane's own: a block is on its way
}

const (
	// group bounds one commit; at 100 rows a commit its cost has all but vanished.
	group = 256
	// gathering is how long a note waits for others to be synced with it, unless a
	// lane is held up.
	gathering = 5 * time.Millisecond
	// trailing is how far the store may be behind the journal.
	trailing = 100 * time.Millisecond
)

func newLedger(ctx context.Context, p *Publisher, f digest.Frozen, owner string, j digest.Journal, w writer) *ledger {
	l := &ledger{
		p: p, frozen: f, owner: owner, writer: w, journal: j,
		run: ctx, store: context.WithoutCancel(ctx), lanes: map[int]*lane{}, stop: make(chan struct{}),
		some: make(chan struct{}, 1), hurry: make(chan struct{}, 1), last: make(chan struct{}), kept: make(chan struct{}),
		results: make(chan result, group), synced: make(chan []digest.Outcome, 16), wants: make(chan want, group), done: make(chan struct{}),
	}
	go l.keep()
	go l.clerk()
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

// ask tells the clerk what a lane wants, or that it waits for it by now.
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

// Settle hands one outcome of a lane over. It returns when the lane may go on.
func (l *ledger) Settle(_ context.Context, n int, o digest.Outcome) error {
	lane := l.lane(n)
	o.Resend = l.resend && o.Verdict == digest.VerdictUnknown
	select {
	case lane.ahead <- struct{}{}:
	default:
		signal(l.hurry)
		select {
		case lane.ahead <- struct{}{}:
		case <-l.stop:
			return l.failure()
		}
	}
	if l.journal != nil && o.Plain() {
		return l.note(result{lane, o})
	}
	select {
	case l.results <- result{lane, o}:
		return nil
	case <-l.stop:
		return l.failure()
	}
}

// note notes a reader to whom was sent.
func (l *ledger) note(r result) error {
	if err := l.journal.Note(r.outcome.Subscriber, r.outcome.At); err != nil {
		l.fail(fmt.Errorf("noting in the journal: %w", err))
		return l.failure()
	}
	l.mu.Lock()
	l.noted = append(l.noted, r)
	first := len(l.noted) == 1
	l.mu.Unlock()
	if first {
		signal(l.some)
	}
	if len(r.lane.ahead) == cap(r.lane.ahead) {
		signal(l.hurry)
	}
	return nil
}

// signal wakes whoever waits, now or next.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// keep is the keeper.
func (l *ledger) keep() {
	defer close(l.kept)
	for open := true; open; {
		select {
		case <-l.some:
			open = l.gather()
		case <-l.last:
			open = false
		}
		if err := l.sync(); err != nil {
			l.fail(fmt.Errorf("syncing the journal: %w", err))
			return
		}
	}
}

// gather waits for more to be noted, and reports whether there may be more yet.
func (l *ledger) gather() bool {
	enough := time.NewTimer(gathering)
	defer enough.Stop()
	select {
	case <-l.hurry:
	case <-enough.C:
	case <-l.last:
		return false
	}
	return true
}

// sync makes sure of what is noted, hands it to the clerk and lets the lanes go
// on.
func (l *ledger) sync() error {
	l.mu.Lock()
	noted := l.noted
	l.noted = make([]result, 0, len(noted))
	l.mu.Unlock()
	if len(noted) == 0 {
		return nil
	}
	if err := l.journal.Sync(); err != nil {
		return err
	}
	outcomes := make([]digest.Outcome, len(noted))
	for i, r := range noted {
		outcomes[i] = r.outcome
	}
	select {
	case l.synced <- outcomes:
	case <-l.stop:
	}
	for _, r := range noted {
		<-r.lane.ahead
	}
	return nil
}

// clerk is the clerk. What lanes wait for comes first.
func (l *ledger) clerk() {
	defer close(l.done)
	due := time.NewTicker(trailing)
	defer due.Stop()
	for open := true; open; {
		all := false
		select {
		case r, more := <-l.results:
			if open = more; more {
				l.batch = append(l.batch, r)
			}
		case outcomes := <-l.synced:
			l.behind = append(l.behind, outcomes...)
		case w := <-l.wants:
			l.desk.add(w)
		case <-due.C:
			all = true
		}
		if more := l.pending(); !more {
			open = false
		}
		var err error
		if all || !open || len(l.batch) > 0 || len(l.behind) >= group {
			err = l.write()
		}
		if err == nil {
			err = l.serve()
		}
		if err != nil {
			l.fail(err)
			return
		}
	}
}

// pending takes what else is there to write, and reports whether more may come.
func (l *ledger) pending() bool {
	for len(l.batch) < group {
		select {
		case r, more := <-l.results:
			if !more {
				l.trail()
				return false
			}
			l.batch = append(l.batch, r)
		default:
			l.trail()
			return true
		}
	}
	return true
}

// trail takes what was synced.
func (l *ledger) trail() {
	for {
		select {
		case outcomes := <-l.synced:
			l.behind = append(l.behind, outcomes...)
		default:
			return
		}
	}
}

// write brings the store up to date, and lets lanes go on that waited for it.
func (l *ledger) write() error {
	for _, r := range l.batch {
		l.behind = append(l.behind, r.outcome)
	}
	if len(l.behind) == 0 {
		return nil
	}
	if err := l.p.o.Store.Settle(l.store, l.frozen.Edition.ID, l.owner, l.behind); err != nil {
		return fmt.Errorf("writing the ledger: %w", err)
	}
	for _, r := range l.batch {
		<-r.lane.ahead
	}
	l.p.o.Progress.Delivered(l.frozen.Edition, l.behind)
	l.batch, l.behind = l.batch[:0], make([]digest.Outcome, 0, group)
	return nil
}

func (l *ledger) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
		close(l.stop)
	}
}

func (l *ledger) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// close writes what is left. The sender has returned: nobody settles any more.
func (l *ledger) close() error {
	close(l.last)
	<-l.kept
	close(l.results)
	<-l.done
	return l.failure()
}
