package curate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Decision is what became of one candidate, and why.
type Decision struct {
	Article  digest.Article
	In       bool
	Reason   string // why it is out, or the place it has: for people
	Section  string
	Score    float64
	Terms    []Term
	Story    *digest.Article // the version of the same story that was taken instead
	Variants []string        // keys of the variants that hold it, once they are known
}

// Term is one part of a score.
type Term struct {
	Name  string
	Value float64
}

// Check reports a rule that cannot be used, as a [*digest.InvalidError].
func Check(r digest.Rules) error {
	_, err := compile(r, time.Time{})
	return err
}

// Select chooses among the candidates of newsletter n: it applies the rules,
// merges the versions of one story into one card, ranks, groups into sections
// and summarises. Dates rank; they never exclude, unless a rule says so.
func Select(candidates []digest.Article, n digest.Newsletter, now time.Time) (Selection, error) {
	r, err := compile(n.Rules, now)
	if err != nil {
		return Selection{}, err
	}
	var refused []Decision
	var wanted []digest.Article
	for _, a := range inOrder(candidates) {
		if reason := r.refuses(a); reason != "" {
			refused = append(refused, Decision{Article: a, Reason: reason})
			continue
		}
		wanted = append(wanted, a)
	}
	stories := merge(wanted, weights(n.Sources))
	sel := Pool{scored: score(stories, n, r, now), rules: r, newsletter: n}.Select(nil)
	sel.Decisions = append(refused, sel.Decisions...)
	return sel, nil
}

// Recall makes the pool of what the editions that readers have not had carried:
// told, by earlier editions, and the stories of this one. What is the same story
// in two of them is told once. No rule refuses here what was carried already.
func Recall(told []digest.Told, this Selection, n digest.Newsletter, now time.Time) (Pool, error) {
	r, err := compile(n.Rules, now)
	if err != nil {
		return Pool{}, err
	}
	stories := append(retold(told), this.stories()...)
	slices.SortStableFunc(stories, func(a, b story) int { return earlier(a.best, b.best) })
	stories = mergeStories(stories, weights(n.Sources))
	return Pool{scored: score(stories, n, r, now), rules: r, newsletter: n}, nil
}

// retold puts the articles of past editions together again as their cards had
// them.
func retold(told []digest.Told) []story {
	var order []digest.ArticleID
	cards := map[digest.ArticleID]*story{}
	for _, t := range told {
		if t.ID == t.Card {
			order = append(order, t.ID)
			cards[t.ID] = &story{best: t.Article}
		}
	}
	for _, t := range told {
		if st := cards[t.Card]; st != nil && t.ID != t.Card {
			st.others = append(st.others, t.Article)
		}
	}
	out := make([]story, len(order))
	for i, id := range order {
		out[i] = *cards[id]
	}
	return out
}

// inOrder makes the outcome independent of the order in which candidates were
// read: parallel collecting must not change an edition.
func inOrder(candidates []digest.Article) []digest.Article {
	out := slices.Clone(candidates)
	slices.SortFunc(out, earlier)
	return out
}

// earlier puts the newest first, and leaves nothing to chance.
func earlier(a, b digest.Article) int {
	return cmp.Or(b.When().Compare(a.When()), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Identity, b.Identity), cmp.Compare(a.ID, b.ID))
}

// Pool is the stories that one selection or several are drawn from.
type Pool struct {
	scored     []scored // by score
	rules      *rules
	newsletter digest.Newsletter
}

// Select draws a selection: of these sections only, when there are any.
func (p Pool) Select(topics []string) Selection {
	sel := Selection{titles: p.rules.titles(), orders: p.rules.orders(), chars: p.newsletter.Rules.SummaryChars}
	ranked := p.scored
	if len(topics) > 0 {
		ranked = slices.DeleteFunc(slices.Clone(ranked), func(sc scored) bool { return !p.rules.about(sc.story.best, topics) })
	}
	ranked = diversify(ranked, p.newsletter.Rules.Max)
	filled := make([]int, len(p.rules.sections))
	perSource := map[string]int{}
	for _, sc := range ranked {
		best := sc.story.best
		d := Decision{Article: best, Score: sc.score, Terms: sc.terms}
		at, reason := 0, ""
		switch limit := p.newsletter.Rules.MaxPerSource; {
		case p.newsletter.Rules.Max > 0 && len(sel.picks) >= p.newsletter.Rules.Max:
			reason = fmt.Sprintf("the edition holds %d at most; it waits for the next", p.newsletter.Rules.Max)
		case limit > 0 && perSource[best.Source] >= limit && !sc.pinned:
			reason = fmt.Sprintf("source %s has its %d already", best.Source, limit)
		default:
			at, reason = p.rules.sectionFor(best, filled, topics)
		}
		if reason != "" {
			d.Reason = reason
			sel.More++
			sel.decide(d, sc.story)
			continue
		}
		filled[at]++
		perSource[best.Source]++
		sel.picks = append(sel.picks, pick{story: sc.story, section: at})
		d.In, d.Section = true, sel.titles[at]
		d.Reason = fmt.Sprintf("story %d of the edition", len(sel.picks))
		sel.decide(d, sc.story)
	}
	return sel
}

func weights(sources []digest.Source) map[string]float64 {
	w := make(map[string]float64, len(sources))
	for _, s := range sources {
		w[s.Name] = cmp.Or(s.Weight, 1)
	}
	return w
}
