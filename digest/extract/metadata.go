package extract

import (
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/zest-digest/zest/digest"
)

// metadata is what a page says of itself in places that no reader sees.
type metadata struct {
	title, author, site, section string
	titles                       []string // the headline in every wording
	language, description        string
	canonical, kind              string // kind is the OpenGraph type
	published                    time.Time
	image                        digest.Image
	keywords                     []string
	body                         string // JSON-LD articleBody, as served: text or HTML
	news                         bool   // JSON-LD says the page is of the press
	free                         bool   // JSON-LD says isAccessibleForFree: true
	locked                       bool   // JSON-LD says isAccessibleForFree: false
	base                         *url.URL
}

// readMetadata reads the head, the JSON-LD and the microdata of a page served
// at pageURL.
func readMetadata(doc *html.Node, pageURL string) metadata {
	s := &signals{meta: map[string][]string{}, props: map[string][]string{}}
	walk(doc, s.collect)
	m := metadata{base: parseURL(pageURL)}
	if b := parseURL(resolve(m.base, s.base)); b != nil {
		m.base = b
	}
	ld := readJSONLD(s.scripts)
	m.author = person(first(ld.author, s.get("author", "article:author_name", "byl", "parsely-author", "sailthru.author",
		"dc.creator", "dcterms.creator", "article:author", "cxenseparse:author", "twitter:data1"), s.prop("author"), s.byline()))
	m.site = first(s.get("og:site_name"), ld.site, s.get("application-name", "al:android:app_name", "apple-mobile-web-app-title", "publisher"))
	m.section = first(ld.section, s.get("article:section", "parsely-section", "section", "og:section"))
	m.description = first(s.get("og:description", "description", "twitter:description"), ld.description)
	m.kind = s.get("og:type")
	m.language = first(s.lang, ld.language, s.get("content-language", "language", "dc.language", "og:locale"))
	m.title = s.chooseTitle(ld.headline, m.site)
	m.titles = []string{m.title, ld.headline, s.get("og:title")}
	if (m.kind == "article" || ld.headline != "") && len(s.h1) == 1 {
		m.titles = append(m.titles, s.h1[0])
	}
	m.canonical = m.chooseURL(s, ld, pageURL)
	m.image = m.chooseImage(s, ld)
	m.published = publicationDate(s, ld, first(m.canonical, pageURL))
	m.keywords = keywords(ld.keywords, s.meta)
	m.body, m.news, m.free, m.locked = ld.body, ld.news, ld.free, ld.locked
	return m
}

// signals are the places of a page that hold metadata, as found.
type signals struct {
	meta    map[string][]string // by name, property, itemprop or http-equiv, lower case
	props   map[string][]string // microdata properties of visible elements
	scripts []string            // JSON-LD
	times   []timeElement
	dates   []string // short texts of elements that promise a date
	bylines []string
	h1      []string
	h1Close string // an h1 that the page marks as the headline
	title   string
	lang    string
	base    string
	link    string // rel=canonical
	imgSrc  string // rel=image_src
}

// collect notes what n says.
func (s *signals) collect(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return n.Type == html.DocumentNode
	}
	switch n.DataAtom {
	case atom.Html:
		s.lang = first(attr(n, "lang"), attr(n, "xml:lang"))
	case atom.Meta:
		s.collectMeta(n)
	case atom.Base:
		s.base = first(s.base, attr(n, "href"))
	case atom.Link:
		s.collectLink(n)
	case atom.Title:
		if !within(n, atom.Svg) {
			s.title = first(s.title, squeeze(innerText(n)))
		}
		return false
	case atom.Script:
		if strings.Contains(strings.ToLower(attr(n, "type")), "ld+json") {
			s.scripts = append(s.scripts, innerText(n))
		}
		return false
	case atom.Style, atom.Noscript, atom.Svg, atom.Template:
		return false
	case atom.H1:
		s.collectH1(n)
	case atom.Time:
		s.times = append(s.times, newTimeElement(n))
	}
	s.collectProps(n)
	return true
}

func (s *signals) collectMeta(n *html.Node) {
	content := strings.TrimSpace(attr(n, "content"))
	if content == "" {
		return
	}
	for _, key := range []string{"property", "name", "itemprop", "http-equiv"} {
		for _, name := range strings.Fields(strings.ToLower(attr(n, key))) {
			s.meta[name] = append(s.meta[name], content)
		}
	}
}

func (s *signals) collectLink(n *html.Node) {
	switch strings.ToLower(attr(n, "rel")) {
	case "canonical":
		s.link = first(s.link, attr(n, "href"))
	case "image_src":
		s.imgSrc = first(s.imgSrc, attr(n, "href"))
	}
}

