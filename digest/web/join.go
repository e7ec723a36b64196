package web

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/zest-digest/zest/digest"
)

// joins sends the confirmation mails that strangers ask for, behind the answer:
// a page that took longer for an address that is not on the list would tell who
// is.
type joins struct {
	server *Server
	queue  chan request
	nets   map[netip.Prefix]*rate.Limiter
	mu     sync.Mutex
}

// request is a form that was filled in.
type request struct {
	newsletter digest.Newsletter
	email      string
	language   string
	form       string
}

const (
	queueLength = 256         // forms waiting; more are dropped, and the log says so
	netsKept    = 10_000      // networks remembered; then all are forgotten
	netBurst    = 10          // forms that one network may send at once
	netEvery    = time.Minute // and one more each
)

func newJoins(s *Server) *joins {
	return &joins{server: s, queue: make(chan request, queueLength), nets: map[netip.Prefix]*rate.Limiter{}}
}

// Run sends confirmation mails until ctx ends. Without it nobody can join.
func (s *Server) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-s.joins.queue:
			if err := s.joins.ask(ctx, r); err != nil && ctx.Err() == nil {
				s.o.Log.Error("asking for a confirmation", "newsletter", r.newsletter.Name, "error", err)
			}
		}
	}
}

// allow is the limit of one network: a /24, or a /56 of IPv6, which is what one
// household has.
func (j *joins) allow(remote string, now time.Time) bool {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	if a := ap.Addr().Unmap(); a.IsLoopback() || a.IsPrivate() {
		return true // a proxy of ours, before which everybody looks the same
	}
	bits := 24
	if ap.Addr().Unmap().Is6() {
		bits = 56
	}
	network, err := ap.Addr().Unmap().WithZone("").Prefix(bits)
	if err != nil {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.nets) > netsKept {
		clear(j.nets)
	}
	l := j.nets[network]
	if l == nil {
		l = rate.NewLimiter(rate.Every(netEvery), netBurst)
		j.nets[network] = l
	}
	return l.AllowN(now, 1)
}

// ask notes the wish and mails the address, when the store lets it.
func (j *joins) ask(ctx context.Context, r request) error {
	s := j.server
	now := s.o.Now()
	send := false
	var reader digest.Subscriber
	for _, list := range r.newsletter.Joinable {
		one, ok, err := s.o.Store.Ask(ctx, digest.Subscription{
			List: list, Since: now, Subscriber: digest.Subscriber{Email: r.email, Language: r.language},
		}, digest.Consent{List: list, Source: "web", Form: r.form, Asked: now})
		if err != nil {
			return err
		}
		if ok {
			reader, send = one, true
		}
	}
	if !send {
		return nil
	}
	ticket := s.o.Keys.Seal(digest.Ticket{Purpose: digest.PurposeConfirm, Subscriber: reader.ID, Newsletter: r.newsletter.Name})
	p := page{Newsletter: r.newsletter}
	say := func(id string) string { return s.pages.say(r.language, id, p) }
	text := strings.Join([]string{say("mail_hello"), r.newsletter.PublicURL + "/c/" + ticket, say("mail_ignore"), r.newsletter.From.Name + "\n" + r.newsletter.PostalAddress}, "\n\n") + "\n"
	return s.o.Notify.Notify(ctx, r.newsletter, r.email, say("mail_subject"), text)
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

func (s *Server) askToJoin(w http.ResponseWriter, r *http.Request) {
	if n, ok := s.open(w, r); ok {
		s.render(w, r, http.StatusOK, "join", page{Newsletter: n, Lang: s.language(r, n), title: "join_title"})
	}
}

// language is what a stranger asks for, where we speak it; else the newsletter's.
func (s *Server) language(r *http.Request, n digest.Newsletter) string {
	if lang := r.FormValue("language"); s.pages.words.Speaks(lang) {
		return lang
	}
	if r.Header.Get("Accept-Language") != "" {
		return s.preferred(r)
	}
	return n.Language
}

// join takes the form. Whatever the address is, the answer is the same.
func (s *Server) join(w http.ResponseWriter, r *http.Request) {
	n, ok := s.open(w, r)
	if !ok {
		return
	}
	form, err := values(r)
	if err != nil {
		http.Error(w, "the form could not be read", http.StatusBadRequest)
		return
	}
	lang := n.Language
	if l := form.Get("language"); s.pages.words.Speaks(l) {
		lang = l
	}
	p := page{Newsletter: n, Lang: lang, title: "join_title"}
	email, err := s.o.Address(form.Get("email"))
	if err != nil {
		p.notice = "join_wrong"
		s.render(w, r, http.StatusUnprocessableEntity, "join", p)
		return
	}
	if !s.joins.allow(r.RemoteAddr, s.o.Now()) {
		s.notice(w, r, n, http.StatusTooManyRequests, "slow")
		return
	}
	// People do not see the field "website"; programs that fill in every field do.
	if form.Get("website") == "" {
		select {
		case s.joins.queue <- request{newsletter: n, email: email, language: lang, form: s.pages.say(lang, "join_promise", p)}:
		default:
			s.o.Log.Warn("too many people want to join at once", "newsletter", n.Name)
		}
	}
	p.title, p.notice = "asked_title", "asked_done"
	s.render(w, r, http.StatusOK, "notice", p)
}

func (s *Server) askToConfirm(w http.ResponseWriter, r *http.Request) {
	if v, ok := s.admit(w, r, digest.PurposeConfirm); ok {
		s.render(w, r, http.StatusOK, "confirm", v.page("confirm_title"))
	}
}

// confirm is the reader's own word. It takes a button: a scanner that follows
// the link confirms nothing.
func (s *Server) confirm(w http.ResponseWriter, r *http.Request) {
	v, ok := s.admit(w, r, digest.PurposeConfirm)
	if !ok {
		return
	}
	for _, list := range v.newsletter.Joinable {
		if err := s.o.Store.Confirm(r.Context(), v.reader.ID, list, s.o.Now()); err != nil {
			s.broken(w, r, err)
			return
		}
	}
	p := v.page("welcome_title")
	p.notice = "welcome_done"
	if latest, err := s.o.Store.Editions(r.Context(), v.newsletter.Name, 1); err == nil && len(latest) > 0 {
		p.Link = "/" + latest[0].Ref()
	}
	s.render(w, r, http.StatusOK, "notice", p)
}
