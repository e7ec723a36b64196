package digest

import "time"

// RunAhead is how many outcomes of one lane may be unrecorded while it goes on
// sending. Together with the one message in flight it bounds what a crash
// leaves in doubt.
const RunAhead = 2

// Journal notes, ahead of the ledger, to whom a run has sent: a ledger is written
// in groups, and what is noted is in no doubt meanwhile. Its methods may be
// called by several goroutines.
type Journal interface {
	// Note notes a reader. It survives the death of the process.
	Note(r SubscriberID, at time.Time) error
	// Sync makes what was noted before it survive the loss of power.
	Sync() error
}

// Frozen is everything that an edition needs to be sent, stored in one piece
// before the first message leaves. A run that finishes another's work sends
// from it and from nothing else.
type Frozen struct {
	Edition    Edition
	Letterhead Letterhead
	Proofs     []Proof
	Pictures   []Embedded // that the proofs show from our own address
	Lists      []string
	Members    *Members  // nobody else of the lists; nil for everybody
	Carried    []Told    // by id only
	Expires    time.Time // after this, what is still queued has failed

	Abstracts map[string]string // summaries that were asked for, by key

	Plan   PlanID            // that this edition follows; 0 for none
	Inputs map[string]Inputs // of the proofs, by variant

	Audience []Served       // what each group of readers gets
	Zone     *time.Location // of the hours that readers chose without a zone
}

// AudienceGroup counts the willing readers who chose alike and have had the same
// editions.
type AudienceGroup struct {
	Language string // empty: the newsletter's own
	TextOnly bool
	Topics   []string // empty: everything
	Cadence  Cadence
	Snoozed  bool // they get nothing now
	Mark     int  // the last edition they are done with, by its number; -1 for the newest there is
	Readers  int
}

// Served is what an edition means for a group of readers.
type Served struct {
	AudienceGroup
	Due     bool   // their time has come: after this edition they are up to date
	Variant string // the key of what they get; empty when it holds nothing for them
}

// AudienceQuery asks for the readers of a newsletter.
type AudienceQuery struct {
	Newsletter string
	Lists      []string
	Members    *Members  // nobody else; nil for everybody on the lists
	Now        time.Time // a snooze that has ended by then counts no more
}

// Members are the readers of a segment, as they were when it was asked for.
type Members struct{ IDs []SubscriberID }

// Claim asks for the next deliveries of an edition for some lanes of a run. They
// are dealt one by one: the first lane gets the first reader, the next lane the
// next, and so on around. So the rows that are settled at about the same time
// lie side by side.
type Claim struct {
	Edition EditionID
	Owner   string       // the run
	Lanes   []int        // its connections
	After   SubscriberID // readers up to this one are passed over; a lane goes on where it was
	Limit   int          // deliveries for all lanes together
	Now     time.Time
}

// Recovered is what was found in the hands of runs that died.
type Recovered struct {
	Requeued  int // never begun: simply queued again
	Doubtful  int // may have been sent: resent or left, by policy
	Held      int // in the hands of a run that lives
	HeldUntil time.Time
}

// Saved counts what storing a harvest changed.
type Saved struct{ Added, Updated int }
