// Package selftest tortures the program that it is part of: real processes, a
// real store, and a mail server that misbehaves on purpose. Operators run it
// before they trust a machine, and continuous integration runs the same code.
//
// Each trial sends one edition to many readers, breaks something meanwhile, goes
// on until nothing is left to send, and then compares what the mail server took
// with what the ledger says.
package selftest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Options say what is tortured, and how long.
type Options struct {
	Exe     string   // the program to run; its own path
	Environ []string // of the processes, without what would change their configuration
	Store   string   // a postgres:// address, under which a database is made and dropped; "" for SQLite
	Restart string   // a shell command that restarts that Postgres; "" to cut its connections instead
	Only    string   // one trial's name; "" for all
	Full    bool     // 10,000 readers and more than 50 kills; otherwise about a minute in all

	// Tick hears how far a trial is, between 0 and 1, possibly from several
	// goroutines. Done hears each trial's end. Both may be nil.
	Tick func(trial string, part float64)
	Done func(Result)
}

// Result is how one trial ended.
type Result struct {
	Trial     string
	Readers   int
	Kills     int           // processes ended by kill -9
	Lost      int           // readers who should have it and do not, or have it and the ledger does not know
	Stray     int           // messages to somebody who should not have one, or other than the first under one reader
	Repeats   int           // messages that went a second time, under the same Message-ID
	Uncounted int           // of those, beyond what the ledger counts
	Uncertain int           // of those, not in flight at a kill and not of a server that lost its answer
	Problems  []string      // books that do not close, and what else was wrong
	Took      time.Duration // wall clock
}

// perKill is the bar for messages that go twice for one kill -9 of a process
// with [connections] connections, on average over a trial of at least fewKills:
// the full form. One kill alone can double what was in flight on each connection,
// and no more, and with few kills or a busy machine the average says little.
const (
	perKill  = 5
	fewKills = 50
)

// OK reports whether every promise held.
func (r Result) OK() bool {
	return r.Lost == 0 && r.Stray == 0 && r.Uncounted == 0 && r.Uncertain == 0 && len(r.Problems) == 0
}

// trial is one way of breaking things.
type trial struct {
	name           string
	readers, full  int // how many, in the short and in the full form
	only           string
	address        func(i int) string // of a reader, when it is not one like another
	script         func(*stage)
	run            func(context.Context, *stage) error
	expect         func(email string) expectation
	mayRepeat      bool // the server loses answers on purpose
	slowBy         time.Duration
	commandTimeout time.Duration
}

// Run runs every trial. An error means that a trial could not be carried out;
// what it found stands in the results.
func Run(ctx context.Context, o Options) ([]Result, error) {
	var out []Result
	for _, t := range trials() {
		if o.Only != "" && o.Only != t.name || t.only == "sqlite" && o.Store != "" || t.only == "postgres" && o.Store == "" {
			continue
		}
		r, err := one(ctx, o, t)
		if err != nil {
			return out, fmt.Errorf("trial %s: %w", t.name, err)
		}
		if out = append(out, r); o.Done != nil {
			o.Done(r)
		}
	}
	if len(out) == 0 {
		return nil, &digest.InvalidError{Field: "--only", Value: o.Only, Reason: "is no trial of this store; without it, each is named"}
	}
	return out, nil
}

func one(ctx context.Context, o Options, t trial) (r Result, err error) {
	start := time.Now()
	s, err := newStage(ctx, o, t)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := t.run(ctx, s); err != nil {
		return r, err
	}
	if err := s.finish(ctx); err != nil {
		return r, err
	}
	r, err = s.judge(ctx)
	r.Took = time.Since(start)
	return r, err
}

// config is the configuration of the processes.
const config = `store: %q
public_url: http://127.0.0.1:9
smtp: {host: 127.0.0.1, port: %d, tls: none, connections: %d, command_timeout: %s}
newsletters:
  - name: selftest
    language: en
    from: Selftest <selftest@example.org>
    postal_address: 1 Loopback Street
    sources: [./feed.xml]
    max_age: 240h
`

const feed = `<rss version="2.0"><channel><title>Selftest</title>
<item><guid>1</guid><title>The bridge opens again</title><link>https://selftest.example/1</link>
<description>After two years of works the bridge opens again on Monday, and the ferry goes back to its winter hours.</description></item>
</channel></rss>`

// write puts the processes' files into the stage's folder.
func (s *stage) write(timeout time.Duration) error {
	text := fmt.Sprintf(config, s.where, s.host.Port, connections, timeout)
	return errors.Join(
		os.WriteFile(filepath.Join(s.dir, "zest.yaml"), []byte(text), 0o600),
		os.WriteFile(filepath.Join(s.dir, "feed.xml"), []byte(feed), 0o600),
	)
}

// Clean leaves out of an environment what would change the configuration.
func Clean(environ []string) []string {
	var out []string
	for _, kv := range environ {
		if !strings.HasPrefix(kv, "ZEST_") {
			out = append(out, kv)
		}
	}
	return out
}
