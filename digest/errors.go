package digest

import (
	"errors"
	"fmt"
)

// Errors that callers branch on.
var (
	ErrNotFound      = errors.New("not found")
	ErrNothingNew    = errors.New("nothing new")
	ErrAlreadyFrozen = errors.New("already frozen")
	ErrGone          = errors.New("gone for good") // a source's server answered 410
	ErrResting       = errors.New("left alone")    // a source that failed, or whose server asked for a rest
)

// InvalidError is a mistake that its author can mend. Its text is safe to show.
type InvalidError struct {
	Field  string // what was wrong, in the author's words: "smtp.port"
	Value  string // what they wrote; empty when it is secret
	Reason string // why it cannot be, and what can
}

func (e *InvalidError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("%s: %s", e.Field, e.Reason)
	}
	return fmt.Sprintf("%s %q: %s", e.Field, e.Value, e.Reason)
}

// SendError is a server's or a relay's refusal. The verdict alone decides what
// happens next.
type SendError struct {
	Verdict  Verdict
	Code     int
	Enhanced string
	Stage    string // "connect", "login", "mail", "rcpt", "data", "end"
	Err      error
}

func (e *SendError) Error() string { return fmt.Sprintf("%s: %v", e.Stage, e.Err) }

// Unwrap gives the cause.
func (e *SendError) Unwrap() error { return e.Err }
