package demo

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"strings"
	"time"
)

type rss struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	DC      string   `xml:"xmlns:dc,attr"`
	Media   string   `xml:"xmlns:media,attr"`
	Channel rssChannel
}

type rssChannel struct {
	XMLName     xml.Name  `xml:"channel"`
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Items       []rssItem `xml:"item"`
}

type rssItem struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Creator     string    `xml:"dc:creator"`
	Category    string    `xml:"category"`
	GUID        rssGUID   `xml:"guid"`
	PubDate     string    `xml:"pubDate"`
	Picture     *rssMedia `xml:"media:content"`
}

type rssGUID struct {
	Permalink bool   `xml:"isPermaLink,attr"`
	Value     string `xml:",chardata"`
}

type rssMedia struct {
	URL    string `xml:"url,attr"`
	Type   string `xml:"type,attr"`
	Medium string `xml:"medium,attr"`
}

func newRSS(title, link, description string, items []rssItem) rss {
	return rss{Version: "2.0", DC: "http://purl.org/dc/elements/1.1/", Media: "http://search.yahoo.com/mrss/",
		Channel: rssChannel{Title: title, Link: link, Description: description, Language: "fr-FR", Items: items}}
}

func marshalXML(v any) ([]byte, error) {
	body, err := xml.MarshalIndent(v, "", "  ")
	return append([]byte(xml.Header), body...), err
}

// quaiFeed is what most newspapers serve: a teaser, and a link that says where
// the reader came from.
func (w *web) quaiFeed(base string) ([]byte, error) {
	var items []rssItem
	for _, s := range w.chosen(func(s story) bool { return s.Publication == "quai" && s.Section != "Culture" }) {
		link := base + s.Path
		it := rssItem{Title: s.Title, Link: link + "?utm_source=rss&utm_medium=feed", Creator: s.Author, Category: s.Section,
			Description: fmt.Sprintf(`<p>%s</p><p><a href="%s">Lire la suite sur Le Quai</a></p>`, html.EscapeString(s.Lead), link),
			GUID:        rssGUID{Value: "quai:" + s.Slug}, PubDate: s.Published.Format(time.RFC1123Z)}
		if s.Image != "" {
			it.Picture = &rssMedia{base + "/img/" + s.Image + ".jpg", "image/jpeg", "image"}
		}
		items = append(items, it)
	}
	return marshalXML(newRSS("Le Quai – À la une", base+"/quai/", "Le quotidien de Port-Lannec et de sa baie", items))
}

// cultureFeed is written by hand, as it were: its links are relative, its dates
// are French.
func (w *web) cultureFeed(base string) ([]byte, error) {
	var items []rssItem
	for _, s := range w.chosen(func(s story) bool { return s.Publication == "quai" && s.Section == "Culture" }) {
		items = append(items, rssItem{Title: s.Title, Link: s.Path, Creator: s.Author, Category: s.Section,
			Description: s.Lead, GUID: rssGUID{Permalink: true, Value: s.Path}, PubDate: frenchDate(s.Published)})
	}
	return marshalXML(newRSS("Le Quai – Culture", "/quai/culture/", "Les pages culture du Quai", items))
}

// frenchDate prints "mar. 24 nov. 2026 09:05:00 +0100", which RSS does not
// allow and French publishing systems do.
func frenchDate(t time.Time) string {
	day := [...]string{"dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."}[t.Weekday()]
	month := [...]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."}[t.Month()-1]
	return fmt.Sprintf("%s %02d %s %d %s", day, t.Day(), month, t.Year(), t.Format("15:04:05 -0700"))
}

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	Title   string      `xml:"title"`
	ID      string      `xml:"id"`
	Updated string      `xml:"updated"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	Title     string     `xml:"title"`
	ID        string     `xml:"id"`
	Links     []atomLink `xml:"link"`
	Published string     `xml:"published"`
	Updated   string     `xml:"updated"`
	Author    string     `xml:"author>name"`
	Category  atomTerm   `xml:"category"`
	Summary   string     `xml:"summary"`
	Content   atomText   `xml:"content"`
}

type atomTerm struct {
	Term string `xml:"term,attr"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	HTML string `xml:",chardata"`
}

// body is a story's full text as a feed carries it, picture first.
func (s story) body(base string) string {
	var b strings.Builder
	if s.Image != "" {
		fmt.Fprintf(&b, `<img src="%s/img/%s.jpg" width="1200" height="600" alt="%s">`, base, s.Image, html.EscapeString(s.Alt))
	}
	fmt.Fprintf(&b, "<p>%s</p>%s%s", html.EscapeString(s.Lead), s.First, s.Rest)
	return b.String()
}

func (w *web) atomFeed(base string) ([]byte, error) {
	feed := atomFeed{Lang: "en", Title: "Lantern", ID: "tag:lantern.example,2020:feed",
		Links: []atomLink{{"alternate", base + "/lantern/"}, {"self", base + "/lantern/atom.xml"}}}
	for _, s := range w.chosen(func(s story) bool { return s.Publication == "lantern" && s.Section != "Notebook" }) {
		if feed.Updated == "" {
			feed.Updated = s.ISO()
		}
		feed.Entries = append(feed.Entries, atomEntry{Title: s.Title, ID: "tag:lantern.example,2020:" + s.Slug,
			Links: []atomLink{{"alternate", base + s.Path}}, Published: s.ISO(), Updated: s.ISO(), Author: s.Author,
			Category: atomTerm{s.Section}, Summary: s.Lead, Content: atomText{"html", s.body(base)}})
	}
	return marshalXML(feed)
}

type jsonAuthor struct {
	Name string `json:"name"`
}

type jsonItem struct {
	ID        string       `json:"id"`
	URL       string       `json:"url"`
	Title     string       `json:"title"`
	HTML      string       `json:"content_html"`
	Summary   string       `json:"summary"`
	Image     string       `json:"image,omitempty"`
	Published string       `json:"date_published"`
	Authors   []jsonAuthor `json:"authors"`
	Tags      []string     `json:"tags"`
	Language  string       `json:"language"`
}

// jsonFeed follows JSON Feed 1.1.
func (w *web) jsonFeed(base string) ([]byte, error) {
	items := []jsonItem{}
	for _, s := range w.chosen(func(s story) bool { return s.Publication == "lantern" && s.Section == "Notebook" }) {
		it := jsonItem{ID: "lantern:" + s.Slug, URL: base + s.Path, Title: s.Title, HTML: s.body(base), Summary: s.Lead,
			Published: s.ISO(), Authors: []jsonAuthor{{s.Author}}, Tags: []string{s.Section}, Language: s.Lang}
		if s.Image != "" {
			it.Image = base + "/img/" + s.Image + ".jpg"
		}
		items = append(items, it)
	}
	return json.MarshalIndent(map[string]any{
		"version": "https://jsonfeed.org/version/1.1", "title": "Lantern: Notebook", "language": "en",
		"home_page_url": base + "/lantern/", "feed_url": base + "/lantern/notebook.json", "items": items,
	}, "", "  ")
}
