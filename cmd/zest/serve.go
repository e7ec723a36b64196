package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/schedule"
	"github.com/zest-digest/zest/digest/web"
)

func (a *app) serveCmd() *cobra.Command {
	var listen string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Answer readers: unsubscribe, preferences, archive; send what is due",
		Long: `Serve the pages that messages link to: unsubscribing (also with one click, as
mail programs do it), preferences, the archive. Newsletters with a schedule are
sent when their time comes. Ends cleanly on Ctrl-C or SIGTERM.
` + exitHelp,
		Example: "  zest serve\n  zest serve --listen 127.0.0.1:9000",
		Args:    exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			a.serving = true
			a.startLog()
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				if listen == "" {
					listen = m.config.Web.Listen
				}
				l, err := net.Listen("tcp", listen)
				if err != nil {
					return fmt.Errorf("listening: %w", err)
				}
				a.notef("listening on http://%s (readers come by %s)", l.Addr(), m.config.PublicURL)
				return m.serve(ctx, l)
			})
		},
	}
	c.Flags().StringVar(&listen, "listen", "", "the `address` to listen on (default: web.listen)")
	return c
}

// serve answers on l and sends what is due, until ctx ends; then it lets the
// requests under way finish.
func (m *machine) serve(ctx context.Context, l net.Listener) error {
	newsletters, err := m.newsletters(nil)
	if err != nil {
		return err
	}
	handler, err := m.pages(ctx, newsletters)
	if err != nil {
		return err
	}
	server := web.Guarded(handler, web.Patience, slog.NewLogLogger(m.a.log.Handler(), slog.LevelDebug))
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	go handler.Run(ctx)
	loop := make(chan struct{})
	go func() { defer close(loop); m.loop(ctx, newsletters) }()
	select {
	case err = <-failed:
	case <-ctx.Done():
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
		defer cancel()
		err = server.Shutdown(end)
		<-loop
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// loop sends what is due, minute by minute, or together with other machines. A
// failure is logged and tried again at the next minute: the ledger remembers how
// far it came.
func (m *machine) loop(ctx context.Context, newsletters []digest.Newsletter) {
	if m.onPostgres() {
		m.share(ctx, newsletters)
		return
	}
	schedule.Loop{
		Every: time.Minute, Now: m.a.now,
		Jump: func(by time.Duration) { m.a.log.Warn("the clock was set", "by", by.Round(time.Second)) },
	}.Run(ctx, func(ctx context.Context) {
		for _, n := range newsletters {
			if _, err := m.publishDue(ctx, n); err != nil && !errors.Is(err, digest.ErrNothingNew) && ctx.Err() == nil {
				m.a.log.Error("sending what is due", "newsletter", n.Name, "error", err)
			}
		}
	})
}
