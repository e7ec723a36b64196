package main

import (
	"context"
	"errors"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
	"github.com/zest-digest/zest/digest/schedule"
)

// A slot that was missed by more than lateness is skipped: what it would have
// carried waits for the next. A newsletter without history looks back by
// firstLook only, so that setting one up sends nothing for the past.
const (
	lateness  = 24 * time.Hour
	firstLook = time.Hour
)

// sendDue sends every newsletter whose time has come. One that fails does not
// stop the others.
func (m *machine) sendDue(ctx context.Context, f sendFlags) error {
	newsletters, err := m.newsletters(nil)
	if err != nil {
		return err
	}
	var all error
	for _, n := range newsletters {
		if f.dryRun {
			if slot, _, err := m.due(ctx, n); err != nil || slot.IsZero() {
				all = errors.Join(all, err)
				continue
			}
			all = errors.Join(all, m.plan(ctx, n))
			continue
		}
		report, err := m.publishDue(ctx, n)
		m.bars.finish()
		if errors.Is(err, digest.ErrNothingNew) {
			err = nil // nothing to say at 7 a.m. is no reason for cron to send mail
		}
		if err != nil || len(report.Editions) > 0 {
			all = errors.Join(all, m.tell(n, report, err))
		}
	}
	return all
}

// publishDue finishes what is open and sends the newest slot that is due, once
// over every process that asks.
func (m *machine) publishDue(ctx context.Context, n digest.Newsletter) (publish.Report, error) {
	slot, late, err := m.due(ctx, n)
	if err != nil {
		return publish.Report{}, err
	}
	if slot.IsZero() {
		return m.publisher.Resume(ctx, n)
	}
	name := slot.Format(time.RFC3339)
	if late {
		m.a.log.Warn("slot skipped", "newsletter", n.Name, "slot", name)
		return publish.Report{}, m.store.CloseSlot(ctx, n.Name, name, slot, "skipped")
	}
	report, err := m.publisher.Publish(ctx, n, name)
	outcome := "sent"
	if errors.Is(err, digest.ErrNothingNew) {
		outcome = "nothing new"
	}
	if err == nil || outcome != "sent" {
		err = errors.Join(err, m.store.CloseSlot(ctx, n.Name, name, slot, outcome))
	}
	return report, err
}

// due is the newest slot that has come and was not dealt with; zero for none.
func (m *machine) due(ctx context.Context, n digest.Newsletter) (slot time.Time, late bool, err error) {
	from, err := m.store.LastSlot(ctx, n.Name)
	if err != nil {
		return slot, false, err
	}
	now := m.a.now()
	if from.IsZero() {
		from = now.Add(-firstLook)
	}
	for _, line := range n.Schedule {
		s, err := schedule.Parse(line)
		if err != nil {
			return slot, false, err
		}
		t, err := s.Prev(now, n.Zone)
		if errors.Is(err, digest.ErrNotFound) {
			continue
		}
		if err != nil {
			return slot, false, err
		}
		if t.After(from) && t.After(slot) {
			slot = t
		}
	}
	return slot, !slot.IsZero() && now.Sub(slot) > lateness, nil
}
