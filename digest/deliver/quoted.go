package deliver

import (
	"bytes"
	"mime/quotedprintable"
	"slices"
	"strings"
)

const hexDigits = "0123456789ABCDEF"

// lineEnds are for the encoder, which loses the line feed that comes after a bare
// carriage return and an encoded character.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// appendQuoted appends a text in quoted-printable, on a new line.
func appendQuoted(dst []byte, text string) ([]byte, error) {
	from := len(dst)
	b := bytes.NewBuffer(slices.Grow(dst, len(text)+len(text)/2+64)) // with room for accents and soft breaks
	w := quotedprintable.NewWriter(b)
	if _, err := w.Write([]byte(lineEnds.Replace(text))); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return hideDots(b.Bytes(), from), nil
}

// hideDots encodes the dot at the beginning of a line, from an offset on that is
// itself the beginning of one. No line of ours then needs the doubling of RFC
// 5321 section 4.5.2, which some programs on the way get wrong, and which would
// make a message differ between DATA and BDAT.
func hideDots(text []byte, from int) []byte {
	if !startsWithDot(text[from:]) {
		return text
	}
	out := append(make([]byte, 0, len(text)+len(text)/64+8), text[:from]...)
	for line := range bytes.SplitAfterSeq(text[from:], []byte("\n")) {
		for bytes.HasPrefix(line, []byte(".")) {
			out = append(out, "=2E"...)
			if line = line[1:]; len(bytes.TrimRight(line, "\r\n")) > 72 {
				out = append(out, "=\r\n"...) // 76 columns are the limit (RFC 2045 section 6.7 rule 5)
				continue
			}
			break
		}
		out = append(out, line...)
	}
	return out
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
		if c >= ' ' && c <= '~' && c != '=' && (c != '.' || column > 0) { // as in hideDots
			dst = append(dst, c)
			column++
		} else {
			dst = append(dst, '=', hexDigits[c>>4], hexDigits[c&15])
			column += 3
		}
	}
	return append(dst, "=\r\n"...)
}
