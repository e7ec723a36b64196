package digest

import "time"

// Returned is one message or notice that came back, as far as it was understood.
type Returned struct {
	ID          int64
	Fingerprint string    // the same for the same message, however often it is handed in
	At          time.Time // UTC
	Source      string    // how it came: "pipe", "smtp", "maildir", "imap", "pop3", "ses", …
	Kind        string    // of package bounce: bounce, complaint, autoreply, delivered, delayed, unknown
	Class       string    // hard, soft, policy, none
	Status      string    // RFC 3463
	Reason      string    // in our words; never the sender's, which may name a person
	Subscriber  SubscriberID
	Edition     EditionID
	Email       string // of the reader, where a provider vouches for it and no ticket of ours is there; not stored
	Wish        ReturnWish
	Action      ReturnAction // what was done
	Message     string       // whole, of one that nobody could read or match
}

// ReturnWish is what a message that came back asks for.
type ReturnWish string

// The wishes. The table is the same as for replies of SMTP: a dead address and a
// complaint close it, a full or closed mailbox counts over time, a refusal of
// ours (policy) and what is still being tried say nothing of the address.
const (
	WishSuppress ReturnWish = "suppress"
	WishCount    ReturnWish = "count"
	WishLeave    ReturnWish = "leave"
	WishNote     ReturnWish = "note"
	WishKeep     ReturnWish = "keep" // for a person to look at
)

// ReturnAction is what was done about a message that came back.
type ReturnAction string

// The actions.
const (
	ActionSuppressed ReturnAction = "suppressed"
	ActionCounted    ReturnAction = "counted" // one more of those that close an address in the end
	ActionLeft       ReturnAction = "left"    // unsubscribed
	ActionNoted      ReturnAction = "noted"
	ActionUnmatched  ReturnAction = "unmatched" // kept for a look: nobody knows whom it is about
	ActionSeen       ReturnAction = "seen"      // the same came before; nothing was done
)
