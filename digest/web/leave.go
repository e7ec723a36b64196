package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
)

// visitor is who a ticket speaks of.
type visitor struct {
	ticket     digest.Ticket
	reader     digest.Subscriber
	newsletter digest.Newsletter
}

// ticket opens the ticket of a request for one purpose. When it cannot be opened
// it answers the request itself and returns false.
func (s *Server) ticket(w http.ResponseWriter, r *http.Request, p digest.Purpose) (visitor, bool) {
	sealed := r.PathValue("ticket")
	t, err := s.keys.open(r.Context(), p, sealed, s.o.Now())
	if err == nil && t.Subscriber == 0 { // nobody: an examination of ours
		s.notice(w, r, s.letters[t.Newsletter], http.StatusOK, "test")
		return visitor{}, false
	}
	if err == nil {
		return visitor{ticket: t, newsletter: s.letters[t.Newsletter]}, true
	}
	if t, err := s.samples.Open(p, sealed, s.o.Now()); err == nil {
		s.notice(w, r, s.letters[t.Newsletter], http.StatusOK, "test")
		return visitor{}, false
	}
	s.notice(w, r, digest.Newsletter{}, http.StatusNotFound, "bad")
	return visitor{}, false
}

// admit opens the ticket and finds its reader.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, p digest.Purpose) (visitor, bool) {
	v, ok := s.ticket(w, r, p)
	if !ok {
		return v, false
	}
	var err error
	v.reader, err = s.o.Store.Subscriber(r.Context(), v.ticket.Subscriber)
	switch {
	case errors.Is(err, digest.ErrNotFound):
		s.notice(w, r, v.newsletter, http.StatusGone, "gone") // erased: nothing is sent to them
		return v, false
	case err != nil:
		s.broken(w, r, err)
		return v, false
	}
	return v, true
}

// visit begins a page for a reader.
func (s *Server) visit(r *http.Request, v visitor, title string) *page {
	p := s.page(v.newsletter, s.spoken(r, v.reader.Language, v.newsletter.Language), title).about(v.reader.Email)
	if r.Method != http.MethodPost { // what was done is not shown again in another language
		p.Path = strings.TrimPrefix(r.URL.Path, "/")
	}
	return p
}

func (s *Server) askToLeave(w http.ResponseWriter, r *http.Request) {
	v, ok := s.admit(w, r, digest.PurposeUnsubscribe)
	if !ok {
		return
	}
	states, err := s.o.Store.States(r.Context(), v.reader.ID, v.newsletter.Lists)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	for _, state := range states {
		if state != digest.SubLeft {
			s.render(w, r, http.StatusOK, "leave", s.visit(r, v, "leave_title"))
			return
		}
	}
	s.render(w, r, http.StatusOK, "left", s.visit(r, v, "left_title"))
}

// leave unsubscribes. A mail program's one click (RFC 8058) gets a plain answer
// and never a redirect; a person gets a page with a way back. Whoever is erased
// has left.
func (s *Server) leave(w http.ResponseWriter, r *http.Request) {
	v, ok := s.ticket(w, r, digest.PurposeUnsubscribe)
	if !ok {
		return
	}
	form, ok := s.form(w, r)
	if !ok {
		return
	}
	if form.Get("List-Unsubscribe") == "One-Click" {
		if err := s.leaves.add(v.leaving("one click", s.o.Now())); err != nil {
			s.broken(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte("unsubscribed\n"))
		return
	}
	if v, ok = s.admit(w, r, digest.PurposeUnsubscribe); !ok {
		return
	}
	switch {
	case form.Get("undo") == "yes":
		s.comeBack(w, r, v)
	case form.Get("tell") == "yes":
		s.tellWhy(w, r, v, form.Get("reason"), form.Get("words"))
	default:
		if err := s.leaves.add(v.leaving("reader", s.o.Now())); err != nil {
			s.broken(w, r, err)
			return
		}
		s.render(w, r, http.StatusOK, "left", s.visit(r, v, "left_title"))
	}
}

// leaving is the reader's wish; a newsletter that the configuration does not
// know any more means all lists.
func (v visitor) leaving(reason string, at time.Time) digest.Leave {
	return digest.Leave{Subscriber: v.ticket.Subscriber, Lists: v.newsletter.Lists, Reason: reason, At: at}
}

func (s *Server) comeBack(w http.ResponseWriter, r *http.Request, v visitor) {
	if _, err := s.o.Store.Return(r.Context(), v.reader.ID, v.newsletter.Lists, s.o.Now()); err != nil {
		s.broken(w, r, err)
		return
	}
	p := s.visit(r, v, "back_title")
	p.Notice = p.T("back_done")
	s.render(w, r, http.StatusOK, "notice", p)
}

// reasons why readers leave, as they are kept; pages say them in words.
var reasons = []string{"often", "interest", "never", "broken", "other"}

// Reasons lists them for a page.
func (p *page) Reasons() []string { return reasons }

// wordsLimit is how much of a reader's own words is kept, in characters.
const wordsLimit = 300

func (s *Server) tellWhy(w http.ResponseWriter, r *http.Request, v visitor, reason, words string) {
	if !slices.Contains(reasons, reason) {
		reason = "other"
	}
	if words = strings.Join(strings.Fields(words), " "); words != "" {
		if cut := []rune(words); len(cut) > wordsLimit {
			words = string(cut[:wordsLimit])
		}
		reason += ": " + words
	}
	if err := s.o.Store.SetReason(r.Context(), v.reader.ID, v.newsletter.Lists, reason); err != nil {
		s.broken(w, r, err)
		return
	}
	p := s.visit(r, v, "thanks_title")
	p.Notice = p.T("thanks_done")
	s.render(w, r, http.StatusOK, "notice", p)
}

// leaves writes what readers ask for at one time in one commit: while a commit
// is on its way to the disk, the next ones gather. Nobody is answered before
// their own is written.
type leaves struct {
	store   Store
	mu      sync.Mutex
	waiting []*leaving
	busy    bool
}

type leaving struct {
	digest.Leave
	done chan error
}

const (
	leavesAtOnce = 512
	leaveTimeout = 20 * time.Second
	// gather is how long a commit waits for more, which no reader feels. Without
	// it those who are answered have no time to ask again, and on a machine with
	// one processor not even those who wait have any to be read.
	gather = 2 * time.Millisecond
)

func newLeaves(s Store) *leaves { return &leaves{store: s} }

// add returns when the leave is written, or could not be.
func (l *leaves) add(leave digest.Leave) error {
	mine := &leaving{leave, make(chan error, 1)}
	l.mu.Lock()
	l.waiting = append(l.waiting, mine)
	if !l.busy {
		l.busy = true
		go l.write()
	}
	l.mu.Unlock()
	return <-mine.done
}

func (l *leaves) write() {
	for {
		time.Sleep(gather)
		l.mu.Lock()
		if len(l.waiting) == 0 {
			l.busy = false
			l.mu.Unlock()
			return
		}
		n := min(len(l.waiting), leavesAtOnce)
		batch := slices.Clone(l.waiting[:n])
		l.waiting = slices.Delete(l.waiting, 0, n)
		l.mu.Unlock()
		err := l.commit(batch)
		for _, b := range batch {
			b.done <- err
		}
	}
}

func (l *leaves) commit(batch []*leaving) error {
	// What a mail program asked for is done even when it does not wait.
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	all := make([]digest.Leave, len(batch))
	for i, b := range batch {
		all[i] = b.Leave
	}
	return l.store.LeaveAll(ctx, all)
}
