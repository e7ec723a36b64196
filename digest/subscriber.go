package digest

import "time"

// SubscriberID names a stored subscriber.
type SubscriberID int64

// Subscriber is one person, across lists.
type Subscriber struct {
	ID       SubscriberID
	Email    string // as they gave it, domain lower-cased and punycoded
	Name     string
	Language string // BCP 47; the newsletter's when empty
	TextOnly bool
	Created  time.Time
}

// SubscriptionState is where a subscription stands. The order matters: an
// import may never raise one that the reader lowered.
type SubscriptionState string

// The states of a subscription.
const (
	SubPending   SubscriptionState = "pending"   // asked, not confirmed
	SubConfirmed SubscriptionState = "confirmed" // wants mail
	SubLeft      SubscriptionState = "left"      // unsubscribed
)

// Subscription ties a subscriber to a list.
type Subscription struct {
	Subscriber Subscriber
	List       string
	State      SubscriptionState
	Since      time.Time // of the present state
	Reason     string    // why they left, if they said
	Choice     Choice    // what they asked for
}

// Suppression is an address that gets nothing, whatever the lists say.
type Suppression struct {
	Email  string // empty once the person was erased and only the hash is left
	Reason string // "hard bounce", "complaint", "operator"
	Source string // what told us
	Since  time.Time
}

// Preferences are the form of a person's messages on every list they are on; a
// [Choice] is for one list.
type Preferences struct {
	Language string // empty: as the newsletter
	TextOnly bool
}

// Consent is the proof that a reader wanted to be written to.
type Consent struct {
	List      string
	Source    string    // where they asked: "web"
	Form      string    // the words they agreed to
	Asked     time.Time // UTC
	Confirmed time.Time // zero until they did
}
