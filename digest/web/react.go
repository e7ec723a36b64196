package web

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
)

// settled is how long after an edition is frozen its first clicks are taken for
// those of gateways that open what they let in.
const settled = 10 * time.Second

// machines are programs that open links for nobody: scanners of mail, previews,
// crawlers, libraries.
var machines = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)bot\b|crawl|spider|slurp|scan|preview|prefetch|monitor|headless|phantom|proofpoint|mimecast|barracuda|safelinks|symantec|messagelabs|trendmicro|trend micro|fortinet|fortiguard|sophos|cloudmark|ironport|imageproxy|mailproxy|facebookexternalhit|whatsapp|telegram|slack|discord|curl/|wget/|python|go-http-client|java/|okhttp|libwww|httpclient|axios|node-fetch|ruby|php/`)
})

// byMachine reports whether a request is not a person's.
func byMachine(r *http.Request) bool {
	agent := r.UserAgent()
	purpose := strings.ToLower(r.Header.Get("Sec-Purpose") + r.Header.Get("Purpose") + r.Header.Get("X-Purpose") + r.Header.Get("X-Moz"))
	return r.Method == http.MethodHead || agent == "" || machines().MatchString(agent) ||
		strings.Contains(purpose, "prefetch") || strings.Contains(purpose, "prerender") || strings.Contains(purpose, "preview")
}

// linked opens the ticket of a link about an article, and finds the article. When
// it cannot it answers the request itself and returns false.
func (s *Server) linked(w http.ResponseWriter, r *http.Request, p digest.Purpose) (digest.Link, digest.Article, bool) {
	t, err := s.keys.open(r.Context(), p, r.PathValue("ticket"), s.o.Now())
	if err != nil {
		kind, status := "bad", http.StatusNotFound
		if _, err := s.samples.Open(p, r.PathValue("ticket"), s.o.Now()); err == nil {
			kind, status = "test", http.StatusOK
		}
		s.notice(w, r, digest.Newsletter{}, status, kind)
		return digest.Link{}, digest.Article{}, false
	}
	found, err := s.o.Store.ArticlesByID(r.Context(), []digest.ArticleID{t.Link().Article})
	if err != nil {
		s.broken(w, r, err)
		return digest.Link{}, digest.Article{}, false
	}
	if len(found) == 0 {
		s.missing(w, r)
		return digest.Link{}, digest.Article{}, false
	}
	return t.Link(), found[0], true
}

// follow sends a reader on to an article, at the address that we stored and no
// other, and counts a person's click.
func (s *Server) follow(w http.ResponseWriter, r *http.Request) {
	link, article, ok := s.linked(w, r, digest.PurposeClick)
	if !ok {
		return
	}
	if !strings.HasPrefix(article.URL, "https://") && !strings.HasPrefix(article.URL, "http://") {
		s.missing(w, r)
		return
	}
	if s.letters[link.Newsletter].Feedback.Clicks && !byMachine(r) {
		s.count(r, link, digest.ReactionClick)
	}
	http.Redirect(w, r, article.URL, http.StatusFound)
}

// wishOf is the kind of opinion that a ticket is for.
func wishOf(p digest.Purpose) digest.ReactionKind {
	if p == digest.PurposeMore {
		return digest.ReactionMore
	}
	return digest.ReactionLess
}

// askWish shows a button: who follows a link has not said anything yet.
func (s *Server) askWish(purpose digest.Purpose) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		link, article, ok := s.linked(w, r, purpose)
		if !ok {
			return
		}
		n, kind := s.letters[link.Newsletter], string(wishOf(purpose))
		p := s.page(n, s.spoken(r, n.Language), kind+"_title").Put("Story", article.Title)
		p.Path, p.Content = strings.TrimPrefix(r.URL.Path, "/"), kind
		s.render(w, r, http.StatusOK, "wish", p)
	}
}

// wish counts an opinion.
func (s *Server) wish(purpose digest.Purpose) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		link, _, ok := s.linked(w, r, purpose)
		if !ok {
			return
		}
		n := s.letters[link.Newsletter]
		if n.Feedback.MoreLess {
			s.count(r, link, wishOf(purpose))
		}
		s.notice(w, r, n, http.StatusOK, "wished")
	}
}

// count notes a reaction. A failure is logged: whoever reads is not kept from
// their article by it.
func (s *Server) count(r *http.Request, l digest.Link, kind digest.ReactionKind) {
	e, err := s.o.Store.Edition(r.Context(), l.Newsletter, l.Number)
	if err != nil {
		if !errors.Is(err, digest.ErrNotFound) && r.Context().Err() == nil { // not found: a plan's links, of an edition that is not made
			s.o.Log.Error("counting a reaction", "newsletter", l.Newsletter, "error", err)
		}
		return
	}
	now := s.o.Now()
	if kind == digest.ReactionClick && now.Sub(e.FrozenAt) < settled {
		return
	}
	links := 0
	for _, c := range e.Cards() {
		links += 1 + len(c.Also)
	}
	s.counter.add(network(s.peer(r)), e.ID, l.Article, kind, links, now)
}

// tally stores what was counted and is settled.
func (s *Server) tally(ctx context.Context, now time.Time) {
	if err := s.counter.write(ctx, s.o.Store, now); err != nil && ctx.Err() == nil {
		s.o.Log.Error("writing what readers reacted to", "error", err)
	}
}
