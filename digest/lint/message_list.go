package lint

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"
)

// checkList judges the fields that make a message a newsletter's.
func (w *wire) checkList() {
	for _, rule := range []struct {
		name    string
		missing Severity
		check   func(field)
	}{
		{"List-Id", Hard, w.checkListID},
		{"List-Unsubscribe", Hard, w.checkUnsubscribe},
		{"List-Unsubscribe-Post", Hard, w.checkOneClick},
		{"Auto-Submitted", Soft, w.checkAutoSubmitted},
		{"Precedence", Soft, w.checkPrecedence},
		{"Feedback-ID", "", w.checkFeedback},
		{"List-Archive", "", w.checkListURL},
		{"List-Help", "", w.checkListURL},
	} {
		f, ok := w.get(rule.name)
		if ok {
			rule.check(f)
		} else if rule.missing != "" {
			w.report(rule.missing, -1, strings.ToLower(rule.name), "%s is missing", rule.name)
		}
	}
}

var listID = pattern(`^(.*?)\s*<([^<>]*)>$`)
var listLabel = pattern("^" + atom + `(?:\.` + atom + ")+$")

// checkListID holds RFC 2919 2 and 3: a phrase, then <label.domain>.
func (w *wire) checkListID(f field) {
	at := listID().FindStringSubmatch(f.value)
	if at == nil || !listLabel().MatchString(at[2]) || len(at[2]) > 255 {
		w.hard(f.line, "list-id", "%.80q is not a name and <label.domain> (RFC 2919 3)", f.value)
		return
	}
	if at[1] == "" {
		return
	}
	if _, err := mail.ParseAddress(at[1] + " <a@example.org>"); err != nil {
		w.hard(f.line, "list-id", "the name %.60q needs quotes or encoded-words", at[1])
	}
}

// bracketed cuts "<a>, <b>" (RFC 2369 2) into its addresses.
func bracketed(value string) (out []string, ok bool) {
	for value = strings.TrimSpace(value); value != ""; {
		if value[0] != '<' {
			return out, false
		}
		end := strings.IndexByte(value, '>')
		if end < 0 {
			return out, false
		}
		out = append(out, value[1:end])
		value = strings.TrimSpace(value[end+1:])
		if value != "" {
			if value[0] != ',' {
				return out, false
			}
			if value = strings.TrimSpace(value[1:]); value == "" {
				return out, false
			}
		}
	}
	return out, len(out) > 0
}

func (w *wire) checkUnsubscribe(f field) {
	const rule = "list-unsubscribe"
	list, ok := bracketed(f.value)
	if !ok {
		w.hard(f.line, rule, "%.80q is not a list of <…>, <…> (RFC 2369 2)", f.value)
		return
	}
	webs, mails := 0, 0
	for k, link := range list {
		u, err := url.Parse(link)
		switch {
		case err != nil || strings.ContainsAny(link, " \t\""):
			w.hard(f.line, rule, "%.80q is not an address", link)
		case u.Scheme == "https" || u.Scheme == "http":
			webs++
			if k > 0 {
				w.hard(f.line, rule, "the web address must come first")
			}
			w.checkUnsubscribeURL(f, u)
		case u.Scheme == "mailto":
			mails++
			w.checkMailto(f, u)
		default:
			w.hard(f.line, rule, "%.80q is neither https nor mailto", link)
		}
	}
	if webs != 1 {
		w.hard(f.line, rule, "%d web addresses; exactly one (RFC 8058 3.1)", webs)
	}
	if mails == 0 {
		w.hard(f.line, rule, "no mailto address, which is what some providers use")
	}
}

// checkUnsubscribeURL: HTTPS only (RFC 8058 3.1), except towards this machine,
// where no provider could post anyway. The address identifies its reader by
// itself and does not name them.
func (w *wire) checkUnsubscribeURL(f field, u *url.URL) {
	const rule = "list-unsubscribe"
	host := u.Hostname()
	switch {
	case host == "":
		w.hard(f.line, rule, "%.80q has no host", u)
	case u.Scheme == "http" && (host == "localhost" || host == "127.0.0.1" || host == "::1"):
		w.soft(f.line, rule, "one-click works over https only; fine on this machine")
	case u.Scheme == "http":
		w.hard(f.line, rule, "one-click needs https (RFC 8058 3.1)")
	}
	if u.User != nil || u.Fragment != "" {
		w.hard(f.line, rule, "a user name or fragment in %.80q", u)
	}
	to, ok := w.get("To")
	if !ok {
		return
	}
	full, err := url.QueryUnescape(u.String())
	reader, bad := mail.ParseAddress(to.value)
	if err == nil && bad == nil && strings.Contains(strings.ToLower(full), strings.ToLower(reader.Address)) {
		w.hard(f.line, rule, "the reader's address stands in the link; it goes into every log on the way")
	}
}

