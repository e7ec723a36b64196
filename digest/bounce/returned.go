package bounce

import (
	"strings"
)

var (
	returnedFrom = compile(`(?i)mailer-?daemon|postmaster|mail delivery|mail administrator|mail system|mail-?gateway|delivery subsystem|system administrator|internet mail|<>|mdaemon|majordomo|bounce|no-?reply|noreply|returned`)
	returnedBy   = compile(`(?i)undeliver|non[- ]?deliver|not delivered|delivery (status|failure|failed|problem|error|report|notification|has failed|unsuccessful|delay)|deliver.{0,12}(fail|error)|returned (mail|to sender|message)|failure (notice|delivery)|fail(ed|ure) (mail|to deliver|delivery)|mail (could not|failure|delivery|system error|error|undeliverable)|(could not|couldn't|unable to|cannot) (be )?(send|deliver)|message (status|you sent|returned|undelivered)|mail.{0,10}fail|loop alert|warning: (could not|message)|n'a pas (pu|été) (être )?(remis|distribu|envoy|délivr)|non[- ](remis|distribu|délivr|envoy)|(échec|erreur|avis|rapport|retour|notification).{0,30}(remise|distribution|livraison|acheminement|envoi|courrier|message|non)|unzustellbar|nicht zugestellt|zustell|no se (ha podido|pudo) entreg|no entregad|mancata (consegna|recapit)|impossibile (recapit|consegn)|fallo.{0,10}entrega|falha|недоставл|не доставлен|niedostarcz|onbestelbaar|kan niet|配信|送信でき|エラー|退信|系统退信`)
	addressLine  = compile(`^[\s*>|.-]*(?:((?i)recipient address|recipient|to|in:\s+rcpt to|rcpt to|address|e-?mail|destinataire|adresse|empfänger|destinatario|final recipient|original recipient|failed recipient|addressee|user mailbox exceeds allowed size|error|failed|failure|invalid|unknown user|user unknown|undeliverable to|unknown local-part|[a-z ]{3,30} to)\b\s*:?\s*)?["'<(\[]*([^\s<>"'(),:;\[\]]+@[^\s<>"'(),:;\[\]@]+)[>"')\],.;]*`)
	tagged       = compile(`<([^\s<>@]+@[^\s<>@]+)>`)
)

// looksReturned reports whether a message is a mail system's, not a person's.
func looksReturned(m *message) bool {
	return m.header.has("X-Failed-Recipients") || m.header.has("X-Failed-Recipient") ||
		returnedBy.MatchString(m.header.get("Subject")) ||
		returnedFrom.MatchString(m.header.get("From")) && (m.original != nil || replyForm.MatchString(m.text))
}

// returned reads the reports that follow no standard.
func returned(m *message, r *Report) bool {
	plausible := looksReturned(m) || m.original != nil && (returnedFrom.MatchString(m.header.get("From")) || bare(m.header.get("Return-Path")) == "" && m.header.has("Return-Path"))
	if !plausible {
		class, _ := classify(strings.Join(strings.Fields(m.text), " "))
		if m.original == nil || class == "" {
			return false
		}
	}
	recipients := recipientsOf(m)
	r.Kind = KindBounce
	action := "failed"
	if delayed.MatchString(m.header.get("Subject") + "\n" + m.text) {
		r.Kind, action = KindDelayed, "delayed"
	}
	recipients = recipients[:min(len(recipients), maxRecipients)]
	if len(recipients) == 0 {
		recipients = []string{""} // what it says is worth keeping all the same
	}
	for _, to := range recipients {
		about := m.text
		if own := passage(m.text, to, recipients); len(recipients) > 1 && own != "" {
			about = own
		} else if own != "" && informative(own) {
			about = own
		}
		f := Failure{Recipient: to, Action: action}
		f.judge(about, "")
		r.Failures = append(r.Failures, f)
	}
	return true
}

var delayed = compile(`(?i)warning message only|has been delayed|do not need to resend|will (be retried|continue to|keep|retry) |\bdelayed\b.{0,40}(hours|delivery)|delivery.{0,20}\(delay\)|not yet been delivered|no action is required|a été (retardé|différé)|retard (de|dans la) (remise|livraison|distribution)|wird weiter(hin)? versucht|delayed mail|delivery incomplete`)

// recipientsOf finds whom a report is about: in a header made for it, in the
// lines that name an address, in any angle brackets, in the original.
func recipientsOf(m *message) (out []string) {
	for _, name := range []string{"X-Failed-Recipients", "X-Failed-Recipient", "X-Failed-To"} {
		for _, a := range address.FindAllString(m.header.get(name), -1) {
			addRecipient(&out, a)
		}
	}
	if len(out) > 0 {
		return out
	}
	ours := ourselves(m)
	var weak []string // "To:" may quote the message's own header
	for line := range strings.SplitSeq(m.text, "\n") {
		a := addressLine.FindStringSubmatch(line)
		switch {
		case a == nil || ours(a[2]) || !address.MatchString(a[2]):
		case strings.EqualFold(a[1], "to"):
			addRecipient(&weak, strings.TrimRight(a[2], "."))
		default:
			addRecipient(&out, strings.TrimRight(a[2], "."))
		}
	}
	if len(out) == 0 {
		out = weak
	}
	if len(out) > 0 {
		return out
	}
	for _, a := range tagged.FindAllStringSubmatch(m.text, -1) {
		if !ours(a[1]) {
			addRecipient(&out, a[1])
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, a := range address.FindAllString(m.text, -1) {
		if !ours(a) {
			addRecipient(&out, a)
		}
	}
	if len(out) == 1 {
		return out
	}
	if to := address.FindAllString(m.original.get("To"), -1); len(to) == 1 {
		return to
	}
	for line := range strings.SplitSeq(m.text, "\n") { // someone who wrote to themselves
		if a := addressLine.FindStringSubmatch(line); a != nil && address.MatchString(a[2]) {
			return []string{a[2]}
		}
	}
	return nil
}

// ourselves says which addresses are the sender's or a mail system's.
func ourselves(m *message) func(string) bool {
	known := map[string]bool{}
	for _, value := range []string{m.header.get("To"), m.header.get("From"), m.original.get("From"), m.original.get("Return-Path"),
		m.original.get("Sender"), m.header.get("Delivered-To"), m.original.get("Message-ID"), m.header.get("Message-ID")} {
		for _, a := range address.FindAllString(value, -1) {
			known[strings.ToLower(a)] = true
		}
	}
	to := strings.ToLower(m.original.get("To"))
	return func(a string) bool {
		a = strings.ToLower(a)
		local, _, _ := strings.Cut(a, "@")
		daemon := local == "postmaster" || local == "mailer-daemon" || local == "abuse" || local == "support"
		return (known[a] || daemon) && !(to != "" && strings.Contains(to, a))
	}
}

// passage is the text from where a recipient is first named to where another
// one is.
func passage(text, recipient string, all []string) string {
	if recipient == "" {
		return ""
	}
	at := strings.Index(text, recipient)
	if at < 0 {
		return ""
	}
	end := len(text)
	for _, other := range all {
		if other == recipient {
			continue
		}
		if next := strings.Index(text[at+len(recipient):], other); next >= 0 {
			end = min(end, at+len(recipient)+next)
		}
	}
	begin := strings.LastIndexByte(text[:at], '\n') + 1
	return text[begin:end]
}

func firstAddress(s string) string { return address.FindString(s) }
