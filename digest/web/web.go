// Package web is what readers meet: they join, confirm, choose, leave, read past
// editions, and take or erase their own data.
//
// GET and HEAD never change anything, whoever follows the link: mail scanners
// do. Leaving needs no cookie and no login (RFC 8058 section 3.1). There is no
// cookie at all: who may do what is in the ticket of the address. An edition's
// own links leave and choose; what a forwarded message must not allow (data,
// erasure, another address) takes a ticket that was mailed for it just now.
package web

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Store is what the pages read and change.
type Store interface {
	Subscriber(ctx context.Context, id digest.SubscriberID) (digest.Subscriber, error)
	States(ctx context.Context, id digest.SubscriberID, lists []string) (map[string]digest.SubscriptionState, error)
	Choice(ctx context.Context, id digest.SubscriberID, list string) (digest.Choice, error)
	SetChoice(ctx context.Context, id digest.SubscriberID, list string, c digest.Choice) error

	Ask(ctx context.Context, j digest.Joining) (digest.Subscriber, digest.JoinAnswer, error)
	Confirm(ctx context.Context, id digest.SubscriberID, lists []string, at time.Time) (bool, error)
	Expire(ctx context.Context, now time.Time) error
	LeaveAll(ctx context.Context, leaves []digest.Leave) error
	Return(ctx context.Context, id digest.SubscriberID, lists []string, at time.Time) (bool, error)
	SetReason(ctx context.Context, id digest.SubscriberID, lists []string, reason string) error

	AskData(ctx context.Context, id digest.SubscriberID, now time.Time) (bool, error)
	AskMove(ctx context.Context, id digest.SubscriberID, email string, now time.Time) (int64, digest.MoveAnswer, error)
	PendingMove(ctx context.Context, id digest.SubscriberID, request int64) (digest.Move, error)
	MoveReader(ctx context.Context, id digest.SubscriberID, request int64) error
	Dossier(ctx context.Context, id digest.SubscriberID) (digest.Dossier, error)
	EraseReader(ctx context.Context, id digest.SubscriberID, at time.Time) error

	Edition(ctx context.Context, newsletter string, number int) (digest.Edition, error)
	EditionsSince(ctx context.Context, newsletter string, number int) ([]digest.Edition, error)
	Frozen(ctx context.Context, id digest.EditionID) (digest.Frozen, error)
	Picture(ctx context.Context, id string) (digest.Embedded, error)

	ArticlesByID(ctx context.Context, ids []digest.ArticleID) ([]digest.Article, error)
	AddReactions(ctx context.Context, list []digest.Reaction) error
}

// Options are what the pages are made of.
type Options struct {
	Store       Store
	Keys        digest.Keyring
	Rekey       func(context.Context) (digest.Keyring, error) // the keys as they are now, which another process may have changed; nil when none does
	Newsletters []digest.Newsletter
	Templates   fs.FS                              // the operator's own web/ and locale/, on top of the shipped; nil for none
	Accents     func(digest.Look) (string, string) // the accents by day and by night, #rrggbb
	Notify      Notifier                           // nil where no mail can be sent: nobody joins by themselves then
	Address     func(string) (string, error)       // normalises what a stranger typed as their address
	Proxies     []netip.Prefix                     // whose word on where a request came from is taken
	Networks    bool                               // consents keep a keyed hash of the network
	Log         *slog.Logger
	Now         func() time.Time
}

// Notifier sends a short mail to one reader.
type Notifier interface {
	Notify(ctx context.Context, n digest.Newsletter, to string, p digest.Proof) error
}

// Server answers readers' requests.
type Server struct {
	o       Options
	site    *site
	samples digest.Keyring
	letters map[string]digest.Newsletter
	mux     *http.ServeMux
	origin  *http.CrossOriginProtection
	joins   *joins
	puzzles *puzzles
	keys    *keys
	leaves  *leaves
	shelf   *shelf
	counter *counter
}

