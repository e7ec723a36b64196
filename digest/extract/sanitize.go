package extract

import (
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Sanitize makes other people's HTML fit for a mail: a small allow-list of
// elements without styles or scripts; links and pictures absolute against
// base (empty for none) and free of tracking parameters; iframes, videos and
// audio turned into links; lazy pictures given their source, tracking pixels
// gone. What it returns is safe wherever HTML text may stand.
func Sanitize(fragment, base string) string {
	nodes, err := parseFragment(fragment)
	if err != nil {
		return ""
	}
	root := newElement(atom.Div)
	for _, n := range nodes {
		root.AppendChild(n)
	}
	return sanitizeNode(root, parseURL(base))
}

// sanitizeNode is Sanitize for what is below root, which it changes.
func sanitizeNode(root *html.Node, base *url.URL) string {
	fixImages(root)
	walk(root, func(n *html.Node) bool { return tidyElement(n, base) })
	dropEmpty(root)
	flatten(root)
	// The policy comes last: nothing that touches the tree can undo it.
	return strings.TrimSpace(policy().Sanitize(renderChildren(root)))
}

// tidyElement brings one node into the form the policy lets through. It
// reports whether to look below.
func tidyElement(n *html.Node, base *url.URL) bool {
	if n.Type == html.CommentNode || n.Type == html.DoctypeNode {
		remove(n)
		return false
	}
	if n.Type != html.ElementNode || n.Parent == nil {
		return true
	}
	if n.Namespace == "svg" {
		remove(n)
		return false
	}
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Input, atom.Button, atom.Textarea, atom.Select, atom.Noscript,
		atom.Template, atom.Head, atom.Link, atom.Meta, atom.Base, atom.Title, atom.Dialog, atom.Canvas, atom.Frameset, atom.Frame:
		remove(n)
		return false
	case atom.Form: // some sites wrap the whole article in one
		rename(n, atom.Div)
	case atom.Iframe, atom.Video, atom.Audio, atom.Embed, atom.Object:
		mediaLink(n, base)
		return false
	case atom.H1:
		rename(n, atom.H2)
	case atom.Section, atom.Article, atom.Main, atom.Header, atom.Footer, atom.Aside, atom.Nav, atom.Center,
		atom.Details, atom.Summary, atom.Address, atom.Hgroup, atom.Fieldset:
		rename(n, atom.Div)
	case atom.A:
		tidyLink(n, base)
	case atom.Img:
		tidyImage(n, base)
		return false
	}
	return true
}

func rename(n *html.Node, a atom.Atom) { n.DataAtom, n.Data, n.Attr = a, a.String(), nil }

func tidyLink(n *html.Node, base *url.URL) {
	href := resolve(base, attr(n, "href"))
	title := attr(n, "title")
	n.Attr = nil
	if href == "" {
		return // the words stay, the policy drops the bare <a>
	}
	setAttr(n, "href", href)
	if title != "" {
		setAttr(n, "title", title)
	}
}

// mediaLink puts a link where a player was. Without an address there is
// nothing to link to, and what a player holds is for browsers that cannot play.
func mediaLink(n *html.Node, base *url.URL) {
	src := attr(n, "src")
	if src == "" {
		src = attr(n, "data-src")
	}
	if src == "" && n.DataAtom == atom.Object {
		src = attr(n, "data")
	}
	if src == "" {
		if s := find(n, func(c *html.Node) bool { return isTag(c, atom.Source, atom.Embed) && attr(c, "src") != "" }); s != nil {
			src = attr(s, "src")
		}
	}
	href := watchURL(resolve(base, src))
	if href == "" || !strings.HasPrefix(href, "http") || isBeacon(href) {
		remove(n)
		return
	}
	label := squeeze(attr(n, "title"))
	if label == "" {
		label = host(href)
	}
	a := newElement(atom.A)
	setAttr(a, "href", href)
	a.AppendChild(&html.Node{Type: html.TextNode, Data: "▶ " + label})
	wrap := a
	if !within(n, atom.P, atom.A, atom.Span, atom.H2, atom.H3, atom.H4) {
		wrap = newElement(atom.P)
		wrap.AppendChild(a)
	}
	n.Parent.InsertBefore(wrap, n)
	remove(n)
}

