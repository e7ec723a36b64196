package extract

import (
	"net/url"
	"strings"
	"unicode/utf8"

	readability "codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// findBody gives the element that holds the article and little else. It
// changes doc; source is what doc was parsed from.
func findBody(doc *html.Node, source string, m metadata, rules SiteRules) *html.Node {
	fixImages(doc)
	if body := rules.body(doc); body != nil {
		return body
	}
	rules.strip(doc)
	stripFurniture(doc)
	freeHeadings(doc)
	intro := standfirst(doc, m)
	dressed := paragraphs(doc)
	mass := prose(doc)
	whole := mass[doc]
	if c := container(doc, mass); c != nil {
		restrict(doc, c)
	}
	body := readable(doc, m.base)
	if body == nil || prose(body)[body]*4 < whole {
		body = again(body, source, m.base)
	}
	if dress := missing(body, dressed); dress != "" {
		if other := gather(source, dress); other != nil {
			body = other
		}
	}
	if declared := declaredBody(m.body); declared != nil && covers(body, declared) < 0.6 {
		body = declared
	}
	return withIntro(body, intro)
}

// freeHeadings takes headings out of boxes of their own: Readability takes a
// box with a few words in it for furniture.
func freeHeadings(doc *html.Node) {
	var headings []*html.Node
	walk(doc, func(n *html.Node) bool {
		if isTag(n, atom.H2, atom.H3, atom.H4) {
			headings = append(headings, n)
		}
		return true
	})
	for _, h := range headings {
		for range 3 {
			if p := h.Parent; !isTag(p, atom.Div, atom.Section, atom.Span) || p.Parent == nil || textUpTo(h, 0) == 0 || !alone(h) {
				break
			}
			unwrap(h.Parent)
		}
	}
}

// readable runs Readability over doc, which it takes apart. Nil when it finds
// nothing.
func readable(doc *html.Node, base *url.URL) *html.Node {
	if base == nil {
		base = &url.URL{}
	}
	p := readability.NewParser()
	p.KeepClasses = true // the furniture filter reads them
	p.DisableJSONLD = true
	a, err := p.ParseAndMutate(doc, base)
	if err != nil || a.Node == nil || strings.TrimSpace(innerText(a.Node)) == "" {
		return nil
	}
	for n := range a.Node.Descendants() { // Readability makes elements without their atoms
		if n.Type == html.ElementNode {
			n.DataAtom = atom.Lookup([]byte(n.Data))
		}
	}
	return a.Node
}

// prose weighs the running text below every element of n: paragraphs that are
// not links, and long loose text.
func prose(n *html.Node) map[*html.Node]int {
	mass := map[*html.Node]int{}
	var weigh func(*html.Node) int
	weigh = func(n *html.Node) int {
		sum := 0
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			switch {
			case c.Type == html.TextNode && !isTag(n, atom.A):
				if size := len(strings.TrimSpace(c.Data)); size >= 100 {
					sum += size
				}
			case c.Type != html.ElementNode || silent(c.DataAtom):
			case isTag(c, atom.P):
				if size := textSize(c); size >= 60 && linkShare(c) < 0.5 {
					sum += size
				}
			default:
				sum += weigh(c)
			}
		}
		if sum > 0 {
			mass[n] = sum
		}
		return sum
	}
	weigh(n)
	return mass
}

// container is the innermost element that the page marks as the article and
// that holds nearly all of its prose. Nil when there is none, as on pages of
// several articles.
func container(doc *html.Node, mass map[*html.Node]int) *html.Node {
	var best *html.Node
	walk(doc, func(n *html.Node) bool {
		if n.Type == html.ElementNode && mass[n]*100 < mass[doc]*85 {
			return false
		}
		if isArticleElement(n) && mass[n] >= 500 {
			best = n
		}
		return true
	})
	return best
}

