package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
)

const (
	// complaintLimit is the share of complaints that large providers tolerate; above
	// three times as many they refuse everything.
	complaintLimit = 0.001
	// complaintWindow is what a share is counted over: providers look at days, and
	// reports come late.
	complaintWindow = 7 * 24 * time.Hour
)

// alert tells the operator what needs a person: in the log, and by mail where an
// address is set. That a mail cannot be sent is no reason to stop anything.
func (m *machine) alert(ctx context.Context, subject, text string) {
	m.a.log.Error(subject, "details", text)
	if err := m.mailOperator(ctx, subject, text); err != nil {
		m.a.log.Error("mailing the operator", "error", err)
	}
}

func (m *machine) mailOperator(ctx context.Context, subject, text string) error {
	if m.config.Operator.Mail == "" || len(m.config.Newsletters) == 0 {
		return nil
	}
	n, err := m.newsletter(m.config.Newsletters[0].Name)
	if err != nil {
		return err
	}
	return notifier{m}.Notify(ctx, n, m.config.Operator.Mail, digest.Proof{Subject: "[zest] " + subject, Text: text + "\n"})
}

// reported looks at what a run did, for the operator: a report of each edition
// that ended, where it is wanted, and an alert when readers complain too often.
func (m *machine) reported(ctx context.Context, n digest.Newsletter, r publish.Report) {
	ctx = context.WithoutCancel(ctx)
	for _, e := range r.Editions {
		if m.config.Operator.Reports && e.Books.Done() && m.firstTo(ctx, "report "+e.Edition.Ref()) {
			if err := m.mailOperator(ctx, editionSubject(e), m.editionReport(n, r, e)); err != nil {
				m.a.log.Error("mailing the operator", "error", err)
			}
		}
	}
	if len(r.Editions) > 0 {
		m.watchComplaints(ctx)
		m.watchProviders(ctx)
	}
}

// toldFor is how long nobody is told of the same thing again.
const toldFor = 24 * time.Hour

// firstTo reports whether this process is the first to tell of something.
func (m *machine) firstTo(ctx context.Context, what string) bool {
	first, err := m.store.OnceIn(ctx, what, toldFor)
	if err != nil {
		m.a.log.Error("noting what the operator was told", "error", err)
	}
	return first
}

// watchProviders alerts once a day for each provider or relay that refuses us. Its words
// may hold addresses, so they stay in the ledger.
func (m *machine) watchProviders(ctx context.Context) {
	for _, p := range m.closed() {
		if !m.firstTo(ctx, "provider "+p.Name) {
			continue
		}
		if p.Relay {
			m.alert(ctx, "relay "+p.Name+" is left out", fmt.Sprintf("The other relays do its work, and it is tried again after %s. Its words: the last lines of zest send. What may be wrong: zest doctor.", p.Until.UTC().Format(time.RFC3339)))
			continue
		}
		text := fmt.Sprintf("After refusals that are about us nothing is sent there until %s. Its other readers wait, and none is struck off: this is about us. What it said: zest deliveries EDITION --status failed. What it may miss: zest doctor.",
			p.Until.UTC().Format(time.RFC3339))
		if page := p.Page(); page != "" {
			text += " Its rules: " + page
		}
		m.alert(ctx, p.Name+" refuses our mail", text)
	}
}

func editionSubject(e publish.EditionReport) string {
	return fmt.Sprintf("%s: %d of %d sent", e.Edition.Ref(), e.Books.Sent, e.Books.Audience)
}

func (m *machine) editionReport(n digest.Newsletter, r publish.Report, e publish.EditionReport) string {
	var b strings.Builder
	books := e.Books
	fmt.Fprintf(&b, "%s\n%s\n\n", e.Edition.Ref(), e.Edition.Subject)
	for _, line := range []struct {
		what string
		n    int
	}{{"audience", books.Audience}, {"sent", books.Sent}, {"failed", books.Failed}, {"left meanwhile", books.Suppressed}, {"unknown", books.Unknown}} {
		fmt.Fprintf(&b, "%-15s %8d\n", line.what, line.n)
	}
	for _, s := range r.Sources {
		if s.Err != nil {
			fmt.Fprintf(&b, "\nsource %s could not be read: %v", s.Source.Name, s.Err)
		}
	}
	fmt.Fprintf(&b, "\nMore: zest stats %s", e.Edition.Ref())
	if books.Failed > 0 {
		fmt.Fprintf(&b, "\nWho and why: zest deliveries %s --status failed", e.Edition.Ref())
	}
	return b.String()
}

// watchComplaints alerts once a day while too many readers call it spam.
func (m *machine) watchComplaints(ctx context.Context) {
	now := m.a.now()
	complaints, sent, err := m.store.Complaints(ctx, now.Add(-complaintWindow))
	if err != nil {
		m.a.log.Error("counting complaints", "error", err)
		return
	}
	share := float64(complaints) / float64(max(1, sent))
	if complaints < 2 || share <= complaintLimit {
		return
	}
	if !m.firstTo(ctx, "complaints") {
		return
	}
	m.alert(ctx, fmt.Sprintf("%.2f %% of readers complain", 100*share), fmt.Sprintf(
		"%d of %d messages of the last seven days were reported as spam: %.2f %%. Large providers tolerate 0.1 %% and refuse all mail from 0.3 %% on.\n\nSend less, or to fewer: look where these readers came from, and whether they asked for it (zest subscribers export). Those who complained get nothing any more.",
		complaints, sent, 100*share))
}
