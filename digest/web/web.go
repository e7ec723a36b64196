// Package web answers readers: it lets them leave with one click or one button,
// choose, and read past editions.
//
// GET and HEAD never change anything, whoever follows the link: mail scanners
// do. Leaving needs no cookie and no login (RFC 8058 section 3.1).
package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/templates"
)

// Store is what the pages read and change.
type Store interface {
	Ask(ctx context.Context, sub digest.Subscription, c digest.Consent) (digest.Subscriber, bool, error)
	Confirm(ctx context.Context, id digest.SubscriberID, list string, at time.Time) error
	Subscriber(ctx context.Context, id digest.SubscriberID) (digest.Subscriber, error)
	Unsubscribe(ctx context.Context, id digest.SubscriberID, list, reason string, at time.Time) (bool, error)
	Resubscribe(ctx context.Context, id digest.SubscriberID, list string, at time.Time) error
	SetPreferences(ctx context.Context, id digest.SubscriberID, p digest.Preferences) error
	Edition(ctx context.Context, newsletter string, number int) (digest.Edition, error)
	Editions(ctx context.Context, newsletter string, limit int) ([]digest.Edition, error)
	Frozen(ctx context.Context, id digest.EditionID) (digest.Frozen, error)
}

// Options are what the pages are made of.
type Options struct {
	Store       Store
	Keys        digest.Keyring
	Newsletters []digest.Newsletter
	Notify      Notifier                     // nil where nobody can join by themselves
	Address     func(string) (string, error) // normalises what a stranger typed as their address
	Log         *slog.Logger
	Now         func() time.Time
}

// Notifier sends a short mail to one reader.
type Notifier interface {
	Notify(ctx context.Context, n digest.Newsletter, to, subject, text string) error
}

// Server answers readers' requests.
type Server struct {
	o       Options
	pages   pages
	samples digest.Keyring
	letters map[string]digest.Newsletter
	mux     *http.ServeMux
	joins   *joins
}

// New makes a Server; it fails when a page template or a message file is broken.
func New(o Options) (*Server, error) {
	p, err := loadPages()
	if err != nil {
		return nil, err
	}
	s := &Server{o: o, pages: p, samples: digest.SampleKeyring(), letters: map[string]digest.Newsletter{}, mux: http.NewServeMux()}
	s.joins = newJoins(s)
	for _, n := range o.Newsletters {
		s.letters[n.Name] = n
	}
	s.mux.HandleFunc("GET /u/{ticket}", s.askToLeave)
	s.mux.HandleFunc("POST /u/{ticket}", s.leave)
	s.mux.HandleFunc("GET /p/{ticket}", s.preferences)
	s.mux.HandleFunc("POST /p/{ticket}", s.choose)
	s.mux.HandleFunc("GET /style.css", s.style)
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	s.mux.HandleFunc("GET /c/{ticket}", s.askToConfirm)
	s.mux.HandleFunc("POST /c/{ticket}", s.confirm)
	s.mux.HandleFunc("GET /subscribe/{newsletter}", s.askToJoin)
	s.mux.HandleFunc("POST /subscribe/{newsletter}", s.join)
	s.mux.HandleFunc("GET /{newsletter}", s.archive)
	s.mux.HandleFunc("GET /{newsletter}/{number}", s.edition)
	s.mux.HandleFunc("/", s.missing)
	return s, nil
}

// bodyLimit is far above any form here, and far below what would hurt.
const bodyLimit = 64 << 10

// ServeHTTP adds what every answer needs, and keeps a panic from a reader.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src https: data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	defer func() {
		if v := recover(); v != nil {
			s.o.Log.Error("answering a reader", "path", routeOf(r), "panic", v)
			w.WriteHeader(http.StatusInternalServerError)
		}
	}()
	s.mux.ServeHTTP(w, r)
}

// routeOf is the path without its ticket: a ticket is a key, and must not reach
// a log line.
func routeOf(r *http.Request) string {
	if r.PathValue("ticket") != "" {
		return r.Pattern
	}
	return r.URL.Path
}

func (s *Server) style(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=3600")
	http.ServeFileFS(w, r, templates.FS, "web/style.css")
}
