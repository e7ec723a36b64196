package lint

import (
	"encoding/base64"
	"mime"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

// field is one header field.
type field struct {
	name  string // as written
	value string // unfolded, trimmed
	line  int    // of its first line, from 0
	lines int
}

func (f field) is(name string) bool { return strings.EqualFold(f.name, name) }

// isFold reports whether a line continues the one before it.
func isFold(line string) bool { return line != "" && (line[0] == ' ' || line[0] == '\t') }

// parseFields reads header fields from the lines [from, to) and returns where
// the body begins.
func (w *wire) parseFields(from, to int) (fields []field, body int) {
	for n := from; n < to; n++ {
		line := w.lines[n]
		switch {
		case line == "":
			return fields, n + 1
		case isFold(line):
			if strings.TrimSpace(line) == "" {
				w.hard(n, "header-syntax", "a folded line holds nothing but spaces")
			}
			if len(fields) == 0 {
				w.hard(n, "header-syntax", "the first line of a header begins with a space")
				continue
			}
			last := &fields[len(fields)-1]
			last.value = strings.TrimSpace(last.value + " " + strings.TrimSpace(line))
			last.lines++
		default:
			name, value, ok := strings.Cut(line, ":")
			if !ok || !isFieldName(name) {
				w.hard(n, "header-syntax", "%.40q is not a header field", line)
				continue
			}
			fields = append(fields, field{name, strings.TrimSpace(value), n, 1})
		}
		w.checkHeaderLine(n, line)
	}
	return fields, to
}

func (w *wire) checkHeaderLine(n int, line string) {
	if len(line) > maxHeaderLine && canFold(line) {
		w.soft(n, "header-fold", "%d characters, fold at %d", len(line), maxHeaderLine)
	}
	for _, c := range []byte(line) {
		if c >= 0x80 {
			w.hard(n, "header-7bit", "a byte above 127 in a header")
			break
		}
		if c < ' ' && c != '\t' && c != 0 || c == 0x7f {
			w.hard(n, "header-syntax", "a control character in a header")
			break
		}
	}
}

// canFold reports whether folding would bring every piece of a line under the
// limit; a long address cannot be folded.
func canFold(line string) bool {
	for word := range strings.FieldsSeq(line) {
		if len(word)+1 > maxHeaderLine {
			return false
		}
	}
	return true
}

// isFieldName holds RFC 5322 2.2: printable ASCII without space and colon.
func isFieldName(name string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return name != ""
}

// get finds the first field of this name.
func (w *wire) get(name string) (field, bool) {
	for _, f := range w.fields {
		if f.is(name) {
			return f, true
		}
	}
	return field{line: -1}, false
}

var (
	required = []string{"Date", "From", "To", "Message-ID", "Subject", "MIME-Version"}
	// Fields that may stand once. RFC 5322 3.6 for the first ten; providers
	// refuse messages that repeat the others.
	single = []string{"Date", "From", "Sender", "Reply-To", "To", "Cc", "Message-ID", "In-Reply-To", "References", "Subject",
		"MIME-Version", "Content-Type", "Content-Transfer-Encoding", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
		"List-Archive", "List-Help", "Auto-Submitted", "Precedence", "Feedback-ID"}
)

// checkFields holds what is true of every field, and which must be there.
func (w *wire) checkFields(body int) {
	for _, name := range required {
		if _, ok := w.get(name); !ok {
			w.hard(-1, "required-header", "%s is missing", name)
		}
	}
	total := 0
	seen := map[string]bool{}
	for _, f := range w.fields {
		size := 0
		for n := f.line; n < f.line+f.lines && n < len(w.lines); n++ {
			size += len(w.lines[n]) + 2
			w.checkWords(f, n)
		}
		w.checkHiddenToken(f)
		if total += size; size > maxHeader {
			w.soft(f.line, "header-size", "%s has %d bytes; Gmail takes %d", f.name, size, maxHeader)
		}
		key := strings.ToLower(f.name)
		for _, name := range single {
			if seen[key] && f.is(name) {
				w.hard(f.line, "single-header", "%s stands twice", f.name)
			}
		}
		seen[key] = true
	}
	if total > maxHeaders {
		w.soft(body-1, "header-size", "all headers have %d bytes; Gmail takes %d", total, maxHeaders)
	}
}

// encodedWord is what RFC 2047 2 allows: no space, no "?" inside.
var (
	encodedWord = pattern(`=\?([^?\s]+)\?([^?\s]+)\?([^?\s]*)\?=`)
	wordStart   = pattern(`=\?[A-Za-z0-9_*-]+\?[A-Za-z]\?`)
	phraseText  = pattern(`^[A-Za-z0-9!*+/=_-]*$`) // RFC 2047 5 (3)
)

// isPhrase names the structured fields in which an encoded-word may replace a
// word of a phrase. In the other structured fields (isStructured) it is
// not decoded by anybody.
func isPhrase(f field) bool {
	for _, name := range []string{"From", "To", "Cc", "Reply-To", "Sender", "List-Id"} {
		if f.is(name) {
			return true
		}
	}
	return false
}

func isStructured(f field) bool {
	for _, name := range []string{"Message-ID", "Date", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition",
		"Content-ID", "References", "In-Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Archive", "List-Help", "Auto-Submitted", "Precedence",
		"Feedback-ID", "DKIM-Signature", "Return-Path"} {
		if f.is(name) {
			return true
		}
	}
	return isPhrase(f)
}

// checkWords judges the encoded-words of one line of a field.
func (w *wire) checkWords(f field, n int) {
	line := w.lines[n]
	words := encodedWord().FindAllStringSubmatchIndex(line, -1)
	if starts := wordStart().FindAllString(line, -1); len(starts) > len(words) {
		w.hard(n, "encoded-word", "an encoded-word is not closed on its line, or holds a space")
	}
	if len(words) > 0 && len(line) > 76 {
		w.hard(n, "encoded-word", "a line with encoded-words has %d characters, the limit is 76 (RFC 2047 2)", len(line))
	}
	for _, at := range words {
		word := line[at[0]:at[1]]
		if len(word) > 75 {
			w.hard(n, "encoded-word", "%d characters, the limit is 75 (RFC 2047 2)", len(word))
		}
		if reason := badWord(line[at[2]:at[3]], line[at[4]:at[5]], line[at[6]:at[7]]); reason != "" {
			w.hard(n, "encoded-word", "%s", reason)
		}
		if isPhrase(f) && strings.EqualFold(line[at[4]:at[5]], "q") {
			w.checkPhraseWord(n, line[at[6]:at[7]])
		}
		if reason := misplaced(f, line, at[0], at[1]); reason != "" {
			w.hard(n, "encoded-word", "%s", reason)
		}
	}
}

// checkPhraseWord holds RFC 2047 5 (3): in a name, letters, digits and !*+-/=_
// stand for themselves, everything else is encoded. A comma or bracket makes
// readers see two addresses; an apostrophe hurts nobody.
func (w *wire) checkPhraseWord(n int, text string) {
	switch {
	case strings.ContainsAny(text, "\"(),.:;<>@[\\]"):
		w.hard(n, "encoded-word", "a character in a name that must be encoded, %.40q (RFC 2047 5)", text)
	case !phraseText().MatchString(text):
		w.soft(n, "encoded-word", "a character in a name that should be encoded, %.40q (RFC 2047 5)", text)
	}
}

// badWord says what is wrong inside an encoded-word, empty for nothing.
func badWord(charset, encoding, text string) string {
	charset, _, _ = strings.Cut(strings.ToLower(charset), "*") // RFC 2231 5: a language may follow
	var decoded []byte
	switch strings.ToLower(encoding) {
	case "b":
		var err error
		if decoded, err = base64.StdEncoding.DecodeString(text); err != nil {
			return "its base64 does not decode"
		}
	case "q":
		plain, err := new(mime.WordDecoder).Decode("=?iso-8859-1?q?" + text + "?=")
		if err != nil {
			return "its Q encoding does not decode"
		}
		for _, r := range plain {
			decoded = append(decoded, byte(r))
		}
	default:
		return "its encoding is neither B nor Q"
	}
	if charset != "utf-8" {
		return "its character set is not utf-8"
	}
	if !utf8.Valid(decoded) {
		return "it holds half a UTF-8 character: a character must not be split between words (RFC 2047 5)"
	}
	if strings.ContainsAny(string(decoded), "\r\n\x00") {
		return "a line end or NUL is hidden in it"
	}
	return ""
}

// misplaced says why an encoded-word may not stand where it stands.
func misplaced(f field, line string, from, to int) string {
	if isStructured(f) && !isPhrase(f) {
		return "encoded-words are not decoded in " + f.name
	}
	before, after := line[:from], line[to:]
	if i := strings.IndexByte(before, ':'); !isFold(line) && i >= 0 {
		before = before[i+1:]
	}
	if isPhrase(f) {
		if strings.Count(strings.ReplaceAll(before, `\"`, ""), `"`)%2 == 1 {
			return "an encoded-word in a quoted string is shown as it stands (RFC 2047 5)"
		}
		if strings.LastIndexByte(before, '<') > strings.LastIndexByte(before, '>') || strings.HasPrefix(after, "@") || strings.HasSuffix(before, "@") {
			return "an encoded-word in an address (RFC 2047 5)"
		}
		before, after = strings.TrimSuffix(before, "("), strings.TrimPrefix(after, ")")
	}
	if before != "" && !strings.HasSuffix(before, " ") && !strings.HasSuffix(before, "\t") ||
		after != "" && after[0] != ' ' && after[0] != '\t' {
		return "no space between an encoded-word and what stands beside it (RFC 2047 5)"
	}
	return ""
}

var (
	zone      = pattern(`[+-]\d{4}(\s*\([^)]*\))?$`)
	messageID = pattern("^<" + atom + `(?:\.` + atom + ")*@([A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*)>$")
)

const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"

// checkOrigin judges when, from whom and to whom, and the message's name.
func (w *wire) checkOrigin() {
	if f, ok := w.get("Date"); ok {
		when, err := mail.ParseDate(f.value)
		switch {
		case err != nil:
			w.hard(f.line, "date", "%q is not a date (RFC 5322 3.3)", f.value)
		case !zone().MatchString(f.value):
			w.hard(f.line, "date", "%q has no numeric zone (RFC 5322 3.3)", f.value)
		case !sameWeekday(f.value, when):
			w.hard(f.line, "date", "%q was a %s", f.value, when.Weekday())
		}
	}
	if f, ok := w.get("From"); ok {
		list := w.addresses(f, "from")
		if len(list) > 1 {
			w.hard(f.line, "from", "%d addresses; exactly one", len(list))
		}
		if len(list) > 0 {
			_, host, _ := strings.Cut(list[0].Address[max(0, strings.LastIndexByte(list[0].Address, '@')):], "@")
			w.fromHost = strings.ToLower(host)
			subject, _ := w.get("Subject")
			w.checkSender(f.line, list[0], decoded(subject.value))
		}
	}
	if f, ok := w.get("To"); ok {
		if list := w.addresses(f, "to"); len(list) > 1 {
			w.hard(f.line, "to", "%d readers would see each other's address", len(list))
		}
	}
	if f, ok := w.get("Reply-To"); ok {
		w.addresses(f, "reply-to")
	}
	if f, ok := w.get("Message-ID"); ok {
		w.checkMessageID(f)
	}
	if f, ok := w.get("Subject"); ok {
		w.checkSubject(f)
	}
	if f, ok := w.get("MIME-Version"); ok && f.value != "1.0" {
		w.hard(f.line, "mime-version", "%q; only 1.0 exists", f.value)
	}
}

func sameWeekday(value string, when time.Time) bool {
	name, _, ok := strings.Cut(value, ",")
	return !ok || strings.EqualFold(strings.TrimSpace(name), when.Format("Mon"))
}

func (w *wire) addresses(f field, rule string) []*mail.Address {
	list, err := mail.ParseAddressList(f.value)
	if err != nil {
		w.hard(f.line, rule, "%q does not read as an address (RFC 5322 3.4)", f.value)
	}
	return list
}

func (w *wire) checkMessageID(f field) {
	at := messageID().FindStringSubmatch(f.value)
	switch {
	case at == nil:
		w.hard(f.line, "message-id", "%.60q is not <unique@domain> (RFC 5322 3.6.4)", f.value)
	case len(f.value) > maxMessageID:
		w.soft(f.line, "message-id", "%d characters; Gmail takes %d", len(f.value), maxMessageID)
	case w.fromHost != "" && !related(strings.ToLower(at[1]), w.fromHost):
		w.hard(f.line, "message-id", "it is on %s, the sender on %s", at[1], w.fromHost)
	}
}

func (w *wire) checkSubject(f field) {
	plain, err := new(mime.WordDecoder).DecodeHeader(f.value)
	if err != nil {
		plain = f.value
	}
	switch lower := strings.ToLower(plain); {
	case plain == "":
		w.hard(f.line, "subject", "it is empty")
	case len(f.value) > maxSubject:
		w.hard(f.line, "subject", "%d characters, the limit is %d", len(f.value), maxSubject)
	case strings.HasPrefix(lower, "re:") || strings.HasPrefix(lower, "fwd:") || strings.HasPrefix(lower, "tr:"):
		w.soft(f.line, "subject", "it pretends to be an answer")
	}
}

// checkHiddenToken finds a token that the encoding of a header hides.
func (w *wire) checkHiddenToken(f field) {
	plain, err := new(mime.WordDecoder).DecodeHeader(f.value)
	if err != nil {
		return
	}
	if found := token().FindString(plain); found != "" && !strings.Contains(f.value, found) {
		w.hard(f.line, "token", "%s was not filled in", found)
	}
}
