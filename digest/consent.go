package digest

import "time"

// Consent is the proof that a reader wanted to be written to (GDPR article
// 7(1)): who asked, for what, in which words, and when they confirmed it.
type Consent struct {
	List      string
	Source    string    // where they asked: "web", "embedded"
	Form      string    // the words they agreed to
	Version   string    // names those words, so that two consents can be compared
	Language  string    // of those words
	Network   string    // keyed hash of the network that asked; empty unless the operator wants it
	Asked     time.Time // UTC
	Confirmed time.Time // zero until they did
}

// Joining is what a stranger, perhaps the address's owner, asked for.
type Joining struct {
	Subscriber Subscriber
	Lists      []string
	Choice     Choice
	Consent    Consent // its Network is the network itself; the store hashes it
	PerDomain  int     // mails to one domain in an hour, 0 for no limit
}

// JoinAnswer says which mail a wish to join is answered with. Whoever filled in
// the form does not learn it.
type JoinAnswer int

// The answers to a wish to join.
const (
	JoinSilence JoinAnswer = iota // none: suppressed, or asked too often
	JoinConfirm                   // the mail that leads to the button
	JoinKnown                     // on the lists already: the mail that leads to the preferences
)

// Leave is one reader's wish not to be written to any more.
type Leave struct {
	Subscriber SubscriberID
	Lists      []string // empty for all
	Reason     string
	At         time.Time
}

// MoveAnswer says which mail a wish to change one's address is answered with.
type MoveAnswer int

// The answers to a wish to change one's address.
const (
	MoveSilence MoveAnswer = iota // none: suppressed, or asked too often
	MoveConfirm                   // the mail that leads to the button
	MoveTaken                     // the new address is a reader's already
)

// Move is a change of address that was asked for.
type Move struct {
	Request  int64
	From, To string
}

// Dossier is everything stored of one person: rows by table, each by column.
type Dossier map[string][]map[string]any
