package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// archiveLength is how many editions the archive lists.
const archiveLength = 200

func (s *Server) archive(w http.ResponseWriter, r *http.Request) {
	n, known := s.letters[r.PathValue("newsletter")]
	if !known {
		s.missing(w, r)
		return
	}
	editions, err := s.o.Store.Editions(r.Context(), n.Name, archiveLength)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	p := page{Newsletter: n, Lang: n.Language, title: "archive_title"}
	for _, e := range editions {
		p.Editions = append(p.Editions, entry{Subject: e.Subject, URL: "/" + e.Ref(), Day: e.Date.Format("2006-01-02")})
	}
	s.render(w, r, http.StatusOK, "archive", p)
}

// edition shows an edition as it was sent, without anything of any reader.
func (s *Server) edition(w http.ResponseWriter, r *http.Request) {
	n, known := s.letters[r.PathValue("newsletter")]
	number, err := strconv.Atoi(r.PathValue("number"))
	if !known || err != nil {
		s.missing(w, r)
		return
	}
	html, err := s.public(r, n, number)
	switch {
	case errors.Is(err, digest.ErrNotFound):
		s.missing(w, r)
		return
	case err != nil:
		s.broken(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; base-uri 'none'; frame-ancestors 'none'; sandbox allow-popups allow-top-navigation-by-user-activation")
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte(html))
}

// public is the HTML of an edition in the newsletter's language. The links that
// were each reader's own lead to the archive.
func (s *Server) public(r *http.Request, n digest.Newsletter, number int) (string, error) {
	e, err := s.o.Store.Edition(r.Context(), n.Name, number)
	if err != nil {
		return "", err
	}
	f, err := s.o.Store.Frozen(r.Context(), e.ID)
	if err != nil {
		return "", err
	}
	best := ""
	for _, p := range f.Proofs {
		if p.HTML != "" && (best == "" || p.Variant.Language == n.Language) {
			best = p.HTML
		}
	}
	if best == "" {
		return "", digest.ErrNotFound
	}
	home := n.PublicURL + "/" + n.Name
	return strings.NewReplacer(
		string(digest.TokenUnsubscribe), home, string(digest.TokenPreferences), home,
		string(digest.TokenName), "", string(digest.TokenEmail), "",
	).Replace(best), nil
}