func (w *wire) checkMailto(f field, u *url.URL) {
	address, err := url.PathUnescape(u.Opaque)
	if err == nil {
		_, err = mail.ParseAddress("<" + address + ">")
	}
	if err != nil {
		w.hard(f.line, "list-unsubscribe", "%.80q does not lead to a mailbox", u)
	}
}

func (w *wire) checkOneClick(f field) {
	if f.value != "List-Unsubscribe=One-Click" {
		w.hard(f.line, "list-unsubscribe-post", "%.60q; it must be exactly List-Unsubscribe=One-Click (RFC 8058 3.1)", f.value)
	}
}

func (w *wire) checkAutoSubmitted(f field) {
	if f.value != "auto-generated" {
		w.hard(f.line, "auto-submitted", "%.60q; a digest is auto-generated (RFC 3834 5)", f.value)
	}
}

func (w *wire) checkPrecedence(f field) {
	if f.value != "bulk" {
		w.soft(f.line, "precedence", "%.60q; bulk is what stops automatic answers", f.value)
	}
}

var feedback = pattern(`^[^:\s@]*:[^:\s@]*:[^:\s@]*:[^:\s@]{5,15}$`)

// checkFeedback holds Gmail's form campaign:list:type:sender, the last of 5 to
// 15 characters; a field that names the reader would be one complaint loop each.
func (w *wire) checkFeedback(f field) {
	if !feedback().MatchString(f.value) {
		w.hard(f.line, "feedback-id", "%.60q is not campaign:list:type:sender, with a sender of 5 to 15 characters", f.value)
	}
}

func (w *wire) checkListURL(f field) {
	if _, ok := bracketed(f.value); !ok {
		w.hard(f.line, strings.ToLower(f.name), "%.60q is not <…> (RFC 2369 2)", f.value)
	}
}

// checkSignatures holds what a DKIM signature must cover. Whether it verifies
// is for a verifier with a key.
func (w *wire) checkSignatures() {
	aligned, first := false, -1
	for _, f := range w.fields {
		if !f.is("DKIM-Signature") {
			continue
		}
		if first < 0 {
			first = f.line
		}
		tags := dkimTags(f.value)
		w.checkSignature(f, tags)
		aligned = aligned || related(strings.ToLower(tags["d"]), w.fromHost)
	}
	if first >= 0 && !aligned {
		w.soft(first, "dkim", "no signature is by %s, so DMARC rests on SPF alone", w.fromHost)
	}
}

func dkimTags(value string) map[string]string {
	tags := map[string]string{}
	for tag := range strings.SplitSeq(value, ";") {
		if name, v, ok := strings.Cut(tag, "="); ok {
			tags[strings.TrimSpace(name)] = strings.Join(strings.Fields(v), "")
		}
	}
	return tags
}

func (w *wire) checkSignature(f field, tags map[string]string) {
	for _, name := range []string{"v", "a", "b", "bh", "d", "h", "s"} {
		if tags[name] == "" {
			w.hard(f.line, "dkim", "%s= is missing (RFC 6376 3.5)", name)
		}
	}
	if strings.EqualFold(tags["a"], "rsa-sha1") {
		w.hard(f.line, "dkim", "rsa-sha1 is refused (RFC 8301 3.1)")
	}
	if _, ok := tags["l"]; ok {
		w.hard(f.line, "dkim", "l= lets anybody append to the message (RFC 6376 8.2)")
	}
	covered := strings.Split(strings.ToLower(tags["h"]), ":")
	for _, name := range []string{"From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type", "List-Id",
		"List-Unsubscribe", "List-Unsubscribe-Post", "CFBL-Address", "CFBL-Feedback-ID"} {
		if _, present := w.get(name); present && !slices.Contains(covered, strings.ToLower(name)) {
			w.hard(f.line, "dkim", "%s is not signed", name)
		}
	}
}
