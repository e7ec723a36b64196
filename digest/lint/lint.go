// Package lint checks what is about to be sent: the wire form of a message and
// the HTML of its part, against what standards, mail clients and mailbox
// providers ask for.
package lint

// Severity says whether a finding blocks a send.
type Severity string

// The severities.
const (
	Hard Severity = "hard" // blocks a send
	Soft Severity = "soft"
)

// Finding is one thing that is wrong.
type Finding struct {
	Severity Severity `json:"severity"`
	Line     int      `json:"line"`
	Rule     string   `json:"rule"`
	Reason   string   `json:"reason"`
}
