package render

import (
	"cmp"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// view is what the templates of a theme see: everything cleaned, in the
// language's own typography, and ready to be escaped for its place.
type view struct {
	Lang, Dir      string
	Start, End     string // "left" and "right", or the other way round
	Tracked        string // a class for letter-spacing, where the script bears it
	Title, Subject string
	Number         int
	Date           string
	Summary        string
	Intro          []string // paragraphs
	WebURL         string
	Logo, LogoDark template.URL
	Footer         string
	Sender         string
	PostalAddress  string
	Style, Media   template.CSS
	Sections       []section
	More, MoreURL  string // how many stories only the web page shows, in words
}

type section struct {
	Title   string
	Start   string
	Tracked string
	Cards   []*card
}

// Leads are the stories that stand first and large.
func (s section) Leads() []*card { return s.only(true) }

// Others are the stories that are no lead.
func (s section) Others() []*card { return s.only(false) }

func (s section) only(lead bool) []*card {
	var out []*card
	for _, c := range s.Cards {
		if c.Lead == lead {
			out = append(out, c)
		}
	}
	return out
}

// card is a story as a template sees it. Lang and Dir are set only where they
// differ from the message's.
type card struct {
	Title, URL, Summary      string
	Section, Source, Minutes string
	Also                     []elsewhere
	Image                    *picture
	Lead                     bool
	Lang, Dir, Start         string
	Edge                     string // the message's own start, for what holds several cards
	Chrome, ChromeDir        string // the language of the words around it
	Last                     bool   // of its section
	Tracked                  string
	Position                 int    // from 1, through the edition
	Links                    []link // for the text part
	MoreURL, LessURL         string // where readers ask for more and less like it; both or none
}

type elsewhere struct{ Site, Title, URL string }

type picture struct {
	URL           template.URL
	Alt           string
	Width, Height int // as shown; Height is 0 when unknown
}

// link is an address of the text part and the number it is called by.
type link struct {
	Number int
	URL    string
	place  int // 0 for the story, then the others in their order
}

// summaryChars is what an inbox shows of the first line of a message, and then
// some; beyond it the line would be a paragraph.
const summaryChars = 110

// subjectChars is twice what the widest inbox shows of a subject. RFC 5322
// allows 998 characters a line, and a feed may hold a title of any length.
const subjectChars = 150

// column is the width of the message, in CSS pixels.
const column = 600

func (r *Renderer) view(n digest.Newsletter, e digest.Edition, v digest.Variant, webURL string) view {
	lang := v.Language
	set := func(s string) string { return typeset(lang, flat(s)) }
	out := view{
		Lang: lang, Dir: direction(lang), Start: "left", End: "right", Tracked: tracked(lang),
		Title: set(n.Title), Subject: typeset(lang, shorten(flat(guard(e.Subject)), subjectChars)), Number: e.Number, Date: r.words.Date(lang, e.Date),
		Summary: typeset(lang, shorten(strings.Trim(flat(guard(e.Summary)), " ·"), summaryChars)), WebURL: address(webURL),
		Logo: imageAddress(n.Look.Logo), LogoDark: imageAddress(n.Look.LogoDark), Footer: set(n.Look.Footer),
		Sender: set(cmp.Or(n.From.Name, n.Title)), PostalAddress: flat(n.PostalAddress),
	}
	if out.Dir == "rtl" {
		out.Start, out.End = out.End, out.Start
	}
	for p := range strings.SplitSeq(strings.ReplaceAll(e.Intro, "\r\n", "\n"), "\n\n") {
		if p = set(p); p != "" {
			out.Intro = append(out.Intro, p)
		}
	}
	if e.More > 0 && address(e.MoreURL) != "" {
		out.More, out.MoreURL = typeset(lang, r.words.Count(lang, "more", e.More)), address(e.MoreURL)
	}
	minutes := r.minutes(lang)
	position, links := 0, 0
	for _, s := range e.Sections {
		sec := section{Title: set(s.Title), Start: out.Start, Tracked: out.Tracked}
		for i, c := range s.Cards {
			card := r.card(c, lang, minutes)
			if card.Title == "" {
				continue
			}
			position++
			card.Position, card.Last, card.Edge = position, i == len(s.Cards)-1, out.Start
			links = card.number(links)
			sec.Cards = append(sec.Cards, card)
		}
		out.Sections = append(out.Sections, sec)
	}
	return out
}

// minutes says a reading time in words, each once an edition.
func (r *Renderer) minutes(lang string) func(int) string {
	said := map[int]string{}
	return func(n int) string {
		words, ok := said[n]
		if !ok {
			words = typeset(lang, r.words.Count(lang, "minutes", n))
			said[n] = words
		}
		return words
	}
}

func (r *Renderer) card(c digest.Card, lang string, minutes func(int) string) *card {
	a := c.Article
	own := cmp.Or(primary(a.Language), primary(lang))
	set := func(s string) string { return typeset(own, flat(guard(s))) }
	url, spoken := address(a.URL), r.words.Spoken(lang)
	out := &card{
		Title: cmp.Or(set(a.Title), url), URL: url, Summary: set(c.Summary), Lead: c.Lead,
		Section: set(a.Section), Source: set(cmp.Or(a.Site, a.Source)), Chrome: spoken, ChromeDir: direction(spoken), Tracked: tracked(own), Start: "left",
	}
	if own != primary(lang) {
		out.Lang, out.Dir = own, direction(own)
	}
	if direction(own) == "rtl" {
		out.Start = "right"
	}
	if c.Minutes > 0 {
		out.Minutes = minutes(c.Minutes)
	}
	for _, other := range c.Also {
		title := set(other.Title)
		out.Also = append(out.Also, elsewhere{Site: set(cmp.Or(other.Site, other.Title, other.URL)), Title: title, URL: address(other.URL)})
	}
	if c.More != "" {
		out.MoreURL, out.LessURL = address(c.More), address(c.Less)
	}
	out.Image = newPicture(a.Image, out.Title, set)
	return out
}

// number gives each address of the card its number in the text part, and
// returns the last one.
func (c *card) number(last int) int {
	add := func(url string, place int) {
		if url != "" {
			last++
			c.Links = append(c.Links, link{last, url, place})
		}
	}
	add(c.URL, 0)
	for i, other := range c.Also {
		add(other.URL, i+1)
	}
	return last
}

// newPicture is the picture of a story, or nothing where the source's picture
// is an icon, a strip or a column: those are furniture.
func newPicture(img digest.Image, title string, set func(string) string) *picture {
	url := imageAddress(img.URL)
	w, h := img.Width, img.Height
	if url == "" || w > 0 && w < 240 || w > 0 && h > 0 && (w > 4*h || h > 2*w) {
		return nil
	}
	p := picture{URL: url, Alt: cmp.Or(set(img.Alt), title)}
	if w > 0 && h > 0 {
		p.Width, p.Height = w, h
	}
	return p.At(column)
}

// At is the picture in a slot of this many pixels. Its height follows from its
// own proportions; without them it is 0, unknown.
func (p picture) At(width int) *picture {
	if p.Width > 0 {
		p.Height = int(math.Round(float64(width) * float64(p.Height) / float64(p.Width)))
	}
	p.Width = width
	return &p
}

// primary is the language of a tag: "fr" of "fr-CA".
func primary(tag string) string {
	lang, _, _ := strings.Cut(strings.ToLower(tag), "-")
	return lang
}

// direction is the way a language is written.
func direction(tag string) string {
	if slices.Contains([]string{"ar", "he", "fa", "ur", "yi", "ps", "sd", "ug", "dv", "ckb"}, primary(tag)) {
		return "rtl"
	}
	return "ltr"
}

// tracked is the class of letter-spacing, which would tear the joined letters
// of Arabic apart.
func tracked(tag string) string {
	if direction(tag) == "rtl" {
		return ""
	}
	return " tracked"
}
