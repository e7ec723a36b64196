package bounce

import (
	"bytes"
	"encoding/base64"
	"html"
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// header is a message header, read without strictness: bounces are written by
// programs that are not mail programs.
type header []field

type field struct{ name, value string }

// get is the first field of that name, decoded, or empty.
func (h header) get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

func (h header) has(name string) bool { return h.get(name) != "" }

// message is a returned message taken apart.
type message struct {
	header   header
	status   []header // groups of a delivery-status part, the per-message one first
	feedback header   // of a feedback-report part
	original header   // of the message that came back
	text     string   // what is written for people, without what came back
	parts    int
}

const (
	maxDepth = 8
	maxParts = 200
	maxText  = 64 << 10

	maxReason     = 8 << 10 // of the words about one recipient
	maxRecipients = 100
)

// read takes a message apart.
func read(raw []byte) *message {
	raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	if bytes.HasPrefix(raw, []byte("From ")) { // mbox
		_, raw, _ = bytes.Cut(raw, []byte("\n"))
	}
	head, body := split(string(raw))
	m := &message{header: head}
	m.part(head, body, 0)
	m.text, _ = m.cutOriginal(m.text)
	return m
}

// split parts header and body at the first empty line.
func split(raw string) (header, string) {
	raw = strings.TrimLeft(raw, "\n")
	head, body, _ := strings.Cut(raw, "\n\n")
	return fields(head), body
}

// fields reads header fields; lines that are none are passed over.
func fields(raw string) header {
	var h header
	for line := range strings.SplitSeq(raw, "\n") {
		if line != "" && (line[0] == ' ' || line[0] == '\t') {
			if len(h) > 0 {
				h[len(h)-1].value += " " + strings.TrimSpace(line)
			}
			continue
		}
		name, value, found := strings.Cut(line, ":")
		if found && name != "" && !strings.ContainsAny(name, " \t<>@") {
			h = append(h, field{name, strings.TrimSpace(value)})
		}
	}
	words := mime.WordDecoder{CharsetReader: charsetReader}
	for i := range h {
		if decoded, err := words.DecodeHeader(h[i].value); err == nil && strings.Contains(h[i].value, "=?") {
			h[i].value = decoded
		}
	}
	return h
}

func charsetReader(charset string, in io.Reader) (io.Reader, error) {
	enc, err := htmlindex.Get(charset)
	if err != nil {
		return in, nil // readable in part is better than not at all
	}
	return enc.NewDecoder().Reader(in), nil
}

// part reads one part, and the parts in it.
func (m *message) part(head header, body string, depth int) {
	if m.parts++; depth > maxDepth || m.parts > maxParts {
		return
	}
	kind, params := contentType(head.get("Content-Type"))
	if strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" {
		parts := multipart(body, params["boundary"])
		if len(parts) == 0 {
			parts = multipart(body, boundaryIn(body))
		}
		for _, one := range parts {
			h, b := split2(one)
			m.part(h, b, depth+1)
		}
		if len(parts) > 0 {
			return
		}
		kind = "text/plain"
	}
	body = decode(head.get("Content-Transfer-Encoding"), body)
	switch {
	case kind == "message/delivery-status" || kind == "message/global-delivery-status":
		for group := range strings.SplitSeq(body, "\n\n") {
			if h := fields(group); len(h) > 0 {
				m.status = append(m.status, h)
			}
		}
	case kind == "message/feedback-report":
		m.feedback = append(m.feedback, fields(body)...)
	case strings.HasPrefix(kind, "message/") || kind == "text/rfc822-headers" || kind == "text/rfc822":
		if m.original == nil {
			m.original, _ = split(body)
		}
	case kind == "" || kind == "text/plain" || kind == "text/html" || kind == "text/x-amp-html" || kind == "application/octet-stream" && depth == 0:
		m.write(kind, params["charset"], body)
	}
}

var boundaryLine = compile(`(?mi)^--(\S{6,70})[ \t]*\nContent-[a-z-]+:`)

// boundaryIn finds the boundary that parts really have, where the header names
// another one: gateways rewrite the one and forget the other.
func boundaryIn(body string) string {
	if found := boundaryLine.FindStringSubmatch(body); found != nil {
		return found[1]
	}
	return "\x00"
}

// split2 is split for a part, whose header may be empty.
func split2(raw string) (header, string) {
	if strings.HasPrefix(raw, "\n") {
		return nil, raw[1:]
	}
	return split(raw)
}

// write adds text for people. Of two forms of one text the plain one is enough.
func (m *message) write(kind, charset, body string) {
	if len(body) > maxText {
		body = body[:maxText]
	}
	if enc, err := htmlindex.Get(charset); err == nil && charset != "" {
		if decoded, err := enc.NewDecoder().String(body); err == nil {
			body = decoded
		}
	}
	body = strings.ToValidUTF8(body, "\uFFFD")
	if kind == "text/html" {
		if strings.TrimSpace(m.text) != "" {
			return
		}
		body = stripTags(body)
	}
	m.text += body + "\n"
}

var (
	lineTag = compile(`(?i)<(br|/p|/div|/tr|/h[1-6]|/li|/pre|/td)[^>]*>`)
	dropped = compile(`(?is)<(style|script|head)\b.*?</(style|script|head)>|<!--.*?-->`)
	anyTag  = compile(`</?[a-zA-Z!][^>@]*>`)
)

