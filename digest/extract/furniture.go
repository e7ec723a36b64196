package extract

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// block is a paragraph-like piece of a body: its element holds no other block.
type block struct {
	node    *html.Node
	text    string // one line, all spaces soft: to be judged, not shown
	say     phrase
	line    string  // plain text only: as it is shown
	links   float64 // share of its text that is linked
	heading bool
	item    bool // stands in a list
}

// blocks lists the blocks below root, in order.
func blocks(root *html.Node) []block {
	var out []block
	walk(root, func(n *html.Node) bool {
		if n.Type != html.ElementNode {
			return true
		}
		if silent(n.DataAtom) || isTag(n, atom.Pre, atom.Table) {
			return false
		}
		if n == root || !isBlock(n.DataAtom) || hasBlock(n) {
			return true
		}
		for _, line := range brLines(n) {
			if text := softSpaces(textOf(line)); text != "" {
				out = append(out, block{node: line, text: text, say: newPhrase(text), links: linkShare(line), item: n.DataAtom == atom.Li || within(n, atom.Li),
					heading: isTag(n, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6)})
			}
		}
		return false
	})
	return out
}

// brLines gives a block's lines where <br> breaks it, each in a span of its
// own, so that one line can go and the others stay. A block without breaks is
// its own line.
func brLines(n *html.Node) []*html.Node {
	if n.DataAtom == atom.H1 || find(n, func(c *html.Node) bool { return c.DataAtom == atom.Br && c.Parent == n }) == nil {
		return []*html.Node{n}
	}
	var lines []*html.Node
	var line *html.Node
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if c.DataAtom == atom.Br {
			line = nil
		} else {
			if line == nil {
				line = newElement(atom.Span)
				n.InsertBefore(line, c)
				lines = append(lines, line)
			}
			n.RemoveChild(c)
			line.AppendChild(c)
		}
		c = next
	}
	return lines
}

func hasBlock(n *html.Node) bool {
	return find(n, func(c *html.Node) bool { return isBlock(c.DataAtom) }) != nil
}

// tidyBody takes the furniture out of a found body, by what it says, by its
// links and by what the site repeats. titles are the headline in its several
// wordings, which the body need not say again.
func tidyBody(root *html.Node, titles []string, known *Repeated) {
	bs := blocks(root)
	for i, why := range furniture(bs, titles, known) {
		switch why {
		case keep:
		case dropLine:
			remove(bs[i].node)
		case dropCard:
			removeCard(bs[i].node, root)
		case dropCredit:
			for p := bs[i].node.Parent; p != nil && p != root; p = p.Parent {
				if isCaption(p) {
					setAttr(p, creditMark, "")
				}
			}
			remove(bs[i].node)
		}
	}
	dropEmpty(root)
}

// removeCard removes a block, and the picture that went with it: every element
// around it that now shows no words.
func removeCard(n, root *html.Node) {
	for n.Parent != nil && n.Parent != root && alone(n) {
		n = n.Parent
	}
	remove(n)
}

// verdict is what becomes of a block.
type verdict int

const (
	keep verdict = iota
	dropLine
	dropCard   // with the pictures around it
	dropCredit // and remember that the caption around it had one
)

// furniture says of each block whether it goes.
func furniture(bs []block, titles []string, known *Repeated) []verdict {
	out := make([]verdict, len(bs))
	end, start := tail(bs), lead(bs)
	often := echoes(bs)
	pointing := false // under a heading like "Related stories"
	for i, b := range bs {
		switch {
		case i >= end, known.has(b.text):
			out[i] = dropCard
		case b.heading && b.say.isLead():
			out[i], pointing = dropCard, true
		case pointing && (b.links > 0.6 || b.item && b.links > 0):
			out[i] = dropCard
		case i <= start && b.heading && isHeadline(b.text, titles):
			out[i] = dropLine
		case i < start && b.say.isStamp(true):
			out[i] = dropLine
		case b.say.isStamp(false):
			out[i] = dropCard
		case !b.heading && b.say.isCredit():
			out[i] = dropCredit
		case often[b.text] > 3:
			out[i] = dropCard
		case b.say.isFurniture(), b.links > 0 && b.say.isPromotion():
			out[i] = dropCard
		default:
			pointing = false
		}
	}
	dropBoxes(bs, out)
	return out
}

// isHeadline reports whether a heading above the text says the headline again,
// perhaps with a kicker.
func isHeadline(s string, titles []string) bool {
	for _, t := range titles {
		if sameTitle(s, t) || overlap(s, t) > 0.6 || len(t) > 20 && strings.Contains(letters(s), letters(t)) {
			return true
		}
	}
	return false
}

// isLabel reports whether a block is a word or three and no sentence.
func isLabel(b block) bool {
	return !b.heading && b.say.n <= 40 && strings.Count(b.text, " ") < 4 && !strings.ContainsAny(b.text, ".!?\"»”")
}

// lead is the index of the first paragraph of running text.
func lead(bs []block) int {
	for i, b := range bs {
		if utf8.RuneCountInString(b.text) > 140 && !b.heading {
			return i
		}
	}
	return 0
}

// echoes counts how often each label comes again in the body after something
// else: the labels of a list of cards do.
func echoes(bs []block) map[string]int {
	n := map[string]int{}
	last := ""
	for _, b := range bs {
		if b.text != last && isLabel(b) {
			n[b.text]++
		}
		last = b.text
	}
	return n
}

// tail is where the article ends and what readers wrote about it begins. A
// heading in the first third of the text is not believed: it may be a link to
// the comments.
func tail(bs []block) int {
	total, seen := 0, 0
	for _, b := range bs {
		total += len(b.text)
	}
	for i, b := range bs {
		if seen > 200 && seen*3 >= total && b.say.n <= 200 && comments().MatchString(b.say.bare) {
			return i
		}
		seen += len(b.text)
	}
	return len(bs)
}

// dropBoxes removes product and app boxes: a run of short lines around a
// number of votes. A lone rating stays: it may be the verdict of a review.
func dropBoxes(bs []block, out []verdict) {
	size := 0
	for _, b := range bs {
		size += len(b.text)
	}
	for i, b := range bs {
		if b.say.n > 60 || !votes().MatchString(b.say.low) {
			continue
		}
		out[i] = dropCard
		box := boxAround(b.node, size)
		for j := max(0, i-8); box != nil && j < min(len(bs), i+8); j++ {
			if below(bs[j].node, box) {
				out[j] = dropCard
			}
		}
		for j := i - 1; j >= 0 && i-j <= 6 && boxLine(bs[j]); j-- {
			out[j] = dropCard
		}
		for j := i + 1; j < len(bs) && j-i <= 6 && boxLine(bs[j]); j++ {
			out[j] = dropCard
		}
	}
}

// boxAround is the largest element around n that holds a few words only, in a
// text of size bytes. Nil when n is no element, or the text itself is short.
func boxAround(n *html.Node, size int) *html.Node {
	if n == nil || size < 1000 {
		return nil
	}
	var box *html.Node
	for p := n.Parent; p != nil && p.Type == html.ElementNode && textUpTo(p, 200) <= 200; p = p.Parent {
		box = p
	}
	return box
}

// boxLine reports whether a block could be a line of a product box: short, and
// no sentence.
func boxLine(b block) bool {
	return !b.heading && utf8.RuneCountInString(b.text) <= 60 && !strings.ContainsAny(b.text[len(b.text)-1:], ".!?:;") && !strings.HasSuffix(b.text, "…")
}
