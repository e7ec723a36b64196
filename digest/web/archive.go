package web

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// shelfPage is what the pages that list editions have of their own.
type shelfPage struct {
	Books  []*book // the newest first
	Topics []topic
	Topic  string
	Query  string
	Asked  bool // somebody searched
	Found  []found
	Hits   int
	More   bool
	Older  string // address of the next page, "" for none
	Newer  string
}

// perPage is how many editions the archive lists on one page.
const perPage = 50

// reading is the newsletter of a request about the archive; otherwise it answers
// the request itself.
func (s *Server) reading(w http.ResponseWriter, r *http.Request) (digest.Newsletter, []*book, bool) {
	n, known := s.letters[r.PathValue("newsletter")]
	if !known || n.Archive == digest.ArchiveNone {
		s.missing(w, r)
		return n, nil, false
	}
	books, err := s.shelf.books(r.Context(), n)
	if err != nil {
		s.broken(w, r, err)
		return n, nil, false
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("Vary", "Accept-Language")
	return n, books, true
}

// archived begins a page of the archive.
func (s *Server) archived(n digest.Newsletter, lang, title, path string, depth int) *page {
	p := s.page(n, lang, title)
	p.Path, p.depth, p.Index = path, depth, n.Archive != digest.ArchiveUnlisted
	return p
}

func (s *Server) archive(w http.ResponseWriter, r *http.Request) {
	n, books, ok := s.reading(w, r)
	if !ok {
		return
	}
	number, _ := strconv.Atoi(r.URL.Query().Get("page"))
	s.render(w, r, http.StatusOK, "archive", s.archiveOf(n, books, s.spoken(r, n.Language), max(number, 1), 1))
}

func (s *Server) archiveOf(n digest.Newsletter, books []*book, lang string, number, depth int) *page {
	p := s.archived(n, lang, "archive_title", n.Name, depth)
	p.Heading = n.Title
	content := shelfPage{Topics: topicsOf(books)}
	first := perPage * (number - 1)
	for i := len(books) - 1 - first; i >= 0 && len(content.Books) < perPage; i-- {
		content.Books = append(content.Books, books[i])
	}
	if len(books) > first+perPage {
		content.Older = p.pageLink(number + 1)
	}
	if number > 1 {
		content.Newer = p.pageLink(number - 1)
	}
	p.Content = content
	return p
}

// pageLink is a further page of the archive: a query where a server answers, a
// folder where pages are files.
func (p *page) pageLink(number int) string {
	switch {
	case number == 1:
		return p.Link(p.Newsletter.Name)
	case p.site.still:
		return p.Link(p.Newsletter.Name + "/page/" + strconv.Itoa(number))
	}
	return p.Link(p.Newsletter.Name) + "?page=" + strconv.Itoa(number)
}

// archivePage tells what an address below a newsletter means.
func (s *Server) archivePage(w http.ResponseWriter, r *http.Request) {
	switch what := r.PathValue("page"); what {
	case "search":
		s.search(w, r)
	case "feed.xml", "feed.json":
		s.feed(w, r, what)
	default:
		s.edition(w, r, what)
	}
}

func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	n, books, ok := s.reading(w, r)
	if !ok {
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	query := strings.TrimSpace(r.URL.Query().Get("q"))
	if len(query) > 200 {
		query = strings.ToValidUTF8(query[:200], "")
	}
	p := s.archived(n, s.spoken(r, n.Language), "search_title", n.Name+"/search", 2)
	p.Index = false
	hits, more := search(books, query)
	content := shelfPage{Query: query, Asked: query != "", Found: hits, More: more, Topics: topicsOf(books)}
	for _, f := range hits {
		content.Hits += len(f.Hits)
	}
	p.Put("Query", query).Content = content
	s.render(w, r, http.StatusOK, "search", p)
}

func (s *Server) topic(w http.ResponseWriter, r *http.Request) {
	n, books, ok := s.reading(w, r)
	if !ok {
		return
	}
	p := s.topicOf(n, books, s.spoken(r, n.Language), r.PathValue("topic"))
	if p == nil {
		s.missing(w, r)
		return
	}
	s.render(w, r, http.StatusOK, "search", p)
}

// topicOf is the page of one topic, nil when no edition had it.
func (s *Server) topicOf(n digest.Newsletter, books []*book, lang, slug string) *page {
	hits, more := pick(books, func(st story) bool { return slug != "" && slugOf(st.Topic) == slug })
	if len(hits) == 0 {
		return nil
	}
	p := s.archived(n, lang, "topic_title", n.Name+"/topics/"+slug, 3)
	name := hits[0].Hits[0].Topic
	p.Heading = name
	p.Content = shelfPage{Topic: name, Found: hits, More: more, Topics: topicsOf(books)}
	return p
}

// editionPage is what the page of an edition has of its own.
type editionPage struct {
	Edition      digest.Edition
	Older, Newer *book
	Mailed       string // address of the edition as it was mailed
}

// edition shows an edition, without anything of any reader.
func (s *Server) edition(w http.ResponseWriter, r *http.Request, what string) {
	n, books, ok := s.reading(w, r)
	if !ok {
		return
	}
	number, err := strconv.Atoi(what)
	if err != nil || number < 1 || what != strconv.Itoa(number) {
		s.missing(w, r)
		return
	}
	p, err := s.editionOf(r.Context(), n, books, number, s.spoken(r, ""))
	switch {
	case errors.Is(err, digest.ErrNotFound):
		s.missing(w, r)
		return
	case err != nil:
		s.broken(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "edition", p)
}

// editionOf is the page of an edition, in its own language.
func (s *Server) editionOf(ctx context.Context, n digest.Newsletter, books []*book, number int, lang string) (*page, error) {
	e, err := s.o.Store.Edition(ctx, n.Name, number)
	if err != nil {
		return nil, err
	}
	if e.State == digest.EditionCanceled {
		return nil, digest.ErrNotFound
	}
	e.Date = local(e.Date, n)
	if e.Language != "" {
		lang = e.Language
	}
	p := s.archived(n, lang, "archive_title", e.Ref(), 2)
	p.Heading = e.Subject
	content := editionPage{Edition: e, Mailed: p.Link(n.Name + "/mail/" + strconv.Itoa(number))}
	for i, b := range books {
		if b.Number != number {
			continue
		}
		if i > 0 {
			content.Older = books[i-1]
		}
		if i+1 < len(books) {
			content.Newer = books[i+1]
		}
	}
	p.Content = content
	return p, nil
}

// mailPolicy lets a mailed edition show itself, and do nothing else.
const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; base-uri 'none'; frame-ancestors 'none'; sandbox allow-popups allow-top-navigation-by-user-activation"

// asMailed shows an edition as it was mailed.
func (s *Server) asMailed(w http.ResponseWriter, r *http.Request) {
	n, _, ok := s.reading(w, r)
	if !ok {
		return
	}
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		s.missing(w, r)
		return
	}
	html, err := s.mailed(r.Context(), n, number)
	switch {
	case errors.Is(err, digest.ErrNotFound):
		s.missing(w, r)
		return
	case err != nil:
		s.broken(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", mailPolicy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Robots-Tag", "noindex") // the page of the edition is the one to find
	s.answer(w, r, http.StatusOK, []byte(html))
}

// inside finds the pictures that travelled inside the message.
var inside = regexp.MustCompile(`src="cid:([0-9a-f]{32})@[^"]*"`)

// mailed is the HTML of an edition in the newsletter's language. The links that
// were each reader's own lead to the archive.
func (s *Server) mailed(ctx context.Context, n digest.Newsletter, number int) (string, error) {
	e, err := s.o.Store.Edition(ctx, n.Name, number)
	if err != nil {
		return "", err
	}
	if e.State == digest.EditionCanceled {
		return "", digest.ErrNotFound
	}
	f, err := s.o.Store.Frozen(ctx, e.ID)
	if err != nil {
		return "", err
	}
	best := ""
	for _, p := range f.Proofs {
		if p.Variant.Key == digest.WebVariant {
			best = p.HTML
			break
		}
		if p.HTML != "" && (best == "" || p.Variant.Key == digest.VariantKey(n.Language, false)) {
			best = p.HTML
		}
	}
	if best == "" {
		return "", digest.ErrNotFound
	}
	best = inside.ReplaceAllString(best, `src="`+template.HTMLEscapeString(s.site.public)+`/i/$1"`)
	home := template.HTMLEscapeString(s.site.public + "/" + n.Name)
	return strings.NewReplacer(
		string(digest.TokenUnsubscribe), home, string(digest.TokenPreferences), home,
		string(digest.TokenName), "", string(digest.TokenEmail), "",
	).Replace(best), nil
}

// homePage is what the first page has of its own.
type homePage struct{ Letters []homeLetter }

type homeLetter struct {
	digest.Newsletter
	Latest *book
	Words  string // language of the newsletter's own words
}

// home lists the newsletters that are for everybody.
func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	p, err := s.homeOf(r.Context(), s.spoken(r))
	if err != nil {
		s.broken(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("Vary", "Accept-Language")
	s.render(w, r, http.StatusOK, "home", p)
}

func (s *Server) homeOf(ctx context.Context, lang string) (*page, error) {
	p := s.page(digest.Newsletter{}, lang, "home_title")
	p.Index = true
	var content homePage
	for _, n := range s.o.Newsletters {
		if n.Archive == digest.ArchiveUnlisted || n.Archive == digest.ArchiveNone && len(n.Joinable) == 0 {
			continue
		}
		content.Letters = append(content.Letters, homeLetter{Newsletter: n, Latest: s.latest(ctx, n), Words: n.Language})
	}
	p.Content = content
	return p, nil
}

// robots tells search engines what is nobody's business.
func (s *Server) robots(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	base := s.site.base
	s.answer(w, r, http.StatusOK, []byte("User-agent: *\nDisallow: "+base+"/u/\nDisallow: "+base+"/p/\nDisallow: "+base+"/c/\nDisallow: "+base+"/d/\nDisallow: "+base+"/a/\nDisallow: "+base+"/r/\nDisallow: "+base+"/more/\nDisallow: "+base+"/less/\n"))
}
