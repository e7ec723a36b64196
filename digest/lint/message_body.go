package lint

import (
	"encoding/hex"
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"
)

// part is one node of the MIME tree. Its body is the lines [first, last).
type part struct {
	line        int // of its Content-Type, or where it begins
	first, last int
	kind        string // media type, lower case
	params      map[string]string
	encoding    string // lower case
	children    []part
}

func (w *wire) parsePart(fields []field, first, last, depth int) part {
	p := part{line: max(0, first-1), first: first, last: last, kind: "text/plain", encoding: "7bit"}
	typed := false
	for _, f := range fields {
		switch {
		case f.is("Content-Type"):
			kind, params, err := mime.ParseMediaType(f.value)
			if err != nil {
				w.hard(f.line, "content-type", "%.60q does not read (RFC 2045 5.1)", f.value)
			}
			typed, p.line, p.kind, p.params = true, f.line, kind, params
		case f.is("Content-Transfer-Encoding"):
			p.encoding = strings.ToLower(f.value)
		case f.is("Content-ID") && !messageID().MatchString(f.value):
			w.hard(f.line, "content-id", "%.60q is not <unique@domain> (RFC 2045 7)", f.value)
		}
	}
	if !typed {
		w.hard(p.line, "content-type", "a part without Content-Type")
	}
	if strings.HasPrefix(p.kind, "multipart/") && depth < maxDepth {
		w.parseMultipart(&p, depth)
	}
	return p
}

var boundaryForm = pattern(`^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$`)

// parseMultipart cuts a multipart at its boundary (RFC 2046 5.1.1).
func (w *wire) parseMultipart(p *part, depth int) {
	boundary := p.params["boundary"]
	if !boundaryForm().MatchString(boundary) {
		w.hard(p.line, "boundary", "%.80q is not a boundary (RFC 2046 5.1.1)", boundary)
		return
	}
	if p.encoding != "7bit" && p.encoding != "8bit" && p.encoding != "binary" {
		w.hard(p.line, "transfer-encoding", "a multipart cannot be encoded as %q (RFC 2045 6.4)", p.encoding)
	}
	start, closed := -1, false
	for n := p.first; n < p.last && !closed; n++ {
		rest, ok := strings.CutPrefix(w.lines[n], "--"+boundary)
		if !ok {
			continue
		}
		end := strings.TrimRight(rest, " \t")
		if end != "" && end != "--" {
			w.hard(n, "boundary", "a line begins like the boundary %.40q and goes on", boundary)
			continue
		}
		if start >= 0 {
			w.addChild(p, start, n, depth)
		}
		start, closed = n+1, end == "--"
	}
	switch {
	case start < 0:
		w.hard(p.line, "boundary", "the boundary %.40q never comes", boundary)
	case !closed:
		w.hard(p.last-1, "boundary", "the closing --%.40s-- is missing", boundary)
		w.addChild(p, start, p.last, depth)
	}
}

func (w *wire) addChild(p *part, from, to, depth int) {
	fields, body := w.parseFields(from, to)
	for _, f := range fields {
		for n := f.line; n < f.line+f.lines; n++ {
			w.checkWords(f, n)
		}
	}
	p.children = append(p.children, w.parsePart(fields, body, to, depth+1))
}

// checkStructure finds the two bodies and judges them.
func (w *wire) checkStructure(root part) {
	p := root
	if p.kind == "multipart/related" || p.kind == "multipart/mixed" {
		if len(p.children) == 0 {
			w.hard(p.line, "structure", "an empty %s", p.kind)
			return
		}
		for _, c := range p.children[1:] {
			if strings.HasPrefix(c.kind, "text/") || strings.HasPrefix(c.kind, "multipart/") {
				w.hard(c.line, "structure", "%s beside the body in %s; bodies belong in multipart/alternative", c.kind, p.kind)
			}
		}
		p = p.children[0]
	}
	if p.kind == "text/plain" && root.kind != "multipart/related" {
		w.checkText(p)
		return
	}
	if p.kind != "multipart/alternative" {
		w.hard(p.line, "structure", "%s; a digest is multipart/alternative, or text/plain alone", p.kind)
		return
	}
	var kinds []string
	for _, c := range p.children {
		kinds = append(kinds, c.kind)
	}
	if len(p.children) == 2 && p.children[1].kind == "multipart/related" && len(p.children[1].children) > 0 {
		p.children[1] = p.children[1].children[0]
	}
	if len(p.children) != 2 || p.children[0].kind != "text/plain" || p.children[1].kind != "text/html" {
		w.hard(p.line, "structure", "multipart/alternative holds %v; it must be text/plain, then text/html (RFC 2046 5.1.4)", kinds)
		return
	}
	text := w.checkText(p.children[0])
	html := w.checkHTML(p.children[1])
	for _, link := range links(html) {
		if !carries(text, link) {
			w.hard(p.children[0].line, "text-links", "the text part lacks %s", link)
		}
	}
}