func (s *signals) collectH1(n *html.Node) {
	text := strings.TrimRight(squeeze(textOf(n)), "¶#§ ") // anchors of documentation pages
	if text == "" {
		return
	}
	s.h1 = append(s.h1, text)
	mark := strings.ToLower(attr(n, "class") + " " + attr(n, "id") + " " + attr(n, "itemprop"))
	if s.h1Close == "" && (strings.Contains(mark, "title") || strings.Contains(mark, "headline") || strings.Contains(mark, "titre")) {
		s.h1Close = text
	}
}

func (s *signals) collectProps(n *html.Node) {
	for _, name := range strings.Fields(strings.ToLower(attr(n, "itemprop"))) {
		switch name {
		case "author", "headline", "datepublished", "datecreated", "datemodified", "image":
		default:
			continue
		}
		if n.DataAtom == atom.Meta || len(s.props[name]) == 8 {
			continue
		}
		if v := first(attr(n, "content"), attr(n, "datetime"), attr(n, "src"), shortText(n)); v != "" {
			s.props[name] = append(s.props[name], v)
		}
	}
	class := attr(n, "class")
	if len(s.bylines) < 8 && (attr(n, "rel") == "author" || isByline(class)) {
		if text := shortText(n); text != "" {
			s.bylines = append(s.bylines, text)
		}
	}
	if len(s.dates) < 12 && isDateClass(class) && !looksForeign(n) {
		if text := shortText(n); strings.ContainsAny(text, "0123456789") {
			s.dates = append(s.dates, text)
		}
	}
}

// shortText is the text below n where that is a line at most, else "". It
// looks no further than a line's worth, however much there is.
func shortText(n *html.Node) string {
	size := 0
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			if size += len(strings.TrimSpace(c.Data)); size > 160 {
				return ""
			}
		}
	}
	return squeeze(textOf(n))
}

func isByline(class string) bool {
	class = strings.ToLower(class)
	for _, name := range []string{"byline", "author__name", "author-name", "authorname", "article-author", "article__author", "post-author", "entry-author", "auteur", "signature"} {
		if strings.Contains(class, name) {
			return true
		}
	}
	return false
}

// get is the first meta content under any of these names, in their order.
func (s *signals) get(names ...string) string {
	for _, name := range names {
		for _, v := range s.meta[name] {
			if v = squeeze(unescape(v)); v != "" {
				return v
			}
		}
	}
	return ""
}

func (s *signals) prop(name string) string {
	if v := s.props[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (s *signals) byline() string {
	for _, b := range s.bylines {
		if person(b) != "" {
			return b
		}
	}
	return ""
}

// chooseURL is the address the page wants to be known by. A canonical link to
// another site's front page, or to this site's, is a mistake of the page.
func (m metadata) chooseURL(s *signals, ld linkedData, pageURL string) string {
	for _, ref := range []string{s.link, s.get("og:url"), ld.url} {
		abs := resolve(m.base, ref)
		u := parseURL(abs)
		if u == nil || !strings.HasPrefix(u.Scheme, "http") {
			continue
		}
		if own := parseURL(pageURL); own != nil && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && strings.Trim(own.Path, "/") != "" {
			continue
		}
		return abs
	}
	return cleanURL(pageURL)
}

func (m metadata) chooseImage(s *signals, ld linkedData) digest.Image {
	for _, ref := range []string{s.get("og:image:secure_url", "og:image", "og:image:url"), ld.image.URL, s.get("twitter:image", "twitter:image:src", "parsely-image-url", "sailthru.image.full", "thumbnail"), s.imgSrc, s.prop("image")} {
		abs := resolve(m.base, ref)
		if !strings.HasPrefix(abs, "http") || isPlaceholder(abs) || isBeacon(abs) {
			continue
		}
		img := digest.Image{URL: abs}
		if ref == ld.image.URL {
			img.Width, img.Height = ld.image.Width, ld.image.Height
		}
		if ref == s.get("og:image:secure_url", "og:image", "og:image:url") {
			img.Alt = s.get("og:image:alt", "twitter:image:alt")
			img.Width = dimension(s.get("og:image:width"), "", nil)
			img.Height = dimension(s.get("og:image:height"), "", nil)
		}
		return img
	}
	return digest.Image{}
}

// keywords are the page's own tags, at most a dozen.
func keywords(ld []string, meta map[string][]string) []string {
	var out []string
	add := func(list ...string) {
		for _, k := range list {
			k = squeeze(unescape(k))
			if k == "" || len(k) > 60 || len(out) == 12 || containsFold(out, k) {
				continue
			}
			out = append(out, k)
		}
	}
	add(meta["article:tag"]...)
	add(ld...)
	if len(out) == 0 {
		for _, list := range append(meta["news_keywords"], meta["keywords"]...) {
			add(strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' })...)
		}
	}
	return out
}

func containsFold(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}

// unescape undoes entities that were escaped twice, as many templates do.
func unescape(s string) string {
	if strings.ContainsRune(s, '&') {
		s = html.UnescapeString(s)
	}
	return s
}
