package lint

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/html"
)

var (
	numeric     = pattern(`^\d+%?$`)
	conditional = pattern(`(?i)<!--\[if\b[^\]>]*\]>|<!\[endif\]-->`)
	msoBlock    = pattern(`(?is)<!--\[if\s+(?:[^\]!]*\b)?mso\b[^\]]*\]>(.*?)<!\[endif\]-->`)
)

// checkOutlook wants every conditional closed, and the tables that Outlook alone
// sees to be whole.
func (p *page) checkOutlook() {
	before := len(p.findings)
	open := -1
	for _, m := range conditional().FindAllStringIndex(p.source, -1) {
		switch closing := strings.HasPrefix(p.source[m[0]:], "<!["); {
		case closing && open < 0:
			p.add(Hard, p.lineAt(m[0]), "outlook", "<![endif]--> closes nothing")
		case closing:
			open = -1
		case open >= 0:
			p.add(Hard, p.lineAt(open), "outlook", "this [if] is not closed before the next")
			open = m[0]
		default:
			open = m[0]
		}
	}
	if open >= 0 {
		p.add(Hard, p.lineAt(open), "outlook", "this [if] is never closed")
	}
	if len(p.findings) == before {
		p.checkGhosts()
	}
}

func (p *page) lineAt(offset int) int { return 1 + strings.Count(p.source[:offset], "\n") }

// checkGhosts counts the table tags in the blocks for Outlook.
func (p *page) checkGhosts() {
	balance, first := map[string]int{}, map[string]int{}
	for _, m := range msoBlock().FindAllStringSubmatchIndex(p.source, -1) {
		z := html.NewTokenizer(strings.NewReader(p.source[m[2]:m[3]]))
		for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
			name, _ := z.TagName()
			tag := string(name)
			if _, ok := first[tag]; !ok {
				first[tag] = p.lineAt(m[0])
			}
			switch kind {
			case html.StartTagToken:
				balance[tag]++
			case html.EndTagToken:
				balance[tag]--
			}
		}
	}
	for _, tag := range []string{"table", "tr", "td"} {
		if balance[tag] != 0 {
			p.add(Hard, first[tag], "outlook", "the blocks for Outlook open and close <%s> unequally (%+d)", tag, balance[tag])
		}
	}
}

// checkElement looks at one element by itself.
func (p *page) checkElement(n *html.Node) {
	style := declared(n)
	for _, name := range []string{"width", "height"} {
		if v, ok := lookup(n, name); ok && !numeric().MatchString(v) && n.Data != "svg" {
			p.add(Hard, line(n), "width", "%s=%q on <%s>: Outlook wants a number without a unit, or a percentage", name, v, n.Data)
		}
	}
	if background := style.get("background-color"); background != "" && background != "transparent" &&
		(n.Data == "td" || n.Data == "th" || n.Data == "table" || n.Data == "body") && attr(n, "bgcolor") == "" {
		p.add(Soft, line(n), "bgcolor", "<%s> has a background in CSS and no bgcolor", n.Data)
	}
	if size, ok := px(style.get("font-size")); ok && size > 0 && size < 12 && strings.TrimSpace(ownText(n)) != "" {
		p.add(Soft, line(n), "text-size", "text of %gpx is hard to read on a phone", size)
	}
	switch n.Data {
	case "img":
		p.checkImage(n)
	case "table":
		if attr(n, "role") == "" && !has(n, "th") {
			p.add(Soft, line(n), "role", "a table for layout needs role=\"presentation\", or screen readers count its cells")
		}
	}
	for _, a := range n.Attr {
		if strings.Contains(a.Val, "{{") {
			p.add(Hard, line(n), "template", "%s of <%s> still holds a template", a.Key, n.Data)
		}
	}
}

func (p *page) checkImage(n *html.Node) {
	if _, ok := lookup(n, "alt"); !ok {
		p.add(Hard, line(n), "alt", "an image without alt; give alt=\"\" if it only decorates")
	}
	if attr(n, "width") == "" {
		p.add(Soft, line(n), "width", "an image without width: Outlook shows it in its own size")
	}
	if src := attr(n, "src"); src == "" {
		p.add(Hard, line(n), "image", "an image without an address")
	}
}

// checkLinks wants links that say where they go, apart from each other, and can
// be hit with a thumb.
func (p *page) checkLinks() {
	type first struct {
		href string
		line int
	}
	seen := map[string]first{}
	p.walk(p.root, func(n *html.Node) {
		href, ok := lookup(n, "href")
		if n.Data != "a" || !ok {
			return
		}
		text := strings.ToLower(strings.TrimSpace(cmp.Or(attr(n, "aria-label"), textOf(n)))) // as it is read out
		switch f, again := seen[text]; {
		case text == "":
			if attr(n, "aria-hidden") != "true" {
				p.add(Hard, line(n), "link", "the link to %s says nothing: no text, no alt", href)
			}
		case !again:
			seen[text] = first{href, line(n)}
		case f.href != href:
			p.add(Soft, line(n), "link", "%q leads here and, on line %d, elsewhere", text, f.line)
		}
		if href == "" || href == "#" {
			p.add(Hard, line(n), "link", "%q leads nowhere", text)
		}
		p.checkTarget(n, text)
	})
}

// checkTarget holds links that stand as blocks to 24 px (WCAG 2.2, 2.5.8); links
// in running text are exempt.
func (p *page) checkTarget(n *html.Node, text string) {
	style := declared(n)
	if d := style.get("display"); d != "block" && d != "inline-block" || has(n, "img") || has(n, "table") {
		return
	}
	height, ok := px(style.get("height"))
	if !ok {
		if height, ok = px(style.get("line-height")); !ok {
			return
		}
		pad := strings.Fields(style.get("padding"))
		if len(pad) > 0 {
			top, _ := px(pad[0])
			bottom := top
			if len(pad) > 2 {
				bottom, _ = px(pad[2])
			}
			height += top + bottom
		}
		for _, side := range []string{"padding-top", "padding-bottom"} {
			v, _ := px(style.get(side))
			height += v
		}
	}
	if height < 24 {
		p.add(Soft, line(n), "target", "%q is %g px high; a thumb needs 24", text, height)
	}
}

func px(v string) (float64, bool) {
	if v == "0" {
		return 0, true
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(v, "px"), 64)
	return n, err == nil && strings.HasSuffix(v, "px")
}

func ownText(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func has(n *html.Node, tag string) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && (c.Data == tag || has(c, tag)) {
			return true
		}
	}
	return false
}

// pattern compiles an expression when it is first used, and keeps it: a program
// that starts for a moment needs few of them.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
