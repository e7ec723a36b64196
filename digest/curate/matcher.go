package curate

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/zest-digest/zest/digest"
)

// matcher is one line of include, exclude, pins, boosts or a section's any.
type matcher struct {
	source  string // as the operator wrote it
	matches func(digest.Article, time.Time) bool
}

// env is what an expression can speak of.
type env struct {
	Title      string   `expr:"title"`
	Teaser     string   `expr:"teaser"`
	Text       string   `expr:"text"`
	Author     string   `expr:"author"`
	Source     string   `expr:"source"`
	Site       string   `expr:"site"`
	Section    string   `expr:"section"`
	Language   string   `expr:"language"`
	URL        string   `expr:"url"`
	Categories []string `expr:"categories"`
	Words      int      `expr:"words"`
	Position   int      `expr:"position"` // in its source's own order, from 0
	AgeHours   float64  `expr:"age_hours"`
}

func newEnv(a digest.Article, now time.Time) env {
	return env{
		Title: a.Title, Teaser: a.Teaser, Text: a.Text, Author: a.Author, Source: a.Source, Site: a.Site, Section: a.Section,
		Language: a.Language, URL: a.URL, Categories: a.Categories, Words: a.Words, Position: a.Position, AgeHours: now.Sub(a.When()).Hours(),
	}
}

// program compiles an expression that is true or false of an article.
func program(source string) (*vm.Program, error) {
	p, err := expr.Compile(source, expr.Env(env{}), expr.AsBool())
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, errors.New(first)
	}
	return p, nil
}

// matchers compiles lines of five forms: a word or phrase, /a regular
// expression/, field:value for category, author, source, site, section and
// language, an article's address, and = before an expression.
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
		return matcher{}, errors.New("is empty; write a word, /a pattern/, category:value or = an expression")
	}
	if line[0] == '=' {
		p, err := program(line[1:])
		if err != nil {
			return matcher{}, err
		}
		return matcher{line, func(a digest.Article, now time.Time) bool {
			ok, err := expr.Run(p, newEnv(a, now))
			return err == nil && ok == true
		}}, nil
	}
	if len(line) > 2 && line[0] == '/' && line[len(line)-1] == '/' {
		re, err := regexp.Compile("(?i)" + line[1:len(line)-1])
		if err != nil {
			return matcher{}, fmt.Errorf("is not a regular expression: %w", err)
		}
		return textMatcher(line, re), nil
	}
	if strings.HasPrefix(line, "https://") || strings.HasPrefix(line, "http://") {
		url := digest.CanonicalURL(line)
		return matcher{line, func(a digest.Article, _ time.Time) bool { return a.URL == url || a.URL == line }}, nil
	}
	if name, value, ok := strings.Cut(line, ":"); ok {
		if get := fieldOf(name); get != nil {
			value = strings.TrimSpace(value)
			return matcher{line, func(a digest.Article, _ time.Time) bool {
				return slices.ContainsFunc(get(a), func(s string) bool { return strings.EqualFold(s, value) })
			}}, nil
		}
	}
	word, err := regexp.Compile(`(?i)(?:^|[^\pL\pN])` + regexp.QuoteMeta(line) + `(?:[^\pL\pN]|$)`)
	if err != nil {
		return matcher{}, err
	}
	return textMatcher(line, word), nil
}

// textMatcher looks for a pattern in everything that an article says.
func textMatcher(line string, re *regexp.Regexp) matcher {
	return matcher{line, func(a digest.Article, _ time.Time) bool {
		return re.MatchString(a.Title) || re.MatchString(a.Teaser) || re.MatchString(a.Text)
	}}
}

// fieldOf is what a field:value line looks at, nil for no field.
func fieldOf(name string) func(digest.Article) []string {
	switch name {
	case "category":
		return func(a digest.Article) []string { return append([]string{a.Section}, a.Categories...) }
	case "author":
		return func(a digest.Article) []string { return []string{a.Author} }
	case "source":
		return func(a digest.Article) []string { return []string{a.Source} }
	case "site":
		return func(a digest.Article) []string { return []string{a.Site} }
	case "section":
		return func(a digest.Article) []string { return []string{a.Section} }
	case "language":
		return func(a digest.Article) []string { return []string{a.Language} }
	case "url":
		return func(a digest.Article) []string { return []string{a.URL} }
	}
	return nil
}
