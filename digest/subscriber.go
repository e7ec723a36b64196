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
	// Attributes are what the operator knows of a reader: values of JSON, with
	// whole numbers as int64. Nil for none.
	Attributes map[string]any
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

// Suppression is an address or a domain that gets nothing, whatever the lists
// say.
type Suppression struct {
	Hash   string // keyed, of the address or the domain; all that is left once a person is erased
	Scope  SuppressionScope
	Email  string // empty when nobody known has the address
	Domain string // of a whole domain, empty when nobody known is of it
	Reason string // "hard bounce", "complaint", "operator"
	Source string // what told us
	Since  time.Time
}

// SuppressionScope says how far a suppression goes.
type SuppressionScope string

// The scopes of suppression.
const (
	ScopeAddress SuppressionScope = "address"
	ScopeDomain  SuppressionScope = "domain"
)

// Preferences are the form of a person's messages on every list they are on; a
// [Choice] is for one list.
type Preferences struct {
	Language string // empty: as the newsletter
	TextOnly bool
}
