package digest

import "time"

// ImportID names a file of readers that was taken in.
type ImportID int64

// ImportRow is one reader of a file.
type ImportRow struct {
	Line       int
	Subscriber Subscriber
	State      SubscriptionState
	Reason     string // why they left, if the file says
	Suppress   string // why the address must get nothing; empty mostly
	Choice     Choice // what they asked for; language and form are the subscriber's
}

// Import is a file of readers that was taken in.
type Import struct {
	ID       ImportID
	List     string
	File     string    // its name, without folders
	Begun    time.Time // UTC
	Finished time.Time // zero when it was interrupted: the same command goes on with it
	Undone   time.Time
	Sums     ImportSums
}

// ImportSums count what an import did, or would do: every row of the file is in
// exactly one of them.
type ImportSums struct {
	Added      int `json:"added"`      // new on the list
	Confirmed  int `json:"confirmed"`  // had asked before, and are confirmed now
	Changed    int `json:"changed"`    // there already; the file knew more of them
	Unchanged  int `json:"unchanged"`  // there already
	Left       int `json:"left"`       // the file says that they left, and now they have here
	KeptLeft   int `json:"kept_left"`  // had left before, and stay away
	Suppressed int `json:"suppressed"` // their address is dead, or they complained: they stay away
	Condemned  int `json:"condemned"`  // the file says that the address is dead, and now it is here
	Repeated   int `json:"repeated"`   // stand in the file a second time
}

// Rows is how many rows there were.
func (s ImportSums) Rows() int {
	return s.Added + s.Confirmed + s.Changed + s.Unchanged + s.Left + s.KeptLeft + s.Suppressed + s.Condemned + s.Repeated
}
