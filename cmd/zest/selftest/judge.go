package selftest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

// expectation is what must have become of one reader.
type expectation struct {
	status     digest.DeliveryStatus
	suppressed bool // the address must be suppressed now; never otherwise
}

var served = expectation{status: digest.DeliverySent}

// judge compares what the mail server took with what the ledger says.
func (s *stage) judge(ctx context.Context) (Result, error) {
	r := Result{Trial: s.trial.name, Readers: len(s.emails), Kills: s.kills}
	copies := s.copies(&r)
	books, err := s.books(ctx)
	if err != nil {
		return r, err
	}
	if r.Problems, err = s.store.Check(ctx, 0); err != nil {
		return r, err
	}
	if editions, err := s.store.AllEditions(ctx); err != nil || len(editions) != 1 {
		r.Problems = append(r.Problems, fmt.Sprintf("%d editions were made, not 1 (%v)", len(editions), err))
	}
	if err := s.readers(ctx, copies, &r); err != nil {
		return r, err
	}
	r.Uncounted = max(0, r.Repeats-books.Repeats)
	bar := perKill
	if r.Kills < fewKills {
		bar = connections*(digest.RunAhead+1) + 1
	}
	if r.Kills > 0 && r.Repeats >= bar*r.Kills {
		r.Problems = append(r.Problems, fmt.Sprintf("%d messages went twice in %d kills; the bar is fewer than %d a kill", r.Repeats, r.Kills, bar))
	}
	return r, nil
}

// copies counts the messages that each reader got, and judges those that are
// not the first.
func (s *stage) copies(r *Result) map[string]int {
	messages := s.host.Messages()
	fromEnd := make([]int, len(messages)) // how many of its connection came after it
	later := map[int]int{}
	for i := len(messages) - 1; i >= 0; i-- {
		c := messages[i].Connection
		fromEnd[i] = later[c]
		later[c]++
	}
	count, first := map[string]int{}, map[string]int{}
	for i, m := range messages {
		email := address(m.To)
		was, again := first[email]
		if count[email]++; again {
			r.Repeats++
			if messageID(messages[was]) != messageID(m) {
				r.Stray++
			}
			// A message may go twice only when it was among the last of a connection:
			// those that the ledger had not yet when the process died.
			if !s.trial.mayRepeat && fromEnd[was] > digest.RunAhead {
				r.Uncertain++
			}
		}
		first[email] = i // of several copies, the one before
	}
	return count
}

// readers compares every reader's copies and ledger line with what is expected.
func (s *stage) readers(ctx context.Context, copies map[string]int, r *Result) error {
	e, err := s.store.Edition(ctx, "selftest", 1)
	if err != nil {
		return err
	}
	lines := map[string]digest.DeliveryStatus{}
	err = s.store.Deliveries(ctx, e.ID, "", func(d digest.Delivery) error { lines[d.Email] = d.Status; return nil })
	if err != nil {
		return err
	}
	alive := 0
	for _, email := range s.emails {
		want := served
		if s.trial.expect != nil {
			want = s.trial.expect(email)
		}
		switch sent := want.status == digest.DeliverySent; {
		case sent && copies[email] == 0:
			r.Lost++
		case !sent:
			r.Stray += copies[email]
		}
		if lines[email] != want.status {
			r.Problems = append(r.Problems, fmt.Sprintf("%s is %q in the ledger, not %q", email, lines[email], want.status))
		}
		if !want.suppressed {
			alive++
		}
		delete(copies, email)
	}
	for _, n := range copies { // to nobody of the audience
		r.Stray += n
	}
	groups, err := s.store.Audience(ctx, digest.AudienceQuery{Newsletter: "selftest", Lists: []string{"selftest"}, Now: time.Now()})
	for _, g := range groups {
		alive -= g.Readers
	}
	if alive != 0 {
		r.Problems = append(r.Problems, fmt.Sprintf("%d addresses too many or too few are suppressed", alive))
	}
	return err
}

// address is the address of a RCPT argument: "<a@b> NOTIFY=…".
func address(to string) string {
	email, _, _ := strings.Cut(strings.TrimPrefix(to, "<"), ">")
	return email
}

func messageID(m delivertest.Message) string {
	for line := range strings.Lines(m.Data) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "Message-ID") {
			return strings.TrimSpace(value)
		}
	}
	return "no Message-ID"
}
