package digest

import "time"

// Pulse is how a store stands at a moment: what waits, what went out last, and
// what keeps failing.
type Pulse struct {
	Queues       []Queue
	LastEdition  map[string]time.Time // by newsletter
	Failing      []SourceState        // sources that failed at least once in a row
	Suppressions map[string]int       // by reason
	Readers      map[string]int       // confirmed, by list
}

// Queue is what an edition still has to send.
type Queue struct {
	Newsletter string
	Edition    string // its Ref
	State      EditionState
	Messages   int       // claimed ones included
	Since      time.Time // when the edition was frozen
	NextTry    time.Time // of the earliest message that waits for one; zero when any may go now
}
