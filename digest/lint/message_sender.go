package lint

import (
	"mime"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// nameShown is about what a phone shows of a sender's name.
const nameShown = 30

// checkSender judges the name that readers see instead of an address (Google's
// sender guidelines, "display names"): who writes, and nothing else.
func (w *wire) checkSender(line int, from *mail.Address, subject string) {
	name := strings.TrimSpace(from.Name)
	switch lower := strings.ToLower(name); {
	case name == "":
		w.soft(line, "from-name", "no name; readers see only %s", from.Address)
		return
	case strings.Contains(lower, "@"):
		w.soft(line, "from-name", "%q looks like an address; spam hides behind those", name)
	case strings.HasPrefix(lower, "re:") || strings.HasPrefix(lower, "fwd:") || strings.HasPrefix(lower, "tr :"):
		w.soft(line, "from-name", "%q pretends to be an answer", name)
	case len(name) > 3 && subject != "" && strings.EqualFold(name, subject):
		w.soft(line, "from-name", "is the subject; it should say who writes")
	}
	if strings.ContainsFunc(name, pictogram) {
		w.soft(line, "from-name", "%q holds a pictogram; providers take those for spam", name)
	}
	if n := utf8.RuneCountInString(name); n > nameShown {
		w.soft(line, "from-name", "%d characters; phones show about %d", n, nameShown)
	}
}

// pictogram finds emoji, dingbats, arrows and the like.
func pictogram(r rune) bool {
	return unicode.Is(unicode.So, r) && r != '©' && r != '®' && r != '°' && r != '™' || r >= 0x1F000 && r <= 0x1FAFF || r == 0xFE0F
}

// decoded is a header's text with its encoded words read (RFC 2047).
func decoded(value string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(value)
	if err != nil {
		return value
	}
	return text
}
