package bounce

import (
	"strconv"
	"strings"
)

var (
	statusForm = compile(`\b([245])\.(\d{1,3})\.(\d{1,3})\b`)
	// A reply code with its text: "550 5.1.1 …", "550-5.7.26 …", "smtp; 550 …".
	replyForm = compile(`(?:^|[\s:;,'"(\[<>])([245][0-5]\d)(?:[ -]#?\(?([245]\.\d{1,3}\.\d{1,3})\)?)?(?:[ :;,#)-]|$)`)
	address   = compile(`[^\s<>"'(),:;\[\]=]+@[^\s<>"'(),:;\[\]=@]+\.?[\pL\pN]`)
)

// deliveryStatus reads a delivery report (RFC 3464); it says whether m is one.
func deliveryStatus(m *message, r *Report) bool {
	groups := m.status
	if len(groups) == 0 {
		groups = embedded(m.text)
	}
	var failures []Failure
	for _, g := range groups {
		if id := g.get("Original-Envelope-Id"); id != "" {
			r.EnvelopeID = bare(id)
		}
		if id := g.get("X-Original-Message-ID"); id != "" {
			r.MessageID = bare(id)
		}
		if f, ok := failureOf(g); ok && len(failures) < maxRecipients {
			failures = append(failures, f)
		}
	}
	if len(failures) == 0 {
		return false
	}
	r.Kind = kindOf(failures)
	for i := range failures {
		f := &failures[i]
		if f.Action == "delivered" || f.Action == "relayed" || f.Action == "expanded" {
			f.Class = ClassNone
			continue
		}
		about := f.Text
		if len(failures) == 1 && !informative(about) {
			about += "\n" + m.text
		}
		context := ""
		if len(failures) == 1 {
			context = m.text
		}
		f.judge(about, context)
	}
	r.Failures = failures
	return true
}

// embedded finds status fields that stand in the text, where a gateway took a
// report's form away.
func embedded(text string) (groups []header) {
	if !strings.Contains(text, "Final-Recipient:") && !strings.Contains(text, "Original-Recipient:") {
		return nil
	}
	for group := range strings.SplitSeq(quoteMark.ReplaceAllString(text, ""), "\n\n") {
		if h := fields(group); h.has("Final-Recipient") || h.has("Original-Recipient") {
			groups = append(groups, h)
		}
	}
	return groups
}

// failureOf reads one per-recipient group.
func failureOf(g header) (Failure, bool) {
	final, original := typed(g.get("Final-Recipient")), typed(g.get("Original-Recipient"))
	if actual := typed(g.get("X-Actual-Recipient")); !strings.Contains(final, "@") && strings.Contains(actual, "@") {
		final = actual
	}
	if !strings.Contains(final, "@") {
		final = original
	}
	if !strings.Contains(final, "@") {
		return Failure{}, false
	}
	f := Failure{Recipient: final, Original: original, Text: typed(g.get("Diagnostic-Code"))}
	f.Action = strings.ToLower(strings.Trim(firstWord(g.get("Action")), "();"))
	if f.Action == "" {
		f.Action = "failed"
	}
	f.Status = statusForm.FindString(g.get("Status"))
	if extra := g.get("X-Display-Name"); extra == "" && f.Text == "" {
		f.Text = strings.TrimSpace(strings.TrimLeft(g.get("Status"), "0123456789. ()"))
	}
	return f, true
}

// typed takes "rfc822;" and the like off a value (RFC 3464 2.1.2).
func typed(s string) string {
	if kind, rest, found := strings.Cut(s, ";"); found && !strings.ContainsAny(kind, " @<") {
		s = strings.TrimSpace(rest)
	}
	if strings.HasPrefix(s, "<") {
		s, _, _ = strings.Cut(s[1:], ">")
	}
	return strings.TrimSpace(s)
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return word
}

// kindOf is a bounce when anything failed; else the worst of what is reported.
func kindOf(failures []Failure) Kind {
	kind := KindDelivered
	for _, f := range failures {
		switch f.Action {
		case "delivered", "relayed", "expanded":
		case "delayed":
			kind = KindDelayed
		default:
			return KindBounce
		}
	}
	return kind
}

// Judge is what a status (RFC 3463) and a server's words mean, where they come
// without a message around them. Either may be empty.
func Judge(status, diagnostic string) Failure {
	f := Failure{Status: statusForm.FindString(status), Action: "failed"}
	f.judge(diagnostic, "")
	return f
}

