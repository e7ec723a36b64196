package web

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/gorilla/feeds"

	"github.com/zest-digest/zest/digest"
)

// feedLength is how many editions a feed holds.
const feedLength = 20

// feed answers with the newest editions, as Atom (RFC 4287) or JSON Feed 1.1.
func (s *Server) feed(w http.ResponseWriter, r *http.Request, file string) {
	n, books, ok := s.reading(w, r)
	if !ok {
		return
	}
	body, kind, err := s.feedOf(n, books, file)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	w.Header().Set("Content-Type", kind)
	if n.Archive == digest.ArchiveUnlisted {
		w.Header().Set("X-Robots-Tag", "noindex")
	}
	s.answer(w, r, http.StatusOK, body)
}

func (s *Server) feedOf(n digest.Newsletter, books []*book, file string) (body []byte, kind string, err error) {
	home := s.site.public + "/" + n.Name
	f := &feeds.Feed{Id: home, Title: n.Title, Description: n.Description, Link: &feeds.Link{Href: home}, Author: &feeds.Author{Name: n.From.Name}}
	for i := len(books) - 1; i >= 0 && len(f.Items) < feedLength; i-- {
		b := books[i]
		link := home + "/" + strconv.Itoa(b.Number)
		content, err := s.feedContent(n, b)
		if err != nil {
			return nil, "", err
		}
		f.Items = append(f.Items, &feeds.Item{Id: link, IsPermaLink: "true", Title: b.Subject, Link: &feeds.Link{Href: link}, Description: b.Summary, Content: content, Created: b.Date, Updated: b.Date})
	}
	if len(f.Items) > 0 {
		f.Updated = f.Items[0].Updated
	}
	if file == "feed.json" {
		j := (&feeds.JSON{Feed: f}).JSONFeed()
		j.FeedUrl, j.Language = home+"/feed.json", n.Language
		text, err := j.ToJSON()
		return []byte(text), "application/feed+json; charset=utf-8", err
	}
	a := (&feeds.Atom{Feed: f}).AtomFeed()
	a.Link = &feeds.AtomLink{Href: home, Rel: "alternate"}
	text, err := feeds.ToXML(atom{a})
	return []byte(text), "application/atom+xml; charset=utf-8", err
}

// atom hands a finished feed to the writer of the library.
type atom struct{ feed *feeds.AtomFeed }

// FeedXml is what the library writes.
func (a atom) FeedXml() any { return a.feed }

// feedContent is the stories of an edition, as HTML.
func (s *Server) feedContent(n digest.Newsletter, b *book) (string, error) {
	p := s.page(n, b.Language, "archive_title")
	p.Content = b
	var out bytes.Buffer
	err := s.site.templates["feed"].ExecuteTemplate(&out, "feed", p)
	return out.String(), err
}
