package digest

import (
	"fmt"
	"slices"
	"time"
)

// EditionID names a stored edition. Zero means "not frozen".
type EditionID int64

// EditionState is where an edition stands.
type EditionState string

// The states of an edition.
const (
	EditionSending  EditionState = "sending"  // frozen; deliveries are open
	EditionPaused   EditionState = "paused"   // by the operator
	EditionSent     EditionState = "sent"     // nothing queued or waiting
	EditionCanceled EditionState = "canceled" // the operator stopped it
)

// Edition is one numbered appearance of a newsletter. What it holds never
// changes once it is frozen.
type Edition struct {
	ID         EditionID
	Newsletter string
	Number     int
	Slot       string // the occurrence it was made for; unique per newsletter
	Date       time.Time
	Subject    string
	Summary    string // the visible line under the masthead
	Intro      string
	Language   string
	Sections   []Section
	More       int    // stories that only MoreURL shows, in one reader's view of it
	MoreURL    string // the web page that holds them
	State      EditionState
	FrozenAt   time.Time
	FinishedAt time.Time
}

// Ref is the edition's name for people and commands: "hebdo/42".
func (e Edition) Ref() string { return fmt.Sprintf("%s/%d", e.Newsletter, e.Number) }

// Cards lists every card of the edition, in reading order.
func (e Edition) Cards() []Card {
	var cards []Card
	for _, s := range e.Sections {
		cards = append(cards, s.Cards...)
	}
	return cards
}

// Illustrated is the edition with every picture passed through f. The edition
// itself does not change.
func (e Edition) Illustrated(f func(Image) Image) Edition {
	e.Sections = slices.Clone(e.Sections)
	for i := range e.Sections {
		cards := slices.Clone(e.Sections[i].Cards)
		for j := range cards {
			if cards[j].Article.Image.URL != "" {
				cards[j].Article.Image = f(cards[j].Article.Image)
			}
		}
		e.Sections[i].Cards = cards
	}
	return e
}

// Section is a titled part of an edition. The only section of a plain edition
// has no title.
type Section struct {
	Title string
	Cards []Card
}

// Card is one story as the reader sees it.
type Card struct {
	Article Article // without HTML and Text once frozen
	Summary string  // plain text, whole sentences
	Minutes int     // reading time of the article; 0 when unknown
	Lead    bool
	Also    []Also
	More    string `json:",omitempty"` // where readers ask for more like it; "" where they are not asked
	Less    string `json:",omitempty"` // and for less
}

// Also is the same story elsewhere.
type Also struct {
	ID    ArticleID
	Site  string
	Title string
	URL   string
}

// Variant is what one group of readers gets of an edition: the readers with the
// same choice and the same history.
type Variant struct {
	Key      string // stable within the edition, e.g. "fr" or "en-text+culture@41"
	Language string
	TextOnly bool
	Topics   []string // only these sections; empty for all
	Since    int      // it tells what the editions after this number carried
}

// WebVariant is the key of the proof that the web page shows: every story of the
// edition, in the newsletter's language, whatever had to be cut from messages.
const WebVariant = "web"

// VariantKey is the key of the variant for readers of this language and form who
// want everything and are up to date.
func VariantKey(language string, textOnly bool) string {
	if textOnly {
		return language + "-text"
	}
	return language
}

// Proof is a variant rendered for everybody and nobody yet: its few per-reader
// places are tokens.
type Proof struct {
	Variant  Variant
	Subject  string
	HTML     string // empty for a text-only variant
	Text     string
	Embedded []Embedded
}

// Embedded is a picture that travels inside the message, addressed as
// "cid:" + ID from the HTML.
type Embedded struct {
	ID   string // "name@domain", no angle brackets
	Type string // MIME type
	Data []byte
}

// Token marks a per-reader place in a proof. Its form, @@name@@, survives
// html/template and CSS inlining untouched.
type Token string

// The per-reader places of a message.
const (
	TokenName        Token = "@@name@@"
	TokenEmail       Token = "@@email@@"
	TokenUnsubscribe Token = "@@unsubscribe_url@@"
	TokenPreferences Token = "@@preferences_url@@"
)

// Tokens lists every token, in a fixed order.
func Tokens() []Token {
	return []Token{TokenName, TokenEmail, TokenUnsubscribe, TokenPreferences}
}

// Letterhead is what the headers of every message of an edition share. It is
// frozen with the edition, so that a run that finishes another's work sends the
// same message.
type Letterhead struct {
	From         Address
	ReplyTo      Address
	Date         time.Time
	ListID       string // RFC 2919 identifier, without angle brackets
	ListName     string // its phrase
	ArchiveURL   string // empty for none
	Edition      string // Ref of the edition, for Feedback-ID
	Newsletter   string
	Domain       string // right side of Message-IDs and envelope senders
	BounceDomain string
	UnsubMailbox string // local part that takes mailto unsubscribes; the token is added to it
	Key          string // name of the key that what is one reader's is signed with, on every attempt
}
