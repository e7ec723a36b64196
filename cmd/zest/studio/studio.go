// Package studio shows the next edition of a newsletter in a browser while it is
// being made: on a desk and on a phone, by day and by night, without pictures,
// as text, and everything the linters say. It makes it anew whenever something
// changes, and the page follows by itself.
package studio

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest/lint"
)

// Snapshot is an edition as it stands at one moment.
type Snapshot struct {
	Newsletter string
	Ref        string // "hebdo/42"
	From       string
	Variants   []Variant
	Notes      []string // what was cut, what was left out, which source failed
	Clip       int      // budget of the HTML part, in bytes
	Err        error    // why there is none; the rest may be empty then
	At         time.Time
}

// Variant is what one group of readers would get.
type Variant struct {
	Key      string
	Language string
	Readers  int
	Subject  string
	HTML     string            // empty for readers of text
	Pictures map[string]string // address in the HTML → data: address
	Text     string
	Message  string // as it goes over the wire
	Findings []lint.Finding
}

// Options are what a studio is made of.
type Options struct {
	// Make makes the edition anew. It does not fail: what is wrong is in the
	// snapshot.
	Make func(ctx context.Context) Snapshot
	// SendTest sends a variant to one address.
	SendTest func(ctx context.Context, variant, to string) error
	// Watch lists the files and folders that an edition is made of. It is asked
	// again after each change.
	Watch func() []string
	Poll  time.Duration // between two looks at the files; default 400 ms
}

// Server is the studio. It answers on one address of this machine only.
type Server struct {
	o     Options
	mux   *http.ServeMux
	page  *template.Template
	token string // of the form; a page of somebody else cannot know it
	cross http.CrossOriginProtection

	mu      sync.Mutex
	now     Snapshot
	version int
	changed chan struct{} // closed at the next version
}

//go:embed page.tmpl studio.css studio.js
var files embed.FS

// New makes a studio, and the first snapshot.
func New(ctx context.Context, o Options) (*Server, error) {
	if o.Poll <= 0 {
		o.Poll = 400 * time.Millisecond
	}
	page, err := template.New("page.tmpl").Funcs(template.FuncMap{"kb": kilobytes, "chars": func(s string) int { return len([]rune(s)) }}).ParseFS(files, "page.tmpl")
	if err != nil {
		return nil, err
	}
	s := &Server{o: o, page: page, token: rand.Text(), mux: http.NewServeMux(), changed: make(chan struct{})}
	s.now = o.Make(ctx)
	s.mux.HandleFunc("GET /{$}", s.show)
	s.mux.HandleFunc("GET /message", s.message)
	s.mux.HandleFunc("GET /events", s.events)
	s.mux.HandleFunc("POST /test", s.test)
	s.mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(files)))
	return s, nil
}

// ServeHTTP refuses what does not come from this machine's own browser: a page
// elsewhere could name us by another name (DNS rebinding) or post our form.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := (&url.URL{Host: r.Host}).Hostname()
	if host != "localhost" && host != "127.0.0.1" && host != "::1" {
		http.Error(w, "the studio answers to this machine only", http.StatusForbidden)
		return
	}
	if err := s.cross.Check(r); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	s.mux.ServeHTTP(w, r)
}

// current is the newest snapshot, its version, and what tells of the next one.
func (s *Server) current() (Snapshot, int, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now, s.version, s.changed
}

func (s *Server) renew(ctx context.Context) {
	next := s.o.Make(ctx)
	if ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = next
	s.version++
	close(s.changed)
	s.changed = make(chan struct{})
}

// events tells the page of every new snapshot, as server-sent events.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "this connection cannot stream", http.StatusInternalServerError)
		return
	}
	_, seen, _ := s.current()
	fmt.Fprintf(w, "retry: 1000\nevent: version\ndata: %d\n\n", seen)
	flusher.Flush()
	for {
		_, version, changed := s.current()
		if version != seen {
			seen = version
			fmt.Fprintf(w, "event: version\ndata: %d\n\n", seen)
			flusher.Flush()
			continue
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

// test sends the message to one address.
func (s *Server) test(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	if subtle.ConstantTimeCompare([]byte(r.PostFormValue("token")), []byte(s.token)) != 1 {
		http.Error(w, "this form is from another run of the studio; reload the page", http.StatusForbidden)
		return
	}
	to := strings.TrimSpace(r.PostFormValue("to"))
	q := url.Values{"variant": {r.PostFormValue("variant")}, "said": {"test sent to " + to}}
	if err := s.o.SendTest(r.Context(), r.PostFormValue("variant"), to); err != nil {
		q.Set("said", "not sent: "+err.Error())
	}
	http.Redirect(w, r, "/?"+q.Encode(), http.StatusSeeOther)
}

func kilobytes(n int) string { return fmt.Sprintf("%.1f KB", float64(n)/1000) }
