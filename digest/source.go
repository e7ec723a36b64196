package digest

import "time"

// SourceKind says how a source is read.
type SourceKind string

// The kinds of source.
const (
	SourceFeed    SourceKind = "feed"    // RSS, Atom, JSON Feed
	SourceSite    SourceKind = "site"    // a home page: the feeds that it names
	SourcePage    SourceKind = "page"    // a list page without a feed
	SourceSitemap SourceKind = "sitemap" // a sitemap, a news sitemap or an index of them
	SourceFolder  SourceKind = "folder"  // files on this machine
	SourceCommand SourceKind = "command" // a program that prints JSON Feed or JSON lines
	SourceMailbox SourceKind = "mailbox" // other people's newsletters, by IMAP or in a Maildir
	SourcePush    SourceKind = "push"    // articles that are added by hand or by another program
)

// Source is where articles come from.
type Source struct {
	Name         string
	Kind         SourceKind
	URL          string // http(s) or imap(s) address, or a path for a folder, a Maildir or a feed on disk
	Command      []string
	Dir          string // where the command runs
	Title        string // for people; the feed's own title when empty
	Language     string // what to assume where the source does not say
	Section      string // the section its articles belong to, empty for none
	Weight       float64
	FullText     bool   // fetch the linked page and extract the article
	Selector     string // CSS selector of the links on a list page
	FirstRun     int    // how many items the first reading may bring
	AllowPrivate bool   // may be on a loopback or private address
	IgnoreRobots bool   // read pages that the site's robots.txt asks robots to leave alone
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
	MovedTo      string    // where a permanent redirect pointed, or the feed that a page named
	Gone         bool      // the server answered 410
	LastOK       time.Time // zero before the first success
	LastTried    time.Time
	NextTry      time.Time // not before this, after failures or Retry-After
	Failures     int       // in a row
	LastError    string    // for the operator; no secrets
	FailingSince time.Time // the first of those failures
	Told         time.Time // when the operator was told of them
	Title        string    // what the source calls itself
	IdentifyBy   string    // what its items are known by: "guid", "url" or "text"; empty before the first reading
	BodyHash     string    // of the last answer, for servers without validators
	Flood        int       // items that the flood brake holds back
	Answer       FloodAnswer
	Habits       string // what its last pages were made of, as extracting writes it
}

// FloodAnswer is what the operator said of the items that the flood brake holds.
type FloodAnswer string

// The answers; empty while there is none.
const (
	FloodTake FloodAnswer = "take" // they are articles after all
	FloodPass FloodAnswer = "pass" // they never become articles
)

// Passed is an item that never becomes an article: it is known, and that is all.
type Passed struct {
	Identity string
	URL      string // canonical
}

// Pass is an item as one that never becomes an article.
func Pass(it Item) Passed { return Passed{Identity: it.Identity, URL: CanonicalURL(it.URL)} }

// Harvest is what one reading of one source brought. A harvest and the state
// that goes with it are stored together, so that a validator (ETag) is never
// kept for items that were lost.
type Harvest struct {
	Source      Source
	Feed        Feed
	NotModified bool
	State       SourceState // as it should be remembered after this reading
	Held        int         // items held back by the first-run limit or the flood brake
	Passed      []Passed    // items that are never to become articles
	Cut         error       // why the source could not be read to its end, nil when it was
}
