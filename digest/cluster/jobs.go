package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/zest-digest/zest/digest"
)

// underWay are the states in which a job keeps another of its like from being
// added. One that is done does not: an edition is delivered again when readers
// that were to wait may be tried once more.
var underWay = []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled}

// tick looks at what is due. The leader adds one every few seconds; any node may
// do it.
type tick struct{}

func (tick) Kind() string { return "zest_tick" }

func (tick) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

type ticker struct {
	river.WorkerDefaults[tick]
	node *Node
	work Work
}

func (t *ticker) Work(ctx context.Context, _ *river.Job[tick]) error {
	slots, err := t.work.Due(ctx)
	for _, s := range slots {
		late := time.Since(s.At)
		// A node that dies while it makes an edition blocks its job until that has
		// timed out. So each minute there may be another: the store lets one of
		// them freeze the edition.
		job := makeEdition{Newsletter: s.Newsletter, Slot: s.Name, At: s.At, Round: int(late / time.Minute)}
		if _, e := t.node.client.Insert(ctx, job, nil); e != nil {
			err = errors.Join(err, e)
		}
	}
	return errors.Join(err, t.node.spread(ctx, t.work))
}

// spread gives every node a part in delivering what is open.
func (n *Node) spread(ctx context.Context, w Work) error {
	open, err := w.Open(ctx)
	if err != nil {
		return err
	}
	var jobs []river.InsertManyParams
	for _, id := range open {
		for part := range n.o.Parts {
			jobs = append(jobs, river.InsertManyParams{Args: deliverPart{Edition: id, Part: part}})
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	_, err = n.client.InsertMany(ctx, jobs)
	return err
}

// collect reads one source for one slot.
type collect struct {
	Source string    `json:"source"`
	Since  time.Time `json:"since"`
}

func (collect) Kind() string { return "zest_collect" }

func (collect) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueCollect, MaxAttempts: 2, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

type collector struct {
	river.WorkerDefaults[collect]
	work Work
}

func (c *collector) Timeout(*river.Job[collect]) time.Duration { return patience }

func (c *collector) Work(ctx context.Context, job *river.Job[collect]) error {
	return c.work.Collect(ctx, job.Args.Source)
}

// makeEdition makes the edition of a slot, once its sources have been read.
type makeEdition struct {
	Newsletter string    `json:"newsletter"`
	Slot       string    `json:"slot"`
	At         time.Time `json:"at"`
	Round      int       `json:"round"`
}

func (makeEdition) Kind() string { return "zest_make" }

func (makeEdition) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueMake, MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

type maker struct {
	river.WorkerDefaults[makeEdition]
	node *Node
	work Work
}

func (m *maker) Timeout(*river.Job[makeEdition]) time.Duration { return makeTimeout }

func (m *maker) NextRetry(*river.Job[makeEdition]) time.Time { return time.Now().Add(20 * time.Second) }

func (m *maker) Work(ctx context.Context, job *river.Job[makeEdition]) error {
	a := job.Args
	unread, err := m.work.Unread(ctx, a.Newsletter, a.At)
	if err != nil {
		return err
	}
	if len(unread) > 0 && time.Since(job.CreatedAt) < patience {
		jobs := make([]river.InsertManyParams, len(unread))
		for i, s := range unread {
			jobs[i].Args = collect{Source: s, Since: a.At}
		}
		if _, err := m.node.client.InsertMany(ctx, jobs); err != nil {
			return err
		}
		return river.JobSnooze(time.Second)
	}
	if len(unread) > 0 {
		m.node.o.Log.Warn("edition made without sources that are slow", "newsletter", a.Newsletter, "slot", a.Slot, "sources", len(unread))
	}
	if err := m.work.Make(ctx, Slot{Newsletter: a.Newsletter, Name: a.Slot, At: a.At}); err != nil {
		return err
	}
	return m.node.spread(ctx, m.work)
}

// deliverPart has one node help with delivering an edition.
type deliverPart struct {
	Edition digest.EditionID `json:"edition"`
	Part    int              `json:"part"`
}

func (deliverPart) Kind() string { return "zest_deliver" }

func (deliverPart) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueDeliver, MaxAttempts: 5, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: underWay}}
}

type deliverer struct {
	river.WorkerDefaults[deliverPart]
	node *Node
	work Work
}

func (d *deliverer) NextRetry(*river.Job[deliverPart]) time.Time {
	return time.Now().Add(10 * time.Second)
}

func (d *deliverer) Work(ctx context.Context, job *river.Job[deliverPart]) error {
	part, cancel := context.WithTimeout(ctx, stretch)
	defer cancel()
	err := d.work.Deliver(part, job.Args.Edition)
	if part.Err() != nil {
		return river.JobSnooze(0) // its time is up, or the node stops: another goes on
	}
	return err
}
