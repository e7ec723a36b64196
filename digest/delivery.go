package digest

import "time"

// DeliveryStatus is where a delivery stands.
type DeliveryStatus string

// The states of a delivery. Audience = sent + failed + suppressed + unknown +
// canceled + queued, always; claimed rows count as queued.
const (
	DeliveryQueued     DeliveryStatus = "queued"     // to be sent, now or at NextTry
	DeliveryClaimed    DeliveryStatus = "claimed"    // in the hands of a run
	DeliverySent       DeliveryStatus = "sent"       // a server took it
	DeliveryFailed     DeliveryStatus = "failed"     // refused for good, or expired
	DeliverySuppressed DeliveryStatus = "suppressed" // the reader left or is suppressed
	DeliveryUnknown    DeliveryStatus = "unknown"    // may have been sent; nobody can say
	DeliveryCanceled   DeliveryStatus = "canceled"   // the operator ended the edition before its turn
)

// Delivery is the ledger line of one (edition, subscriber).
type Delivery struct {
	Edition    EditionID
	Subscriber SubscriberID
	Email      string
	Variant    string
	Status     DeliveryStatus
	Attempts   int
	Repeats    int    // how often it was sent again after an unknown outcome
	Code       int    // SMTP reply code, 0 for none
	Enhanced   string // RFC 3463 status, "5.1.1"
	Reply      string // what the server said, shortened
	NextTry    time.Time
	Settled    time.Time
}

// Reader is a claimed delivery with what is needed to write the message.
type Reader struct {
	Subscriber SubscriberID
	Variant    string
	Email      string
	Name       string
	Attempts   int
	MessageID  string // without angle brackets; the same on every attempt
	Envelope   string // VERP envelope sender; the same on every attempt
	OneClick   string // https URL of List-Unsubscribe, and of the link to leave
	MailUnsub  string // mailto address of List-Unsubscribe
	Choose     string // https URL of the preferences
}

// Value is what a token stands for in this reader's message.
func (r *Reader) Value(t Token) string {
	switch t {
	case TokenName:
		return r.Name
	case TokenEmail:
		return r.Email
	case TokenUnsubscribe:
		return r.OneClick
	case TokenPreferences:
		return r.Choose
	}
	return ""
}

// Verdict is what an attempt came to; it alone decides what happens next.
type Verdict string

// The verdicts.
const (
	VerdictSent     Verdict = "sent"     // a server took responsibility
	VerdictRetry    Verdict = "retry"    // later, with backoff; charged to the reader
	VerdictDefer    Verdict = "defer"    // later, not the reader's fault: relay or provider
	VerdictFailed   Verdict = "failed"   // this message will not reach this reader
	VerdictSuppress Verdict = "suppress" // the address is dead
	VerdictUnknown  Verdict = "unknown"  // the answer to the message was lost
)

// Strike is a refusal that closes an address only when it comes again, in another
// edition, with nothing delivered in between.
type Strike string

// The strikes.
const (
	StrikeDomain   Strike = "5.1.2" // the domain was not found: closed at the second
	StrikeDisabled Strike = "5.2.1" // the mailbox is disabled: closed at the second
	StrikeFull     Strike = "5.2.2" // the mailbox is full: closed at the third, 14 days after the first or later
)

// Closes reports whether this many strikes, the first and the last so far apart,
// close an address.
func (s Strike) Closes(n int, apart time.Duration) bool {
	if s == StrikeFull {
		return n >= 3 && apart >= 14*24*time.Hour
	}
	return n >= 2
}

// Outcome is the end of one attempt to deliver.
type Outcome struct {
	Subscriber SubscriberID
	Verdict    Verdict
	Code       int    // SMTP reply code, 0 for none
	Enhanced   string // RFC 3463
	Reply      string // the server's words, at most 200 characters, no line breaks
	At         time.Time
	RetryAfter time.Duration // for retry and defer; 0 lets the ledger choose
	Strike     Strike        // what was held against the address, if anything
	Resend     bool          // an unknown outcome is to be tried again, under the same Message-ID
}

// Plain reports whether an outcome says no more than that the server took the
// message.
func (o Outcome) Plain() bool {
	return o.Verdict == VerdictSent && o.Code == 250 && o.Enhanced == "" && o.Reply == ""
}

// Books are the sums of an edition's deliveries.
type Books struct {
	Audience   int
	Sent       int
	Failed     int
	Suppressed int
	Unknown    int
	Canceled   int
	Queued     int // claimed and waiting ones included
	Waiting    int // of the queued, those with a retry time in the future
	Repeats    int // messages sent again after an unknown outcome
}

// Closed reports whether every reader of the audience is accounted for.
func (b Books) Closed() bool {
	return b.Audience == b.Sent+b.Failed+b.Suppressed+b.Unknown+b.Canceled+b.Queued
}

// Done reports whether nothing is left to send.
func (b Books) Done() bool { return b.Queued == 0 }
