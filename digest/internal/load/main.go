// Command load puts the readers' server under load: a one-click unsubscribe for
// each of many readers, by wrk on one core against zest serve on another. It
// prints what it measured, and fails when an answer was given that a kill -9
// could take back. The bars, on a machine that does nothing else: 5,000 a second on
// the server's core, and a p99 of 50 ms beside a send.
//
//	go run ./digest/internal/load -zest bin/zest
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

const (
	secret      = "only a measurement, nothing secret"
	newsletter  = "load"
	connections = 64 // of those who click
)

func main() {
	zest := flag.String("zest", "bin/zest", "the program to measure")
	readers := flag.Int("readers", 300_000, "how many readers there are")
	seconds := flag.Int("seconds", 8, "for how long each round goes")
	flag.Parse()
	log.SetFlags(0)
	path, err := filepath.Abs(*zest)
	if err != nil {
		log.Fatal(err)
	}
	if err := measure(path, *readers, *seconds); err != nil {
		log.Fatalf("load: %v", err)
	}
}

func measure(zest string, readers, seconds int) error {
	dir, err := os.MkdirTemp("", "zest-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sink, err := openSink()
	if err != nil {
		return err
	}
	defer sink.Close()
	h := house{zest: zest, dir: dir, smtp: sink.Addr}
	if err := h.furnish(readers); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	alone, err := h.round(readers, seconds, nil)
	if err != nil {
		return err
	}
	fmt.Printf("one-click, alone:              %s\n", alone)
	beside, err := h.round(readers, seconds, func() (func(), error) { return h.send(sink) })
	if err != nil {
		return err
	}
	fmt.Printf("one-click, beside a send:      %s; %d messages sent meanwhile\n", beside, sink.count.Load())
	return enumeration(&h)
}

// round answers one-click requests for some seconds, kills the server, and
// counts what is written down. Beside is what goes on meanwhile.
func (h *house) round(readers, seconds int, beside func() (stop func(), err error)) (figures, error) {
	script, err := h.script(readers)
	if err != nil {
		return figures{}, err
	}
	before, err := h.left()
	if err != nil {
		return figures{}, err
	}
	server, url, err := h.serve()
	if err != nil {
		return figures{}, err
	}
	if beside != nil {
		stop, err := beside()
		if err != nil {
			return figures{}, err
		}
		defer stop()
	}
	f, err := wrk(url, script, seconds)
	if err := kill(server); err != nil {
		return f, err
	}
	f.cpu = spent(server)
	if err != nil {
		return f, err
	}
	after, err := h.left()
	if err != nil {
		return f, err
	}
	h.used += f.requests + 10*connections // what was under way at the end is used too
	if f.written = after - before; f.written < f.requests {
		return f, fmt.Errorf("%d were answered and %d are written down", f.requests, f.written)
	}
	return f, nil
}

// left counts the readers who have left.
func (h *house) left() (int, error) {
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(h.dir, "zest.db"), store.Options{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	n := 0
	err = s.Subscriptions(ctx, store.SubscriptionFilter{List: newsletter, State: digest.SubLeft}, func(digest.Subscription) error {
		n++
		return nil
	})
	return n, err
}
