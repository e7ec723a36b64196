// Command bench measures what zest sends against what others send, side by side
// in one run, and prints ratios with the bar beside each: a machine that is busy
// is busy for all of them.
//
//	bench -zest bin/zest [-only rate,far,compose,dkim,ledger,memory] [-quick]
//
// It needs smtp-source and smtp-sink, which Postfix brings; .ci/bench.sh gets
// them. Run it by `make bench`.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// plan is what is measured, and how much of it.
type plan struct {
	zest        string // the binary
	dir         string // scratch
	tools       string // folder of smtp-source and smtp-sink, "" for the PATH
	only        []string
	rounds      int
	connections int
	small, big  int // readers of the 30 KB and the 90 KB message
	far         int // readers at 20 ms
	others      int // messages of the slower contestants
	many        int // readers of the memory test; a tenth and a hundredth are compared
	rows        int // of the ledger alone
	failed      int // bars missed
}

func main() {
	if len(os.Args) > 1 && roles[os.Args[1]] != nil {
		if err := roles[os.Args[1]](os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	p := plan{connections: 10}
	only := flag.String("only", "rate,far,compose,dkim,ledger,memory", "what to measure, separated by commas")
	quick := flag.Bool("quick", os.Getenv("ZEST_BENCH") == "quick", "sizes that take a minute in all")
	flag.StringVar(&p.zest, "zest", "bin/zest", "the zest `binary`")
	flag.StringVar(&p.tools, "postfix", "", "the `folder` of smtp-source and smtp-sink")
	flag.IntVar(&p.rounds, "rounds", 0, "rounds of which the medians are taken")
	flag.IntVar(&p.small, "small", 0, "readers of a 30 KB message")
	flag.IntVar(&p.big, "big", 0, "readers of a 90 KB message")
	flag.IntVar(&p.many, "many", 0, "readers in the memory test")
	flag.Parse()
	p.only = strings.Split(*only, ",")
	p.sizes(*quick)
	if err := p.run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if p.failed > 0 {
		fmt.Printf("\n%d bars missed\n", p.failed)
	}
}

// sizes fills in what the flags left open.
func (p *plan) sizes(quick bool) {
	for _, s := range []struct {
		n           *int
		full, quick int
	}{{&p.rounds, 5, 1}, {&p.small, 50_000, 5_000}, {&p.big, 20_000, 2_000}, {&p.far, 4_000, 1_000}, {&p.others, 4_000, 1_000}, {&p.many, 1_000_000, 100_000}, {&p.rows, 200_000, 50_000}} {
		if *s.n == 0 {
			*s.n = s.full
			if quick {
				*s.n = s.quick
			}
		}
	}
}

func (p *plan) run() error {
	dir, err := os.MkdirTemp("", "zest-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p.dir = dir
	for _, section := range []struct {
		name string
		run  func() error
	}{{"compose", p.compose}, {"dkim", p.dkim}, {"ledger", p.ledger}, {"rate", p.rate}, {"far", p.farAway}, {"memory", p.memory}} {
		if !slices.Contains(p.only, section.name) {
			continue
		}
		if err := section.run(); err != nil {
			return fmt.Errorf("%s: %w", section.name, err)
		}
	}
	return nil
}

// bar prints a figure beside the bar it is held to.
func (p *plan) bar(what string, got float64, sign string, limit float64) {
	met := got >= limit
	if sign == "<=" {
		met = got <= limit
	}
	word := "ok"
	if !met {
		word = "MISSED"
		p.failed++
	}
	fmt.Printf("  %-58s %10.3f   bar %s %-8g %s\n", what, got, sign, limit, word)
}

// table prints the medians of some contestants.
func table(rows []*contestant) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "  \tmessages/s\tCPU s/10,000\tpeak MiB\t")
	for _, c := range rows {
		fmt.Fprintf(w, "  %s\t%.0f\t%.2f\t%.0f\t\n", c.name, c.median(sample.rate), c.median(sample.cpuPer10k), c.median(func(s sample) float64 { return s.peak }))
	}
	w.Flush()
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}
