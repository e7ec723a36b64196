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
