package lint

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Limits on the wire, in bytes without CRLF.
const (
	maxLine        = 998 // RFC 5322 2.1.1
	maxHeaderLine  = 78  // RFC 5322 2.1.1, "should"
	maxQPLine      = 76  // RFC 2045 6.7 (5)
	maxTextColumns = 76
	maxHTML        = 100_000 // Gmail shows "[Message clipped]" from about 102 KB on
	maxStyle       = 16 << 10
	maxSubject     = 998
	maxMessageID   = 500
	maxHeader      = 32 << 10
	maxHeaders     = 500 << 10
	maxPerRule     = 20 // findings of one rule; a broken encoder breaks every line
	maxDepth       = 8  // of nested multiparts
)

// Message judges a newsletter's message byte by byte, as one reader gets it:
// its lines, its header fields (RFC 5322, 2047, 2369, 2919, 8058), its MIME
// structure (RFC 2045, 2046), and that its text part carries what its HTML part
// does. It expects the form our messages have: multipart/alternative of
// text/plain and text/html, or text/plain alone; pictures may stand around it
// in a multipart/related. Findings are in the order of the message.
func Message(eml []byte) []Finding {
	w := &wire{}
	w.lines = w.split(eml)
	var body int
	w.fields, body = w.parseFields(0, len(w.lines))
	w.checkFields(body)
	w.checkOrigin()
	w.checkList()
	w.checkSignatures()
	root := w.parsePart(w.fields, body, len(w.lines), 0)
	w.checkStructure(root)
	w.checkTokens()
	slices.SortStableFunc(w.findings, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return w.findings
}

// wire is a message taken apart, and what was found on the way.
type wire struct {
	lines    []string // without their ends
	fields   []field
	findings []Finding
	counts   map[string]int
	fromHost string // domain of the From address, lower case; empty when unknown
}

// report adds a finding; line counts from 0, -1 stands for the whole message.
func (w *wire) report(s Severity, line int, rule, format string, args ...any) {
	if w.counts == nil {
		w.counts = map[string]int{}
	}
	if w.counts[rule]++; w.counts[rule] > maxPerRule {
		return
	}
	w.findings = append(w.findings, Finding{Severity: s, Line: line + 1, Rule: rule, Reason: fmt.Sprintf(format, args...)})
}

func (w *wire) hard(line int, rule, format string, args ...any) {
	w.report(Hard, line, rule, format, args...)
}

func (w *wire) soft(line int, rule, format string, args ...any) {
	w.report(Soft, line, rule, format, args...)
}

// split cuts the message at its line ends and judges them: CRLF alone ends a
// line, and neither CR nor LF stands by itself (RFC 5321 2.3.8).
func (w *wire) split(eml []byte) []string {
	var lines []string
	for len(eml) > 0 {
		end := bytes.IndexAny(eml, "\r\n")
		if end < 0 {
			w.soft(len(lines), "crlf", "the last line does not end in CRLF")
			lines = append(lines, w.line(len(lines), eml))
			break
		}
		next := end + 1
		switch {
		case eml[end] == '\n':
			w.hard(len(lines), "crlf", "a bare LF ends this line")
		case next < len(eml) && eml[next] == '\n':
			next++
		default:
			w.hard(len(lines), "crlf", "a bare CR stands in this line")
		}
		lines = append(lines, w.line(len(lines), eml[:end]))
		eml = eml[next:]
	}
	return lines
}

func (w *wire) line(n int, b []byte) string {
	if len(b) > maxLine {
		w.hard(n, "line-length", "%d bytes, the limit is %d", len(b), maxLine)
	}
	if bytes.IndexByte(b, 0) >= 0 {
		w.hard(n, "nul", "a NUL byte")
	}
	return string(b)
}

var token = pattern(`@@[A-Za-z0-9_-]+@@`)

// checkTokens looks for places that no reader's value was put into. Bodies are
// searched decoded, by checkText and checkHTML; this is for everything else.
func (w *wire) checkTokens() {
	for n, line := range w.lines {
		if found := token().FindString(line); found != "" {
			w.hard(n, "token", "%s was not filled in", found)
		}
	}
}

// under reports whether a domain is another or lies below it.
func under(domain, parent string) bool {
	return domain == parent || strings.HasSuffix(domain, "."+parent)
}

// related reports whether two domains plausibly have one owner: the same, or
// one below the other. A top-level domain owns nobody.
func related(a, b string) bool {
	return a == b || strings.Contains(b, ".") && under(a, b) || strings.Contains(a, ".") && under(b, a)
}
