package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// stripFurniture removes from a whole page what its markup says is no
// article, before the body is looked for.
func stripFurniture(doc *html.Node) {
	sizes := textSizes(doc)
	total := sizes[doc]
	walk(doc, func(n *html.Node) bool {
		if n.Type != html.ElementNode {
			return n.Type == html.DocumentNode
		}
		switch n.DataAtom {
		case atom.Head:
			return false
		case atom.Html, atom.Body, atom.Main, atom.Article:
			return true
		case atom.Script, atom.Style, atom.Template:
			remove(n)
			return false
		}
		if isFurnitureElement(n) && sizes[n]*5 < total*2 {
			remove(n)
			return false
		}
		return true
	})
}

// isFurnitureElement judges an element by its class, id, role and test marks.
func isFurnitureElement(n *html.Node) bool {
	switch strings.ToLower(attr(n, "role")) {
	case "navigation", "search", "dialog", "alertdialog", "banner", "contentinfo", "complementary":
		return true
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return true
		case "id":
			// Documents make ids of their headings: "sharing-with-a-friend".
			if strings.Count(a.Val, "-") < 3 && furnitureName(a.Val) {
				return true
			}
		case "class":
			if isHidden(a.Val) || furnitureName(a.Val) {
				return true
			}
		case "data-component", "data-testid", "data-module", "data-tb-region", "data-block", "data-type", "aria-label":
			if furnitureName(a.Val) {
				return true
			}
		}
	}
	return false
}

// isHidden reports whether a class list hides its element from everybody. What
// is hidden on small screens only ("hidden md:block") is not.
func isHidden(class string) bool {
	if strings.Contains(class, ":") || strings.Contains(class, "-md") || strings.Contains(class, "-lg") || strings.Contains(class, "-sm") {
		return false
	}
	for _, name := range strings.Fields(class) {
		switch name {
		case "hidden", "is-hidden", "d-none", "u-hidden", "visually-hidden", "visuallyhidden", "sr-only", "screen-reader-text", "offscreen":
			return true
		}
	}
	return false
}

// furnitureName reports whether one of the words of a class list or an id
// names furniture. Words are compared as they stand between separators and
// capitals, so that "shared-content" is not a share bar.
func furnitureName(s string) bool {
	if s == "" || len(s) > 400 {
		return false
	}
	for _, name := range strings.Fields(s) {
		parts := nameParts(name)
		for i, w := range parts {
			if soloName(w) {
				return true
			}
			if i+1 < len(parts) && pairName(w, parts[i+1]) {
				return true
			}
		}
	}
	return false
}

// nameParts splits "RelatedArticles__list-item" into lower-case words.
func nameParts(s string) []string {
	var parts []string
	start := 0
	var prev rune
	flush := func(end int) {
		if end > start {
			parts = append(parts, strings.ToLower(s[start:end]))
		}
	}
	for i, r := range s {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush(i)
			start = i + utf8.RuneLen(r)
		case unicode.IsUpper(r) && unicode.IsLower(prev):
			flush(i)
			start = i
		}
		prev = r
	}
	flush(len(s))
	return parts
}

// soloName lists words that name furniture on their own.
func soloName(w string) bool {
	switch w {
	case "newsletter", "newsletters", "sharedaddy", "addtoany", "addthis", "sharebar", "sharebuttons", "socialshare",
		"outbrain", "taboola", "ligatus", "plista", "mgid", "disqus", "hyvor", "jetpack-relatedposts", "relatedposts", "yarpp", "crp",
		"related", "relatedarticles", "readmore", "comments", "commentlist", "commentform", "respond", "breadcrumb", "breadcrumbs", "cookie",
		"cookies", "gdpr", "didomi", "onetrust", "advert", "advertisement", "adsbygoogle", "adbox", "adslot", "dfp", "teads", "sponsored",
		"paywall-promo", "mailchimp", "mc4wp", "optin", "skiplink", "screenreader", "recirculation", "recirc", "recommendations", "recommended",
		"trending", "mostread", "mostpopular", "autopromo", "toolbar", "pagination", "authorbox", "authorbio", "tagcloud", "taglist":
		return true
	}
	return false
}

// pairName lists pairs of neighbouring words that do.
func pairName(a, b string) bool {
	switch a + " " + b {
	case "read more", "read next", "read also", "lire aussi", "a lire", "voir aussi", "see also", "also read", "also like", "most read", "most popular",
		"more stories", "more articles", "more news", "related posts", "related content", "related articles", "social share", "social links",
		"social media", "social icons", "social bar", "social buttons", "share buttons", "share bar", "share tools", "share links", "share button",
		"share icons", "sharing tools", "author bio", "author box", "author card", "about author", "post tags", "entry tags", "tag list", "tags list",
		"article tags", "tag cloud", "comment form", "comment list", "comments area", "comments section", "comment respond", "skip link", "screen reader",
		"sr only", "visually hidden", "visuallyhidden focusable", "cookie banner", "cookie notice", "cookie consent", "ad slot", "ad container", "ad wrapper",
		"ad unit", "ad banner", "ad block", "google ad", "promo box", "promo block", "sign up", "sign in", "log in", "signup form", "subscribe form", "subscribe box",
		"subscription box", "app store", "product box", "price box", "affiliate box", "post navigation", "nav links", "post nav", "follow us",
		"suivez nous", "same subject", "meme sujet", "sur meme", "next article", "previous article", "up next", "print only", "no print":
		return true
	}
	return false
}

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
		if text := softSpaces(textOf(n)); text != "" {
			out = append(out, block{node: n, text: text, say: newPhrase(text), links: linkShare(n), item: n.DataAtom == atom.Li || within(n, atom.Li),
				heading: isTag(n, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6)})
		}
		return false
	})
	return out
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
