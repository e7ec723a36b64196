package extract

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/zest-digest/zest/digest"
)

// lazyAttrs are where pages keep the address of a picture that a script is to
// load, the likeliest first.
func lazyAttrs() []string {
	return []string{"data-src", "data-lazy-src", "data-original", "data-orig-src", "data-orig-file", "data-lazy", "data-url",
		"data-hi-res-src", "data-full-src", "data-image", "data-img", "data-srcset", "data-lazy-srcset", "srcset"}
}

// fixImages gives every picture below root the source that a browser with
// scripts would have shown.
func fixImages(root *html.Node) {
	var noscripts []*html.Node
	walk(root, func(n *html.Node) bool {
		switch {
		case isTag(n, atom.Noscript):
			noscripts = append(noscripts, n)
			return false
		case isTag(n, atom.Picture):
			fixPicture(n)
		case isTag(n, atom.Img):
			fixImage(n)
		}
		return true
	})
	for _, n := range noscripts {
		fixNoscript(n)
	}
}

func fixImage(n *html.Node) {
	src := strings.TrimSpace(attr(n, "src"))
	if src != "" && !isPlaceholder(src) {
		return
	}
	for _, name := range lazyAttrs() {
		v := strings.TrimSpace(attr(n, name))
		if v == "" {
			continue
		}
		if strings.HasSuffix(name, "srcset") {
			v = largest(v)
		}
		if looksLikeURL(v) {
			setAttr(n, "src", v)
			return
		}
	}
}

// fixPicture takes the largest source of a <picture> whose <img> has none.
// AVIF and WebP are passed over while anything else is offered: mail clients
// that show neither are still about.
func fixPicture(n *html.Node) {
	img := find(n, func(c *html.Node) bool { return isTag(c, atom.Img) })
	best, modern := "", ""
	for c := range n.Descendants() {
		if !isTag(c, atom.Source) {
			continue
		}
		set := attr(c, "srcset")
		if set == "" {
			set = attr(c, "data-srcset")
		}
		v := largest(set)
		switch {
		case v == "":
		case strings.Contains(attr(c, "type"), "webp") || strings.Contains(attr(c, "type"), "avif"):
			modern = first(modern, v)
		default:
			best = first(best, v)
		}
	}
	v := first(best, modern)
	if v == "" {
		return
	}
	if img == nil {
		img = newElement(atom.Img)
		n.AppendChild(img)
	}
	fixImage(img)
	if src := attr(img, "src"); src == "" || isPlaceholder(src) {
		setAttr(img, "src", v)
	}
}

// fixNoscript replaces the placeholder before a <noscript> by the picture
// inside it. The parser leaves a noscript's content as text.
func fixNoscript(n *html.Node) {
	nodes, err := parseFragment(innerText(n))
	if err != nil || n.Parent == nil {
		return
	}
	box := newElement(atom.Div)
	for _, c := range nodes {
		box.AppendChild(c)
	}
	img := find(box, func(c *html.Node) bool { return isTag(c, atom.Img) })
	if img == nil || strings.TrimSpace(innerText(box)) != "" {
		return
	}
	if w, h := imageSize(img); isPixel(w, h) || isBeacon(attr(img, "src")) {
		return
	}
	prev := n.PrevSibling
	for prev != nil && prev.Type == html.TextNode && strings.TrimSpace(prev.Data) == "" {
		prev = prev.PrevSibling
	}
	img.Parent.RemoveChild(img)
	if isTag(prev, atom.Img) {
		if attr(img, "alt") == "" {
			setAttr(img, "alt", attr(prev, "alt"))
		}
		n.Parent.RemoveChild(prev)
	}
	n.Parent.InsertBefore(img, n)
	n.Parent.RemoveChild(n)
}

