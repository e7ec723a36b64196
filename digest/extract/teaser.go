package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	// What WordPress and its kin add to every summary.
	appeared  = pattern(`(?is)\s*(?:l['’]article|cet article|the post|the article|post|der beitrag|la entrada)\s.{0,300}?\s(?:est apparu en premier sur|appeared first on|first appeared on|erschien zuerst auf|aparece primero en)\s.*$`)
	continued = pattern(`(?i)\s*(?:\[?(?:…|\.\.\.|&hellip;)\]?\s*)?(?:lire la suite|lire l['’]article|en savoir plus|continuer la lecture|continue reading|read more|read the full|keep reading|view article|learn more|weiterlesen)\b.{0,120}$`)
	cutOff    = pattern(`\s*(?:\[(?:…|\.\.\.)\]|…|\.\.\.)\s*$`)
	sentence  = pattern(`^(?s)(.*[.!?»”"])(?:\s|$)`)
)

// wholeArticle is how many octets no teaser has, whatever is cut off its end.
const wholeArticle = 8 << 10

// teaser is a source's summary as a person would read it out: plain text,
// whole sentences. "" when it is none: a repeated title, a bare link, a few
// words, or a whole article.
func teaser(summary, title string) string {
	s := strings.ReplaceAll(PlainText(summary), "\n\n", " ")
	s = squeeze(s)
	if len(s) > wholeArticle {
		return ""
	}
	if low := strings.ToLower(s); strings.Contains(low, "premier") || strings.Contains(low, "first") || strings.Contains(low, "zuerst") || strings.Contains(low, "primero") {
		s = appeared().ReplaceAllString(s, "")
	}
	s = continued().ReplaceAllString(s, "…")
	if cutOff().MatchString(s) {
		s = cutOff().ReplaceAllString(s, "")
		m := sentence().FindStringSubmatch(s)
		if m == nil {
			return ""
		}
		s = strings.TrimSpace(m[1])
	}
	n := utf8.RuneCountInString(s)
	if n < 40 || n > 1000 || sameTitle(s, title) || strings.Contains(s, "://") || newPhrase(s).isFurniture() {
		return ""
	}
	return s
}

// opening is the first words of a text, for what has no title.
func opening(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	if utf8.RuneCountInString(line) <= 90 {
		return line
	}
	runes := []rune(line)[:90]
	for i := len(runes) - 1; i > 40; i-- {
		if unicode.IsSpace(runes[i]) {
			return strings.TrimRight(string(runes[:i]), ",;: ") + "…"
		}
	}
	return string(runes) + "…"
}
