package render

import (
	"html/template"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// flat makes a text of strangers one line of visible characters. Control
// characters go, and with them the marks that turn the direction of all that
// follows (U+202A to U+202E, U+2066 to U+2069): a title must not reorder the
// message around it.
func flat(s string) string {
	if s = strings.Trim(s, " "); flatAlready(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case visible(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
}

// flatAlready reports whether flat has nothing to do.
func flatAlready(s string) bool {
	before := 'a'
	for _, r := range s {
		if r == ' ' && before == ' ' || r != ' ' && !visible(r) {
			return false
		}
		before = r
	}
	return true
}

// visible says whether a character may stand in a line as it is; of the spaces,
// those that break none.
func visible(r rune) bool {
	switch {
	case r < '\u1680': // the first space beyond Latin-1
		return r > ' ' && r < '\x7f' || r >= '\u00a0' && r != '\u00ad'
	case r == '\u202f':
		return true
	}
	turns := r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
	return !turns && r != '\ufeff' && r != unicode.ReplacementChar && !unicode.IsSpace(r)
}

// guard keeps a stranger's text from holding one of our per-reader tokens:
// "@@email@@" in a headline must not become an address.
func guard(s string) string {
	if !strings.Contains(s, "@@") {
		return s
	}
	var b strings.Builder
	var last rune
	for _, r := range s {
		if r == '@' && last == '@' {
			b.WriteRune(' ')
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

// address is a link that a reader may follow, or empty: http, https and mailto
// only, and nothing in it that a token, a line break or an angle bracket could
// hide in.
func address(s string) string {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	switch u.Scheme {
	case "http", "https":
		if u.Host == "" {
			return ""
		}
	case "mailto":
	default:
		return ""
	}
	return escapeAddress.Replace(s)
}

// imageAddress is where a picture is: at an address, or inside the message.
func imageAddress(s string) template.URL {
	if id, ok := strings.CutPrefix(s, "cid:"); ok && embeddedID.MatchString(id) {
		return template.URL(s)
	}
	return template.URL(address(s))
}

// embeddedID is the form that publishing gives to the pictures in a message.
var embeddedID = regexp.MustCompile(`^[0-9a-f]{32}@[A-Za-z0-9.-]+$`)

// A token in a link would hand the reader's own links or address to a stranger.
var escapeAddress = strings.NewReplacer("@@", "%40%40", " ", "%20", "\"", "%22", "'", "%27", "<", "%3C", ">", "%3E")

// shorten cuts a line to about so many characters: between two headlines when
// it can, else between two words.
func shorten(s string, chars int) string {
	runes := []rune(s)
	if len(runes) <= chars {
		return s
	}
	head := string(runes[:chars])
	if i := strings.LastIndex(head, " · "); i > len(head)/3 {
		return head[:i]
	}
	if i := strings.LastIndex(head, " "); i > 0 {
		head = head[:i]
	}
	return strings.TrimRight(head, " ,;:.·") + "…"
}

// typeset gives a text the spaces and apostrophes of its language. French keeps
// its tall punctuation on the line of the word before it, and what is in
// guillemets with them; its apostrophe between two letters is the printer's.
func typeset(lang, s string) string {
	if primary(lang) != "fr" {
		return s
	}
	var b strings.Builder
	copied := 0
	for i := range len(s) {
		var mark string
		switch {
		case s[i] == ' ' && (strings.HasSuffix(s[:i], "«") || beginsTall(s[i+1:])):
			mark = "\u00a0"
		case s[i] == '\'' && betweenLetters(s, i):
			mark = "’"
		default:
			continue
		}
		if copied == 0 {
			b.Grow(len(s) + len(s)/16)
		}
		b.WriteString(s[copied:i])
		b.WriteString(mark)
		copied = i + 1
	}
	if copied == 0 {
		return s
	}
	b.WriteString(s[copied:])
	return b.String()
}

func beginsTall(s string) bool {
	if s == "" {
		return false
	}
	switch s[0] {
	case ':', ';', '!', '?', '%':
		return true
	case "»"[0], "€"[0]:
		return strings.HasPrefix(s, "»") || strings.HasPrefix(s, "€")
	}
	return false
}

// betweenLetters says whether the byte at i stands between two letters.
func betweenLetters(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i+1:])
	return unicode.IsLetter(before) && unicode.IsLetter(after)
}
