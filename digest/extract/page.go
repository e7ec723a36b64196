package extract

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/zest-digest/zest/digest"
)

// htmlPage is [Page] for HTML.
func htmlPage(p digest.Page, source string, o Options) (digest.Article, error) {
	rules := rulesFor(o.Rules, p.URL)
	source = rules.rewrite(source)
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return digest.Article{}, err
	}
	prune(doc, maxDepth)
	m := readMetadata(doc, p.URL)
	rules.metadata(doc, &m)
	body := findBody(doc, source, m, rules)
	before := textOf(body)
	tidyBody(body, m.titles, o.Repeats)
	a := digest.Article{
		URL: m.canonical, Title: m.title, Author: m.author, Site: m.site, Section: m.section,
		Categories: m.keywords, Published: m.published, Image: m.image,
		Teaser: teaser(html.EscapeString(m.description), m.title),
	}
	if lead := leadImage(body, m.base); a.Image.URL == "" {
		a.Image = lead
	} else if a.Image.Alt == "" && sameImage(lead.URL, a.Image.URL) {
		a.Image.Alt = lead.Alt
	}
	a.Text = articleText(body, m.news)
	a.Words = words(a.Text)
	a.Score, a.Doubt = confidence(body, m, a, before)
	if a.Site == "" {
		a.Site = host(p.URL)
	}
	a.Language = DetectLanguage(m.language, a.Text)
	a.HTML = sanitizeNode(body, m.base)
	return a, nil
}

// sameImage reports whether two addresses are sizes of one picture.
func sameImage(a, b string) bool {
	name := func(s string) string {
		s, _, _ = strings.Cut(s, "?")
		return s[strings.LastIndexByte(s, '/')+1:]
	}
	return a != "" && name(a) == name(b) && len(name(a)) > 6
}

var markup = pattern(`(?i)<(?:!doctype|html|head|body|p|div|article|section|span|h[1-6]|br|ul|table|meta|title|a\s)[\s/>]`)

// isPlain reports whether a page is plain text, by what it says and, since
// servers send HTML as text/plain and files say nothing, by what it looks like.
func isPlain(p digest.Page, text string) bool {
	kind, _, err := mime.ParseMediaType(p.ContentType)
	if err == nil && (kind == "text/html" || kind == "application/xhtml+xml") {
		return false
	}
	start := text[:min(len(text), 8192)]
	if kind == "text/plain" || kind == "text/markdown" || hasSuffixFold(p.URL, ".txt") || hasSuffixFold(p.URL, ".md") {
		low := strings.ToLower(strings.TrimSpace(start))
		return !strings.HasPrefix(low, "<!doctype html") && !strings.HasPrefix(low, "<html")
	}
	return !markup().MatchString(start)
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// notADocument names what a body is when no article can be in it.
func notADocument(p digest.Page) string {
	for _, magic := range []struct{ prefix, name string }{
		{"%PDF-", "a PDF"}, {"\x89PNG", "a picture"}, {"\xff\xd8\xff", "a picture"}, {"GIF8", "a picture"},
		{"PK\x03\x04", "an archive"}, {"\x1f\x8b", "an archive"}, {"RIFF", "a media file"}, {"ID3", "a sound"}, {"\x00\x00\x00\x18ftyp", "a film"},
	} {
		if bytes.HasPrefix(p.Body, []byte(magic.prefix)) {
			return magic.name
		}
	}
	kind, _, _ := mime.ParseMediaType(p.ContentType)
	main, _, _ := strings.Cut(kind, "/")
	if (main == "image" || main == "audio" || main == "video" || main == "font") && !utf8.Valid(head(p.Body, 512)) {
		return "of type " + kind
	}
	return ""
}

func wrapNodes(nodes []*html.Node) *html.Node {
	root := newElement(atom.Div)
	for _, n := range nodes {
		root.AppendChild(n)
	}
	return root
}