// judge gives the failure its class and reason, from the words about it and
// from its codes. Words come first: servers choose codes carelessly.
func (f *Failure) judge(about, context string) {
	about, context = limited(about), limited(context)
	flat := strings.Join(strings.Fields(about), " ")
	f.Text = shorten(flat)
	if reply := replyForm.FindStringSubmatch(stripLinks(flat)); reply != nil {
		f.Code, _ = strconv.Atoi(reply[1])
	}
	inText := statusForm.FindString(withoutAddresses(stripLinks(flat)))
	if inText != "" && (f.Status == "" || vague(f.Status)) && !vague(inText) {
		f.Status = inText
	} else if f.Status == "" {
		f.Status = inText
	}
	f.Class, f.Reason = verdict(flat)
	if f.Class == "" {
		f.Class, f.Reason = byStatus(f.Status)
	}
	if f.Class == ClassHard {
		f.doubt(strings.ToLower(flat + "\n" + strings.Join(strings.Fields(context), " ")))
	}
}

// limited keeps what a hostile report can cost small: reasons stand early.
func limited(s string) string {
	if len(s) > maxReason {
		return strings.ToValidUTF8(s[:maxReason], "")
	}
	return s
}

// verdict reads the server's replies, refusals first, and then all the words:
// around a reply stand advice and apologies that speak of everything.
func verdict(flat string) (Class, string) {
	at := replyForm.FindAllStringSubmatchIndex(flat, 50)
	for _, digit := range []byte{'5', '4'} {
		for i, m := range at {
			end := min(len(flat), m[2]+400)
			if i+1 < len(at) {
				end = at[i+1][2]
			}
			if flat[m[2]] != digit || end <= m[2] {
				continue
			}
			if class, reason := classify(flat[m[2]:end]); class != "" {
				return class, reason
			}
		}
	}
	return classify(flat)
}

// doubt takes a hard verdict back where something speaks against it. A reader
// wrongly given up is the costly error.
func (f *Failure) doubt(flat string) {
	switch {
	case strings.HasPrefix(f.Status, "4") || f.Code >= 400 && f.Code < 500 || f.Action == "delayed":
		// RFC 3463: 4 is persistent, not permanent. An expired message fails with it.
		f.Class, f.Reason = ClassSoft, "expired"
	case fromUs.MatchString(flat):
		f.Class, f.Reason = ClassPolicy, "refused before the recipient was named"
	case strings.HasPrefix(f.Status, "5.1."), certain.MatchString(flat):
		// words and code agree, or the words leave nothing open
	case afterData.MatchString(flat):
		f.Class, f.Reason = ClassPolicy, "refused after the message was seen"
	case strings.HasPrefix(f.Status, "5.7."):
		f.Class, f.Reason = ClassPolicy, "policy"
	case strings.HasPrefix(f.Status, "5.2.") && f.Status != "5.2.1":
		f.Class, f.Reason = ClassSoft, "disabled" // the mailbox is there (RFC 3463 3.3)
	case f.Reason == "no such mailbox" && !atRecipient.MatchString(flat):
		f.Class = ClassSoft // one witness is not enough
	}
}

// vague reports a status that says "failed" and no more.
func vague(status string) bool { return strings.HasSuffix(status, ".0.0") || status == "5.5.0" }

// byStatus is what a status alone says (RFC 3463 3). Only what names the
// address or its host is hard.
func byStatus(status string) (Class, string) {
	switch status {
	case "5.1.1", "5.1.3", "5.1.10":
		return ClassHard, "no such mailbox"
	case "5.1.2":
		return ClassHard, "no such host"
	case "5.1.6":
		return ClassHard, "moved"
	case "5.2.1":
		return ClassSoft, "disabled"
	case "5.2.2", "4.2.2":
		return ClassSoft, "mailbox full"
	}
	if strings.HasPrefix(status, "5.7.") || strings.HasPrefix(status, "4.7.") {
		return ClassPolicy, "policy"
	}
	return ClassSoft, "undelivered"
}

func stripLinks(s string) string { return link.ReplaceAllString(s, " ") }

func withoutAddresses(s string) string { return ipv4.ReplaceAllString(s, " ") }

var (
	quoteMark = compile(`(?m)^(> ?)+`)

	link = compile(`(?i)\bhttps?://\S+`)
	ipv4 = compile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)
)
