package deliver

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"mime"
	netmail "net/mail"
	"slices"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/zest-digest/zest/digest"
)

// Message is a composed message with places for what only one reader gets. It
// does not change, and may be used by several goroutines.
type Message struct {
	opening  []byte // the header fields all readers share, an empty line, the first segment
	header   []byte // of it, the fields alone, CRLF-ended
	segments []segment
	sign     signable
}

// segment is encoded text up to a token, and how the token's value is encoded.
type segment struct {
	text  []byte
	token digest.Token // "" after the last
	html  bool         // the value stands in HTML
}

// Compile composes a proof under a letterhead. The same input gives the same
// bytes.
func Compile(l digest.Letterhead, p digest.Proof) (*Message, error) {
	raw, err := compose(l, p)
	if err != nil {
		return nil, err
	}
	header, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		return nil, fmt.Errorf("composing %s: no end of the header", l.Edition)
	}
	m := &Message{header: keepShared(header)}
	if p.HTML == "" && len(p.Embedded) == 0 {
		err = m.cutWhole(p.Text)
	} else {
		err = m.cut(body, p)
	}
	if err != nil {
		return nil, fmt.Errorf("composing %s: %w", l.Edition, err)
	}
	m.opening = slices.Concat(m.header, []byte("\r\n"), m.segments[0].text)
	m.header, m.segments[0].text = m.opening[:len(m.header):len(m.header)], m.opening[len(m.header)+2:]
	for _, s := range m.segments {
		if startsWithDot(s.text) {
			return nil, fmt.Errorf("composing %s: a line begins with a dot", l.Edition)
		}
	}
	return m, m.prepare()
}

// compose has go-mail write the message for nobody, with stand-ins for the text
// and the HTML: the fields of one reader are left to [Message.Append].
func compose(l digest.Letterhead, p digest.Proof) ([]byte, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP), mail.WithBoundary(boundary(l, p)))
	if err := checkLines(l.From.Name, l.From.Email, l.ReplyTo.Name, l.ReplyTo.Email, p.Subject, l.ListID, l.ListName, l.ArchiveURL, l.Edition, l.Newsletter); err != nil {
		return nil, err
	}
	m.FromMailAddress(&netmail.Address{Name: l.From.Name, Address: l.From.Email})
	if l.ReplyTo.Email != "" {
		m.SetAddrHeaderFromMailAddress(mail.HeaderReplyTo, &netmail.Address{Name: l.ReplyTo.Name, Address: l.ReplyTo.Email})
	}
	m.Subject(p.Subject)
	m.SetDateWithValue(l.Date)
	m.SetMessageIDWithValue("none@" + l.Domain)        // go-mail's own would name this machine; Append writes the real one
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 section 5
	if l.ListID != "" {
		listFields(m, l)
	}
	m.SetBodyString(mail.TypeTextPlain, standIn)
	if p.HTML != "" {
		m.AddAlternativeString(mail.TypeTextHTML, standIn)
	}
	for _, e := range p.Embedded {
		if err := m.EmbedReader(asciiName(e), bytes.NewReader(e.Data), mail.WithFileContentID("<"+e.ID+">"), mail.WithFileContentType(mail.ContentType(e.Type))); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, err
	}
	if len(p.Embedded) > 0 {
		return innerBoundary(b.Bytes(), boundary(l, p)), nil
	}
	return b.Bytes(), nil
}

// listFields are the fields of mail to a list; a notice to one reader, such as
// a confirmation, has none of them.
func listFields(m *mail.Msg, l digest.Letterhead) {
	m.SetGenHeader("Precedence", "bulk")
	if l.ArchiveURL != "" {
		m.SetGenHeaderPreformatted("List-Archive", "<"+l.ArchiveURL+">") // RFC 2369 section 3.6
	}
	m.SetGenHeaderPreformatted("List-Id", listID(l))
	m.SetGenHeaderPreformatted("Feedback-ID", feedbackID(l))
}

// boundary is derived from the content, so that the same edition is the same
// bytes on every run.
func boundary(l digest.Letterhead, p digest.Proof) string {
	h := sha256.New()
	var chunk [1024]byte // a whole part given to Write as bytes would be copied to the heap
	for _, s := range []string{l.Edition, p.Variant.Key, p.Subject, p.Text, p.HTML} {
		for s != "" {
			n := copy(chunk[:], s)
			h.Write(chunk[:n])
			s = s[n:]
		}
		h.Write([]byte{0})
	}
	return "zest-" + hex.EncodeToString(h.Sum(nil)[:18])
}

// checkLines refuses a value that would begin a header field of its own.
func checkLines(values ...string) error {
	for _, v := range values {
		if has(v, "\r\n\x00") {
			return &digest.InvalidError{Field: "header", Value: v, Reason: "must be one line"}
		}
	}
	return nil
}

// has is strings.ContainsAny for a few bytes, which are looked for one by one: it
// is asked for every header field of every reader.
func has(s, any string) bool {
	for i := range len(any) {
		if strings.IndexByte(s, any[i]) >= 0 {
			return true
		}
	}
	return false
}

// listID is the list's phrase and identifier; only the phrase may be encoded
// (RFC 2919 section 3).
func listID(l digest.Letterhead) string {
	id := "<" + l.ListID + ">"
	if l.ListName == "" {
		return id
	}
	return fold(len("List-Id: "), phrase(l.ListName), id)
}

