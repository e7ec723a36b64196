package curate

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/zest-digest/zest/digest"
)

// rules are [digest.Rules] made ready: patterns and expressions compiled.
type rules struct {
	digest.Rules
	now                   time.Time
	include, exclude, pin []matcher
	boosts                []matcher // beside Rules.Boosts
	sections              []section
}

type section struct {
	digest.SectionRule
	program *vm.Program
	any     []matcher
}

// takesAll reports whether a section has no rule: it is for whatever is left.
func (s section) takesAll() bool { return s.program == nil && len(s.any) == 0 }

func compile(r digest.Rules, now time.Time) (*rules, error) {
	out := &rules{Rules: r, now: now}
	for _, list := range []struct {
		field string
		lines []string
		to    *[]matcher
	}{{"include", r.Include, &out.include}, {"exclude", r.Exclude, &out.exclude}, {"pins", r.Pins, &out.pin}} {
		var err error
		if *list.to, err = matchers(list.field, list.lines); err != nil {
			return nil, err
		}
	}
	for i, b := range r.Boosts {
		field := fmt.Sprintf("boosts[%d]", i)
		m, err := newMatcher(strings.TrimSpace(b.Match))
		if err != nil {
			return nil, &digest.InvalidError{Field: field + ".match", Value: b.Match, Reason: err.Error()}
		}
		if math.IsNaN(b.By) || math.Abs(b.By) > 100 {
			return nil, &digest.InvalidError{Field: field + ".by", Value: fmt.Sprint(b.By), Reason: "must be between -100 and 100; a fresh article scores about 1"}
		}
		out.boosts = append(out.boosts, m)
	}
	for i, s := range r.Sections {
		field := fmt.Sprintf("sections[%d]", i)
		if s.Name != "" {
			field = "sections." + s.Name // as the configuration names it
		}
		sec, err := newSection(field, s)
		if err != nil {
			return nil, err
		}
		out.sections = append(out.sections, sec)
	}
	if !slices.ContainsFunc(out.sections, section.takesAll) {
		// Whatever no section asked for still has a place.
		out.sections = append(out.sections, section{})
	}
	return out, nil
}

func newSection(field string, s digest.SectionRule) (section, error) {
	sec := section{SectionRule: s}
	var err error
	if s.Match != "" {
		if sec.program, err = program(s.Match); err != nil {
			return sec, &digest.InvalidError{Field: field + ".match", Value: s.Match, Reason: err.Error()}
		}
	}
	if sec.any, err = matchers(field+".any", s.Any); err != nil {
		return sec, err
	}
	if !slices.Contains([]string{"", "score", "newest", "oldest", "source"}, s.Order) {
		return sec, &digest.InvalidError{Field: field + ".order", Value: s.Order, Reason: "is not one of score, newest, oldest, source"}
	}
	return sec, nil
}

// refuses says which rule keeps an article out, or "". What is pinned is wanted,
// whatever the other rules say.
func (r *rules) refuses(a digest.Article) string {
	if strings.TrimSpace(a.Title) == "" && a.Text == "" {
		return "it has neither title nor text"
	}
	if r.pins(a) {
		return ""
	}
	if m := r.first(r.exclude, a); m != nil {
		return fmt.Sprintf("exclude %q matches", m.source)
	}
	switch age := r.now.Sub(a.When()); {
	case r.MinWords > 0 && a.Words < r.MinWords:
		return fmt.Sprintf("it has %d words, fewer than min_words %d", a.Words, r.MinWords)
	case r.MaxWords > 0 && a.Words > r.MaxWords:
		return fmt.Sprintf("it has %d words, more than max_words %d", a.Words, r.MaxWords)
	case r.MaxAge > 0 && age > r.MaxAge:
		return fmt.Sprintf("it is %d days old, more than max_article_age", int(age.Hours()/24))
	case len(r.include) > 0 && r.first(r.include, a) == nil:
		return "no include rule matches"
	}
	return ""
}

// first is the first of some matchers that an article matches, or nil.
func (r *rules) first(list []matcher, a digest.Article) *matcher {
	for i := range list {
		if list[i].matches(a, r.now) {
			return &list[i]
		}
	}
	return nil
}

func (r *rules) pins(a digest.Article) bool { return r.first(r.pin, a) != nil }

// boost lists what boosts add to an article's score, each under its own name.
func (r *rules) boost(a digest.Article) []Term {
	var out []Term
	for i, m := range r.boosts {
		if m.matches(a, r.now) {
			out = append(out, Term{"boost " + m.source, r.Boosts[i].By})
		}
	}
	return out
}

func (r *rules) titles() []string {
	out := make([]string, len(r.sections))
	for i, s := range r.sections {
		out[i] = s.Name
	}
	return out
}

func (r *rules) orders() []string {
	out := make([]string, len(r.sections))
	for i, s := range r.sections {
		out[i] = s.Order
	}
	return out
}

// wants reports whether a section's rule takes an article.
func (r *rules) wants(s section, a digest.Article) bool {
	if s.takesAll() || r.first(s.any, a) != nil {
		return true
	}
	if s.program == nil {
		return false
	}
	ok, err := expr.Run(s.program, newEnv(a, r.now))
	return err == nil && ok == true
}

// about reports whether one of these sections would take an article.
func (r *rules) about(a digest.Article, topics []string) bool {
	return slices.ContainsFunc(r.sections, func(s section) bool { return slices.Contains(topics, s.Name) && r.wants(s, a) })
}

// sectionFor finds the first section that wants the article and has room; of
// these only, when there are topics.
func (r *rules) sectionFor(a digest.Article, filled []int, topics []string) (int, string) {
	full := ""
	for i, s := range r.sections {
		if len(topics) > 0 && !slices.Contains(topics, s.Name) || !r.wants(s, a) {
			continue
		}
		if s.Max > 0 && filled[i] >= s.Max {
			full = fmt.Sprintf("section %q has its %d already", s.Name, s.Max)
			continue
		}
		return i, ""
	}
	if full == "" {
		full = "no section wants it"
	}
	return 0, full
}
