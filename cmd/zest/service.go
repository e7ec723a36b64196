package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/schedule"
	"github.com/zest-digest/zest/digest/web"
)

// service is `zest serve` as it runs. Its store and its listeners stay; what a
// configuration decides is swapped as a whole.
type service struct {
	a       *app
	first   *machine
	current atomic.Pointer[generation]
	secure  *security
	stopped atomic.Bool
}

// generation is one reading of the configuration, wired.
type generation struct {
	m           *machine
	newsletters []digest.Newsletter
	pages       *web.Server
	hooks       http.Handler    // of providers' notices
	alive       context.Context // ends with the generation
	end         context.CancelFunc
}

// serve answers on l and sends what is due, until ctx ends; then it lets the
// requests and messages under way finish.
func (m *machine) serve(ctx context.Context, l net.Listener) error {
	s := &service{a: m.a, first: m}
	if err := s.begin(ctx, m); err != nil {
		return err
	}
	var err error
	if s.secure, err = newSecurity(m.config); err != nil {
		return err
	}
	mail, err := m.receivers(ctx, s.current.Load().newsletters)
	if err != nil {
		return err
	}
	back := make(chan struct{})
	go func() { defer close(back); mail.run(ctx, m) }()
	server := s.server(s)
	failed := make(chan error, 3)
	go func() { failed <- server.Serve(s.secure.wrap(l)) }()
	challenges, err := s.secure.challenges(s)
	if err != nil {
		return err
	}
	if challenges != nil {
		go func() { failed <- challenges() }()
	}
	if s.a.metrics != nil {
		numbers, err := net.Listen("tcp", m.config.Metrics.Listen)
		if err != nil {
			return fmt.Errorf("listening for Prometheus: %w", err)
		}
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", s.a.metrics.Handler())
		go func() { failed <- s.server(mux).Serve(numbers) }()
	}
	loop := make(chan struct{})
	go func() { defer close(loop); s.loop(ctx) }()
	hangup, ignore := hangups()
	defer ignore()
	tellSystemd(daemon.SdNotifyReady)
	for {
		select {
		case <-hangup:
			s.reload(ctx)
			continue
		case err = <-failed:
		case <-ctx.Done():
			tellSystemd(daemon.SdNotifyStopping)
			s.stopped.Store(true)
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
			defer cancel()
			err = server.Shutdown(end)
			<-loop
			<-back
		}
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		return err
	}
}

// server bounds what a stranger can cost. What scanners make it complain about
// is for whoever asks for it.
func (s *service) server(h http.Handler) *http.Server {
	return web.Guarded(h, web.Patience, slog.NewLogLogger(s.a.log.Handler(), slog.LevelDebug))
}

// begin makes a generation of a machine and puts it in the place of the last.
// When anything in it is broken nothing changes.
func (s *service) begin(ctx context.Context, m *machine) error {
	if _, err := renderer(m.config); err != nil {
		return err // every theme, before there is anything to send
	}
	newsletters, err := m.newsletters(nil)
	if err != nil {
		return err
	}
	pages, err := m.pages(ctx, newsletters)
	if err != nil {
		return err
	}
	g := &generation{m: m, newsletters: newsletters, pages: pages}
	if g.hooks, err = m.hooks(ctx); err != nil {
		return err
	}
	in, err := m.inbox(ctx)
	if err != nil {
		return err
	}
	if s.a.metrics != nil {
		s.a.metrics.Schedule(g.next)
	}
	g.alive, g.end = context.WithCancel(ctx)
	go g.pages.Run(g.alive)
	go m.visit(g.alive, in)
	if old := s.current.Swap(g); old != nil {
		old.end()
	}
	return nil
}

// next is when each newsletter goes out next.
func (g *generation) next() map[string]time.Time {
	out := map[string]time.Time{}
	for _, n := range g.newsletters {
		if plan, err := schedule.NewPlan(n); err == nil {
			if at := plan.After(g.m.a.now()); !at.IsZero() {
				out[n.Name] = at
			}
		}
	}
	return out
}

// reload reads the configuration again, and keeps the old one when the new one
// is not sound.
func (s *service) reload(ctx context.Context) {
	tellSystemd(daemon.SdNotifyReloading)
	defer tellSystemd(daemon.SdNotifyReady)
	c, err := s.a.loadConfig()
	if err != nil {
		s.a.log.Error("the configuration stays as it was", "error", err)
		return
	}
	was := s.first.config
	if c.Store != was.Store {
		s.a.log.Error("the configuration stays as it was", "error", "another store needs a restart")
		return
	}
	if c.Web.Listen != was.Web.Listen || c.Web.HTTPS != was.Web.HTTPS || c.Receive.Listen != was.Receive.Listen || c.Receive.LMTP != was.Receive.LMTP {
		s.a.log.Warn("where zest listens changes with a restart only")
	}
	m, err := s.a.wire(c, s.first.store)
	if err == nil {
		err = errors.Join(s.begin(ctx, m), s.secure.reload(c))
	}
	if err != nil {
		s.a.log.Error("the configuration stays as it was", "error", err)
		return
	}
	s.a.log.Info("configuration read again", "newsletters", len(c.Newsletters))
}

// ServeHTTP answers for the process itself, and lets the pages answer the rest.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := s.current.Load()
	if r.URL.Path == "/readyz" && r.Method == http.MethodGet {
		if err := s.ready(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
		return
	}
	if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/hooks/") {
		g.hooks.ServeHTTP(w, r)
		return
	}
	var pages http.Handler = g.pages
	if s.a.metrics != nil {
		pages = s.a.metrics.HTTP(pages)
	}
	s.a.tracer.HTTP(pages).ServeHTTP(w, r)
}

// ready says what keeps the process from its work, in words that are no secret.
func (s *service) ready(ctx context.Context) error {
	if s.stopped.Load() {
		return errors.New("stopping")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := s.first.store.Ping(ctx); err != nil {
		s.a.log.Warn("the store does not answer", "error", err)
		return errors.New("the store does not answer")
	}
	return nil
}

// loop sends what is due, minute by minute, or together with other machines. A
// failure is logged and tried again at the next minute: the ledger remembers how
// far it came.
func (s *service) loop(ctx context.Context) {
	if s.first.onPostgres() {
		s.shareWork(ctx)
		return
	}
	schedule.Loop{
		Every: time.Minute, Now: s.a.now,
		Jump: func(by time.Duration) { s.a.log.Warn("the clock was set", "by", by.Round(time.Second)) },
	}.Run(ctx, func(ctx context.Context) {
		g := s.current.Load()
		for _, n := range g.newsletters {
			if _, err := g.m.publishDue(ctx, n); err != nil && !errors.Is(err, digest.ErrNothingNew) && !errors.Is(err, digest.ErrHeld) && ctx.Err() == nil {
				s.a.log.Error("sending what is due", "newsletter", n.Name, "error", err)
			}
		}
	})
}

// shareWork runs a node of the cluster, and a new one for each configuration.
func (s *service) shareWork(ctx context.Context) {
	for ctx.Err() == nil {
		g := s.current.Load()
		g.m.share(g.alive, g.newsletters)
	}
}

// tellSystemd says how it stands to whoever started us as a service of type
// notify; nobody else listens.
func tellSystemd(state string) { _, _ = daemon.SdNotify(false, state) }
