package extract

import (
	"strings"
	"unicode"
)

// chooseTitle is the headline: what the page declares, without the site's
// name, and in the page's own visible wording where the two agree.
func (s *signals) chooseTitle(headline, site string) string {
	declared := first(s.get("og:title", "twitter:title", "dc.title", "dcterms.title", "sailthru.title", "parsely-title", "title"), s.title, headline, s.prop("headline"))
	title := withoutSite(unescape(declared), site)
	h1 := s.h1Close
	if h1 == "" && len(s.h1) == 1 {
		h1 = s.h1[0]
	}
	if headline != "" && sameTitle(headline, h1) {
		return h1
	}
	for _, h := range s.h1 {
		own := letters(h)
		if sameTitle(h, title) || overlap(h, first(headline, title)) > 0.6 || len(own) > 11 && strings.HasPrefix(letters(title), own) {
			return h
		}
	}
	// An encyclopedia's headline is its description: believe one only where the
	// page's own title knows it.
	if s.get("og:title", "twitter:title") == "" && headline != "" && (s.title == "" || overlap(headline, s.title) > 0.3 || strings.Contains(letters(s.title), letters(headline))) {
		return withoutSite(headline, site)
	}
	return first(title, h1)
}

var titleSeparator = pattern(`\s+[|\-–—·•»:/]\s+|\s*[|»]\s*`)

// withoutSite takes the site's name off either end of a title.
func withoutSite(title, site string) string {
	title = squeeze(title)
	for range 3 {
		cut := titleSeparator().FindAllStringIndex(title, -1)
		if len(cut) == 0 {
			return title
		}
		last, lead := cut[len(cut)-1], cut[0]
		tail, front := title[last[1]:], title[:lead[0]]
		switch {
		case site != "" && sameName(tail, site):
			title = title[:last[0]]
		case site != "" && sameName(front, site):
			title = title[lead[1]:]
		default:
			return title
		}
	}
	return title
}

func sameName(a, b string) bool {
	x, y := letters(a), letters(b)
	if x == "" || y == "" {
		return false
	}
	x, y = strings.TrimSuffix(x, "com"), strings.TrimSuffix(y, "com")
	return x == y || len(x) > 3 && strings.HasPrefix(y, x) || len(y) > 3 && strings.HasPrefix(x, y) && len(x) < len(y)+10
}

// letters is s in lower case without anything but letters and digits.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func sameTitle(a, b string) bool {
	x, y := letters(a), letters(b)
	if x == "" || y == "" {
		return false
	}
	if len(x) > len(y) {
		x, y = y, x
	}
	return x == y || len(x) > 15 && len(x)*10 > len(y)*7 && strings.HasPrefix(y, x)
}

// overlap is the share of the words of the shorter title that the other has.
func overlap(a, b string) float64 {
	x, y := strings.Fields(strings.ToLower(a)), strings.Fields(strings.ToLower(b))
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < 3 {
		return 0
	}
	has := map[string]bool{}
	for _, w := range y {
		has[w] = true
	}
	n := 0
	for _, w := range x {
		if has[w] {
			n++
		}
	}
	return float64(n) / float64(len(y))
}

var (
	bylineLead = pattern(`(?i)^(?:(?:écrit|ecrit|rédigé|publié|posté|written|posted|published|article|texte|un article)\s+)?(?:par|by|von|por|di|de la rédaction de|auteur|author|autor)\b\s*:?\s+`)
	bylineTail = pattern(`(?i)\s*(?:\||•|·|—| - |\bpubliée?(?:\PL|$)|\bpublished\b|\bupdated\b|\bposté(?:\PL|$)|\ble \d|\bon \w+ \d|\bil y a\b|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|\d{1,2}:\d\d|\d{1,2}h\d\d).*$`)
)

// person is the name in a byline. What is no name (an address, a sentence)
// gives "".
func person(s string) string {
	s = squeeze(s)
	s = bylineLead().ReplaceAllString(s, "")
	s = strings.TrimSpace(strings.Trim(bylineTail().ReplaceAllString(s, ""), ",;:@ "))
	if s == "" || len(s) > 120 || strings.Contains(s, "://") || strings.HasPrefix(s, "www.") || !strings.ContainsFunc(s, unicode.IsLetter) {
		return ""
	}
	if n := len(strings.Fields(s)); n > 16 {
		return ""
	}
	return s
}
