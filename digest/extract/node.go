package extract

import (
	"math"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxDepth bounds the nesting we follow: deeper documents are attacks, and
// every walk below recurses.
const maxDepth = 500

func parseFragment(s string) ([]*html.Node, error) {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(s), body)
	for _, n := range nodes {
		prune(n, maxDepth)
	}
	return nodes, err
}

// fragment is a fragment's tree, in an element of its own. What cannot be read
// gives an empty one.
func fragment(s string) *html.Node {
	nodes, err := parseFragment(s)
	if err != nil {
		nodes = nil
	}
	return wrapNodes(nodes)
}

// prune cuts what lies deeper than depth levels below n.
func prune(n *html.Node, depth int) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if depth == 0 {
			n.RemoveChild(c)
		} else {
			prune(c, depth-1)
		}
		c = next
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func setAttr(n *html.Node, name, value string) {
	for i := range n.Attr {
		if n.Attr[i].Key == name {
			n.Attr[i].Val = value
			return
		}
	}
	n.Attr = append(n.Attr, html.Attribute{Key: name, Val: value})
}

func remove(n *html.Node) {
	if n.Parent != nil {
		n.Parent.RemoveChild(n)
	}
}

// unwrap puts n's children in its place.
func unwrap(n *html.Node) {
	p := n.Parent
	if p == nil {
		return
	}
	for c := n.FirstChild; c != nil; c = n.FirstChild {
		n.RemoveChild(c)
		p.InsertBefore(c, n)
	}
	p.RemoveChild(n)
}

// walk visits n and what is below it, in document order. When visit returns
// false the children are left out. visit may remove the node it is given.
func walk(n *html.Node, visit func(*html.Node) bool) {
	if !visit(n) {
		return
	}
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		walk(c, visit)
		c = next
	}
}

// find gives the first element below n that ok accepts.
func find(n *html.Node, ok func(*html.Node) bool) *html.Node {
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && ok(c) {
			return c
		}
	}
	return nil
}

func isTag(n *html.Node, tags ...atom.Atom) bool {
	if n == nil || n.Type != html.ElementNode {
		return false
	}
	for _, t := range tags {
		if n.DataAtom == t {
			return true
		}
	}
	return false
}

// within reports whether n stands inside one of these elements.
func within(n *html.Node, tags ...atom.Atom) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if isTag(p, tags...) {
			return true
		}
	}
	return false
}

func newElement(a atom.Atom) *html.Node {
	return &html.Node{Type: html.ElementNode, Data: a.String(), DataAtom: a}
}

func renderChildren(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := html.Render(&b, c); err != nil {
			return ""
		}
	}
	return b.String()
}

// textSizes is how many bytes of running text stand below each element.
func textSizes(root *html.Node) map[*html.Node]int {
	sizes := map[*html.Node]int{}
	var count func(*html.Node) int
	count = func(n *html.Node) int {
		sum := 0
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.TextNode {
				sum += len(strings.TrimSpace(c.Data))
			} else if c.Type == html.ElementNode && !silent(c.DataAtom) {
				sum += count(c)
			}
		}
		if sum > 0 {
			sizes[n] = sum
		}
		return sum
	}
	count(root)
	return sizes
}

// textSize is how many bytes of running text stand below n.
func textSize(n *html.Node) int { return textUpTo(n, math.MaxInt) }

// textUpTo is textSize that stops counting beyond limit, for asking often
// about elements that may be large.
func textUpTo(n *html.Node, limit int) int {
	size := 0
	for c := n.FirstChild; c != nil && size <= limit; c = c.NextSibling {
		if c.Type == html.TextNode {
			size += len(strings.TrimSpace(c.Data))
		} else if c.Type == html.ElementNode && !silent(c.DataAtom) {
			size += textUpTo(c, limit-size)
		}
	}
	return size
}

// alone reports whether n holds all the text of its parent.
func alone(n *html.Node) bool {
	for c := n.Parent.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c == n:
		case c.Type == html.TextNode && strings.TrimSpace(c.Data) != "":
			return false
		case c.Type == html.ElementNode && !silent(c.DataAtom) && textUpTo(c, 0) > 0:
			return false
		}
	}
	return true
}
