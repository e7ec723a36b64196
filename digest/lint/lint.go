// Package lint judges what is about to be sent, before a mail client or a
// server does. It reads bytes and gives findings; it changes nothing.
//
// [Message] judges a newsletter's message as it goes over the wire.
package lint

// Severity says what a finding means for sending.
type Severity string

// The severities.
const (
	Hard Severity = "hard" // must not go out
	Soft Severity = "soft" // may go out, and should be better
)

// Finding is one thing that is wrong, and why.
type Finding struct {
	Severity Severity `json:"severity"`
	Line     int      `json:"line"` // from 1; 0 for the whole
	Rule     string   `json:"rule"` // short and stable: "list-unsubscribe"
	Reason   string   `json:"reason"`
}
