package collect

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"

	"github.com/zest-digest/zest/digest"
)

// readList makes items of the links on a page that has no feed: those of its
// selector, or those that look like the page's headlines.
func readList(p digest.Page, s digest.Source) (digest.Feed, error) {
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(decode(p.Body, p.ContentType)))
	if err != nil {
		return digest.Feed{}, fmt.Errorf("reading the page: %w", err)
	}
	f := digest.Feed{Format: "page", Title: oneLine(doc.Find("title").First().Text()), Link: p.URL, Language: doc.Find("html").AttrOr("lang", "")}
	base := p.URL
	if href, ok := doc.Find("base[href]").First().Attr("href"); ok {
		if b := absolute(href, p.URL); b != "" {
			base = b
		}
	}
	var links []*goquery.Selection
	if s.Selector != "" {
		links = selected(doc, s.Selector)
	} else {
		links = headlines(doc, base)
	}
	seen := map[string]bool{digest.CanonicalURL(p.URL): true}
	for _, a := range links {
		link := absolute(a.AttrOr("href", ""), base)
		id := digest.CanonicalURL(link)
		if link == "" || seen[id] {
			continue
		}
		seen[id] = true
		it := digest.Item{URL: link, Title: linkText(a), Identity: "url:" + id}
		if at, ok := dateNear(a); ok {
			it.Published, _ = ParseDate(at)
		}
		f.Items = append(f.Items, it)
	}
	if len(f.Items) == 0 {
		return f, fmt.Errorf("%s: no links to articles found; a `selector` says where they are", p.URL)
	}
	return f, nil
}

func selected(doc *goquery.Document, selector string) (out []*goquery.Selection) {
	doc.Find(selector).Each(func(_ int, a *goquery.Selection) {
		if !a.Is("a[href]") {
			a = a.Find("a[href]").First()
		}
		out = append(out, a)
	})
	return out
}

// group is the links of a page that stand in the same place of the same pattern.
type group struct {
	seen  map[string]bool
	score int
}

// headlines finds the links of the pattern that repeats most: many links, of
// many words each, to pages of the same site. Menus have few words, and what
// surrounds the main part is not looked at.
func headlines(doc *goquery.Document, base string) []*goquery.Selection {
	doc.Find("nav, header nav, footer, aside, form, script, style, noscript, [role=navigation], [role=contentinfo]").Remove()
	groups := map[string]*group{}
	var all []*goquery.Selection
	var keys []string
	doc.Find("a[href]").Each(func(_ int, a *goquery.Selection) {
		link, text := absolute(a.AttrOr("href", ""), base), linkText(a)
		heading := a.Closest("h1, h2, h3, h4").Length() > 0 || a.Find("h1, h2, h3, h4").Length() > 0
		if !sameSite(link, base) || utf8.RuneCountInString(text) < 18 && !(heading && len(strings.Fields(text)) > 1) {
			return
		}
		key := standing(a)
		g := groups[key]
		if g == nil {
			g = &group{seen: map[string]bool{}}
			groups[key] = g
		}
		if id := digest.CanonicalURL(link); !g.seen[id] {
			g.seen[id] = true
			weight := min(utf8.RuneCountInString(text), 100)
			if heading {
				weight *= 2
			}
			g.score += weight
		}
		all, keys = append(all, a), append(keys, key)
	})
	best := 0
	for _, g := range groups {
		best = max(best, g.score)
	}
	var out []*goquery.Selection
	for i, a := range all {
		// A lead story often looks unlike the rest of the list.
		if g := groups[keys[i]]; 3*g.score >= best || a.Closest("h1, h2").Length() > 0 {
			out = append(out, a)
		}
	}
	return out
}

// standing names where a link stands: the elements around it, with their first
// class.
func standing(a *goquery.Selection) string {
	var b strings.Builder
	for node, depth := a, 0; depth < 4 && node.Length() > 0; node, depth = node.Parent(), depth+1 {
		class, _, _ := strings.Cut(strings.TrimSpace(node.AttrOr("class", "")), " ")
		b.WriteString(goquery.NodeName(node) + "." + class + " ")
	}
	return b.String()
}

// linkText is the words of a link: those of its heading, where it holds a whole
// card.
func linkText(a *goquery.Selection) string {
	if h := a.Find("h1, h2, h3, h4").First(); h.Length() > 0 {
		return oneLine(h.Text())
	}
	return oneLine(a.Text())
}

// dateNear is the date that stands with a link, when just one does.
func dateNear(a *goquery.Selection) (string, bool) {
	for node, depth := a.Parent(), 0; depth < 4 && node.Length() > 0; node, depth = node.Parent(), depth+1 {
		if times := node.Find("time[datetime]"); times.Length() == 1 {
			return times.AttrOr("datetime", ""), true
		} else if times.Length() > 1 {
			return "", false
		}
	}
	return "", false
}

// sameSite reports whether a link stays with the page's host, or one below or
// above it.
func sameSite(link, page string) bool {
	a, err := url.Parse(link)
	b, err2 := url.Parse(page)
	if err != nil || err2 != nil || a.Host == "" {
		return false
	}
	x, y := strings.TrimPrefix(a.Hostname(), "www."), strings.TrimPrefix(b.Hostname(), "www.")
	return x == y || strings.HasSuffix(x, "."+y) || strings.HasSuffix(y, "."+x)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
