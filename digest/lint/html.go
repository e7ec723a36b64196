package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/lint/caniemail"
)

// Limits of the HTML part, in bytes.
const (
	clip     = 100_000 // Gmail cuts a message short near 102 kB
	styleMax = 16_384  // Gmail drops the sheets that go beyond
)

var placeholders = pattern(`@@\w+@@`)

// lineAttr carries the line of a start tag through the parser.
const lineAttr = "data-zest-lint-line"

// page is an HTML part under examination.
type page struct {
	source   string
	root     *html.Node
	table    caniemail.Table
	sheets   string // the content of every style element
	dark     []darkRule
	findings []Finding
}

// HTML checks the HTML part of a message as it was rendered, before a reader's
// values are put in. Findings are in the order of the document.
func HTML(source string) []Finding {
	if source == "" {
		return nil
	}
	p := &page{source: source}
	p.checkText()
	p.checkOutlook()
	root, err := html.Parse(strings.NewReader(numbered(source)))
	if err != nil {
		p.add(Hard, 1, "markup", "the HTML cannot be read: %v", err)
		return p.findings
	}
	p.root = root
	if p.table, err = caniemail.Read(); err != nil {
		p.add(Hard, 1, "support", "%v", err)
	}
	p.readSheets()
	p.checkDocument()
	p.checkHeadings()
	p.checkLinks()
	p.checkFeatures()
	p.walk(root, p.checkElement)
	p.checkContrast()
	slices.SortStableFunc(p.findings, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return p.findings
}

func (p *page) add(s Severity, line int, rule, format string, args ...any) {
	p.findings = append(p.findings, Finding{s, line, rule, fmt.Sprintf(format, args...)})
}

// walk calls f on every element, parents first.
func (p *page) walk(n *html.Node, f func(*html.Node)) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode {
			f(c)
		}
		p.walk(c, f)
	}
}

// numbered writes on every start tag the line it stands on.
func numbered(source string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	for line := 1; ; {
		kind := z.Next()
		raw := string(z.Raw())
		if kind == html.ErrorToken {
			b.WriteString(raw)
			return b.String()
		}
		if kind == html.StartTagToken || kind == html.SelfClosingTagToken {
			name, _ := z.TagName()
			fmt.Fprintf(&b, "%s %s=%d%s", raw[:1+len(name)], lineAttr, line, " "+raw[1+len(name):])
		} else {
			b.WriteString(raw)
		}
		line += strings.Count(raw, "\n")
	}
}

// line is where the element, or the nearest one round it, starts.
func line(n *html.Node) int {
	for ; n != nil; n = n.Parent {
		if v, err := strconv.Atoi(attr(n, lineAttr)); err == nil {
			return v
		}
	}
	return 1
}

func attr(n *html.Node, name string) string {
	v, _ := lookup(n, name)
	return v
}

func lookup(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// checkText looks at the bytes: size, tokens, what a template left.
func (p *page) checkText() {
	if len(p.source) >= clip {
		p.add(Hard, 1, "size", "the HTML has %d bytes; Gmail cuts at about %d, and the way out with it", len(p.source), clip)
	}
	for i, text := range strings.Split(p.source, "\n") {
		for _, t := range placeholders().FindAllString(text, -1) {
			if !known(t) {
				p.add(Hard, i+1, "token", "%s is no token; a reader would see it", t)
			}
		}
		if strings.Contains(text, "ZgotmplZ") {
			p.add(Hard, i+1, "template", "the template put an unsafe value where an address or a style stands")
		}
	}
	if !strings.Contains(p.source, string(digest.TokenUnsubscribe)) {
		p.add(Hard, 1, "unsubscribe", "there is no link to unsubscribe")
	}
}

func known(t string) bool {
	return slices.Contains(digest.Tokens(), digest.Token(t))
}

// checkDocument looks at what stands once: title, language, direction.
func (p *page) checkDocument() {
	title, wrapper := false, (*html.Node)(nil)
	p.walk(p.root, func(n *html.Node) {
		switch {
		case n.Data == "html" && attr(n, "lang") == "":
			p.add(Hard, line(n), "language", "<html> has no lang: screen readers guess the pronunciation")
		case n.Data == "html" && attr(n, "dir") == "":
			p.add(Soft, line(n), "direction", "<html> has no dir")
		case n.Data == "title":
			title = title || strings.TrimSpace(textOf(n)) != ""
		case wrapper == nil && n.Parent.Data == "body":
			wrapper = n
		}
	})
	if !title {
		p.add(Soft, 1, "title", "the document has no title")
	}
	// Several webmails drop html and body, and what stands on them.
	if wrapper != nil && (attr(wrapper, "lang") == "" || attr(wrapper, "dir") == "") {
		p.add(Soft, line(wrapper), "wrapper", "the first element of the body has no lang or no dir; webmails drop those of <html>")
	}
	if len(p.sheets) >= styleMax {
		p.add(Hard, 1, "style", "the style sheets have %d bytes; Gmail drops them at %d", len(p.sheets), styleMax)
	}
}

// checkHeadings wants one h1 and no level skipped.
func (p *page) checkHeadings() {
	last, tops := 0, 0
	p.walk(p.root, func(n *html.Node) {
		if len(n.Data) != 2 || n.Data[0] != 'h' || n.Data[1] < '1' || n.Data[1] > '6' {
			return
		}
		level := int(n.Data[1] - '0')
		if level == 1 {
			if tops++; tops > 1 {
				p.add(Soft, line(n), "heading", "there is more than one h1")
			}
		}
		if level > last+1 {
			p.add(Soft, line(n), "heading", "h%d follows h%d: a level is skipped", level, last)
		}
		last = level
	})
	if tops == 0 {
		p.add(Soft, 1, "heading", "there is no h1")
	}
}

// textOf is what a screen reader says of an element: its text and the
// alternatives of its images.
func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	if n.Data == "img" {
		return attr(n, "alt")
	}
	if v := attr(n, "aria-label"); v != "" {
		return v
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(textOf(c))
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