// feedbackID is Gmail's campaign:list:type:sender. Nothing of it may be one
// reader's; the sender's part stays the same for ever.
func feedbackID(l digest.Letterhead) string {
	sum := sha256.Sum256([]byte(l.Domain))
	clean := func(s string) string { return strings.NewReplacer(":", "-", " ", "-", "/", "-").Replace(s) }
	return clean(l.Edition) + ":" + clean(l.Newsletter) + ":digest:" + hex.EncodeToString(sum[:5])
}

// phrase is a display name as RFC 5322 and RFC 2047 want it.
func phrase(name string) string {
	for _, r := range name {
		if r > 126 || r < 32 {
			// One encoded-word a line: each is at most 75 characters. In a phrase the
			// Q encoding may hold few marks (RFC 2047 section 5 (3)), and Go's holds
			// them all, so a name with any is encoded in base64.
			word := mime.QEncoding
			if strings.ContainsAny(name, "\"#$%&'(),.:;<>@[]^`{|}~\\") {
				word = mime.BEncoding
			}
			return strings.ReplaceAll(word.Encode("utf-8", name), "?= =?", "?=\r\n =?")
		}
	}
	if strings.ContainsAny(name, `()<>[]:;@\,."`) {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return name
}

// fold puts words on one line when they fit 78 columns, and on lines of their
// own otherwise (RFC 5322 section 2.1.1).
func fold(used int, words ...string) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case used+1+len(w) > 78:
			b.WriteString("\r\n ")
			used = 1
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(w)
		if at := strings.LastIndexByte(w, '\n'); at >= 0 {
			used = len(w) - at - 1
		} else {
			used += len(w)
		}
	}
	return b.String()
}

func asciiName(e digest.Embedded) string {
	sum := sha256.Sum256(e.Data)
	_, ext, _ := strings.Cut(e.Type, "/")
	return hex.EncodeToString(sum[:6]) + "." + ext
}

// order is the order of the shared header fields. go-mail keeps preformatted
// ones in a map, so it does not have one of its own.
var order = []string{"From", "Reply-To", "Subject", "Date", "List-Id", "List-Archive", "Feedback-ID", "Precedence", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}

// keepShared puts the shared fields in order, and drops those that Append
// writes for each reader.
func keepShared(header []byte) []byte {
	fields := map[string][]byte{}
	name := ""
	for line := range bytes.SplitAfterSeq(append(header, '\r', '\n'), []byte("\r\n")) {
		if len(line) == 0 {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' {
			before, _, _ := bytes.Cut(line, []byte(":"))
			name = strings.ToLower(string(before))
		}
		fields[name] = append(fields[name], line...)
	}
	var out []byte
	for _, name := range order {
		out = append(out, fields[strings.ToLower(name)]...)
	}
	return out
}

// Append writes the message for one reader after dst.
func (m *Message) Append(dst []byte, r *digest.Reader) ([]byte, error) {
	var l letter
	if err := m.write(&l, r); err != nil {
		return dst, err
	}
	return l.appendTo(dst), nil
}

// write composes the message for one reader in a letter.
func (m *Message) write(l *letter, r *digest.Reader) (err error) {
	if cap(l.head) < room {
		l.head = make([]byte, 0, room+1024)
	}
	l.message, l.start = m, room
	if l.head, err = m.appendHeader(l.head[:room], r); err != nil {
		return err
	}
	l.values, l.places = l.values[:0], l.places[:0]
	for i := range m.segments[:len(m.segments)-1] {
		s := &m.segments[i]
		value := r.Value(s.token)
		if s.html {
			value = html.EscapeString(value)
		}
		from := len(l.values)
		l.values = appendToken(l.values, value)
		l.places = append(l.places, place{from, len(l.values)})
	}
	return nil
}

// appendHeader writes the fields that are one reader's.
func (m *Message) appendHeader(dst []byte, r *digest.Reader) ([]byte, error) {
	if err := checkLines(r.Email, r.Name, r.MessageID, r.OneClick, r.MailUnsub); err != nil {
		return dst, err
	}
	// An address that ends its own brackets would go on as SMTP parameters.
	for _, a := range [...]string{r.Email, r.Envelope} {
		if has(a, "<> \t\r\n\x00") {
			return dst, &digest.InvalidError{Field: "address", Value: a, Reason: "holds what an address cannot"}
		}
	}
	dst = append(append(append(dst, "Message-ID: <"...), r.MessageID...), ">\r\n"...)
	dst = append(append(append(dst, "To: "...), recipient(r)...), "\r\n"...)
	if r.OneClick == "" {
		return dst, nil
	}
	// The https address first: Gmail takes that one (RFC 2369 3.2, RFC 8058 3.1).
	dst = append(append(append(dst, "List-Unsubscribe:\r\n <"...), r.OneClick...), '>')
	if r.MailUnsub != "" {
		dst = append(append(append(dst, ",\r\n <mailto:"...), r.MailUnsub...), "?subject=unsubscribe>"...)
	}
	return append(dst, "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"...), nil
}

func recipient(r *digest.Reader) string {
	if r.Name == "" {
		return "<" + r.Email + ">"
	}
	return fold(len("To: "), phrase(r.Name), "<"+r.Email+">")
}
