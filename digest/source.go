package digest

import "time"

// SourceKind says how a source is read.
type SourceKind string

// The kinds of source.
const (
	SourceFeed   SourceKind = "feed"   // RSS, Atom, JSON Feed
	SourcePage   SourceKind = "page"   // a list page without a feed
	SourceFolder SourceKind = "folder" // files on this machine
)

// Source is where articles come from.
type Source struct {
	Name         string
	Kind         SourceKind
	URL          string // http(s) address, or a path for a folder or a feed on disk
	Title        string // for people; the feed's own title when empty
	Language     string // what to assume where the source does not say
	Section      string // the section its articles belong to, empty for none
	Weight       float64
	FullText     bool   // fetch the linked page and extract the article
	Selector     string // CSS selector of the links on a list page
	FirstRun     int    // how many items the first reading may bring
	AllowPrivate bool   // may be on a loopback or private address
	Headers      []Header
	User         string // HTTP basic authentication
	Password     string
	Proxy        string
}

// Header is one header field of a request or a message.
type Header struct{ Name, Value string }

// SourceState is what is remembered of a source between two readings.
type SourceState struct {
	Source       string
	ETag         string
	LastModified string
	MovedTo      string    // where a permanent redirect pointed
	Gone         bool      // the server answered 410
	LastOK       time.Time // zero before the first success
	LastTried    time.Time
	NextTry      time.Time // not before this, after failures or Retry-After
	Failures     int       // in a row
	LastError    string    // for the operator; no secrets
	Title        string    // what the source calls itself
}

// Harvest is what one reading of one source brought. A harvest and the state
// that goes with it are stored together, so that a validator (ETag) is never
// kept for items that were lost.
type Harvest struct {
	Source      Source
	Feed        Feed
	NotModified bool
	State       SourceState // as it should be remembered after this reading
	Held        int         // items held back by the first-run limit or the flood brake
}
