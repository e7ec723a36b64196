package deliver

import (
	"bytes"
	"mime/quotedprintable"
	"regexp"
	"slices"

	"github.com/zest-digest/zest/digest"
)

var tokenPattern = regexp.MustCompile(`@@[a-z_]+@@`)

// standIn is what go-mail encodes in the place of a part: the part is encoded
// once, when it is cut.
const standIn = "-"

// cut fills a MIME body, composed of stand-ins, with its parts, split at their
// tokens. Quoted-printable wraps lines where it likes, also within a token; so
// each piece is encoded for itself. A token stands between soft line breaks (RFC
// 2045 section 6.7 rule 5), which makes the pieces around it independent of its
// value.
func (m *Message) cut(body []byte, p digest.Proof) error {
	var text []byte // encoded, not yet given to a segment
	rest := body
	for {
		at := bytes.Index(rest, []byte("Content-Transfer-Encoding: quoted-printable\r\n"))
		if at < 0 {
			break
		}
		start := at + bytes.Index(rest[at:], []byte("\r\n\r\n")) + 4
		isHTML := bytes.Contains(partHeader(rest[:start]), []byte("text/html"))
		plain := p.Text
		if isHTML {
			plain = p.HTML
		}
		text = append(text, rest[:start]...)
		var err error
		if text, err = m.cutPart(text, []byte(plain), isHTML); err != nil {
			return err
		}
		rest = bytes.TrimPrefix(rest[start:], []byte(standIn))
	}
	m.segments = append(m.segments, segment{text: endLine(append(text, rest...))})
	return nil
}

// endLine ends the last line, also where it is empty behind a token: the end of
// a message is a line of its own.
func endLine(text []byte) []byte {
	if bytes.HasSuffix(text, []byte("\r\n")) {
		return text
	}
	return append(text, "\r\n"...)
}

// cutWhole is cut for a message of one part, which is all text.
func (m *Message) cutWhole(plain string) error {
	text, err := m.cutPart(nil, []byte(plain), false)
	if err != nil {
		return err
	}
	m.segments = append(m.segments, segment{text: endLine(text)})
	return nil
}

// partHeader is the header that ends before a part's body.
func partHeader(before []byte) []byte {
	if i := bytes.LastIndex(before, []byte("--zest-")); i >= 0 {
		return before[i:]
	}
	return before
}

// cutPart encodes a part's text after what is pending, and gives a segment for
// each token. It returns what comes after the last one.
func (m *Message) cutPart(text, plain []byte, isHTML bool) ([]byte, error) {
	for {
		at := tokenPattern.FindIndex(plain)
		if at == nil {
			return appendQP(text, plain)
		}
		token := digest.Token(plain[at[0]:at[1]])
		if !known(token) {
			return nil, &digest.InvalidError{Field: "template", Value: string(token), Reason: "is not a token"}
		}
		var err error
		if text, err = appendQP(text, plain[:at[0]]); err != nil {
			return nil, err
		}
		m.segments = append(m.segments, segment{text: softBreak(text), token: token, html: isHTML})
		text, plain = nil, plain[at[1]:]
	}
}

func known(t digest.Token) bool {
	for _, k := range digest.Tokens() {
		if t == k {
			return true
		}
	}
	return false
}

func appendQP(dst, plain []byte) ([]byte, error) {
	b := bytes.NewBuffer(slices.Grow(dst, encodedSize(plain)))
	w := quotedprintable.NewWriter(b)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return hideDots(b.Bytes(), len(dst)), nil
}

// encodedSize is about how long a text becomes, in bytes, and no less but for
// many short lines.
func encodedSize(plain []byte) int {
	n := len(plain) + 512
	for _, c := range plain {
		if c == '=' || c > '~' {
			n += 2
		} else if c == '\n' {
			n++
		}
	}
	return n + n/24 // soft line breaks
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

// startsWithDot reports whether a line of some text begins with a dot. The text
// begins with a line.
func startsWithDot(text []byte) bool {
	return bytes.HasPrefix(text, []byte(".")) || bytes.Contains(text, []byte("\n."))
}

// softBreak ends a line that the text does not end.
func softBreak(text []byte) []byte {
	if len(text) == 0 || bytes.HasSuffix(text, []byte("\r\n")) {
		return text
	}
	return append(text, "=\r\n"...)
}

const hexDigits = "0123456789ABCDEF"

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