// isArticleElement reports whether markup calls an element the article.
func isArticleElement(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return false
	}
	if isTag(n, atom.Article) || strings.EqualFold(attr(n, "itemprop"), "articlebody") || attr(n, "role") == "article" {
		return true
	}
	for _, name := range strings.Fields(attr(n, "class") + " " + attr(n, "id")) {
		parts := nameParts(name)
		for i := range parts {
			if i > 3 {
				break
			}
			switch parts[i] {
			case "articlebody", "articlecontent", "articletext", "storybody", "entrycontent", "postcontent", "postbody":
				return true
			case "article", "story", "post", "entry", "content", "news":
				if i+1 < len(parts) && (parts[i+1] == "body" || parts[i+1] == "content" || parts[i+1] == "text") {
					return true
				}
			}
		}
	}
	return false
}

// restrict leaves of doc's body the element c alone.
func restrict(doc, c *html.Node) {
	body := find(doc, func(n *html.Node) bool { return isTag(n, atom.Body) })
	if body == nil || body == c || !below(c, body) {
		return
	}
	remove(c)
	for x := body.FirstChild; x != nil; x = body.FirstChild {
		body.RemoveChild(x)
	}
	body.AppendChild(c)
}

// standfirst is the paragraph between headline and text that many pages keep
// outside of the body: the description the page declares, where readers see
// it, or what its class says it is. "" for none.
func standfirst(doc *html.Node, m metadata) string {
	declared := letters(m.description)
	found := ""
	walk(doc, func(n *html.Node) bool {
		if found != "" || n.Type == html.ElementNode && (silent(n.DataAtom) || isTag(n, atom.A, atom.Aside, atom.Nav, atom.Footer)) {
			return false
		}
		if !isTag(n, atom.P, atom.Div, atom.H2, atom.H3, atom.Section, atom.Span, atom.Strong) {
			return true
		}
		if hasBlock(n) {
			return true
		}
		if size := textUpTo(n, 900); size < 40 || size > 900 {
			return false
		}
		text := softSpaces(textOf(n))
		own := letters(text)
		same := len(declared) > 40 && (own == declared || len(own) > 40 && len(own)*2 > len(declared) && strings.HasPrefix(declared, own) || len(declared) > 60 && strings.HasPrefix(own, declared[:len(declared)*9/10]) && len(own)*2 < 3*len(declared))
		if same || isStandfirst(n) && strings.Count(text, " ") > 5 && linkShare(n) < 0.3 {
			if !sameTitle(text, m.title) && !newPhrase(text).isFurniture() {
				found = squeeze(textOf(n))
			}
		}
		return found == ""
	})
	return found
}

func isStandfirst(n *html.Node) bool {
	class := attr(n, "class") + " " + attr(n, "itemprop")
	parts := nameParts(class)
	for i, w := range parts {
		switch w {
		case "standfirst", "chapo", "chapeau", "dek", "subheadline", "subtitle", "subhead", "soustitre", "lede", "vorspann", "abstract", "alternativeheadline":
			return true
		case "title", "headline", "titre":
			if i > 0 && (parts[i-1] == "sub" || parts[i-1] == "sous") {
				return true
			}
		case "lead", "intro", "summary", "excerpt", "teaser", "description":
			if i > 0 && (parts[i-1] == "article" || parts[i-1] == "post" || parts[i-1] == "story" || parts[i-1] == "entry") {
				return true
			}
		}
	}
	return false
}

// withIntro puts the standfirst before a body that lacks it.
func withIntro(body *html.Node, intro string) *html.Node {
	if intro == "" || utf8.RuneCountInString(intro) < 40 {
		return body
	}
	key := letters(intro)
	if strings.Contains(letters(innerText(body)), key[:min(len(key), 60)]) {
		return body
	}
	p := newElement(atom.P)
	p.AppendChild(&html.Node{Type: html.TextNode, Data: intro})
	root := newElement(atom.Div)
	root.AppendChild(p)
	remove(body)
	root.AppendChild(body)
	return root
}