func innerText(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// largest is the address of the widest (or densest) candidate of a srcset.
func largest(set string) string {
	best, bestSize := "", -1.0
	for set = strings.TrimSpace(set); set != ""; {
		i := strings.IndexAny(set, " \t\r\n")
		if i < 0 {
			i = len(set)
		}
		addr := strings.Trim(set[:i], ",")
		rest := set[i:]
		size := 1.0
		if !strings.HasSuffix(set[:i], ",") { // a descriptor follows
			d, after, _ := strings.Cut(rest, ",")
			d = strings.TrimSpace(d)
			if v, err := strconv.ParseFloat(strings.TrimRight(d, "wxh"), 64); err == nil {
				size = v
			}
			rest = after
		}
		if size > bestSize && looksLikeURL(addr) {
			best, bestSize = addr, size
		}
		set = strings.TrimSpace(rest)
	}
	return best
}

func looksLikeURL(s string) bool {
	return s != "" && !strings.HasPrefix(s, "data:") && !strings.ContainsAny(s, " <>{}") && strings.ContainsAny(s, "./")
}

func isPlaceholder(src string) bool {
	if strings.HasPrefix(src, "data:") || src == "#" || src == "about:blank" {
		return true
	}
	name := strings.ToLower(src[strings.LastIndexByte(src, '/')+1:])
	for _, word := range []string{"placeholder", "blank.", "spacer", "pixel.", "1x1", "transparent.", "lazy", "loading.", "loader."} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// tidyImage leaves a picture with an absolute source, an alt (empty when the
// page has none) and numeric sizes, or removes it when it is no picture.
func tidyImage(n *html.Node, base *url.URL) {
	src := resolve(base, attr(n, "src"))
	w, h := imageSize(n)
	if !strings.HasPrefix(src, "http") || isPixel(w, h) || isBeacon(src) || isPlaceholder(src) {
		remove(n)
		return
	}
	alt, title := squeeze(attr(n, "alt")), squeeze(attr(n, "title"))
	n.Attr = nil
	setAttr(n, "src", src)
	setAttr(n, "alt", alt)
	if title != "" && title != alt {
		setAttr(n, "title", title)
	}
	if w > 0 {
		setAttr(n, "width", strconv.Itoa(w))
	}
	if h > 0 {
		setAttr(n, "height", strconv.Itoa(h))
	}
}

var (
	styleWidth  = pattern(`(?i)(?:^|[;\s])width\s*:\s*(\d+)(?:\.\d+)?px`)
	styleHeight = pattern(`(?i)(?:^|[;\s])height\s*:\s*(\d+)(?:\.\d+)?px`)
)

// imageSize is what the page says of a picture's size, in pixels; 0 when it
// says nothing.
func imageSize(n *html.Node) (w, h int) {
	return dimension(attr(n, "width"), attr(n, "style"), styleWidth), dimension(attr(n, "height"), attr(n, "style"), styleHeight)
}

func dimension(value, style string, re func() *regexp.Regexp) int {
	v, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), "px"))
	if err != nil && style != "" {
		if m := re().FindStringSubmatch(style); m != nil {
			v, err = strconv.Atoi(m[1])
		}
	}
	if err != nil || v < 0 || v > 9999 {
		return 0
	}
	return v
}

func isPixel(w, h int) bool { return w > 0 && w <= 3 || h > 0 && h <= 3 }

// isBeacon recognises addresses that count readers and show them nothing.
func isBeacon(src string) bool {
	u := parseURL(src)
	if u == nil {
		return false
	}
	s := strings.ToLower(u.Host + u.Path)
	for _, part := range []string{"doubleclick.net", "google-analytics.com", "googletagmanager.com", "scorecardresearch.com",
		"quantserve.com", "facebook.com/tr", "feedburner.com/~r", "feedburner.com/~ff", "feedsportal.com", "pixel.wp.com", "stats.wordpress.com",
		"pixel.quantserve", "/pixel.gif", "/1x1.gif", "/b.gif", "/count.gif", "/counter.gif", "/beacon", "/open.gif", "/track/open",
		"xiti.com", "estat.com", "weborama.fr", "adnxs.com", "/pagead/", "a.rfihub.com", "mf.gif", "vgwort.de", "met.vgwort", "rss-pixel", "list-manage.com/track"} {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// leadImage is the first picture of a body large enough to stand for it.
func leadImage(root *html.Node, base *url.URL) digest.Image {
	for n := range root.Descendants() {
		if !isTag(n, atom.Img) {
			continue
		}
		src := resolve(base, attr(n, "src"))
		w, h := imageSize(n)
		if !strings.HasPrefix(src, "http") || isPlaceholder(src) || isBeacon(src) || isPixel(w, h) {
			continue
		}
		if w > 0 && w < 120 || h > 0 && h < 90 {
			continue // an emoji, an avatar, an icon
		}
		return digest.Image{URL: src, Alt: squeeze(attr(n, "alt")), Width: w, Height: h}
	}
	return digest.Image{}
}

// first is the first of its arguments that says something.
func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
