package lint

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// links lists the addresses an HTML part links to, each once, in order: those
// of http, https and mailto.
func links(page string) []string {
	var out []string
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			link := string(name) == "a" || string(name) == "area"
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				href := strings.TrimSpace(string(value))
				if link && string(key) == "href" && isLink(href) && !slices.Contains(out, href) {
					out = append(out, href)
				}
			}
		}
	}
}

func isLink(href string) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(href), ":")
	return scheme == "http" || scheme == "https" || scheme == "mailto"
}

// carries reports whether a text shows a link whole: as it stands, or, for
// mailto, its bare address.
func carries(text, link string) bool {
	if stands(text, link) {
		return true
	}
	address, ok := strings.CutPrefix(link, "mailto:")
	if !ok {
		return false
	}
	address, _, _ = strings.Cut(address, "?")
	plain, err := url.PathUnescape(address)
	return err == nil && plain != "" && stands(text, plain)
}

// stands reports whether link stands in text and does not go on after its last
// character, as "https://x/1" does not stand in "https://x/12".
func stands(text, link string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], link)
		if at < 0 {
			return false
		}
		end := from + at + len(link)
		if ends(text[end:]) {
			return true
		}
		from += at + 1
	}
}

// ends reports whether an address is over before rest: at a space or a closing
// mark, or at punctuation that a sentence, not the address, goes on with.
func ends(rest string) bool {
	rest = strings.TrimLeft(rest, ".,;:!?")
	next, _ := utf8.DecodeRuneInString(rest)
	switch {
	case rest == "" || unicode.IsSpace(next):
		return true
	case next < utf8.RuneSelf:
		return strings.ContainsRune("<>\"')]}|", next)
	}
	return unicode.IsPunct(next)
}
