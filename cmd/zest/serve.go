package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/spf13/cobra"
)

func (a *app) serveCmd() *cobra.Command {
	var listen string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Answer readers: unsubscribe, preferences, archive; send what is due",
		Long: `Serve the pages that messages link to: unsubscribing (also with one click, as
mail programs do it), preferences, the archive. Newsletters with a schedule are
sent when their time comes. What comes back is taken by SMTP or LMTP, from
mailboxes and from providers' notices, as the section receive says.

SIGHUP reads the configuration again: when it is sound it takes effect at once,
when it is not the old one stays. Ctrl-C and SIGTERM let requests and messages
under way end well. /healthz answers while the process lives, /readyz while it
can do its work. A socket of systemd is taken when it is handed over.
` + exitHelp,
		Example: "  zest serve\n  zest serve --listen 127.0.0.1:9000",
		Args:    exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			a.serving = true
			a.startLog()
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				if listen != "" {
					m.config.Web.Listen = listen
				}
				l, err := listener(m.config.Web.Listen)
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

// listener is the socket that systemd opened for us, or one of our own.
func listener(address string) (net.Listener, error) {
	handed, err := activation.Listeners()
	if err == nil && len(handed) > 0 && handed[0] != nil {
		return handed[0], nil
	}
	return net.Listen("tcp", address)
}

// hangups is told when the operator wants the configuration read again.
func hangups() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, reloadSignal)
	return c, func() { signal.Stop(c) }
}
