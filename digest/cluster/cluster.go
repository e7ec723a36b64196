package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/zest-digest/zest/digest"
)

// Slot is one occurrence of a newsletter's calendar.
type Slot struct {
	Newsletter string
	Name       string // as the store knows it
	At         time.Time
}

// Work is the pipeline as a node sees it. Every method may be called from
// several goroutines, on several machines, and more than once for one thing.
type Work interface {
	// Due gives the slots whose time has come and that nobody dealt with.
	Due(ctx context.Context) ([]Slot, error)
	// Unread names the sources of a newsletter that nobody tried since a moment,
	// and that are to be tried.
	Unread(ctx context.Context, newsletter string, since time.Time) ([]string, error)
	// Collect reads one source and stores what it brings. That the source failed
	// is no error.
	Collect(ctx context.Context, source string) error
	// Make makes the edition of a slot from what is stored, and closes the slot.
	Make(ctx context.Context, s Slot) error
	// Open gives the editions that have something to send now.
	Open(ctx context.Context) ([]digest.EditionID, error)
	// Deliver sends what it can of an edition until nothing can go now, or until
	// ctx ends.
	Deliver(ctx context.Context, id digest.EditionID) error
}

// Options are what a Node is made of. Zero values take the defaults.
type Options struct {
	URL   string        // of the Postgres store
	Every time.Duration // between two looks at what is due; default 5 s
	Parts int           // nodes that may deliver one edition at once; default 8
	Log   *slog.Logger
}

// Node is one machine of a cluster.
type Node struct {
	o      Options
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
}

// schema keeps the job engine's tables apart from the store's.
const schema = "zest_jobs"

// A job's bounds. A node that dies takes its jobs along until they have timed
// out, so they are short; whatever is longer is done a stretch at a time.
const (
	stretch     = 40 * time.Second // of delivering, before a job makes way for another
	jobTimeout  = time.Minute
	makeTimeout = 10 * time.Minute
	rescueAfter = 90 * time.Second
	softStop    = 20 * time.Second
	patience    = 3 * time.Minute // with slow sources, before an edition is made without them
)

// The queues, so that slow sources do not keep editions waiting.
const (
	queueCollect = "zest_collect"
	queueMake    = "zest_make"
	queueDeliver = "zest_deliver"
)

// New makes a Node that can do w. The job engine's tables are created as needed.
func New(ctx context.Context, w Work, o Options) (*Node, error) {
	o.Every, o.Parts = cmp.Or(o.Every, 5*time.Second), cmp.Or(o.Parts, 8)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, errors.New("reading the address of the store: it is not a postgres:// URL")
	}
	c.MaxConns = max(c.MaxConns, 6)
	n := &Node{o: o}
	if n.pool, err = pgxpool.NewWithConfig(ctx, c); err != nil {
		return nil, fmt.Errorf("connecting to the store: %w", err)
	}
	if err := n.migrate(ctx); err != nil {
		n.pool.Close()
		return nil, fmt.Errorf("setting up the jobs: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &ticker{node: n, work: w})
	river.AddWorker(workers, &collector{work: w})
	river.AddWorker(workers, &maker{node: n, work: w})
	river.AddWorker(workers, &deliverer{node: n, work: w})
	n.client, err = river.NewClient(riverpgxv5.New(n.pool), &river.Config{
		Schema: schema, Workers: workers, Logger: slog.New(warnings{o.Log.Handler()}),
		JobTimeout: jobTimeout, RescueStuckJobsAfter: rescueAfter, SoftStopTimeout: softStop,
		CompletedJobRetentionPeriod: time.Hour,
		Queues: map[string]river.QueueConfig{
			river.QueueDefault: {MaxWorkers: 2},
			queueCollect:       {MaxWorkers: 8},
			queueMake:          {MaxWorkers: 2},
			queueDeliver:       {MaxWorkers: 1}, // one run uses all of the machine's connections to the relay
		},
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(o.Every),
			func() (river.JobArgs, *river.InsertOpts) { return tick{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})},
	})
	if err != nil {
		n.pool.Close()
		return nil, fmt.Errorf("setting up the job engine: %w", err)
	}
	return n, nil
}

// migrate brings the job engine's tables up to date. Nodes that start together
// take turns.
func (n *Node) migrate(ctx context.Context) error {
	conn, err := n.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	const key = 0x7a657374 // "zest"
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, key); err != nil {
		return err
	}
	defer conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, key)
	if _, err := conn.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS `+schema); err != nil {
		return err
	}
	m, err := rivermigrate.New(riverpgxv5.New(n.pool), &rivermigrate.Config{Schema: schema, Logger: slog.New(warnings{n.o.Log.Handler()})})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// Run works until ctx ends, then lets what is under way end.
func (n *Node) Run(ctx context.Context) error {
	defer n.pool.Close()
	if err := n.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("starting the job engine: %w", err)
	}
	<-ctx.Done()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), softStop+10*time.Second)
	defer cancel()
	if err := n.client.Stop(end); err != nil {
		return fmt.Errorf("stopping the job engine: %w", err)
	}
	return nil
}

// warnings keeps the engine's talk of its own doings out of the operator's log.
type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

func (w warnings) WithAttrs(a []slog.Attr) slog.Handler { return warnings{w.Handler.WithAttrs(a)} }

func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
