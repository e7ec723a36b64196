package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/watch"
)

// editionStats is how an edition went.
type editionStats struct {
	Edition   string          `json:"edition"`
	Subject   string          `json:"subject"`
	Audience  int             `json:"audience"`
	Outcomes  []share         `json:"outcomes"`
	Providers []providerShare `json:"providers"`
	Replies   []share         `json:"replies"`  // of servers that refused it, the commonest first
	Began     string          `json:"began"`    // RFC 3339
	Seconds   float64         `json:"seconds"`  // from the first outcome to the last
	Timeline  []int           `json:"timeline"` // outcomes in sixty equal parts of that time
	Articles  []articleShare  `json:"articles"` // what readers reacted to, the most opened first
}

type share struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

type providerShare struct {
	Name   string `json:"name"`
	Sent   int    `json:"sent"`
	Others int    `json:"others"` // failed, waiting, unknown
}

// moments is into how many parts an edition's time is cut.
const moments = 60

func (m *machine) stats(ctx context.Context, e digest.Edition) (editionStats, error) {
	s := editionStats{Edition: e.Ref(), Subject: e.Subject, Timeline: []int{}}
	outcomes, replies, providers := map[string]int{}, map[string]int{}, map[string]*providerShare{}
	var settled []time.Time
	err := m.store.Deliveries(ctx, e.ID, "", func(d digest.Delivery) error {
		s.Audience++
		outcomes[string(d.Status)]++
		name := watch.Provider(d.Email)
		if providers[name] == nil {
			providers[name] = &providerShare{Name: name}
		}
		if d.Status == digest.DeliverySent {
			providers[name].Sent++
		} else {
			providers[name].Others++
		}
		if d.Code >= 400 {
			replies[strings.TrimSpace(fmt.Sprintf("%d %s", d.Code, d.Enhanced))]++
		}
		if !d.Settled.IsZero() {
			settled = append(settled, d.Settled)
		}
		return nil
	})
	if err != nil {
		return s, err
	}
	s.Outcomes, s.Replies = shares(outcomes), shares(replies)
	for _, p := range providers {
		s.Providers = append(s.Providers, *p)
	}
	slices.SortFunc(s.Providers, func(a, b providerShare) int {
		return cmp.Or(cmp.Compare(b.Sent+b.Others, a.Sent+a.Others), cmp.Compare(a.Name, b.Name))
	})
	s.time(settled)
	s.Articles, err = m.reactions(ctx, e.ID)
	return s, err
}

func shares(counts map[string]int) []share {
	out := []share{}
	for name, n := range counts {
		out = append(out, share{name, n})
	}
	slices.SortFunc(out, func(a, b share) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	return out
}

// time spreads the moments of outcomes over equal parts.
func (s *editionStats) time(settled []time.Time) {
	if len(settled) == 0 {
		return
	}
	first, last := slices.MinFunc(settled, time.Time.Compare), slices.MaxFunc(settled, time.Time.Compare)
	s.Began, s.Seconds = stamp(first), last.Sub(first).Seconds()
	s.Timeline = make([]int, moments)
	for _, at := range settled {
		i := 0
		if s.Seconds > 0 {
			i = min(moments-1, int(at.Sub(first).Seconds()/s.Seconds*moments))
		}
		s.Timeline[i]++
	}
}

func (a *app) showStats(s editionStats) {
	a.printf("%s  %s\n\n", a.paint(bold, s.Edition), s.Subject)
	for _, o := range s.Outcomes {
		a.printf("%-12s %8d  %5.1f%%  %s\n", o.Name, o.Count, 100*float64(o.Count)/float64(max(1, s.Audience)), bar(o.Count, s.Audience, 40))
	}
	if len(s.Providers) > 0 {
		a.printf("\n")
		most := s.Providers[0].Sent + s.Providers[0].Others
		for _, p := range s.Providers {
			a.printf("%-12s %8d sent  %6d not  %s\n", p.Name, p.Sent, p.Others, bar(p.Sent+p.Others, most, 30))
		}
	}
	if len(s.Timeline) > 0 {
		rate := ""
		if s.Seconds >= 1 {
			rate = fmt.Sprintf(", %.0f a second", float64(s.Audience)/s.Seconds)
		}
		a.printf("\nfrom %s, over %s%s\n%s\n", s.Began, (time.Duration(s.Seconds*1000) * time.Millisecond).Round(100*time.Millisecond), rate, spark(s.Timeline))
	}
	a.showReactions(s.Articles)
	if len(s.Replies) > 0 {
		a.printf("\nwhat servers said: ")
		for i, r := range s.Replies[:min(5, len(s.Replies))] {
			if i > 0 {
				a.printf(", ")
			}
			a.printf("%s (%d)", r.Name, r.Count)
		}
		a.printf("; who: zest deliveries %s --status failed\n", s.Edition)
	}
}
