package address

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// checkLocal says why a local part is none, or nothing.
func checkLocal(local string) string {
	switch {
	case local == "":
		return "has nothing before the @; write name@domain"
	case len(local) > maxLocal:
		return "has more than 64 characters before the @"
	case local[0] == '"':
		return checkQuoted(local)
	}
	return checkDotAtom(local)
}

// checkDotAtom holds s to Dot-string (RFC 5321 4.1.2, with the letters of RFC
// 6531 3.3).
func checkDotAtom(s string) string {
	switch {
	case s == "" || s[0] == '.' || s[len(s)-1] == '.':
		return "may not begin or end its name with a dot"
	case strings.Contains(s, ".."):
		return "may not have two dots in a row"
	}
	for _, r := range s {
		switch {
		case r >= utf8.RuneSelf || isAtext(byte(r)) || r == '.':
		case r == ' ' || r == '\u00a0':
			return "holds a space; remove it"
		case r == '(' || r == ')':
			return "holds a comment; leave only the address"
		case r == '<' || r == '>':
			return "holds < or >; leave only the address"
		case r == ',' || r == ';':
			return "looks like several addresses; give one"
		default:
			return "holds " + string(r) + ", which the part before the @ may not"
		}
	}
	return ""
}

// isAtext is atext of RFC 5322 3.2.3.
func isAtext(c byte) bool {
	return isAlnum(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// checkQuoted holds s to Quoted-string (RFC 5321 4.1.2); control characters
// were refused before.
func checkQuoted(s string) string {
	plain, whole := unquote(s)
	switch {
	case !whole:
		return "has a quotation mark out of place"
	case plain == "":
		return "has nothing between its quotation marks"
	}
	return ""
}

// normalDomain gives the domain in lower-case ASCII, or why it is none.
func normalDomain(domain string) (ascii, reason string) {
	switch {
	case domain == "":
		return "", "has nothing after the @; write name@domain"
	case domain[0] == '[':
		return literal(domain)
	case strings.Contains(domain, "@"):
		return "", "has more than one @"
	case strings.ContainsAny(domain, ",;"):
		return "", "looks like several addresses; give one"
	case strings.ContainsAny(domain, "()"):
		return "", "holds a comment; leave only the address"
	}
	ascii = strings.ToLower(domain)
	if !isASCII(ascii) || strings.Contains(ascii, "xn--") {
		var err error
		if ascii, err = toASCII(domain); err != nil {
			return "", "has a domain that cannot be written in ASCII; check its spelling"
		}
	}
	return ascii, checkDomain(ascii)
}

// checkDomain holds a name to the letters, digits and hyphens of RFC 5321
// 4.1.2. Underscores are let through: hosts with one exist and get mail.
func checkDomain(domain string) string {
	if len(domain) > maxDomain {
		return "has a domain longer than 255 characters"
	}
	for label := range strings.SplitSeq(domain, ".") {
		switch {
		case label == "":
			return "has a dot too many in its domain"
		case len(label) > 63:
			return "has a part of more than 63 characters in its domain"
		case label[0] == '-' || label[len(label)-1] == '-':
			return "has a hyphen at the edge of a part of its domain"
		}
		for i := range len(label) {
			if c := label[i]; !isAlnum(c) && c != '-' && c != '_' {
				return "holds " + string(rune(c)) + ", which a domain may not"
			}
		}
	}
	return ""
}

// literal reads an address literal (RFC 5321 4.1.3).
func literal(domain string) (ascii, reason string) {
	const wrong = "has a domain in brackets that is no IP address; write name@domain"
	inner, ok := strings.CutSuffix(domain[1:], "]")
	if !ok {
		return "", wrong
	}
	want4 := true
	if len(inner) >= 5 && strings.EqualFold(inner[:5], "ipv6:") {
		inner, want4 = inner[5:], false
	}
	ip, err := netip.ParseAddr(inner)
	if err != nil || ip.Is4() != want4 || ip.Zone() != "" {
		return "", wrong
	}
	if want4 {
		return "[" + ip.String() + "]", ""
	}
	return "[IPv6:" + strings.ToLower(inner) + "]", ""
}