var embedPath = pattern(`^/(?:embed|v|shorts|video|embed/video)/([\w-]+)`)

// watchURL is the page a person would open for an embedded player's address.
func watchURL(s string) string {
	u := parseURL(s)
	if u == nil {
		return ""
	}
	m := embedPath().FindStringSubmatch(u.Path)
	if m == nil {
		return s
	}
	switch host(s) {
	case "youtube.com", "youtube-nocookie.com":
		return "https://www.youtube.com/watch?v=" + m[1]
	case "player.vimeo.com":
		return "https://vimeo.com/" + m[1]
	case "dailymotion.com":
		return "https://www.dailymotion.com/video/" + strings.TrimPrefix(strings.TrimPrefix(u.Path, "/embed"), "/video/")
	}
	return s
}

// flatten takes the boxes out of boxes: a div that holds blocks only goes, one
// that holds words only is a paragraph.
func flatten(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if c.Type == html.ElementNode {
			flatten(c)
		}
		switch {
		case c.Type == html.TextNode && strings.TrimSpace(c.Data) == "" && isTag(n, atom.Div):
			c.Data = "\n"
		case !isTag(c, atom.Div):
		case holdsBlocksOnly(c):
			unwrap(c)
		case !hasBlock(c) && !isTag(n, atom.P, atom.Span, atom.A) && strings.TrimSpace(innerText(c)) != "":
			rename(c, atom.P)
		}
		c = next
	}
}

func holdsBlocksOnly(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode && strings.TrimSpace(c.Data) == "":
		case c.Type == html.ElementNode && (isBlock(c.DataAtom) || c.DataAtom == atom.Img):
		default:
			return false
		}
	}
	return true
}

// dropEmpty removes the shells that are left when their content went.
func dropEmpty(root *html.Node) {
	for c := root.FirstChild; c != nil; {
		next := c.NextSibling
		dropEmpty(c)
		if c.Type == html.ElementNode && c.FirstChild == nil && !isVoid(c.DataAtom) {
			root.RemoveChild(c)
		} else if isTag(c, atom.P, atom.Div, atom.Figure, atom.Ul, atom.Ol, atom.Li, atom.A, atom.Blockquote, atom.Figcaption,
			atom.H2, atom.H3, atom.H4, atom.H5, atom.H6) && blank(c) {
			root.RemoveChild(c)
		}
		c = next
	}
}

func isVoid(a atom.Atom) bool {
	switch a {
	case atom.Br, atom.Hr, atom.Img, atom.Td, atom.Th, atom.Wbr, atom.Col,
		atom.Iframe, atom.Video, atom.Audio, atom.Embed, atom.Object: // links, later
		return true
	}
	return false
}

// blank reports whether n shows nothing: no words and no picture.
func blank(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode && strings.TrimSpace(c.Data) != "":
			return false
		case isTag(c, atom.Img, atom.Hr, atom.Iframe, atom.Video, atom.Audio, atom.Embed, atom.Object):
			return false
		case !blank(c):
			return false
		}
	}
	return true
}

// policy is the allow-list, made once; bluemonday's policies are read-only in
// use.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	number := regexp.MustCompile(`^[0-9]{1,4}$`)
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "div", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd",
		"blockquote", "pre", "code", "kbd", "samp", "var", "em", "strong", "b", "i", "u", "s", "del", "ins", "sub", "sup",
		"mark", "small", "cite", "q", "abbr", "time", "figure", "figcaption",
		"table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th")
	p.AllowAttrs("href", "title").OnElements("a")
	p.AllowAttrs("src", "alt", "title").OnElements("img")
	p.AllowAttrs("width", "height").Matching(number).OnElements("img")
	p.AllowAttrs("colspan", "rowspan").Matching(number).OnElements("td", "th")
	p.AllowAttrs("start").Matching(number).OnElements("ol")
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.SkipElementsContent("script", "style", "noscript", "template", "svg", "title", "textarea", "select", "button", "iframe", "object")
	return p
})
