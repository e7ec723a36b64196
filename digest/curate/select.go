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
	Article digest.Article
	In      bool
	Reason  string // why it is out, or the place it has: for people
	Section string
	Score   float64
	Terms   []Term
	Story   *digest.Article // the version of the same story that was taken instead
}

// Term is one part of a score.
type Term struct {
	Name  string
	Value float64
}

// Selection is the outcome of choosing.
type Selection struct {
	Sections  []digest.Section
	Decisions []Decision
}

// Carried lists the articles that the selection shows or mentions, those that
// must not come again.
func (s Selection) Carried() []digest.ArticleID {
	var ids []digest.ArticleID
	for _, sec := range s.Sections {
		for _, c := range sec.Cards {
			ids = append(ids, c.Article.ID)
			for _, a := range c.Also {
				ids = append(ids, a.ID)
			}
		}
	}
	return ids
}

// Count is the number of stories in the selection.
func (s Selection) Count() int {
	n := 0
	for _, sec := range s.Sections {
		n += len(sec.Cards)
	}
	return n
}

// Check reports a rule that cannot be used, as a [*digest.InvalidError].
func Check(r digest.Rules) error {
	_, err := compile(r)
	return err
}

// Select chooses among the candidates of newsletter n: it applies the rules,
// merges the versions of one story into one card, ranks, groups into sections
// and summarises. Dates rank; they never exclude.
func Select(candidates []digest.Article, n digest.Newsletter, now time.Time) (Selection, error) {
	r, err := compile(n.Rules)
	if err != nil {
		return Selection{}, err
	}
	candidates = inOrder(candidates)

	var sel Selection
	var wanted []digest.Article
	for _, a := range candidates {
		if reason := r.refuses(a); reason != "" {
			sel.Decisions = append(sel.Decisions, Decision{Article: a, Reason: reason})
			continue
		}
		wanted = append(wanted, a)
	}

	stories := merge(wanted, weights(n.Sources))
	ranked := rank(stories, n, now)
	sel.place(ranked, r, n)
	return sel, nil
}

// inOrder makes the outcome independent of the order in which candidates were
// read: parallel collecting must not change an edition.
func inOrder(candidates []digest.Article) []digest.Article {
	out := slices.Clone(candidates)
	slices.SortFunc(out, func(a, b digest.Article) int {
		return cmp.Or(b.When().Compare(a.When()), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Identity, b.Identity), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// place walks the ranked stories and gives each a section, or the reason it
// has none.
func (s *Selection) place(ranked []scored, r *rules, n digest.Newsletter) {
	sections := make([]digest.Section, len(r.sections))
	for i, rule := range r.sections {
		sections[i].Title = rule.Name
	}
	perSource := map[string]int{}
	placed := 0
	for _, sc := range ranked {
		best := sc.story.best
		d := Decision{Article: best, Score: sc.score, Terms: sc.terms}
		at, reason := r.sectionFor(best, sections)
		switch limit := n.Rules.MaxPerSource; {
		case n.Rules.Max > 0 && placed >= n.Rules.Max:
			reason = fmt.Sprintf("the edition holds %d at most; it waits for the next", n.Rules.Max)
		case limit > 0 && perSource[best.Source] >= limit:
			reason = fmt.Sprintf("source %s has its %d already", best.Source, limit)
		}
		if reason != "" {
			d.Reason = reason
			s.decide(d, sc.story)
			continue
		}
		placed++
		perSource[best.Source]++
		d.In, d.Section = true, sections[at].Title
		d.Reason = fmt.Sprintf("story %d of the edition", placed)
		sections[at].Cards = append(sections[at].Cards, card(sc.story, n, placed == 1))
		s.decide(d, sc.story)
	}
	for _, sec := range sections {
		if len(sec.Cards) > 0 {
			s.Sections = append(s.Sections, sec)
		}
	}
}

// decide notes the decision on a story, and for its other versions that they
// went with it.
func (s *Selection) decide(d Decision, st story) {
	s.Decisions = append(s.Decisions, d)
	for _, other := range st.others {
		o := Decision{Article: other, Story: &d.Article, In: d.In, Section: d.Section}
		o.Reason = fmt.Sprintf("the same story as %q from %s", d.Article.Title, d.Article.Source)
		s.Decisions = append(s.Decisions, o)
	}
}

// card makes the reader's view of a story.
func card(st story, n digest.Newsletter, lead bool) digest.Card {
	budget := n.Rules.SummaryChars
	if lead {
		budget = budget * 3 / 2
	}
	c := digest.Card{
		Article: st.best,
		Summary: Summarize(st.best, budget),
		Minutes: minutes(st.best.Words),
		Lead:    lead,
	}
	seen := map[string]bool{st.best.Source: true}
	for _, o := range st.others {
		if seen[o.Source] {
			// A second version from the same place tells the reader nothing, but it
			// is carried all the same, so that it does not come back next week.
			continue
		}
		seen[o.Source] = true
		c.Also = append(c.Also, digest.Also{ID: o.ID, Site: cmp.Or(o.Site, o.Source), Title: o.Title, URL: o.URL})
	}
	return c
}

// minutes is the reading time at 230 words a minute, the middle of what
// studies of silent reading find for French and English prose.
func minutes(words int) int {
	if words < 60 {
		return 0
	}
	return max(1, (words+115)/230)
}

func weights(sources []digest.Source) map[string]float64 {
	w := make(map[string]float64, len(sources))
	for _, s := range sources {
		w[s.Name] = cmp.Or(s.Weight, 1)
	}
	return w
}
