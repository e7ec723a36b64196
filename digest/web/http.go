package web

import (
	"log"
	"net/http"
	"time"
)

// Patience is how long a visitor may take to say what they want; the whole of a
// request may take three times as long, its answer six times.
const Patience = 5 * time.Second

// Guarded is an HTTP server that slow and greedy visitors cannot hold: who
// trickles a request, sends a large one, or does not read the answer is shut out
// in time. Idle connections are kept for a mail provider's next click.
func Guarded(h http.Handler, patience time.Duration, errors *log.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: patience, ReadTimeout: 3 * patience, WriteTimeout: 6 * patience,
		IdleTimeout: 12 * patience, MaxHeaderBytes: 16 << 10, ErrorLog: errors,
	}
}