func stripTags(s string) string {
	s = dropped.ReplaceAllString(s, "")
	s = lineTag.ReplaceAllString(s, "\n")
	return html.UnescapeString(anyTag.ReplaceAllString(s, ""))
}

var looseParam = compile(`(?i)(boundary|charset|report-type)\s*=\s*("[^"]*"|[^;\s]+)`)

// contentType reads the type and the few parameters that matter, from fields
// that mime.ParseMediaType refuses too.
func contentType(s string) (string, map[string]string) {
	kind, rest, _ := strings.Cut(s, ";")
	params := map[string]string{}
	for _, p := range looseParam.FindAllStringSubmatch(rest, -1) {
		params[strings.ToLower(p[1])] = strings.Trim(p[2], `"`)
	}
	kind, rest2, _ := strings.Cut(strings.TrimSpace(kind), " ")
	for _, p := range looseParam.FindAllStringSubmatch(rest2, -1) { // the semicolon is missing
		params[strings.ToLower(p[1])] = strings.Trim(p[2], `"`)
	}
	return strings.ToLower(kind), params
}

// multipart cuts a body at its boundary lines. A missing last boundary is
// forgiven: reports are often cut off.
func multipart(body, boundary string) []string {
	var parts []string
	var current []string
	inside := false
	for line := range strings.SplitSeq(body, "\n") {
		end := strings.TrimRight(line, " \t")
		switch {
		case end == "--"+boundary || end == "--"+boundary+"--":
			if inside {
				parts = append(parts, strings.Join(current, "\n"))
			}
			current, inside = nil, !strings.HasSuffix(end, boundary+"--")
		case inside:
			current = append(current, line)
		}
	}
	if inside && len(current) > 0 {
		parts = append(parts, strings.Join(current, "\n"))
	}
	return parts
}

func decode(encoding, body string) string {
	var r io.Reader
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		r = quotedprintable.NewReader(strings.NewReader(body))
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, strings.NewReader(strings.TrimSpace(body)))
	default:
		return body
	}
	decoded, err := io.ReadAll(r)
	if err != nil && len(decoded) < len(body)/2 {
		return body
	}
	return strings.ReplaceAll(string(decoded), "\r\n", "\n")
}

var (
	headerLine = compile(`(?i)^[ >\t]{0,4}(return-path|received|x-received|from|to|subject|date|message-id|mime-version|dkim-signature|content-type|delivered-to|reply-to|x-[a-z-]+|arc-[a-z-]+|user-agent|sender|list-[a-z]+):`)
	// What a message has on its way only; a report may name To and Subject itself.
	traceLine = compile(`(?i)^[ >\t]{0,4}(return-path|received|x-received|dkim-signature|delivered-to|mime-version|x-[a-z-]+|arc-[a-z-]+):`)
	marker    = compile(`(?i)^[-\s>*=_]*(this is a copy of (the|your) message|below this line is a copy|(the )?header of the original message|original message|unsent message|returned message|message headers? follow|text of original message|message header|copie du message|message original|message d'origine|ursprüngliche nachricht|mensaje original|messaggio originale|forwarded message|original-nachricht|non-delivered message|your original message|received-from-mta)\b`)
)

// cutOriginal parts the text written for people from the returned message
// behind it: at a line that announces it, or where a header begins.
func (m *message) cutOriginal(text string) (string, bool) {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		announced := marker.MatchString(line)
		if !announced && !(traceLine.MatchString(line) && headersFrom(lines[i:]) >= 3) {
			continue
		}
		rest := lines[i:]
		if announced {
			rest = lines[i+1:]
			if headersFrom(skipEmpty(rest)) < 2 {
				continue
			}
		}
		if m.original == nil {
			m.original, _ = split(unquoteLines(skipEmpty(rest)))
		}
		return strings.Join(lines[:i], "\n"), true
	}
	return text, false
}

func skipEmpty(lines []string) []string {
	for len(lines) > 0 && strings.Trim(lines[0], " >\t") == "" {
		lines = lines[1:]
	}
	return lines
}

// unquoteLines takes the common "> " or indent of a quoted header away.
func unquoteLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	indent := lines[0][:len(lines[0])-len(strings.TrimLeft(lines[0], " >\t"))]
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(strings.TrimPrefix(line, indent))
		b.WriteByte('\n')
	}
	return b.String()
}

// headersFrom counts the known header fields that lines begin with.
func headersFrom(lines []string) (n int) {
	for i, line := range lines {
		switch {
		case headerLine.MatchString(line):
			n++
		case i > 0 && line != "" && (line[0] == ' ' || line[0] == '\t'):
		default:
			return n
		}
		if n >= 3 {
			return n
		}
	}
	return n
}

var (
	verp = compile(`(?i)^<?[^@\s+]+\+([^@\s]+)@`)
	// The second address of List-Unsubscribe, in a complaint that took the
	// envelope's sender away.
	mailto = compile(`(?i)<mailto:[^@\s+>]+\+([^@\s>]+)@`)
)

// token is what stands behind the + of the address the report came to.
func (m *message) token() string {
	for _, name := range []string{"X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To"} {
		if t := verp.FindStringSubmatch(firstAddress(m.header.get(name))); t != nil {
			return t[1]
		}
	}
	if t := verp.FindStringSubmatch(firstAddress(m.original.get("Return-Path"))); t != nil {
		return t[1]
	}
	if t := mailto.FindStringSubmatch(m.original.get("List-Unsubscribe")); t != nil {
		return t[1]
	}
	return ""
}
