package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/zest-digest/zest/digest"
)

// sendData mails a reader the way to their own data. Whoever was forwarded a
// message has its links, and not their mailbox.
func (s *Server) sendData(w http.ResponseWriter, r *http.Request, v visitor) {
	p := s.visit(r, v, "mailed_title")
	mail := s.visit(r, v, "mailed_title")
	s.joins.later(errand{"own data", v.newsletter.Name, func(ctx context.Context) error {
		allowed, err := s.o.Store.AskData(ctx, v.reader.ID, s.o.Now())
		if err != nil || !allowed || s.o.Notify == nil {
			return err
		}
		t := digest.Ticket{Purpose: digest.PurposeData, Subscriber: v.reader.ID, Newsletter: v.newsletter.Name, Expires: s.o.Now().Add(freshLife)}
		return s.write(ctx, mail, v.reader.Email, letter{"data", "/d/" + s.keys.ring().Seal(t)})
	}})
	p.Notice = p.T("mailed_done")
	s.render(w, r, http.StatusOK, "notice", p)
}

// dataPage is what the page of one's own data has of its own.
type dataPage struct{ Email string }

func (s *Server) ownData(w http.ResponseWriter, r *http.Request) {
	if v, ok := s.admit(w, r, digest.PurposeData); ok {
		s.showData(w, r, v, http.StatusOK, "")
	}
}

func (s *Server) showData(w http.ResponseWriter, r *http.Request, v visitor, status int, alert string) {
	p := s.visit(r, v, "data_title")
	if alert != "" {
		p.Alert = p.T(alert)
	}
	p.Content = dataPage{Email: v.reader.Email} // the address itself: this link was mailed to nobody else
	s.render(w, r, status, "data", p)
}

func (s *Server) useOwnData(w http.ResponseWriter, r *http.Request) {
	v, ok := s.admit(w, r, digest.PurposeData)
	if !ok {
		return
	}
	form, ok := s.form(w, r)
	if !ok {
		return
	}
	switch form.Get("do") {
	case "export":
		s.export(w, r, v)
	case "erase":
		s.erase(w, r, v, form)
	case "move":
		s.startMove(w, r, v, form.Get("email"))
	default:
		s.showData(w, r, v, http.StatusUnprocessableEntity, "data_which")
	}
}

// export hands out everything we have of a person (GDPR articles 15 and 20).
func (s *Server) export(w http.ResponseWriter, r *http.Request, v visitor) {
	d, err := s.o.Store.Dossier(r.Context(), v.reader.ID)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	body, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		s.broken(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="zest-data.json"`)
	s.answer(w, r, http.StatusOK, append(body, '\n'))
}

// erase forgets a person (GDPR article 17). Nothing is mailed about it: there is
// nobody left to write to.
func (s *Server) erase(w http.ResponseWriter, r *http.Request, v visitor, form url.Values) {
	if form.Get("sure") != "yes" {
		s.showData(w, r, v, http.StatusUnprocessableEntity, "data_unsure")
		return
	}
	if err := s.o.Store.EraseReader(r.Context(), v.reader.ID, s.o.Now()); err != nil {
		s.broken(w, r, err)
		return
	}
	s.notice(w, r, v.newsletter, http.StatusOK, "erased")
}

// startMove writes to the new address; only a button there moves anything.
func (s *Server) startMove(w http.ResponseWriter, r *http.Request, v visitor, to string) {
	email, err := s.o.Address(to)
	if err != nil {
		s.showData(w, r, v, http.StatusUnprocessableEntity, "join_wrong")
		return
	}
	mail := s.visit(r, v, "data_title")
	s.joins.later(errand{"another address", v.newsletter.Name, func(ctx context.Context) error {
		request, answer, err := s.o.Store.AskMove(ctx, v.reader.ID, email, s.o.Now())
		if err != nil || s.o.Notify == nil {
			return err
		}
		switch answer {
		case digest.MoveConfirm:
			t := digest.Ticket{Purpose: digest.PurposeMove, Subscriber: v.reader.ID, Newsletter: v.newsletter.Name, Request: request, Expires: s.o.Now().Add(freshLife)}
			return s.write(ctx, mail, email, letter{"move", "/a/" + s.keys.ring().Seal(t)})
		case digest.MoveTaken:
			return s.write(ctx, mail, email, letter{"taken", ""})
		}
		return nil
	}})
	p := s.visit(r, v, "asked_title")
	p.Notice = p.T("moving_done")
	s.render(w, r, http.StatusOK, "notice", p)
}

// movePage is what the page for a new address has of its own.
type movePage struct{ To string }

// moving admits a request for another address.
func (s *Server) moving(w http.ResponseWriter, r *http.Request) (visitor, digest.Move, bool) {
	v, ok := s.admit(w, r, digest.PurposeMove)
	if !ok {
		return v, digest.Move{}, false
	}
	m, err := s.o.Store.PendingMove(r.Context(), v.reader.ID, v.ticket.Request)
	switch {
	case errors.Is(err, digest.ErrNotFound):
		s.notice(w, r, v.newsletter, http.StatusGone, "over")
		return v, m, false
	case err != nil:
		s.broken(w, r, err)
		return v, m, false
	}
	return v, m, true
}

func (s *Server) askToMove(w http.ResponseWriter, r *http.Request) {
	v, m, ok := s.moving(w, r)
	if !ok {
		return
	}
	p := s.visit(r, v, "move_title")
	p.Content = movePage{To: m.To} // the link was mailed there and nowhere else
	s.render(w, r, http.StatusOK, "move", p)
}

func (s *Server) move(w http.ResponseWriter, r *http.Request) {
	v, m, ok := s.moving(w, r)
	if !ok {
		return
	}
	err := s.o.Store.MoveReader(r.Context(), v.reader.ID, m.Request)
	switch {
	case errors.Is(err, digest.ErrNotFound):
		s.notice(w, r, v.newsletter, http.StatusGone, "over")
		return
	case err != nil:
		s.broken(w, r, err)
		return
	}
	mail := s.visit(r, v, "moved_title").Put("New", mask(m.To))
	s.joins.later(errand{"another address", v.newsletter.Name, func(ctx context.Context) error {
		if s.o.Notify == nil {
			return nil
		}
		return s.write(ctx, mail, m.From, letter{"moved", ""}) // so that its owner knows
	}})
	p := s.visit(r, v, "moved_title").about(m.To)
	p.Notice = p.T("moved_done")
	s.render(w, r, http.StatusOK, "notice", p)
}
