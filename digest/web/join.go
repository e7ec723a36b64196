package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/zest-digest/zest/digest"
)

// joins does what forms ask for behind the answer: a page that took longer for
// an address that is not on the list would tell who is.
type joins struct {
	server *Server
	queue  chan errand
	nets   map[netip.Prefix]*budget
	mu     sync.Mutex
}

// errand is a wish to be answered by mail.
type errand struct {
	name, newsletter string
	run              func(context.Context) error
}

// budget is what one network may ask for: more with a solved puzzle.
type budget struct{ solved, plain *rate.Limiter }

const (
	queueLength = 256    // errands waiting; more are dropped, and the log says so
	netsKept    = 10_000 // networks remembered; then all are forgotten
)

// With a solved puzzle a network sends ten forms at once and one more a minute;
// without one, as from browsers without script and from forms on other sites,
// three and one more each five minutes. A domain is mailed accordingly.
const (
	solvedBurst, plainBurst         = 10, 3
	solvedEvery, plainEvery         = time.Minute, 5 * time.Minute
	solvedPerDomain, plainPerDomain = 300, 60
	ownFactor                       = 30 // for a proxy that does not say whom it speaks for
)

func newJoins(s *Server) *joins {
	return &joins{server: s, queue: make(chan errand, queueLength), nets: map[netip.Prefix]*budget{}}
}

// later runs an errand behind the answer.
func (j *joins) later(e errand) {
	select {
	case j.queue <- e:
	default:
		j.server.o.Log.Warn("too many wishes at once; one is dropped", "wish", e.name, "newsletter", e.newsletter)
	}
}

// allow counts a form of one network.
func (j *joins) allow(from netip.Addr, solved bool, now time.Time) bool {
	factor := 1
	if j.server.trusted(from) {
		factor = ownFactor
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.nets) > netsKept {
		clear(j.nets)
	}
	net := network(from)
	b := j.nets[net]
	if b == nil {
		b = &budget{
			solved: rate.NewLimiter(rate.Every(solvedEvery/time.Duration(factor)), solvedBurst*factor),
			plain:  rate.NewLimiter(rate.Every(plainEvery/time.Duration(factor)), plainBurst*factor),
		}
		j.nets[net] = b
	}
	if solved {
		return b.solved.AllowN(now, 1)
	}
	return b.plain.AllowN(now, 1)
}

// joinForm is what the form page has of its own.
type joinForm struct {
	Puzzle string
	Email  string
	Choice choiceForm
}

// open is the newsletter of a request that strangers may join; otherwise it
// answers the request itself.
func (s *Server) open(w http.ResponseWriter, r *http.Request) (digest.Newsletter, bool) {
	n, known := s.letters[r.PathValue("newsletter")]
	if !known || len(n.Joinable) == 0 || s.o.Notify == nil {
		s.missing(w, r)
		return n, false
	}
	return n, true
}

func (s *Server) joinPage(n digest.Newsletter, lang string) *page {
	p := s.page(n, lang, "join_title")
	p.Path, p.Script, p.Index = "subscribe/"+n.Name, "join.js", n.Archive == digest.ArchivePublic
	p.Content = joinForm{Puzzle: s.puzzles.pose(n.Name, s.o.Now()), Choice: choices(p, n, digest.Choice{})}
	return p
}

func (s *Server) askToJoin(w http.ResponseWriter, r *http.Request) {
	n, ok := s.open(w, r)
	if !ok {
		return
	}
	s.allowScript(w)
	s.render(w, r, http.StatusOK, "join", s.joinPage(n, s.stranger(r, n)))
}

// embedded is the form alone, for the frame of another site.
func (s *Server) embedded(w http.ResponseWriter, r *http.Request) {
	n, ok := s.open(w, r)
	if !ok {
		return
	}
	p := s.joinPage(n, s.stranger(r, n))
	p.Bare, p.Index = true, false
	h := w.Header()
	h.Set("Content-Security-Policy", policy+"; img-src "+s.site.images+"; script-src 'self'; frame-ancestors *")
	h.Del("X-Frame-Options")
	s.render(w, r, http.StatusOK, "embed", p)
}

// allowScript lets a page run the script of ours that solves the puzzle.
func (s *Server) allowScript(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", policy+"; img-src "+s.site.images+"; script-src 'self'; frame-ancestors 'none'")
}

