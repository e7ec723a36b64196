package curate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Selection is the outcome of choosing: the stories in the order of their rank,
// each in its section.
type Selection struct {
	Decisions []Decision
	More      int // stories that had no room
	picks     []pick
	titles    []string
	orders    []string
	chars     int
	dropped   []digest.ArticleID          // by the editor
	said      map[digest.ArticleID]string // summaries from elsewhere
}

type pick struct {
	story   story
	section int
}

// Count is the number of stories in the selection.
func (s Selection) Count() int { return len(s.picks) }

func (s Selection) stories() []story {
	out := make([]story, len(s.picks))
	for i, p := range s.picks {
		out[i] = p.story
	}
	return out
}

// Carried lists the articles that the selection tells, those that must not come
// again, each with the one whose card tells it.
func (s Selection) Carried() []digest.Told {
	var out []digest.Told
	for _, p := range s.picks {
		best := p.story.best.ID
		out = append(out, digest.Told{Article: digest.Article{ID: best}, Card: best})
		for _, o := range p.story.others {
			// Also a second version from the same source, which no card mentions: it
			// must not come back next week.
			out = append(out, digest.Told{Article: digest.Article{ID: o.ID}, Card: best})
		}
	}
	for _, id := range s.dropped {
		out = append(out, digest.Told{Article: digest.Article{ID: id}})
	}
	return out
}

// Drop notes articles that the editor does not want told, now or later.
func (s *Selection) Drop(ids []digest.ArticleID) { s.dropped = append(s.dropped, ids...) }

// Chosen is one story of a selection as it can be written down: its articles,
// the one whose card tells it first, and the title of its section.
type Chosen struct {
	Articles []digest.Article
	Section  string
}

// Chosen lists the stories of the selection, in the order of their rank.
func (s Selection) Chosen() []Chosen {
	out := make([]Chosen, len(s.picks))
	for i, p := range s.picks {
		out[i] = Chosen{Articles: append([]digest.Article{p.story.best}, p.story.others...), Section: s.titles[p.section]}
	}
	return out
}

// Restore makes the selection that was written down, as it was: nothing is
// ranked, merged or refused again.
func Restore(list []Chosen, n digest.Newsletter, now time.Time) (Selection, error) {
	r, err := compile(n.Rules, now)
	if err != nil {
		return Selection{}, err
	}
	s := Selection{titles: r.titles(), orders: r.orders(), chars: n.Rules.SummaryChars}
	for i, c := range list {
		at := slices.Index(s.titles, c.Section)
		if at < 0 {
			return s, &digest.InvalidError{Field: "section", Value: c.Section, Reason: "is not one of " + n.Name}
		}
		st := story{best: c.Articles[0], others: c.Articles[1:]}
		s.picks = append(s.picks, pick{story: st, section: at})
		s.decide(Decision{Article: st.best, In: true, Section: c.Section, Reason: fmt.Sprintf("story %d of the plan", i+1)}, st)
	}
	return s, nil
}

// Content says what the selection shows and where, the same for two that a reader
// could not tell apart.
func (s Selection) Content() string {
	var b strings.Builder
	for _, p := range s.picks {
		fmt.Fprintf(&b, "%d in %q", p.story.best.ID, s.titles[p.section])
		for _, o := range p.story.others {
			fmt.Fprintf(&b, "=%d", o.ID)
		}
	}
	return b.String()
}

// Articles lists the articles that have a card, in the order of their rank.
func (s Selection) Articles() []digest.Article {
	out := make([]digest.Article, len(s.picks))
	for i, p := range s.picks {
		out[i] = p.story.best
	}
	return out
}

// Only keeps the stories of some sections; all of them when topics is empty.
func (s Selection) Only(topics []string) Selection {
	if len(topics) == 0 {
		return s
	}
	out := s
	out.picks, out.Decisions = nil, nil
	for _, p := range s.picks {
		if slices.Contains(topics, s.titles[p.section]) {
			out.picks = append(out.picks, p)
		}
	}
	return out
}

// Sections are the titled parts with all their cards.
func (s Selection) Sections() []digest.Section { return s.Cut(s.chars, len(s.picks)) }

// Cut makes the sections of the first stories, with summaries of so many
// characters. The first story of all leads.
func (s Selection) Cut(chars, stories int) []digest.Section {
	sections := make([]digest.Section, len(s.titles))
	for i, p := range s.picks[:min(stories, len(s.picks))] {
		sec := &sections[p.section]
		sec.Title = s.titles[p.section]
		sec.Cards = append(sec.Cards, s.card(p.story, chars, i == 0))
	}
	var out []digest.Section
	for i, sec := range sections {
		if len(sec.Cards) > 0 {
			arrange(sec.Cards, s.orders[i])
			out = append(out, sec)
		}
	}
	return out
}

// arrange orders the cards of a section. They come by score.
func arrange(cards []digest.Card, order string) {
	by := map[string]func(a, b digest.Card) int{
		"newest": func(a, b digest.Card) int { return b.Article.When().Compare(a.Article.When()) },
		"oldest": func(a, b digest.Card) int { return a.Article.When().Compare(b.Article.When()) },
		"source": func(a, b digest.Card) int { return cmp.Compare(a.Article.Source, b.Article.Source) },
	}[order]
	if by != nil {
		slices.SortStableFunc(cards, by)
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
func (s Selection) card(st story, budget int, lead bool) digest.Card {
	if lead {
		budget = budget * 3 / 2
	}
	c := digest.Card{
		Article: st.best,
		Summary: s.summary(st.best, budget),
		Minutes: minutes(st.best.Words),
		Lead:    lead,
	}
	c.Article.HTML, c.Article.Text = "", "" // an edition shows summaries
	seen := map[string]bool{st.best.Source: true}
	for _, o := range st.others {
		if seen[o.Source] {
			continue // a second version from the same place tells the reader nothing
		}
		seen[o.Source] = true
		c.Also = append(c.Also, digest.Also{ID: o.ID, Site: cmp.Or(o.Site, o.Source), Title: o.Title, URL: o.URL})
	}
	return c
}

// Say gives summaries from elsewhere, by article. What does not fit a budget in
// whole sentences is not used.
func (s *Selection) Say(summaries map[digest.ArticleID]string) { s.said = summaries }

func (s Selection) summary(a digest.Article, budget int) string {
	if said := s.said[a.ID]; said != "" {
		if f := fit(sentences(clean(said)), budget); f != "" {
			return f
		}
	}
	return Summarize(a, budget)
}

// minutes is the reading time at 230 words a minute, the middle of what
// studies of silent reading find for French and English prose.
func minutes(words int) int {
	if words < 60 {
		return 0
	}
	return max(1, (words+115)/230)
}
