package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/cluster"
	"github.com/zest-digest/zest/digest/publish"
)

// onPostgres reports whether several machines may share the store.
func (m *machine) onPostgres() bool { return strings.HasPrefix(m.config.Store, "postgres") }

// share works off what is due together with the other machines on the store,
// until ctx ends. A job engine that cannot be set up is tried again: the store
// may be coming back.
func (m *machine) share(ctx context.Context, newsletters []digest.Newsletter) {
	for ctx.Err() == nil {
		node, err := cluster.New(ctx, jobs{m, newsletters}, cluster.Options{URL: m.config.Store, Log: m.a.log})
		if err == nil {
			err = node.Run(ctx)
		}
		if err != nil && ctx.Err() == nil {
			m.a.log.Error("sharing the work with other machines", "error", err)
		}
		select {
		case <-time.After(2 * time.Second):
		case <-ctx.Done():
		}
	}
}

// jobs is the pipeline as the nodes of a cluster see it.
type jobs struct {
	m           *machine
	newsletters []digest.Newsletter
}

func (j jobs) newsletter(name string) (digest.Newsletter, error) {
	i := slices.IndexFunc(j.newsletters, func(n digest.Newsletter) bool { return n.Name == name })
	if i < 0 {
		return digest.Newsletter{}, fmt.Errorf("newsletter %q: %w in this machine's configuration", name, digest.ErrNotFound)
	}
	return j.newsletters[i], nil
}

// Due gives the slots that an edition is to be made for. Those that make none
// are closed on the way.
func (j jobs) Due(ctx context.Context) ([]cluster.Slot, error) {
	if err := j.m.trusted(ctx); err != nil {
		return nil, err
	}
	var out []cluster.Slot
	var all error
	for _, n := range j.newsletters {
		due, err := j.m.due(ctx, n)
		switch {
		case err != nil:
		case due.Slot.IsZero():
			continue
		case due.Do == digest.SlotSent:
			err = j.m.closePassed(ctx, n, due)
			out = append(out, cluster.Slot{Newsletter: n.Name, Name: digest.Slot{At: due.Slot}.Name(), At: due.Slot})
		default:
			err = j.m.leaveOut(ctx, n, due)
		}
		all = errors.Join(all, err)
	}
	return out, all
}

// Unread names the sources that nobody tried since a slot came and that are not
// left alone after failures.
func (j jobs) Unread(ctx context.Context, newsletter string, since time.Time) ([]string, error) {
	n, err := j.newsletter(newsletter)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range n.Sources {
		st, err := j.m.store.SourceState(ctx, s.Name)
		if err != nil {
			return nil, err
		}
		if st.LastTried.Before(since) && !st.Gone && !st.NextTry.After(j.m.a.now()) {
			out = append(out, s.Name)
		}
	}
	return out, nil
}

// Collect reads one source. That it failed stands in its state.
func (j jobs) Collect(ctx context.Context, source string) error {
	for _, n := range j.newsletters {
		i := slices.IndexFunc(n.Sources, func(s digest.Source) bool { return s.Name == source })
		if i >= 0 {
			_, err := j.m.publisher.Collect(ctx, n.Sources[i:i+1])
			return err
		}
	}
	return fmt.Errorf("source %q: %w in this machine's configuration", source, digest.ErrNotFound)
}

// Make makes the edition of a slot. Another machine, cron or a person may have
// been faster: then there is nothing to do.
func (j jobs) Make(ctx context.Context, s cluster.Slot) error {
	n, err := j.newsletter(s.Newsletter)
	if err != nil {
		return err
	}
	slot := digest.Slot{Newsletter: n.Name, At: s.At}
	_, err = j.m.publisher.Make(ctx, n, s.Name)
	if errors.Is(err, digest.ErrAlreadyFrozen) {
		err = nil
	}
	if err = j.m.noteSlot(ctx, slot, err); errors.Is(err, digest.ErrNothingNew) || errors.Is(err, digest.ErrHeld) {
		return nil
	}
	return err
}

// Open gives the editions that have something to send now.
func (j jobs) Open(ctx context.Context) ([]digest.EditionID, error) {
	editions, err := j.m.store.Sendable(ctx, j.m.a.now())
	var out []digest.EditionID
	for _, e := range editions {
		if _, err := j.newsletter(e.Newsletter); err == nil {
			out = append(out, e.ID)
		}
	}
	return out, err
}

// Deliver sends what can go of an edition now.
func (j jobs) Deliver(ctx context.Context, id digest.EditionID) error {
	editions, err := j.m.store.Sendable(ctx, j.m.a.now())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(editions, func(e digest.Edition) bool { return e.ID == id })
	if i < 0 {
		return nil // another machine was faster
	}
	n, err := j.newsletter(editions[i].Newsletter)
	if err != nil {
		return err
	}
	report, err := j.m.publisher.Deliver(ctx, n, editions[i])
	j.m.reported(ctx, n, publish.Report{Editions: []publish.EditionReport{report}})
	return err
}
