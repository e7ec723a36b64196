package collect

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"

	"github.com/zest-digest/zest/digest"
)

func looksLikeHTML(p digest.Page) bool {
	return strings.Contains(p.ContentType, "html") || strings.HasPrefix(http.DetectContentType(p.Body), "text/html")
}

// discover is the first feed that a page names.
func discover(p digest.Page) string {
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(decode(p.Body, p.ContentType)))
	if err != nil {
		return ""
	}
	link := ""
	doc.Find(`link[rel~="alternate"][href]`).EachWithBreak(func(_ int, s *goquery.Selection) bool {
		kind := strings.ToLower(s.AttrOr("type", ""))
		if strings.Contains(kind, "rss") || strings.Contains(kind, "atom") || strings.Contains(kind, "feed+json") {
			link = absolute(s.AttrOr("href", ""), p.URL)
		}
		return link == ""
	})
	return link
}

// readList makes items of the links on a page that has no feed. Without a
// selector it takes links in the page's main part that read like headlines.
func readList(p digest.Page, s digest.Source) (digest.Feed, error) {
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(decode(p.Body, p.ContentType)))
	if err != nil {
		return digest.Feed{}, fmt.Errorf("reading the page: %w", err)
	}
	f := digest.Feed{Format: "page", Title: oneLine(doc.Find("title").First().Text()), Link: p.URL, Language: doc.Find("html").AttrOr("lang", "")}
	links := doc.Find(s.Selector)
	if s.Selector == "" {
		doc.Find("nav, header, footer, aside, form, script, style").Remove()
		links = doc.Find("article a[href], h1 a[href], h2 a[href], h3 a[href], main li a[href]")
	}
	seen := map[string]bool{}
	links.Each(func(_ int, a *goquery.Selection) {
		if !a.Is("a[href]") {
			a = a.Find("a[href]").First()
		}
		link, title := absolute(a.AttrOr("href", ""), p.URL), oneLine(a.Text())
		id := digest.CanonicalURL(link)
		if link == "" || seen[id] || id == digest.CanonicalURL(p.URL) || s.Selector == "" && utf8.RuneCountInString(title) < 18 {
			return
		}
		seen[id] = true
		f.Items = append(f.Items, digest.Item{URL: link, Title: title, Identity: "url:" + id})
	})
	if len(f.Items) == 0 {
		return f, fmt.Errorf("%s: no links to articles found; a `selector` says where they are", p.URL)
	}
	return f, nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
