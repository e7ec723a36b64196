package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
	"github.com/zest-digest/zest/digest/schedule"
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
			if due, err := m.due(ctx, n); err != nil || due.Do != digest.SlotSent {
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

// due is what is to be done now about the slots of a newsletter.
func (m *machine) due(ctx context.Context, n digest.Newsletter) (schedule.Due, error) {
	plan, err := schedule.NewPlan(n)
	if err != nil {
		return schedule.Due{}, fmt.Errorf("newsletter %s: %w", n.Name, err)
	}
	now := m.a.now()
	last, err := m.store.LastSlot(ctx, n.Name, now)
	if err != nil {
		return schedule.Due{}, err
	}
	return plan.Due(last, now), nil
}

// publishDue finishes what is open and deals with the slots that have come, once
// over every process that asks.
func (m *machine) publishDue(ctx context.Context, n digest.Newsletter) (publish.Report, error) {
	if err := m.trusted(ctx); err != nil {
		return publish.Report{}, err
	}
	due, err := m.due(ctx, n)
	if err != nil {
		return publish.Report{}, err
	}
	if due.Slot.IsZero() {
		return m.publisher.Resume(ctx, n)
	}
	if due.Do == digest.SlotSent {
		if err := m.closePassed(ctx, n, due); err != nil {
			return publish.Report{}, err
		}
		return m.publishSlot(ctx, n, digest.Slot{Newsletter: n.Name, At: due.Slot, Outcome: due.Do})
	}
	report, err := m.publisher.Resume(ctx, n)
	if err != nil {
		return report, err
	}
	return report, m.leaveOut(ctx, n, due)
}

// closePassed notes that slots went by without an edition of their own.
func (m *machine) closePassed(ctx context.Context, n digest.Newsletter, due schedule.Due) error {
	for _, at := range due.Passed {
		if _, err := m.store.CloseSlot(ctx, digest.Slot{Newsletter: n.Name, At: at, Outcome: digest.SlotSkipped}); err != nil {
			return err
		}
	}
	return nil
}

// leaveOut closes a slot that came and makes no edition, and says so once.
func (m *machine) leaveOut(ctx context.Context, n digest.Newsletter, due schedule.Due) error {
	if err := m.closePassed(ctx, n, due); err != nil {
		return err
	}
	slot := digest.Slot{Newsletter: n.Name, At: due.Slot, Outcome: due.Do}
	first, err := m.store.CloseSlot(ctx, slot)
	if err == nil && first {
		m.missed(ctx, n, slot)
	}
	return err
}

// missed tells of a slot without an edition, once.
func (m *machine) missed(ctx context.Context, n digest.Newsletter, slot digest.Slot) {
	at := wallTime(slot.At, n.Zone)
	m.a.log.Warn("slot without an edition", "newsletter", n.Name, "slot", slot.Name(), "outcome", slot.Outcome)
	if slot.Outcome == digest.SlotAsked {
		m.alert(ctx, fmt.Sprintf("%s waits for your answer", n.Name), fmt.Sprintf("The edition of %s was missed, and you asked to be asked.\n\n  zest send %s            sends it now\n  zest schedule skip %s   leaves it out; its articles wait for the next", at, n.Name, n.Name))
	}
	switch {
	case m.a.serving:
	case slot.Outcome == digest.SlotAsked:
		m.a.notef("%s: the edition of %s was missed, and you asked to be asked. `zest send %s` sends it now, `zest schedule skip %s` leaves it out; its articles then wait for the next", n.Name, at, n.Name, n.Name)
	case slot.Outcome == digest.SlotSkipped:
		m.a.notef("%s: the edition of %s was missed by too much and is left out; its articles wait for the next", n.Name, at)
	}
}

// publishSlot makes the edition of a slot and notes what became of it. When it
// fails the slot stays open, and the next who asks tries again.
func (m *machine) publishSlot(ctx context.Context, n digest.Newsletter, slot digest.Slot) (publish.Report, error) {
	report, err := m.publisher.Publish(ctx, n, slot.Name())
	m.reported(ctx, n, report)
	return report, m.noteSlot(ctx, slot, err)
}

// noteSlot closes a slot by what came of making its edition.
func (m *machine) noteSlot(ctx context.Context, slot digest.Slot, err error) error {
	slot.Outcome = digest.SlotSent
	switch {
	case errors.Is(err, digest.ErrNothingNew):
		slot.Outcome = digest.SlotNothing
	case errors.Is(err, digest.ErrHeld):
		slot.Outcome = digest.SlotHeld
	}
	if err == nil || slot.Outcome != digest.SlotSent {
		_, closing := m.store.CloseSlot(ctx, slot)
		err = errors.Join(err, closing)
	}
	return errors.Join(err, m.store.Vouch(context.WithoutCancel(ctx), m.a.guard()))
}

// publishNow makes an edition because somebody wants one. A slot that is due, or
// that was asked about, is dealt with by it: nobody gets two.
func (m *machine) publishNow(ctx context.Context, n digest.Newsletter) (publish.Report, error) {
	if err := m.trusted(ctx); err != nil {
		return publish.Report{}, err
	}
	at, err := m.openSlot(ctx, n)
	switch {
	case err != nil:
		return publish.Report{}, err
	case !at.IsZero():
		return m.publishSlot(ctx, n, digest.Slot{Newsletter: n.Name, At: at})
	}
	report, err := m.publisher.Publish(ctx, n, "")
	m.reported(ctx, n, report)
	return report, errors.Join(err, m.store.Vouch(context.WithoutCancel(ctx), m.a.guard()))
}

// openSlot is the slot that waits for an edition or for an answer; zero for none.
func (m *machine) openSlot(ctx context.Context, n digest.Newsletter) (time.Time, error) {
	due, err := m.due(ctx, n)
	if err != nil || !due.Slot.IsZero() {
		return due.Slot, err
	}
	slots, err := m.store.Slots(ctx, n.Name, 1)
	if err != nil || len(slots) == 0 || slots[0].Outcome != digest.SlotAsked {
		return time.Time{}, err
	}
	return slots[0].At, nil
}

// skipSlot leaves out the slot that waits.
func (m *machine) skipSlot(ctx context.Context, n digest.Newsletter) error {
	at, err := m.openSlot(ctx, n)
	if err != nil {
		return err
	}
	if at.IsZero() {
		return fmt.Errorf("%s: no slot waits: %w", n.Name, digest.ErrNotFound)
	}
	if _, err := m.store.CloseSlot(ctx, digest.Slot{Newsletter: n.Name, At: at, Outcome: digest.SlotSkipped}); err != nil {
		return err
	}
	m.a.printf("%s: the slot of %s is left out; its articles wait for the next.\n", n.Name, wallTime(at, n.Zone))
	return nil
}

// trusted refuses to send from a store that may have sent more than it knows.
func (m *machine) trusted(ctx context.Context) error {
	why, err := m.store.Suspicion(ctx, m.a.guard())
	if err != nil {
		return fmt.Errorf("looking whether the store may send: %w", err)
	}
	if why == "" {
		return nil
	}
	return &digest.InvalidError{Field: "store", Reason: why + ". Nothing is sent. `zest schedule list` shows what would be due; `zest store accept` lets it send again"}
}
