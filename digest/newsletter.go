package digest

import (
	"slices"
	"time"
)

// Address is a mail address with the name it is shown under.
type Address struct {
	Name  string
	Email string
}

// Newsletter is what the operator decided about one newsletter.
type Newsletter struct {
	Name          string // short, in commands and addresses
	Title         string // for people
	Description   string
	Language      string // BCP 47; the default of its readers
	From          Address
	ReplyTo       Address
	PostalAddress string // required by law in every message
	PublicURL     string // where `zest serve` answers, without a trailing slash
	ListID        string // RFC 2919 identifier, without angle brackets
	BounceDomain  string // domain of the envelope sender; From's domain when empty
	Sources       []Source
	Lists         []string
	Segment       Segment  // of the lists' readers; everybody when empty
	Joinable      []string // of the lists, those that strangers may join on the web
	Zone          *time.Location
	Schedule      []string // when it goes out; empty means by hand
	Blackout      []string // days on which it does not
	Missed        MissedPolicy
	MissedWithin  time.Duration // how late a missed slot may still be sent
	Rules         Rules
	Look          Look
	Images        ImageMode
	Subject       string // template; empty for the lead story's title
	Summary       string // template of the line under the masthead; empty for what else is inside
	Intro         string // plain text above the first story
	Approve       bool   // an edition is held until its editor lets it go
	Editor        string // address of the editor
	Endpoint      Endpoint
	Feedback      Feedback
	MaxAge        time.Duration
	OnUnknown     UnknownPolicy
	Archive       ArchivePolicy
}

// ArchivePolicy says who may read past editions on the web.
type ArchivePolicy string

// The policies for the archive. Empty is public.
const (
	ArchivePublic   ArchivePolicy = "public"   // everybody, by search engines too
	ArchiveUnlisted ArchivePolicy = "unlisted" // whoever has the address; search engines are sent away
	ArchiveNone     ArchivePolicy = "none"     // nobody
)

// Endpoint is a language model that may write a newsletter's summaries; none when
// the URL is empty.
type Endpoint struct {
	URL     string // up to "/chat/completions", without it
	Model   string
	Key     string
	Timeout time.Duration // of one summary; 20 seconds when 0
}

// Topics are the sections a reader can choose among, in the newsletter's order.
func (n Newsletter) Topics() []string {
	var names []string
	for _, s := range n.Rules.Sections {
		if s.Name != "" && !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// Rules say which articles a newsletter wants, and how it shows them. A matcher
// is a word or phrase, /a pattern/, field:value, or = and an expression.
type Rules struct {
	Min          int           // fewer new stories than this: skip the slot
	Max          int           // carry at most this many
	MaxPerSource int           // 0 for no limit
	MinWords     int           // shorter articles stay out; 0 for no limit
	MaxWords     int           // longer ones too; 0 for no limit
	MaxAge       time.Duration // older ones stay out; 0 for no limit
	SummaryChars int           // budget of a summary, in characters
	ClipBytes    int           // budget of the HTML part, in bytes
	Include      []string      // matchers; an article must match one, when there are any
	Exclude      []string      // matchers; an article must match none
	Pins         []string      // matchers; what one matches comes first, whatever its score
	Boosts       []Boost
	Sections     []SectionRule
}

// Boost adds to the score of what a matcher matches; a negative one takes away.
type Boost struct {
	Match string
	By    float64 // a fresh article scores about 1
}

// SectionRule describes one section of an edition. One with neither Match nor
// Any takes whatever is left.
type SectionRule struct {
	Name  string   // for people
	Match string   // expression over an article
	Any   []string // matchers; one of them is enough
	Max   int      // stories; 0 for no limit
	Order string   // "score" (or empty), "newest", "oldest" or "source"
}

// Look is how a newsletter looks.
type Look struct {
	Theme      string
	Accent     string // #rrggbb
	AccentDark string // the accent on a dark ground; derived when empty
	Logo       string // absolute URL
	LogoDark   string
	Footer     string // extra line of the footer, plain text
}

// ImageMode says where the pictures of a message are.
type ImageMode string

// The places of pictures.
const (
	ImagesLink  ImageMode = "link"  // at their source; also what is meant by ""
	ImagesEmbed ImageMode = "embed" // inside the message
	ImagesHost  ImageMode = "host"  // with us: `zest serve` shows them
)

// UnknownPolicy says what to do with a message that may or may not have
// arrived: the server's answer was lost.
type UnknownPolicy string

// The policies for an unknown outcome.
const (
	UnknownResend UnknownPolicy = "resend" // again, under the same Message-ID
	UnknownLeave  UnknownPolicy = "leave"  // count it, and leave it
)

// MissedPolicy says what to do about a slot that nobody dealt with in time: the
// machine was down, or the clock wrong.
type MissedPolicy string

// The policies for a missed slot.
const (
	MissedSend MissedPolicy = "send" // late, within MissedWithin; after that it is skipped
	MissedSkip MissedPolicy = "skip" // its articles wait for the next
	MissedAsk  MissedPolicy = "ask"  // the operator decides
)

// SlotOutcome is what became of one occurrence of a schedule.
type SlotOutcome string

// The outcomes of a slot.
const (
	SlotSent     SlotOutcome = "sent"
	SlotNothing  SlotOutcome = "nothing new"
	SlotSkipped  SlotOutcome = "skipped" // too late, or by the operator
	SlotHeld     SlotOutcome = "held"    // made, and its editor decides
	SlotAsked    SlotOutcome = "asked"   // waits for the operator
	SlotBlackout SlotOutcome = "blackout"
)

// Slot is one occurrence of a newsletter's schedule. Whoever deals with it,
// there is one.
type Slot struct {
	Newsletter string
	At         time.Time
	Outcome    SlotOutcome
}

// Name is the slot's name in the store, the same whoever computes it.
func (s Slot) Name() string { return s.At.UTC().Format(time.RFC3339) }

// Segment is a named condition on readers. Package segment says what Match may
// ask.
type Segment struct{ Name, Match string }
