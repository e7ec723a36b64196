package digest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// ArticleID names a stored article. Zero means "not stored".
type ArticleID int64

// Item is what a source served: one entry of a feed, one page, one file. Text
// fields are as served (HTML entities decoded, markup kept); nothing has been
// cleaned yet.
type Item struct {
	Source      string // name of the [Source]
	Identity    string // stable key within the source, see [IdentifyItem]
	GUID        string
	URL         string // absolute, as the source gave it
	Base        string // what relative links in Summary and Content are relative to
	Title       string // plain text
	Author      string
	AuthorEmail string
	Language    string // BCP 47, empty when the source does not say
	Summary     string // HTML
	Content     string // HTML
	Image       string // absolute URL of the lead image
	Categories  []string
	Enclosures  []Enclosure
	Published   time.Time // UTC; zero when absent or unreadable
	Updated     time.Time
	Position    int   // place in the source's own order, from 0
	Page        *Page // the linked page, when it was fetched
}

// Sum tells this item from an edited one: a digest of all that it says.
func (it Item) Sum() string {
	h := sha256.New()
	for _, s := range []string{it.URL, it.Title, it.Author, it.Language, it.Summary, it.Content, it.Image, it.Published.String(), strings.Join(it.Categories, "\x00")} {
		fmt.Fprintf(h, "%d %s\n", len(s), s)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}

// Enclosure is a file that belongs to an item: a podcast, a PDF.
type Enclosure struct {
	URL    string
	Type   string // MIME type
	Length int64  // bytes, 0 when unknown
}

// Page is a document as served over HTTP or read from a file.
type Page struct {
	URL         string // the address after redirects
	ContentType string // the Content-Type header, empty for a file
	Body        []byte
}

// Article is the article itself: what was left after the furniture went.
type Article struct {
	ID         ArticleID
	Source     string // name of the [Source] it came from
	Identity   string // unique together with Source
	URL        string // canonical, tracking parameters stripped
	Title      string // plain text
	Author     string
	Site       string // the publication's name, for people
	Section    string // the publication's own rubric
	Language   string // BCP 47, lower-case primary tag at least
	Categories []string
	Published  time.Time // UTC; zero when the source gave none
	FirstSeen  time.Time // UTC; when we first met it
	Image      Image
	Teaser     string  // the source's own teaser, plain text
	HTML       string  // sanitised body
	Text       string  // plain body, paragraphs separated by a blank line
	Words      int     // words in Text
	Interest   float64 `json:"-"` // what readers made of others like it, see [Feedback]; 0 when unknown
	Score      float64 // confidence of the extraction, 0 to 1
	Doubt      string  // why Score is low ("paywall", "consent page"), empty otherwise
	Position   int     // place in the source's own order, from 0
	ItemSum    string  // see [Item.Sum]
	Dropped    bool    // put aside by the operator: no newsletter carries it
	Enclosures []Enclosure

	// Item is what the rest is read from when somebody first asks for the article;
	// nil when that is done. What a store gives back is always read.
	Item *Item `json:"-"`
}

// When is the time to rank and show an article by: its publication, or, where
// the source gave none or one in the future, the moment we first saw it. A date
// never decides whether an article is carried.
func (a Article) When() time.Time {
	if a.Published.IsZero() || a.Published.After(a.FirstSeen) && !a.FirstSeen.IsZero() {
		return a.FirstSeen
	}
	return a.Published
}

// Told is an article that an edition carried.
type Told struct {
	Article
	Edition int       // the number of the edition
	Card    ArticleID // the article whose card told it: its own, when it was shown itself
}

// Image is a picture of an article. Width and Height are pixels, 0 when unknown.
type Image struct {
	URL           string
	Alt           string
	Width, Height int
}

// Feed is a parsed feed: its own description and the items it holds.
type Feed struct {
	Format      string // "rss", "atom", "json"
	Title       string
	Link        string // the site's address
	Language    string
	Description string // HTML, as served
	Updated     time.Time
	Items       []Item
}
