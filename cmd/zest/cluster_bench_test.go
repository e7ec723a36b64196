package main

import (
	"os/exec"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

// BenchmarkTwoMachines sends one edition to a server that takes 20 ms for a message,
// from one machine and from two that share a Postgres, and gives the ratio of
// their rates (bar: 1.7). It fails when the server gets a message twice.
func BenchmarkTwoMachines(b *testing.B) {
	const readers = 6000
	for b.Loop() {
		var took [3]time.Duration
		for machines := 1; machines <= 2; machines++ {
			f := newFleet(b, 1, readers, delivertest.Script{Delay: 5 * time.Millisecond})
			start := time.Now()
			var all []*exec.Cmd
			for range machines {
				all = append(all, f.start(b, "send", "send", "n00", "--quiet"))
			}
			for _, cmd := range all {
				cmd.Wait() // the one that finds nothing left says so by its exit code
			}
			took[machines] = time.Since(start)
			f.judge(b, 0)
			b.ReportMetric(readers/took[machines].Seconds(), map[int]string{1: "one/s", 2: "two/s"}[machines])
		}
		b.ReportMetric(took[1].Seconds()/took[2].Seconds(), "ratio")
	}
}