// checkText judges the plain part and returns it decoded.
func (w *wire) checkText(p part) string {
	text := w.decodeText(p)
	if strings.TrimSpace(text) == "" {
		w.hard(p.line, "text-empty", "the text part is empty; it must be readable alone")
	}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if columns := utf8.RuneCountInString(line); columns > maxTextColumns && !strings.Contains(line, "://") && strings.Contains(line, " ") {
			w.soft(p.line, "text-width", "line %d of the text part has %d columns; wrap at %d", n+1, columns, maxTextColumns)
		}
	}
	return text
}

var styleBlock = pattern(`(?is)<style[^>]*>(.*?)</style`)

// checkHTML judges the HTML part as a piece of mail and returns it decoded; what
// it looks like is for the linter of HTML.
func (w *wire) checkHTML(p part) string {
	html := w.decodeText(p)
	if len(html) >= maxHTML {
		w.hard(p.line, "html-size", "%d bytes; Gmail clips from about 102 KB, stay under %d", len(html), maxHTML)
	}
	styles := 0
	for _, block := range styleBlock().FindAllStringSubmatch(html, -1) {
		styles += len(block[1])
	}
	if styles >= maxStyle {
		w.hard(p.line, "style-size", "%d bytes of <style>; Gmail drops it from %d on", styles, maxStyle)
	}
	if strings.TrimSpace(html) == "" {
		w.hard(p.line, "html-empty", "the HTML part is empty")
	}
	return html
}

// decodeText judges how a text part travels and returns it decoded, as far as
// it decodes.
func (w *wire) decodeText(p part) string {
	if charset := strings.ToLower(p.params["charset"]); charset != "utf-8" {
		w.hard(p.line, "charset", "%s in %q; utf-8 it must be", p.kind, charset)
	}
	if p.encoding != "quoted-printable" {
		w.hard(p.line, "transfer-encoding", "%s as %q; quoted-printable stays readable and short", p.kind, p.encoding)
		return strings.Join(w.lines[p.first:p.last], "\n")
	}
	var b strings.Builder
	for n := p.first; n < p.last; n++ {
		line := w.lines[n]
		w.checkQPLine(n, line)
		soft := strings.HasSuffix(line, "=")
		w.decodeQP(&b, n, strings.TrimSuffix(line, "="))
		if !soft {
			b.WriteByte('\n')
		} else if n == p.last-1 {
			w.soft(n, "qp-encoding", "the part ends in a soft line break")
		}
	}
	text := b.String()
	if !utf8.ValidString(text) {
		w.hard(p.line, "charset", "%s is not valid UTF-8", p.kind)
	}
	if found := token().FindString(text); found != "" && !w.standsWhole(found, p) {
		w.hard(p.line, "token", "%s was not filled in", found)
	}
	return text
}

// standsWhole reports whether the raw lines of a part show a token, which is
// then reported where it stands.
func (w *wire) standsWhole(found string, p part) bool {
	for n := p.first; n < p.last; n++ {
		if strings.Contains(w.lines[n], found) {
			return true
		}
	}
	return false
}

// checkQPLine holds RFC 2045 6.7 (3) and (5).
func (w *wire) checkQPLine(n int, line string) {
	if len(line) > maxQPLine {
		w.hard(n, "qp-line", "%d characters, the limit is %d (RFC 2045 6.7)", len(line), maxQPLine)
	}
	if strings.HasSuffix(line, " ") || strings.HasSuffix(line, "\t") {
		w.hard(n, "trailing-space", "a space at the end is lost on the way; encode it (RFC 2045 6.7)")
	}
}

// decodeQP decodes one line without its soft break; RFC 2045 6.7 (1) and (2) say
// what may stand in it.
func (w *wire) decodeQP(b *strings.Builder, n int, line string) {
	for k := 0; k < len(line); k++ {
		c := line[k]
		switch {
		case c == '=' && k+2 < len(line) && isHex(line[k+1]) && isHex(line[k+2]):
			raw, _ := hex.DecodeString(line[k+1 : k+3]) // both are hex digits
			b.Write(raw)
			if strings.ToUpper(line[k:k+3]) != line[k:k+3] {
				w.hard(n, "qp-encoding", "%s; hex digits are upper case (RFC 2045 6.7)", line[k:k+3])
			}
			k += 2
		case c == '=':
			w.hard(n, "qp-encoding", "an = that encodes nothing")
			b.WriteByte(c)
		case c != '\t' && (c < ' ' || c > '~'):
			w.hard(n, "qp-encoding", "the byte %s must be encoded", fmt.Sprintf("=%02X", c))
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}
