package curate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/zest-digest/zest/digest"
)

// rules are [digest.Rules] made ready: patterns and expressions compiled.
type rules struct {
	include, exclude []matcher
	sections         []section
}

type section struct {
	digest.SectionRule
	program *vm.Program // nil takes everything
}

// matcher is one line of include or exclude.
type matcher struct {
	source  string // as the operator wrote it
	matches func(digest.Article) bool
}

// env is what an expression can speak of.
type env struct {
	Title      string   `expr:"title"`
	Text       string   `expr:"text"`
	Author     string   `expr:"author"`
	Source     string   `expr:"source"`
	Site       string   `expr:"site"`
	Section    string   `expr:"section"`
	Language   string   `expr:"language"`
	URL        string   `expr:"url"`
	Categories []string `expr:"categories"`
	Words      int      `expr:"words"`
}

func compile(r digest.Rules) (*rules, error) {
	out := &rules{}
	var err error
	if out.include, err = matchers("include", r.Include); err != nil {
		return nil, err
	}
	if out.exclude, err = matchers("exclude", r.Exclude); err != nil {
		return nil, err
	}
	for i, s := range r.Sections {
		sec := section{SectionRule: s}
		if s.Match != "" {
			sec.program, err = expr.Compile(s.Match, expr.Env(env{}), expr.AsBool())
			if err != nil {
				return nil, &digest.InvalidError{Field: fmt.Sprintf("sections[%d].match", i), Value: s.Match, Reason: firstLine(err.Error())}
			}
		}
		out.sections = append(out.sections, sec)
	}
	if !slices.ContainsFunc(out.sections, func(s section) bool { return s.program == nil }) {
		// Whatever no section asked for still has a place.
		out.sections = append(out.sections, section{})
	}
	return out, nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// matchers compiles lines of three forms: a word or phrase, /a regular
// expression/, and field:value for category, author, source, site, section
// and language.
func matchers(field string, lines []string) ([]matcher, error) {
	var out []matcher
	for i, line := range lines {
		m, err := newMatcher(strings.TrimSpace(line))
		if err != nil {
			return nil, &digest.InvalidError{Field: fmt.Sprintf("%s[%d]", field, i), Value: line, Reason: err.Error()}
		}
		out = append(out, m)
	}
	return out, nil
}

func newMatcher(line string) (matcher, error) {
	if line == "" {
		return matcher{}, fmt.Errorf("is empty; write a word, /a pattern/ or category:value")
	}
	if len(line) > 2 && line[0] == '/' && line[len(line)-1] == '/' {
		re, err := regexp.Compile("(?i)" + line[1:len(line)-1])
		if err != nil {
			return matcher{}, fmt.Errorf("is not a regular expression: %w", err)
		}
		return matcher{line, func(a digest.Article) bool { return re.MatchString(a.Title) || re.MatchString(a.Text) }}, nil
	}
	if name, value, ok := strings.Cut(line, ":"); ok {
		if get, known := fields[name]; known {
			value = strings.ToLower(strings.TrimSpace(value))
			return matcher{line, func(a digest.Article) bool {
				return slices.ContainsFunc(get(a), func(s string) bool { return strings.ToLower(s) == value })
			}}, nil
		}
	}
	word, err := regexp.Compile(`(?i)(?:^|[^\pL\pN])` + regexp.QuoteMeta(line) + `(?:[^\pL\pN]|$)`)
	if err != nil {
		return matcher{}, err
	}
	return matcher{line, func(a digest.Article) bool {
		return word.MatchString(a.Title) || word.MatchString(a.Teaser) || word.MatchString(a.Text)
	}}, nil
}

// fields are what a field:value rule can name.
var fields = map[string]func(digest.Article) []string{
	"category": func(a digest.Article) []string { return append([]string{a.Section}, a.Categories...) },
	"author":   func(a digest.Article) []string { return []string{a.Author} },
	"source":   func(a digest.Article) []string { return []string{a.Source} },
	"site":     func(a digest.Article) []string { return []string{a.Site} },
	"section":  func(a digest.Article) []string { return []string{a.Section} },
	"language": func(a digest.Article) []string { return []string{a.Language} },
}

// refuses says which rule keeps an article out, or "".
func (r *rules) refuses(a digest.Article) string {
	if strings.TrimSpace(a.Title) == "" && a.Text == "" {
		return "it has neither title nor text"
	}
	for _, m := range r.exclude {
		if m.matches(a) {
			return fmt.Sprintf("exclude %q matches", m.source)
		}
	}
	if len(r.include) == 0 {
		return ""
	}
	for _, m := range r.include {
		if m.matches(a) {
			return ""
		}
	}
	return "no include rule matches"
}

// sectionFor finds the first section that wants the article and has room.
func (r *rules) sectionFor(a digest.Article, filled []digest.Section) (int, string) {
	full := ""
	for i, s := range r.sections {
		if s.program != nil {
			ok, err := expr.Run(s.program, newEnv(a))
			if err != nil || ok != true {
				continue
			}
		}
		if s.Max > 0 && len(filled[i].Cards) >= s.Max {
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

func newEnv(a digest.Article) env {
	return env{
		Title: a.Title, Text: a.Text, Author: a.Author, Source: a.Source, Site: a.Site, Section: a.Section,
		Language: a.Language, URL: a.URL, Categories: a.Categories, Words: a.Words,
	}
}