// join takes the form. Whatever the address is, the answer is the same, and the
// store is not asked before it is given.
func (s *Server) join(w http.ResponseWriter, r *http.Request) {
	n, ok := s.open(w, r)
	if !ok {
		return
	}
	form, ok := s.form(w, r)
	if !ok {
		return
	}
	lang := form.Get("language")
	if !s.site.words.Speaks(lang) {
		lang = s.stranger(r, n)
	}
	choice, err := readChoice(n, form, s.o.Now())
	email, wrong := s.o.Address(form.Get("email"))
	if err != nil || wrong != nil {
		p := s.joinPage(n, lang)
		p.Alert = p.T("join_wrong")
		p.Content = joinForm{Puzzle: s.puzzles.pose(n.Name, s.o.Now()), Email: form.Get("email"), Choice: choices(p, n, choice)}
		s.allowScript(w)
		s.render(w, r, http.StatusUnprocessableEntity, "join", p)
		return
	}
	from := s.peer(r)
	solved := s.puzzles.solved(n.Name, form.Get("proof"), s.o.Now())
	if !s.joins.allow(from, solved, s.o.Now()) {
		s.notice(w, r, n, http.StatusTooManyRequests, "slow")
		return
	}
	// People do not see the field "website"; programs that fill in every field do.
	if form.Get("website") == "" {
		s.joins.later(errand{"joining", n.Name, func(ctx context.Context) error {
			return s.welcomeWish(ctx, wish{n, email, lang, choice, form.Get("from") == "embedded", solved, from})
		}})
	}
	p := s.page(n, lang, "asked_title")
	s.render(w, r, http.StatusOK, "asked", p)
}

// wish is a form that was filled in.
type wish struct {
	newsletter digest.Newsletter
	email      string
	language   string
	choice     digest.Choice
	embedded   bool
	solved     bool
	from       netip.Addr
}

// welcomeWish notes a wish and mails the address, when the store lets it.
func (s *Server) welcomeWish(ctx context.Context, q wish) error {
	n := q.newsletter
	p := s.page(n, q.language, "join_title")
	promise := p.T("join_promise")
	sum := sha256.Sum256([]byte(promise))
	c := digest.Consent{Source: "web", Form: promise, Version: hex.EncodeToString(sum[:4]), Language: p.Lang, Asked: s.o.Now()}
	if q.embedded {
		c.Source = "embedded"
	}
	if s.o.Networks {
		c.Network = network(q.from).String()
	}
	j := digest.Joining{
		Subscriber: digest.Subscriber{Email: q.email, Language: q.language, Created: c.Asked},
		Lists:      n.Joinable, Choice: q.choice, Consent: c, PerDomain: plainPerDomain,
	}
	if q.solved {
		j.PerDomain = solvedPerDomain
	}
	reader, answer, err := s.o.Store.Ask(ctx, j)
	if err != nil {
		return err
	}
	switch answer {
	case digest.JoinConfirm:
		t := digest.Ticket{Purpose: digest.PurposeConfirm, Subscriber: reader.ID, Newsletter: n.Name, Expires: s.o.Now().Add(confirmLife)}
		return s.write(ctx, p, reader.Email, letter{"confirm", "/c/" + s.keys.ring().Seal(t)})
	case digest.JoinKnown:
		t := digest.Ticket{Purpose: digest.PurposePreferences, Subscriber: reader.ID, Newsletter: n.Name, Expires: s.o.Now().Add(confirmLife)}
		return s.write(ctx, p, reader.Email, letter{"known", "/p/" + s.keys.ring().Seal(t)})
	}
	return nil
}

const (
	confirmLife = 7 * 24 * time.Hour // of the link in a confirmation mail
	freshLife   = 24 * time.Hour     // of a link that was mailed for one thing
)

func (s *Server) askToConfirm(w http.ResponseWriter, r *http.Request) {
	if v, ok := s.admit(w, r, digest.PurposeConfirm); ok {
		s.render(w, r, http.StatusOK, "confirm", s.visit(r, v, "confirm_title"))
	}
}

// confirm is the reader's own word. It takes a button: a scanner that follows
// the link confirms nothing.
func (s *Server) confirm(w http.ResponseWriter, r *http.Request) {
	v, ok := s.admit(w, r, digest.PurposeConfirm)
	if !ok {
		return
	}
	willing, err := s.o.Store.Confirm(r.Context(), v.reader.ID, v.newsletter.Joinable, s.o.Now())
	if err != nil {
		s.broken(w, r, err)
		return
	}
	if !willing {
		s.notice(w, r, v.newsletter, http.StatusGone, "over")
		return
	}
	p := s.visit(r, v, "welcome_title")
	t := v.ticket
	t.Purpose, t.Expires = digest.PurposePreferences, time.Time{}
	p.Content = welcome{Preferences: p.Link("p/" + s.keys.ring().Seal(t)), Latest: s.latest(r.Context(), v.newsletter)}
	s.render(w, r, http.StatusOK, "welcome", p)
}

// welcome is what the page after the button shows.
type welcome struct {
	Preferences string
	Latest      *book
}
