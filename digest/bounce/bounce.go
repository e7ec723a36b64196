// Package bounce reads what comes back: delivery reports, complaints and
// automatic replies, in the standard forms and in the many others.
//
// [Parse] never guesses an address dead: what it cannot read is soft, or
// unknown. It is pure; matching a report to an edition is the caller's work.
package bounce

import (
	"errors"
	"strings"
)

// Kind says what a message is.
type Kind string

// The kinds of message that come back.
const (
	KindBounce    Kind = "bounce"    // it did not arrive
	KindComplaint Kind = "complaint" // the reader called it spam, or wants no more (RFC 5965)
	KindAutoreply Kind = "autoreply" // a machine answered for a person (RFC 3834)
	KindDelivered Kind = "delivered" // it arrived, or went on to a system that reports no more
	KindDelayed   Kind = "delayed"   // still being tried
	KindUnknown   Kind = "unknown"   // for a person to look at
)

// Class says what a bounce means for the address.
type Class string

// The classes of bounce, worst first.
const (
	ClassHard   Class = "hard"   // the address is dead
	ClassSoft   Class = "soft"   // this message did not arrive; the address may be fine
	ClassPolicy Class = "policy" // we, or what we sent, were refused; says nothing of the address
	ClassNone   Class = "none"   // not a bounce
)

// Report is what one message that came back says.
type Report struct {
	Kind          Kind
	Class         Class  // the worst of Failures
	Status        string // RFC 3463, "5.1.1"; empty when there is none
	Action        string // RFC 3464 2.3.3: failed, delayed, delivered, relayed, expanded
	Recipients    []string
	Reason        string // in our words: "no such mailbox", "abuse", "vacation"
	Diagnostic    string // in the server's words, at most 500 bytes
	Failures      []Failure
	EnvelopeToken string // what stands behind the + of the address it came to (VERP)
	EnvelopeID    string // Original-Envelope-Id (RFC 3461 4.4)
	MessageID     string // of the message that it is about, without angle brackets
	Feedback      string // Feedback-Type of a complaint: abuse, fraud, virus, opt-out, auth-failure
}

// Suppresses reports whether the address must get nothing more: it is dead, or
// its reader complained. A report on authentication and one that takes a
// complaint back are complaints in form only.
func (r Report) Suppresses() bool {
	if r.Kind == KindComplaint {
		return r.Feedback != "auth-failure" && r.Feedback != "not-spam" && r.Feedback != "dmarc"
	}
	return r.Kind == KindBounce && r.Class == ClassHard
}

// Failure is what a report says of one recipient.
type Failure struct {
	Recipient string // as the reporting server names it
	Original  string // as the sender did, when the report says so (ORCPT)
	Action    string
	Status    string
	Code      int // SMTP reply code, 0 for none
	Class     Class
	Reason    string
	Text      string
}

// ErrEmpty is the error for a message without any content.
var ErrEmpty = errors.New("the message is empty")

// Parse reads one message as it came, with its header. It fails only on an
// empty one: whatever else it cannot read is [KindUnknown].
func Parse(msg []byte) (Report, error) {
	if strings.TrimSpace(string(msg)) == "" {
		return Report{}, ErrEmpty
	}
	m := read(msg)
	r := Report{Kind: KindUnknown, Class: ClassNone}
	switch {
	case complaint(m, &r):
	case deliveryStatus(m, &r):
	case (away.MatchString(m.header.get("Subject")) && !m.header.has("X-Failed-Recipients") || !looksReturned(m)) && challengeOrReply(m, &r):
	case returned(m, &r):
	case challengeOrReply(m, &r):
	}
	r.EnvelopeToken = m.token()
	if r.MessageID == "" {
		r.MessageID = bare(m.original.get("Message-ID"))
	}
	r.summarise()
	return r, nil
}

// summarise makes the report's own fields out of its failures.
func (r *Report) summarise() {
	rank := map[Class]int{ClassHard: 3, ClassSoft: 2, ClassPolicy: 1}
	for _, f := range r.Failures {
		addRecipient(&r.Recipients, f.Recipient)
		if rank[f.Class] > rank[r.Class] {
			r.Class, r.Reason, r.Status, r.Action, r.Diagnostic = f.Class, f.Reason, f.Status, f.Action, shorten(f.Text)
		}
	}
	if r.Status == "" && len(r.Failures) > 0 {
		r.Status, r.Action = r.Failures[0].Status, r.Failures[0].Action
	}
	if r.Kind != KindBounce && r.Kind != KindDelayed {
		r.Class = ClassNone
	}
}

func addRecipient(list *[]string, address string) {
	if address == "" {
		return
	}
	for _, have := range *list {
		if strings.EqualFold(have, address) {
			return
		}
	}
	*list = append(*list, address)
}

func shorten(s string) string {
	const limit = 500
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}

// bare takes the angle brackets off an identifier.
func bare(s string) string { return strings.Trim(strings.TrimSpace(s), "<>") }
