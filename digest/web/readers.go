package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// visitor is who a ticket speaks of.
type visitor struct {
	ticket     digest.Ticket
	reader     digest.Subscriber
	newsletter digest.Newsletter
}

// admit opens the ticket of a request. When it cannot be opened it answers the
// request itself and returns false.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, p digest.Purpose) (visitor, bool) {
	var v visitor
	sealed := r.PathValue("ticket")
	t, err := s.o.Keys.Open(p, sealed)
	if err != nil {
		if t, err := s.samples.Open(p, sealed); err == nil {
			s.notice(w, r, s.letters[t.Newsletter], http.StatusOK, "test")
			return v, false
		}
		s.notice(w, r, digest.Newsletter{}, http.StatusNotFound, "bad")
		return v, false
	}
	v.ticket = t
	v.newsletter = s.letters[t.Newsletter]
	if t.Subscriber == 0 { // nobody: an examination of ours
		s.notice(w, r, v.newsletter, http.StatusOK, "test")
		return v, false
	}
	v.reader, err = s.o.Store.Subscriber(r.Context(), t.Subscriber)
	switch {
	case errors.Is(err, digest.ErrNotFound):
		// Erased: whoever asks to leave has left already.
		s.notice(w, r, v.newsletter, http.StatusNotFound, "bad")
		return v, false
	case err != nil:
		s.broken(w, r, err)
		return v, false
	}
	return v, true
}

// lists are what leaving a newsletter leaves; a newsletter that the
// configuration does not know any more means all of them.
func (v visitor) lists() []string {
	if len(v.newsletter.Lists) == 0 {
		return []string{""}
	}
	return v.newsletter.Lists
}

func (s *Server) askToLeave(w http.ResponseWriter, r *http.Request) {
	if v, ok := s.admit(w, r, digest.PurposeUnsubscribe); ok {
		s.render(w, r, http.StatusOK, "leave", v.page("leave_title"))
	}
}

// leave unsubscribes. A mail program's one click (RFC 8058) gets a plain answer
// and never a redirect; a person gets a page with a way back.
func (s *Server) leave(w http.ResponseWriter, r *http.Request) {
	v, ok := s.admit(w, r, digest.PurposeUnsubscribe)
	if !ok {
		return
	}
	form, err := values(r)
	if err != nil {
		http.Error(w, "the form could not be read", http.StatusBadRequest)
		return
	}
	if form.Get("undo") == "yes" {
		s.comeBack(w, r, v)
		return
	}
	for _, list := range v.lists() {
		if _, err := s.o.Store.Unsubscribe(r.Context(), v.reader.ID, list, "reader", s.o.Now()); err != nil {
			s.broken(w, r, err)
			return
		}
	}
	if form.Get("List-Unsubscribe") == "One-Click" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte("unsubscribed\n"))
		return
	}
	s.render(w, r, http.StatusOK, "left", v.page("left_title"))
}

func (s *Server) comeBack(w http.ResponseWriter, r *http.Request, v visitor) {
	for _, list := range v.lists() {
		if err := s.o.Store.Resubscribe(r.Context(), v.reader.ID, list, s.o.Now()); err != nil {
			s.broken(w, r, err)
			return
		}
	}
	p := v.page("back_title")
	p.notice = "back_done"
	s.render(w, r, http.StatusOK, "notice", p)
}

func (s *Server) preferences(w http.ResponseWriter, r *http.Request) {
	if v, ok := s.admit(w, r, digest.PurposePreferences); ok {
		s.render(w, r, http.StatusOK, "choose", s.choicePage(v))
	}
}

func (s *Server) choicePage(v visitor) page {
	p := v.page("choose_title")
	leave := v.ticket
	leave.Purpose = digest.PurposeUnsubscribe
	p.LeaveURL = "/u/" + s.o.Keys.Seal(leave)
	return p
}

func (s *Server) choose(w http.ResponseWriter, r *http.Request) {
	v, ok := s.admit(w, r, digest.PurposePreferences)
	if !ok {
		return
	}
	form, err := values(r)
	language := form.Get("language")
	if err != nil || language != "" && !s.pages.words.Speaks(language) {
		http.Error(w, "the form could not be read", http.StatusBadRequest)
		return
	}
	choice := digest.Preferences{Language: language, TextOnly: form.Get("text_only") == "yes"}
	if err := s.o.Store.SetPreferences(r.Context(), v.reader.ID, choice); err != nil {
		s.broken(w, r, err)
		return
	}
	v.reader.Language, v.reader.TextOnly = choice.Language, choice.TextOnly
	p := s.choicePage(v)
	p.notice = "choose_saved"
	s.render(w, r, http.StatusOK, "choose", p)
}

// mask hides an address from whoever the message was forwarded to, and lets its
// owner recognise it.
func mask(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	for _, r := range local {
		return string(r) + "…@" + domain
	}
	return "…"
}
