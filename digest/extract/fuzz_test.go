package extract

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/zest-digest/zest/digest"
)

func seedPages() []string {
	return []string{
		samplePageHTML, samplePageOfRules, "plain words\n\nand more of them", "", "\xff\xfe<\x00p\x00>\x00", "<p>a<p>b<table><p>c",
		`<html lang=fr><script type="application/ld+json">{"@graph":[{"@type":["NewsArticle"],"headline":1,"author":[{"name":["a","b"]}],"image":{"url":["x"]},"datePublished":20260101}]}</script>`,
		`<noscript><img src=x></noscript><picture><source srcset=", ,a 2x,"></picture><iframe src="//v"></iframe><svg><p>x</svg>`,
		strings.Repeat("<div>", 600) + "x", "<time datetime='2026-13-45T99:99'>", "Titre\n\n4,5 M avis\n1 commentaire\nx",
	}
}

// Whatever is served, a page gives an article that is safe and valid, or an
// error; never a crash.
func FuzzPage(f *testing.F) {
	for _, s := range seedPages() {
		f.Add([]byte(s), "text/html")
	}
	rules, err := ParseSiteRules("site.example.txt", []byte(sampleRules))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		a, err := Page(digest.Page{URL: "https://site.example/a/b", ContentType: contentType, Body: body}, Options{Rules: []SiteRules{rules}})
		if err != nil {
			return
		}
		if !utf8.ValidString(a.Text) || !utf8.ValidString(a.HTML) || !utf8.ValidString(a.Title) {
			t.Errorf("not UTF-8: %q %q %q", a.Title, a.Text, a.HTML)
		}
		if a.Score < 0 || a.Score > 1 {
			t.Errorf("score %f", a.Score)
		}
		mustBeSafe(t, a.HTML)
	})
}

func FuzzSanitize(f *testing.F) {
	for _, s := range seedPages() {
		f.Add(s, "https://site.example/")
	}
	f.Add(`<a href="jav&#x09;ascript:x">a</a><math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`, "")
	f.Fuzz(func(t *testing.T, fragment, base string) { mustBeSafe(t, Sanitize(fragment, base)) })
}

func FuzzSiteRules(f *testing.F) {
	f.Add("courier.example.txt", sampleRules)
	f.Add("x.txt", "body: count(1)\nstrip: //*[.=../..]\nreplace_string(a): b\nfind_string: \nreplace_string: x")
	f.Fuzz(func(t *testing.T, name, body string) {
		rules, err := ParseSiteRules(name, []byte(body))
		if err != nil {
			return
		}
		rules.Host = "site.example"
		a, err := Page(digest.Page{URL: "https://site.example/a", ContentType: "text/html", Body: []byte(samplePageOfRules)}, Options{Rules: []SiteRules{rules}})
		if err == nil {
			mustBeSafe(t, a.HTML)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-11-24T09:05:07+01:00", "1er mars 2026 à 18h40", "Nov. 24, 2026 9:05 pm EST", "1795510800", "2026年1月8日"} {
		f.Add(s, "fr")
	}
	f.Fuzz(func(t *testing.T, s, language string) {
		if at, ok := parseDate(s, language); ok && (at.Year() < 1989 || at.Year() > 2300) {
			t.Errorf("%q is %s", s, at)
		}
	})
}

// mustBeSafe fails when HTML holds what can act.
func mustBeSafe(t *testing.T, s string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil {
		return
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "style", "iframe", "object", "embed", "form", "input", "svg", "math", "link", "meta", "base", "noscript", "template":
			t.Errorf("<%s> in %q", n.Data, s)
		}
		for _, a := range n.Attr {
			value := strings.ToLower(a.Val)
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "class", a.Key == "id":
				t.Errorf("%s in %q", a.Key, s)
			case (a.Key == "href" || a.Key == "src") && !strings.HasPrefix(value, "http://") && !strings.HasPrefix(value, "https://") && !strings.HasPrefix(value, "mailto:"):
				t.Errorf("%s=%q in %q", a.Key, a.Val, s)
			}
		}
	}
}
