package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/cmd/zest/selftest"
)

func (a *app) selftestCmd() *cobra.Command {
	var o selftest.Options
	c := a.jsonFlag(&cobra.Command{
		Use:   "selftest",
		Short: "Torture the delivery engine on this machine, and count what is lost",
		Long: `Send editions to thousands of readers that do not exist, through a mail server on
this machine that refuses, greylists, stalls, trickles, hangs up and loses its
answers; kill the sending processes at random moments; run two at once; fill the
disk; move the clock; take the database away. Then compare what the mail server
took with what the ledger says. No mail leaves the machine, and your own store is
not touched. It takes about a minute; --full, with 10,000 readers and more than 50
kills, a few.

A message may go twice only when it was in flight as a process was killed: SMTP
has no way to ask what became of it. It then has the same Message-ID, and the
ledger counts it.

--store tests a Postgres instead of SQLite: a database of the test's own is made
beside the one you name, and dropped.
` + exitHelp,
		Example: "  zest selftest\n  zest selftest --full\n  zest selftest --store postgres://zest@localhost/postgres",
		Args:    exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Restart != "" && o.Store == "" {
				return usagef("--restart is about the Postgres of --store")
			}
			exe, err := os.Executable()
			if err != nil {
				return fmt.Errorf("finding this program: %w", err)
			}
			o.Exe, o.Environ = exe, selftest.Clean(a.environ)
			v := verdicts{a: a}
			o.Tick, o.Done = v.tick, v.done
			results, err := selftest.Run(c.Context(), o)
			v.clear()
			if err != nil {
				return err
			}
			return a.selftestEnd(results)
		},
	})
	c.Flags().BoolVar(&o.Full, "full", false, "10,000 readers and more than 50 kills")
	c.Flags().StringVar(&o.Store, "store", "", "test this Postgres (postgres://`address`)")
	c.Flags().StringVar(&o.Only, "only", "", "run this `trial` alone")
	c.Flags().StringVar(&o.Restart, "restart", "", "a shell `command` that restarts that Postgres; without it, its connections are cut")
	return c
}

// verdicts prints trials as they go on and end.
type verdicts struct {
	a  *app
	mu sync.Mutex
}

func (v *verdicts) tick(trial string, part float64) {
	if !v.a.terminal.interactive || v.a.quiet {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	fmt.Fprintf(v.a.stderr, "\r  … %-17s %3.0f%% ", trial, part*100)
}

func (v *verdicts) clear() {
	if v.a.terminal.interactive && !v.a.quiet {
		fmt.Fprintf(v.a.stderr, "\r%s\r", strings.Repeat(" ", 30))
	}
}

type trialJSON struct {
	Trial     string   `json:"trial"`
	OK        bool     `json:"ok"`
	Readers   int      `json:"readers"`
	Kills     int      `json:"kills"`
	Lost      int      `json:"lost"`
	Stray     int      `json:"stray"`
	Repeats   int      `json:"repeats"`
	Uncounted int      `json:"uncounted"`
	Uncertain int      `json:"not_in_flight"`
	Problems  []string `json:"problems,omitempty"`
	Seconds   float64  `json:"seconds"`
}

func (v *verdicts) done(r selftest.Result) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.a.json {
		v.a.line(trialJSON{r.Trial, r.OK(), r.Readers, r.Kills, r.Lost, r.Stray, r.Repeats, r.Uncounted, r.Uncertain, r.Problems, r.Took.Seconds()})
		return
	}
	v.clear()
	mark := v.a.paint(green, "✓")
	if !r.OK() {
		mark = v.a.paint(red, "✗")
	}
	v.a.printf("%s %-16s %6d readers  %s\n", mark, r.Trial, r.Readers, v.a.paint(faint, r.Took.Round(100*time.Millisecond).String()))
	v.a.printf("  lost %d, stray %d, sent twice %d%s; the books %s\n", r.Lost, r.Stray, r.Repeats, twice(r), map[bool]string{true: "close", false: "do not close"}[len(r.Problems) == 0])
	for i, p := range r.Problems {
		if i == 5 {
			v.a.printf("  … and %d more\n", len(r.Problems)-i)
			break
		}
		v.a.printf("  %s %s\n", v.a.paint(red, "problem:"), p)
	}
}

// twice explains the messages that went twice.
func twice(r selftest.Result) string {
	var why []string
	if r.Kills > 0 {
		why = append(why, fmt.Sprintf("%s, %.1f each", count(r.Kills, "crash", "crashes"), float64(r.Repeats)/float64(r.Kills)))
	}
	if r.Repeats > 0 {
		why = append(why, fmt.Sprintf("not counted %d, not in flight %d", r.Uncounted, r.Uncertain))
	}
	if len(why) == 0 {
		return ""
	}
	return " (" + strings.Join(why, "; ") + ")"
}

func (a *app) selftestEnd(results []selftest.Result) error {
	lost, stray, repeats, ok := 0, 0, 0, true
	for _, r := range results {
		lost, stray, repeats, ok = lost+r.Lost, stray+r.Stray, repeats+r.Repeats, ok && r.OK()
	}
	if !ok {
		return errors.New("the selftest found a broken promise; do not send from this machine, and please report what is printed above")
	}
	if !a.json {
		a.printf("%s lost %d, stray %d; %d went twice, each in flight at a crash or behind a lost answer, under the same Message-ID, and counted.\n", a.paint(bold, "all promises held:"), lost, stray, repeats)
	}
	return nil
}