// New makes a Server; it fails when a page template or a message file is broken.
func New(o Options) (*Server, error) {
	s := &Server{o: o, samples: digest.SampleKeyring(), letters: map[string]digest.Newsletter{}, mux: http.NewServeMux(), origin: http.NewCrossOriginProtection()}
	for _, n := range o.Newsletters {
		s.letters[n.Name] = n
	}
	var err error
	if s.site, err = newSite(o); err != nil {
		return nil, err
	}
	s.joins, s.puzzles = newJoins(s), newPuzzles(o.Keys)
	s.keys = newKeys(o.Keys, o.Rekey)
	s.leaves, s.shelf = newLeaves(o.Store), newShelf(o.Store, o.Now)
	s.counter = newCounter()
	if u, err := url.Parse(s.site.public); err == nil && u.Host != "" {
		if err := s.origin.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, fmt.Errorf("trusting %s: %w", s.site.public, err)
		}
	}
	s.routes()
	return s, nil
}

func (s *Server) routes() {
	s.readers()
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET /{$}":                         s.home,
		"GET /{newsletter}":                s.archive,
		"GET /{newsletter}/{page}":         s.archivePage,
		"GET /{newsletter}/mail/{number}":  s.asMailed,
		"GET /{newsletter}/topics/{topic}": s.topic,
		"GET /r/{ticket}":                  s.follow,
		"GET /look/{newsletter}":           s.look,
		"GET /style.css":                   s.asset("style.css"),
		"GET /join.js":                     s.asset("join.js"),
		"GET /i/{id}":                      s.picture,
		"GET /robots.txt":                  s.robots,
		"GET /healthz":                     func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) },
		"/":                                s.missing,
	} {
		s.mux.HandleFunc(pattern, handle)
	}
}

// readers are the routes that change something. Each is asked for by GET, which
// shows a button, and done by POST.
func (s *Server) readers() {
	for path, pair := range map[string][2]http.HandlerFunc{
		"/subscribe/{newsletter}": {s.askToJoin, s.join},
		"/c/{ticket}":             {s.askToConfirm, s.confirm},
		"/u/{ticket}":             {s.askToLeave, s.leave},
		"/p/{ticket}":             {s.preferences, s.choose},
		"/d/{ticket}":             {s.ownData, s.useOwnData},
		"/a/{ticket}":             {s.askToMove, s.move},
		"/more/{ticket}":          {s.askWish(digest.PurposeMore), s.wish(digest.PurposeMore)},
		"/less/{ticket}":          {s.askWish(digest.PurposeLess), s.wish(digest.PurposeLess)},
	} {
		s.mux.HandleFunc("GET "+path, pair[0])
		s.mux.HandleFunc("POST "+path, pair[1])
	}
	s.mux.HandleFunc("GET /embed/{newsletter}", s.embedded)
}

// Run sends the mails that pages ask for and forgets what nobody confirmed,
// until ctx ends; then it finishes what was asked for already. Without it nobody
// can join.
func (s *Server) Run(ctx context.Context) {
	defer s.finish(ctx)
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	count := time.NewTicker(burst / 2)
	defer count.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case errand := <-s.joins.queue:
			s.do(context.WithoutCancel(ctx), errand)
		case <-count.C:
			s.tally(ctx, s.o.Now())
		case <-tick.C:
			if err := s.o.Store.Expire(ctx, s.o.Now()); err != nil && ctx.Err() == nil {
				s.o.Log.Error("forgetting what nobody confirmed", "error", err)
			}
		}
	}
}

// An errand that is begun takes no longer than errandTime; what waits when we are
// to end has finishTime altogether.
const (
	errandTime = time.Minute
	finishTime = 5 * time.Second
)

func (s *Server) do(ctx context.Context, e errand) {
	ctx, cancel := context.WithTimeout(ctx, errandTime)
	defer cancel()
	if err := e.run(ctx); err != nil {
		s.o.Log.Error("answering a wish by mail", "wish", e.name, "newsletter", e.newsletter, "error", err)
	}
}

// finish answers the wishes that wait: whoever was told to check their mail has
// a mail to find, whatever becomes of this server.
func (s *Server) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	s.tally(ctx, s.o.Now().Add(burst))
	for ctx.Err() == nil {
		select {
		case e := <-s.joins.queue:
			s.do(ctx, e)
		default:
			return
		}
	}
}

// publicOf is where readers come by: the same for every newsletter.
func publicOf(letters []digest.Newsletter) string {
	for _, n := range letters {
		if n.PublicURL != "" {
			return strings.TrimSuffix(n.PublicURL, "/")
		}
	}
	return ""
}
