package extract

import (
	"fmt"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Options say how to read pages. The zero value is good.
type Options struct {
	// Rules are site rules; the one for the most specific host applies.
	Rules []SiteRules
	// Repeats are the blocks that several pages of a site share, see [Habits].
	// They go, whatever they say. Nil for unknown.
	Repeats *Repeated
	// MinScore is the confidence from which a page is preferred to the
	// source's own text; 0 means 0.5.
	MinScore float64
	// MaxBytes is how much of a page is read; 0 means 4 MiB.
	MaxBytes int
}

func (o Options) minScore() float64 {
	if o.MinScore == 0 {
		return 0.5
	}
	return o.MinScore
}

func (o Options) maxBytes() int {
	if o.MaxBytes == 0 {
		return 4 << 20
	}
	return o.MaxBytes
}

// Page finds the article in a page, HTML or plain text, from the bytes as
// served. It fills everything of the article that a page can tell. A page
// without an article is no error: its Score is low, and Doubt says why.
func Page(p digest.Page, o Options) (digest.Article, error) {
	if len(strings.TrimSpace(string(head(p.Body, 64)))) == 0 && len(p.Body) <= 64 {
		return digest.Article{}, &digest.InvalidError{Field: "page", Value: p.URL, Reason: "is empty"}
	}
	if kind := notADocument(p); kind != "" {
		return digest.Article{}, &digest.InvalidError{Field: "page", Value: p.URL, Reason: "is " + kind + ", not a document"}
	}
	text := decode(head(p.Body, o.maxBytes()), p.ContentType)
	if isPlain(p, text) {
		return plainPage(p, text, o), nil
	}
	a, err := htmlPage(p, text, o)
	if err != nil {
		return digest.Article{}, fmt.Errorf("reading page %s: %w", p.URL, err)
	}
	return a, nil
}

// Article turns what a source served into an article: from the linked page
// (Item.Page) when it was fetched and can be trusted, else from the item's own
// content or summary. firstSeen is when we first met the item.
func Article(it digest.Item, firstSeen time.Time, o Options) (digest.Article, error) {
	own := ownText(it)
	a := own
	var pageErr error
	if it.Page != nil {
		var page digest.Article
		if page, pageErr = Page(*it.Page, o); pageErr == nil {
			a = prefer(page, own, o)
		}
	}
	entitle(&a, it, firstSeen)
	if src := cleanURL(it.Image); src != "" && (a.Image.URL == "" || it.Page == nil) && !isBeacon(src) {
		a.Image = digest.Image{URL: src}
	}
	a.Teaser = first(teaser(it.Summary, it.Title), a.Teaser)
	a.Language = DetectLanguage(first(a.Language, it.Language), first(a.Text, a.Teaser, a.Title))
	if a.Title == "" {
		a.Title = opening(first(a.Text, a.Teaser))
	}
	if a.Title == "" && a.URL != "" {
		a.Title = digest.TitleOfURL(a.URL)
	}
	if a.Title == "" && a.Text == "" && a.URL == "" {
		if pageErr != nil {
			return a, fmt.Errorf("making an article of item %q: %w", it.Identity, pageErr)
		}
		return a, &digest.InvalidError{Field: "item", Value: it.Identity, Reason: "has no title, no text and no address"}
	}
	return a, nil
}

// entitle fills what the source says of its item. It beats what the page says
// of itself, except for the address (the page knows its canonical one).
func entitle(a *digest.Article, it digest.Item, firstSeen time.Time) {
	a.Source, a.Identity, a.Position, a.Enclosures = it.Source, it.Identity, it.Position, it.Enclosures
	a.FirstSeen = firstSeen
	a.Title = first(squeeze(it.Title), a.Title)
	a.URL = first(a.URL, cleanURL(it.URL))
	a.Author = first(person(it.Author), a.Author)
	if len(it.Categories) > 0 {
		a.Categories = it.Categories
	}
	switch {
	case !it.Published.IsZero():
		a.Published = it.Published.UTC()
	case a.Published.IsZero() && !it.Updated.IsZero():
		a.Published = it.Updated.UTC()
	}
}

// Outline is [Article] without what takes reading the item's text; [Complete]
// adds that from the Item that it keeps. It reports false for what has to be read
// at once: an item with its page, which is too large to keep, and one without a
// title, which its text gives.
func Outline(it digest.Item, firstSeen time.Time) (digest.Article, bool) {
	if it.Page != nil || squeeze(it.Title) == "" {
		return digest.Article{}, false
	}
	var a digest.Article
	entitle(&a, it, firstSeen)
	a.Item = &digest.Item{URL: it.URL, Base: it.Base, Title: it.Title, Language: it.Language, Summary: it.Summary, Content: it.Content, Image: it.Image}
	return a, true
}

// Complete reads the text of an [Outline]: then it is what [Article] makes of the
// item. An article that is whole stays as it is.
func Complete(a digest.Article) digest.Article {
	if a.Item == nil {
		return a
	}
	// It cannot fail: an item with a title is an article.
	whole, _ := Article(*a.Item, a.FirstSeen, Options{})
	a.Language, a.Image, a.Teaser = whole.Language, whole.Image, whole.Teaser
	a.HTML, a.Text, a.Words, a.Score = whole.HTML, whole.Text, whole.Words, whole.Score
	a.Item = nil
	return a
}

// prefer takes the page's body when it is trusted, and the item's own when it
// is not or when it says much more: a page may be a teaser of its own feed.
func prefer(page, own digest.Article, o Options) digest.Article {
	trusted := page.Score >= o.minScore() && page.Words*10 >= own.Words*6
	if trusted || own.Words == 0 && page.Doubt == "" {
		return page
	}
	page.HTML, page.Text, page.Words, page.Score = own.HTML, own.Text, own.Words, own.Score
	if page.Image.URL == "" {
		page.Image = own.Image
	}
	return page
}

// ownText is the article as the item itself tells it.
func ownText(it digest.Item) digest.Article {
	a := digest.Article{Language: it.Language}
	root := fragment(it.Content)
	if it.Summary != "" && it.Summary != it.Content {
		if s := fragment(it.Summary); words(textOf(s)) > words(textOf(root)) {
			root = s
		}
	}
	if root.FirstChild == nil {
		return a
	}
	base := parseURL(first(it.Base, it.URL))
	fixImages(root)
	tidyBody(root, []string{squeeze(it.Title)}, nil)
	a.Image = leadImage(root, base)
	a.Text = textOf(root)
	a.HTML = sanitizeNode(root, base)
	a.Words = words(a.Text)
	a.Score = min(0.9, 0.3+float64(a.Words)/500)
	return a
}
