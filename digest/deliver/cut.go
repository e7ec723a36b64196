package deliver

import (
	"bytes"
	"regexp"

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
		if text, err = m.cutPart(text, plain, isHTML); err != nil {
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
	text, err := m.cutPart(nil, plain, false)
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
func (m *Message) cutPart(text []byte, plain string, isHTML bool) ([]byte, error) {
	for {
		at := tokenPattern.FindStringIndex(plain)
		if at == nil {
			return appendQuoted(text, plain)
		}
		token := digest.Token(plain[at[0]:at[1]])
		if !known(token) {
			return nil, &digest.InvalidError{Field: "template", Value: string(token), Reason: "is not a token"}
		}
		var err error
		if text, err = appendQuoted(text, plain[:at[0]]); err != nil {
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
