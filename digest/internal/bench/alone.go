package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

// ledger claims and marks without sending, in groups as large as a commit may be,
// and as small as ten connections make them.
func (p *plan) ledger() error {
	e := &edition{readers: p.rows, dir: p.dir}
	if err := e.fill(); err != nil {
		return err
	}
	fmt.Printf("\nthe ledger alone, %d readers, synchronous=FULL\n", p.rows)
	for i, group := range []int{256, 20} {
		db := filepath.Join(p.dir, fmt.Sprintf("ledger%d.db", i))
		if err := copyFile(db, filepath.Join(p.dir, "base.db")); err != nil {
			return err
		}
		frozen, sent, err := p.ledgerRun(db, group)
		if err != nil {
			return err
		}
		fmt.Printf("  freezing the audience: %.0f readers a second\n", float64(p.rows)/frozen.Seconds())
		what := fmt.Sprintf("claims and marks a second, %d a commit", group)
		if rate := float64(p.rows) / sent.Seconds(); group == 256 {
			p.bar(what, rate, ">=", 60_000)
		} else {
			fmt.Printf("  %-58s %10.0f\n", what, rate)
		}
	}
	return nil
}

func (p *plan) ledgerRun(db string, group int) (frozen, sent time.Duration, err error) {
	ctx := context.Background()
	s, err := store.Open(ctx, db, store.Options{})
	if err != nil {
		return 0, 0, err
	}
	defer s.Close()
	begin := time.Now()
	e, err := s.Freeze(ctx, digest.Frozen{
		Edition: digest.Edition{Newsletter: "hebdo", Number: 1, Slot: "1", Language: "en"}, Lists: []string{"hebdo"},
		Proofs: []digest.Proof{{Variant: digest.Variant{Key: "en", Language: "en"}}}, Expires: begin.Add(48 * time.Hour),
		Audience: []digest.Served{{AudienceGroup: digest.AudienceGroup{Mark: -1}, Due: true, Variant: "en"}},
	})
	if err != nil {
		return 0, 0, err
	}
	frozen = time.Since(begin)
	owner, end, err := s.Begin(ctx)
	if err != nil {
		return 0, 0, err
	}
	begin = time.Now()
	c := digest.Claim{Edition: e.ID, Owner: owner, Now: begin, Limit: 640}
	for lane := range p.connections {
		c.Lanes = append(c.Lanes, lane)
	}
	var outcomes []digest.Outcome
	for done := false; !done; {
		readers, err := s.Claim(ctx, c)
		if err != nil {
			return 0, 0, err
		}
		done = len(readers) == 0
		for _, r := range readers {
			outcomes = append(outcomes, digest.Outcome{Subscriber: r.Subscriber, Verdict: digest.VerdictSent, Code: 250, At: begin})
			c.After = r.Subscriber
		}
		for len(outcomes) >= group || done && len(outcomes) > 0 {
			n := min(group, len(outcomes))
			if err := s.Settle(ctx, e.ID, owner, outcomes[:n]); err != nil {
				return 0, 0, err
			}
			outcomes = outcomes[n:]
		}
	}
	sent = time.Since(begin)
	if err := end(true); err != nil {
		return 0, 0, err
	}
	books, err := s.Books(ctx, e.ID)
	if err == nil && (books.Sent != p.rows || !books.Closed()) {
		err = fmt.Errorf("the books say %+v", books)
	}
	return frozen, sent, err
}

func (p *plan) compose() error { return nil }
func (p *plan) dkim() error    { return nil }
