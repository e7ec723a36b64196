package publish

import (
	"context"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
	"github.com/zest-digest/zest/digest/extract"
)

// Scribe proposes summaries.
type Scribe interface {
	Summarize(ctx context.Context, e digest.Endpoint, a digest.Article, chars int) (string, error)
}

// asking is how many summaries are asked for at once.
const asking = 4

// abstracts asks the newsletter's endpoint, if it has one, for a summary of each
// story. One that was asked before comes from the store; a new one is stored with
// the edition, and only then. What cannot be had, or is not fit to be shown, is
// no loss: the article's own sentences stand in.
func (p *Publisher) abstracts(ctx context.Context, n digest.Newsletter, sel *curate.Selection) (map[string]string, error) {
	if n.Endpoint.URL == "" || p.o.Scribe == nil {
		return nil, nil
	}
	articles, chars := sel.Articles(), n.Rules.SummaryChars
	keys := make([]string, len(articles))
	for i, a := range articles {
		keys[i] = fingerprint([]any{n.Endpoint.URL, n.Endpoint.Model, chars, a.Title, a.Text, a.Language})
	}
	known, err := p.o.Store.Abstracts(ctx, keys)
	if err != nil {
		return nil, err
	}
	said, fresh := map[digest.ArticleID]string{}, map[string]string{}
	var mu sync.Mutex
	var work sync.WaitGroup
	slots := make(chan struct{}, asking)
	for i, a := range articles {
		if s, ok := known[keys[i]]; ok {
			said[a.ID] = s
			continue
		}
		work.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			s, err := p.o.Scribe.Summarize(ctx, n.Endpoint, a, chars)
			if why := unfit(s, a, chars); err != nil || why != "" {
				p.o.Log.Warn("summary not used", "newsletter", n.Name, "url", a.URL, "error", err, "reason", why)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			said[a.ID], fresh[keys[i]] = s, s
		})
	}
	work.Wait()
	sel.Say(said)
	return fresh, ctx.Err()
}

// unfit says why a proposed summary must not be shown, or nothing. It may come
// from a model that an article talked into something.
func unfit(s string, a digest.Article, chars int) string {
	low := strings.ToLower(s)
	switch {
	case s == "":
		return "it is empty"
	case utf8.RuneCountInString(s) > chars:
		return "it is too long"
	case strings.ContainsAny(s, "<>\n\r`*#{}|"), strings.Contains(low, "http"), strings.Contains(low, "www."):
		return "it is not plain text"
	case !strings.ContainsAny(s[max(0, len(s)-4):], ".!?…»”"):
		return "it does not end"
	}
	want, _, _ := strings.Cut(strings.ToLower(a.Language), "-")
	if got := extract.DetectLanguage("", s); want != "" && got != "" && got != want {
		return "it is in another language"
	}
	if own(s, a) < ownWords {
		return "hardly any of its words are the article's"
	}
	return ""
}

// ownWords is the least part of a summary's words that the article must hold. A
// short text in another language, or about something else, holds next to none.
const ownWords = 1.0 / 3

func own(s string, a digest.Article) float64 {
	words := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	}
	known := map[string]bool{}
	for _, w := range words(a.Title + " " + a.Text) {
		known[w] = true
	}
	n, in := 0, 0
	for _, w := range words(s) {
		if utf8.RuneCountInString(w) > 2 {
			n++
			in += bit(known[w])
		}
	}
	return float64(in) / float64(max(1, n))
}
