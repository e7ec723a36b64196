package curate

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/zest-digest/zest/digest"
)

// The weight of each term. They add up before the source's weight multiplies
// them, so that an operator can predict what a weight of 2 does.
const (
	freshnessHalfLife = 48 * time.Hour
	freshnessWeight   = 1.0
	storyWeight       = 0.5 // a story told by two sources gains this much, by four twice
	positionWeight    = 0.4 // what its own source puts first
	depthWeight       = 0.2 // a real article before a brief
	repeatPenalty     = 0.2 // for each story already taken from the same source
)

type scored struct {
	story  story
	score  float64
	terms  []Term
	pinned bool
}

// score orders stories by what speaks for each; what is pinned comes first.
func score(stories []story, n digest.Newsletter, r *rules, now time.Time) []scored {
	w := weights(n.Sources)
	pool := make([]scored, len(stories))
	for i, st := range stories {
		pool[i] = scoreOne(st, cmp.Or(w[st.best.Source], 1), r, now)
	}
	slices.SortStableFunc(pool, func(a, b scored) int {
		return cmp.Or(flag(b.pinned)-flag(a.pinned), cmp.Compare(b.score, a.score))
	})
	return pool
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func scoreOne(st story, weight float64, r *rules, now time.Time) scored {
	a := st.best
	age := max(0, now.Sub(a.When()).Hours())
	terms := []Term{
		{"freshness", freshnessWeight * math.Exp2(-age/freshnessHalfLife.Hours())},
		{"story", storyWeight * math.Log2(float64(st.sources()))},
		{"position", positionWeight / float64(1+a.Position)},
		{"depth", depthWeight * min(1, float64(a.Words)/600)},
	}
	if a.Interest != 0 {
		terms = append(terms, Term{"interest", a.Interest})
	}
	terms = append(terms, r.boost(a)...)
	sum := 0.0
	for _, t := range terms {
		sum += t.Value
	}
	terms = append(terms, Term{"weight", weight})
	return scored{story: st, score: sum * weight, terms: terms, pinned: r.pins(a)}
}

// diverseMost bounds the greedy part where an edition has no limit of its own:
// nobody reads so far that the order of sources would still tell.
const diverseMost = 200

// diversify re-orders the head of the pool greedily, so that a source that was
// just heard lets the others speak: each story is charged for the stories already
// taken from its source. What is pinned stays where it is. The tail keeps its
// order, which keeps the work linear in the pool.
func diversify(pool []scored, limit int) []scored {
	if limit <= 0 || limit > len(pool) {
		limit = len(pool)
	}
	limit = min(limit, diverseMost)
	window := min(len(pool), 4*limit)
	head, tail := slices.Clone(pool[:window]), pool[window:]
	out := make([]scored, 0, len(pool))
	taken := map[string]int{}
	for len(head) > 0 && len(out) < limit {
		best, value := 0, math.Inf(-1)
		for i, sc := range head {
			v := sc.score - repeatPenalty*float64(taken[sc.story.best.Source])
			if sc.pinned {
				best, value = i, sc.score
				break
			}
			if v > value {
				best, value = i, v
			}
		}
		sc := head[best]
		if k := taken[sc.story.best.Source]; k > 0 && !sc.pinned {
			sc.terms = append(slices.Clip(sc.terms), Term{"repeat", -repeatPenalty * float64(k)})
			sc.score = value
		}
		taken[sc.story.best.Source]++
		out = append(out, sc)
		head = slices.Delete(head, best, best+1)
	}
	return append(append(out, head...), tail...)
}
