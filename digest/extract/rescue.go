package extract

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// paragraph is a piece of running text and the dress it wears: its own class
// and those of the elements around it.
type paragraph struct {
	node  *html.Node
	dress string
	key   string // its first letters
	size  int
}

// maxAsked bounds how many paragraphs or sentences are looked up in a text:
// each look-up reads all of it.
const maxAsked = 400

// paragraphs lists the paragraphs of doc that wear a class, or whose box does.
func paragraphs(doc *html.Node) []paragraph {
	var out []paragraph
	walk(doc, func(n *html.Node) bool {
		if n.Type == html.ElementNode && silent(n.DataAtom) {
			return false
		}
		if len(out) == maxAsked {
			return false
		}
		if !isTag(n, atom.P) || n.Parent == nil || n.Parent.Parent == nil {
			return true
		}
		own, box := attr(n, "class"), attr(n.Parent, "class")
		size := textSize(n)
		if own+box == "" || size < 60 || linkShare(n) >= 0.5 || within(n, atom.Li, atom.A) {
			return false
		}
		key := letters(innerText(n))
		out = append(out, paragraph{node: n, dress: own + "|" + box + "|" + attr(n.Parent.Parent, "class"), key: key[:min(len(key), 60)], size: size})
		return false
	})
	return out
}

// missing says which dress the text of a found body wears, when much more in
// the same dress was left behind: pages that put their paragraphs in boxes of
// boxes make Readability take one box for the article. "" when nothing is
// missing.
func missing(body *html.Node, all []paragraph) string {
	have := letters(innerText(body))
	found, lost, count := map[string]int{}, map[string]int{}, map[string]int{}
	best := ""
	for _, p := range all {
		if strings.Contains(have, p.key) {
			found[p.dress] += p.size
			if found[p.dress] > found[best] {
				best = p.dress
			}
		} else {
			lost[p.dress] += p.size
			count[p.dress]++
		}
	}
	// Teasers wear one dress too, but they are short.
	if best == "" || lost[best] < 400 || lost[best]*10 < found[best]*3 || lost[best] < 160*count[best] {
		return ""
	}
	return best
}

// gather takes the body from the page as it was served: the innermost element
// around all the paragraphs in that dress, without its asides and link lists.
// Nil when there is no such element.
func gather(source, dress string) *html.Node {
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return nil
	}
	prune(doc, maxDepth)
	fixImages(doc)
	stripFurniture(doc)
	var around *html.Node
	for _, p := range paragraphs(doc) {
		switch {
		case p.dress != dress:
		case around == nil:
			around = p.node.Parent
		default:
			for around != nil && !below(p.node, around) {
				around = around.Parent
			}
		}
	}
	if around == nil || around.Type != html.ElementNode {
		return nil
	}
	walk(around, func(n *html.Node) bool {
		switch {
		case isTag(n, atom.Nav, atom.Aside, atom.Footer, atom.Form, atom.Button, atom.Script, atom.Style, atom.Noscript, atom.Svg, atom.Iframe),
			isTag(n, atom.Ul, atom.Ol) && linkShare(n) > 0.6:
			remove(n)
			return false
		}
		return true
	})
	return around
}

// again looks for the body in the page as it was served, for the case that we
// took the article for furniture. The richer of the two finds wins.
func again(body *html.Node, source string, base *url.URL) *html.Node {
	doc, err := html.Parse(strings.NewReader(source))
	if err == nil {
		prune(doc, maxDepth)
		fixImages(doc)
		other := readable(doc, base)
		if body == nil || other != nil && prose(other)[other] > 2*prose(body)[body] {
			body = other
		}
	}
	if body == nil {
		return newElement(atom.Div)
	}
	return body
}

// declaredBody is the text that the page declares in its JSON-LD, as
// paragraphs. Nil when there is not enough of it to be an article.
func declaredBody(s string) *html.Node {
	if len(s) < 600 {
		return nil
	}
	if strings.Contains(s, "&lt;p") {
		s = html.UnescapeString(s)
	}
	if strings.Contains(s, "<p") || strings.Contains(s, "<br") {
		nodes, err := parseFragment(s)
		if err != nil {
			return nil
		}
		return wrapNodes(nodes)
	}
	root := newElement(atom.Div)
	for _, line := range strings.Split(unescape(s), "\n") {
		if line = squeeze(line); line != "" {
			p := newElement(atom.P)
			p.AppendChild(&html.Node{Type: html.TextNode, Data: line})
			root.AppendChild(p)
		}
	}
	return root
}

// covers is the share of the declared text's sentences that the body has. Some
// pages show a part of the article and load the rest with a script; others
// declare a text that they do not show at all.
func covers(body, declared *html.Node) float64 {
	have := letters(innerText(body))
	all, found, asked := 1, 1, 0
	for _, s := range strings.FieldsFunc(textOf(declared), func(r rune) bool { return r == '.' || r == '\n' || r == '!' || r == '?' }) {
		key := letters(s)
		if len(key) < 20 {
			continue
		}
		if asked++; asked > maxAsked {
			break
		}
		all += len(key)
		if strings.Contains(have, key) {
			found += len(key)
		}
	}
	if all < 600 {
		return 1
	}
	return float64(found) / float64(all)
}
