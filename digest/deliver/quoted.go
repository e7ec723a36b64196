package deliver

import "slices"

// The widest line of ours: 76 characters, the last of them the "=" of a soft
// break (RFC 2045 section 6.7 rule 5).
const quotedLine = 75

const hexDigits = "0123456789ABCDEF"

// literal are the bytes that may stand for themselves (RFC 2045 section 6.7).
var literal = func() (yes [256]bool) {
	for c := ' '; c <= '~'; c++ {
		yes[c] = c != '='
	}
	yes['\t'] = true
	return yes
}()

// appendQuoted appends a text in quoted-printable, on a new line. It writes what
// [mime/quotedprintable] writes, at a fraction of the time, and but for a dot that
// begins a line, which it encodes: no line of ours then needs the doubling of RFC
// 5321 section 4.5.2, which some programs on the way get wrong, and which would
// make a message differ between DATA and BDAT.
func appendQuoted(dst []byte, text string) []byte {
	dst = slices.Grow(dst, len(text)+len(text)/2+64) // with room for accents and soft breaks
	line := len(dst)                                 // where it begins
	for i := 0; i < len(text); {
		if c := text[i]; c == '\n' || c == '\r' {
			dst = quoteLastSpace(dst, line)
			dst = append(dst, "\r\n"...)
			line = len(dst)
			if i++; c == '\r' && i < len(text) && text[i] == '\n' {
				i++
			}
			continue
		}
		run := i
		if len(dst) > line || text[i] != '.' {
			for end := min(len(text), i+quotedLine-(len(dst)-line)); run < end && literal[text[run]]; {
				run++
			}
		}
		switch {
		case run > i:
			dst = append(dst, text[i:run]...)
			i = run
		case len(dst) > line && literal[text[i]]:
			dst = append(dst, "=\r\n"...)
			line = len(dst)
		default:
			dst, line = quoteByte(dst, line, text[i])
			i++
		}
	}
	return quoteLastSpace(dst, line)
}

// quoteByte appends an encoded byte, on the next line where this one has no room,
// and says where the line begins.
func quoteByte(dst []byte, line int, c byte) ([]byte, int) {
	if len(dst)-line > quotedLine-3 {
		dst = append(dst, "=\r\n"...)
		line = len(dst)
	}
	return append(dst, '=', hexDigits[c>>4], hexDigits[c&15]), line
}

// quoteLastSpace encodes the space that would end a line (RFC 2045 section 6.7
// rule 3).
func quoteLastSpace(dst []byte, line int) []byte {
	last := len(dst) - 1
	if last < line || dst[last] != ' ' && dst[last] != '\t' {
		return dst
	}
	dst, _ = quoteByte(dst[:last], line, dst[last])
	return dst
}

// appendToken writes a value in quoted-printable on lines of its own, the last
// one closed by a soft break. The line begins at its left edge.
func appendToken(dst []byte, value string) []byte {
	if value == "" {
		return dst
	}
	column := 0
	for i := range len(value) {
		c := value[i]
		if column > 72 { // no room for an encoded octet and the soft break
			dst = append(dst, "=\r\n"...)
			column = 0
		}
		if c >= ' ' && c <= '~' && c != '=' && (c != '.' || column > 0) { // as in appendQuoted
			dst = append(dst, c)
			column++
		} else {
			dst = append(dst, '=', hexDigits[c>>4], hexDigits[c&15])
			column += 3
		}
	}
	return append(dst, "=\r\n"...)
}
