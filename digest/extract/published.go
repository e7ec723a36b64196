package extract

import (
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// timeElement is a <time> of the page.
type timeElement struct {
	value  string // its datetime, else its text
	rank   int    // 0 is best
	exact  bool   // it has a datetime attribute
	update bool   // it says when the page was changed
}

// newTimeElement judges a <time> by its own marks and by where it stands.
func newTimeElement(n *html.Node) timeElement {
	t := timeElement{value: attr(n, "datetime"), rank: 2}
	t.exact = t.value != ""
	if !t.exact {
		t.value = squeeze(textOf(n))
	}
	mark := strings.ToLower(attr(n, "class") + " " + attr(n, "itemprop") + " " + attr(n, "id"))
	t.update = strings.Contains(mark, "modif") || strings.Contains(mark, "update")
	if strings.Contains(mark, "publi") || strings.Contains(mark, "created") || hasAttr(n, "pubdate") {
		t.rank = 0
	}
	for p := n.Parent; p != nil && p.Type == html.ElementNode; p = p.Parent {
		switch {
		case isTag(p, atom.Aside, atom.Nav, atom.Footer, atom.Li) || looksForeign(p):
			t.rank += 4
		case isTag(p, atom.Header) && t.rank == 2:
			t.rank = 1
		}
	}
	return t
}

func hasAttr(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// looksForeign reports whether an element holds other articles or other
// people's words.
func looksForeign(n *html.Node) bool {
	mark := strings.ToLower(attr(n, "class") + " " + attr(n, "id"))
	if mark == " " {
		return false
	}
	for _, word := range []string{"comment", "related", "recommend", "teaser", "card", "sidebar", "latest", "trending", "popular", "a-lire", "read-more", "feed", "widget", "menu"} {
		if strings.Contains(mark, word) {
			return true
		}
	}
	return false
}

// publishedMeta are the names under which pages declare their publication, the
// most reliable first.
func publishedMeta() []string {
	return []string{"article:published_time", "article:published", "og:article:published_time", "og:published_time", "datepublished",
		"parsely-pub-date", "sailthru.date", "rnews:datepublished", "originalpublicationdate", "article_date_original", "cxenseparse:recs:publishtime",
		"cxenseparse:publishtime", "publication_date", "publish_date", "publish-date", "publishdate", "publishtime", "pubdate", "published_date",
		"published-date", "published_at", "dcterms.created", "dcterms.issued", "dc.date.issued", "dc.date.created", "dc.date.publication", "date.created", "dc.created",
		"dcterms.date", "dc.date", "dc.terms.date", "citation_publication_date", "citation_date", "citation_online_date", "article.created",
		"article.published", "datecreated", "date_published", "displaydate", "iso-8601-publish-date", "ptime", "date", "weibo:article:create_at"}
}

// publicationDate is when the page says it was published. Zero when nothing
// does: no date is better than a wrong one.
func publicationDate(s *signals, ld linkedData, address string) time.Time {
	declared := append([]string{ld.published}, s.all(publishedMeta()...)...)
	declared = append(declared, s.props["datepublished"]...)
	if t, ok := s.firstDate(declared...); ok {
		return t
	}
	if t, ok := s.bestTime(); ok {
		return t
	}
	if t, ok := urlDate(address); ok {
		return t
	}
	if t, ok := s.firstDate(append(s.props["datecreated"], ld.created)...); ok {
		return t
	}
	if t, ok := s.visibleDate(); ok {
		return t
	}
	changed := []string{ld.modified}
	changed = append(changed, s.all("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "dc.date.modified", "last-modified", "revision_date")...)
	t, _ := s.firstDate(append(changed, s.props["datemodified"]...)...)
	return t
}

func (s *signals) all(names ...string) []string {
	var out []string
	for _, name := range names {
		out = append(out, s.meta[name]...)
	}
	return out
}

// firstDate is the first of the values that is a date. Where that says a day
// only (or midnight), a later value of the same day that knows the hour wins.
func (s *signals) firstDate(values ...string) (time.Time, bool) {
	var found time.Time
	for _, v := range values {
		t, ok := parseDate(v, s.lang)
		switch {
		case !ok:
		case found.IsZero():
			found = t
		case found.Equal(found.Truncate(24*time.Hour)) && t.Truncate(24*time.Hour).Equal(found):
			return t, true
		}
	}
	return found, !found.IsZero()
}

// bestTime is the date of the best placed <time>.
func (s *signals) bestTime() (time.Time, bool) {
	var found time.Time
	best := 4 // what stands in a list or an aside is not asked
	for _, e := range s.times {
		rank := 2 * e.rank
		if !e.exact {
			rank++
		}
		if e.update {
			rank += 2
		}
		if rank >= best*2 {
			continue
		}
		if t, ok := parseDate(e.value, s.lang); ok {
			if found.IsZero() || rank < best {
				found, best = t, rank
			}
		}
	}
	return found, !found.IsZero()
}

var (
	slashDate = pattern(`/((?:19|20)\d\d)[/-](\d{1,2}|[a-z]{3,9})[/-](\d{1,2})(?:[/_.-]|$)`)
	dashDate  = pattern(`[/_.-]((?:19|20)\d\d)-(\d\d)-(\d\d)(?:[/_.-]|$)`)
	packed    = pattern(`[/_.-]((?:19|20)\d\d)([01]\d)([0-3]\d)(?:[/_.-]|$)`)
)

// urlDate is the day in an address: /2026/11/24/, /2026/nov/24/, -20261124-.
func urlDate(address string) (time.Time, bool) {
	u := parseURL(address)
	if u == nil {
		return time.Time{}, false
	}
	for _, re := range []*regexp.Regexp{slashDate(), dashDate(), packed()} {
		if m := re.FindStringSubmatch(strings.ToLower(u.Path)); m != nil {
			month := m[2]
			if month[0] > '9' {
				month = monthNumber(month)
			}
			if t, ok := day(m[1], month, m[3]); ok {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

// isDateClass reports whether a class name promises a date.
func isDateClass(class string) bool {
	class = strings.ToLower(class)
	if class == "" || strings.Contains(class, "update") && !strings.Contains(class, "date-") {
		return false
	}
	for _, word := range []string{"date", "publi", "time", "posted", "meta", "byline", "parution"} {
		if strings.Contains(class, word) {
			return true
		}
	}
	return false
}

// visibleDate is a date that readers see, in an element that promises one.
func (s *signals) visibleDate() (time.Time, bool) {
	for _, text := range s.dates {
		if t, ok := parseDate(text, s.lang); ok {
			return t, true
		}
	}
	return time.Time{}, false
}
