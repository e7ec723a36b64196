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
	total := textSize(doc)
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
		if isFurnitureElement(n) && textSize(n)*5 < total*2 {
			remove(n)
			return false
		}
		return true
	})
}

// textSize is how many bytes of running text stand below n.
func textSize(n *html.Node) int {
	size := 0
	var count func(*html.Node)
	count = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.TextNode {
				size += len(strings.TrimSpace(c.Data))
			} else if c.Type == html.ElementNode && !silent(c.DataAtom) {
				count(c)
			}
		}
	}
	count(n)
	return size
}

// isFurnitureElement judges an element by its class, id, role and test marks.
func isFurnitureElement(n *html.Node) bool {
	switch strings.ToLower(attr(n, "role")) {
	case "navigation", "search", "dialog", "alertdialog", "banner", "contentinfo", "complementary":
		return true
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "class", "id", "data-component", "data-testid", "data-module", "data-tb-region", "data-block", "data-type", "aria-label":
			if furnitureName(a.Val) {
				return true
			}
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
	case "newsletter", "newsletters", "sharedaddy", "addtoany", "addthis", "sharebar", "sharebuttons", "socialshare", "sharing",
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
		"ad unit", "ad banner", "ad block", "google ad", "promo box", "promo block", "sign up", "signup form", "subscribe form", "subscribe box",
		"subscription box", "app store", "product box", "price box", "affiliate box", "post navigation", "nav links", "post nav", "follow us",
		"suivez nous", "same subject", "meme sujet", "sur meme", "next article", "previous article", "up next", "print only", "no print":
		return true
	}
	return false
}

// block is a paragraph-like piece of a body: its element holds no other block.
type block struct {
	node    *html.Node
	text    string
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
		if text := squeeze(textOf(n)); text != "" {
			out = append(out, block{node: n, text: text, links: linkShare(n), item: n.DataAtom == atom.Li || within(n, atom.Li),
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
// links and by what the site repeats. title is the headline, which the body
// need not say again.
func tidyBody(root *html.Node, title string, known *Repeated) {
	bs := blocks(root)
	for i, drop := range furniture(bs, title, known) {
		if drop {
			remove(bs[i].node)
		}
	}
	dropEmpty(root)
}

// furniture says of each block whether it goes.
func furniture(bs []block, title string, known *Repeated) []bool {
	drop := make([]bool, len(bs))
	end := tail(bs)
	pointing := false // under a heading like "Related stories"
	for i, b := range bs {
		switch {
		case i >= end, known.has(b.text):
			drop[i] = true
		case b.heading && leads.MatchString(b.text):
			drop[i], pointing = true, true
		case pointing && (b.links > 0.6 || b.item && b.links > 0):
			drop[i] = true
		case i < 6 && b.heading && sameTitle(b.text, title):
			drop[i] = true
		case isFurniture(b.text):
			drop[i] = true
		default:
			pointing = false
		}
	}
	dropBoxes(bs, drop)
	return drop
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
		if seen*3 >= total && comments.MatchString(b.text) && seen > 200 {
			return i
		}
		seen += len(b.text)
	}
	return len(bs)
}

// dropBoxes removes product and app boxes: a run of short lines around a
// rating or a price.
func dropBoxes(bs []block, drop []bool) {
	for i, b := range bs {
		if !rating.MatchString(b.text) && !price.MatchString(b.text) {
			continue
		}
		drop[i] = true
		for j := i - 1; j >= 0 && i-j <= 6 && boxLine(bs[j]); j-- {
			drop[j] = true
		}
		for j := i + 1; j < len(bs) && j-i <= 6 && boxLine(bs[j]); j++ {
			drop[j] = true
		}
	}
}

// boxLine reports whether a block could be a line of a product box: short, and
// no sentence.
func boxLine(b block) bool {
	return !b.heading && utf8.RuneCountInString(b.text) <= 60 && !strings.ContainsAny(b.text[len(b.text)-1:], ".!?:;") && !strings.HasSuffix(b.text, "…")
}
