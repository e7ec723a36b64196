// Package address decides what a mail address is, and when two are the same.
//
// [Parse] normalises one bare address as RFC 5321 and RFC 6531 define it;
// [ParseMailbox] also takes the "Name <address>" that people paste. [Key] is
// what two spellings of one address have in common.
package address

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/zest-digest/zest/digest"
)

// Limits in bytes: RFC 5321 4.5.3.1.1, 4.5.3.1.2 and, for the whole, the path
// of 4.5.3.1.3 without its angle brackets.
const (
	maxLocal  = 64
	maxDomain = 255
	maxTotal  = 254
)

// Parse normalises one address: blanks around it go, the domain is lower-cased
// and written in ASCII, the local part is kept as given. A display name, a
// comment or a line break is refused, whatever they surround. The error is a
// [*digest.InvalidError].
func Parse(s string) (string, error) {
	bare := trimBlanks(s)
	if reason := suspect(bare); reason != "" {
		return "", invalid(s, reason)
	}
	at := localEnd(bare)
	if at < 0 {
		return "", invalid(s, "is missing its @; write name@domain")
	}
	local, domain := bare[:at], bare[at+1:]
	if reason := checkLocal(local); reason != "" {
		return "", invalid(s, reason)
	}
	ascii, reason := normalDomain(domain)
	if reason != "" {
		return "", invalid(s, reason)
	}
	if len(local)+1+len(ascii) > maxTotal {
		return "", invalid(s, "is longer than the 254 characters mail can carry")
	}
	return local + "@" + ascii, nil
}

// Key is the same for every spelling of one address: the local part without
// case, composed, and without quotes it does not need. RFC 5321 2.4 leaves the
// case of the local part to its host; no host in use tells two people apart by
// it. The argument is an address [Parse] returned.
func Key(addr string) string {
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return fold(addr)
	}
	local := addr[:at]
	if plain, ok := unquote(local); ok && checkDotAtom(plain) == "" {
		local = plain
	}
	return fold(local) + "@" + strings.ToLower(addr[at+1:])
}

// Domain is what stands behind the @ of an address that [Parse] returned.
func Domain(addr string) string { return addr[strings.LastIndexByte(addr, '@')+1:] }

// fold takes case away. Lower-casing what upper-casing gave brings together
// letters with several lower-case forms (the two sigmas of Greek); composing
// afterwards makes é one character however it was typed.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return norm.NFC.String(strings.ToLower(strings.ToUpper(norm.NFC.String(s))))
}

// ParseMailbox reads "Name <address>", "\"Name\" <address>", "<address>" or a
// bare address. The name is as generous as what people paste; the address is
// held to [Parse].
func ParseMailbox(s string) (digest.Address, error) {
	trimmed := trimBlanks(s)
	open := strings.LastIndexByte(trimmed, '<')
	if open < 0 || !strings.HasSuffix(trimmed, ">") {
		email, err := Parse(s)
		return digest.Address{Email: email}, err
	}
	name := displayName(trimmed[:open])
	if reason := suspect(name); reason != "" {
		return digest.Address{}, invalid(s, reason)
	}
	email, err := Parse(trimmed[open+1 : len(trimmed)-1])
	if err != nil {
		return digest.Address{}, err
	}
	return digest.Address{Name: name, Email: email}, nil
}

// displayName takes the quotes of a quoted name away (RFC 5322 3.2.4).
func displayName(s string) string {
	s = trimBlanks(s)
	if plain, ok := unquote(s); ok {
		return trimBlanks(plain)
	}
	return s
}

// unquote reads a quoted string; it reports whether s is one, whole.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' {
		return "", false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), i == len(s)-1
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", false
}

// trimBlanks drops the blanks and invisible marks that copying leaves around an
// address. Line breaks stay, to be refused: in a header they start another one.
func trimBlanks(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return r == ' ' || r == '\t' || unicode.Is(unicode.Zs, r) || r == '\u200b' || r == '\ufeff'
	})
}

// suspect finds what no address and no name may hold anywhere.
func suspect(s string) string {
	if !utf8.ValidString(s) {
		return "is not valid UTF-8; save the file as UTF-8 and try again"
	}
	for _, r := range s {
		switch {
		case r == '\r' || r == '\n':
			return "holds a line break; give one address only"
		case unicode.IsControl(r) || r == utf8.RuneError:
			return "holds a control character; type it again"
		case r < utf8.RuneSelf: // the rest is about other letters
		// Invisible marks and direction changes make two addresses look alike.
		case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			return "holds an invisible character; type it again"
		}
	}
	return ""
}

// localEnd is where the @ between local part and domain stands: the first one
// outside quotes, or -1.
func localEnd(s string) int {
	if !strings.HasPrefix(s, `"`) {
		return strings.IndexByte(s, '@')
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			if i+1 < len(s) && s[i+1] == '@' {
				return i + 1
			}
			return strings.IndexByte(s, '@')
		}
	}
	return strings.IndexByte(s, '@')
}

func invalid(value, reason string) error {
	const shown = 100
	if len(value) > shown {
		value = strings.ToValidUTF8(value[:shown], "") + "…"
	}
	return &digest.InvalidError{Field: "address", Value: value, Reason: reason}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// toASCII is UTS #46 as browsers and mail servers use it. Hyphens and
// underscores are left to our own check: the standard profile refuses names
// that exist ("r3---sn"), and reads "_" as no letter of a host name.
func toASCII(domain string) (string, error) {
	profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(),
		idna.CheckHyphens(false), idna.StrictDomainName(false))
	return profile.ToASCII(domain)
}
