// Command starting measures what a start of zest costs: the time of a whole
// process, from the fork to its end, and the most memory that it held. Run it by
// `make bench`. It ends with status 1 when a command misses the bar.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The bar for every command that is measured.
const (
	mostTime   = 30 * time.Millisecond // the median, wall clock
	mostMemory = 40_000_000            // bytes, the most of all runs
)

var commands = []string{"version", "plan hebdo --json", "send --due"}

const configuration = `public_url: https://news.example.org
smtp: {host: 127.0.0.1, port: 9, tls: none}
newsletters:
  - {name: hebdo, from: hebdo@example.org, postal_address: 1 quai du Port, sources: [./articles], schedule: [every monday at 7:30]}
`

var articles = map[string]string{
	"bridge.md":  "# The bridge is open\n\nAfter two years of works the bridge over the harbour opens on Monday, wider by a lane.\n",
	"ferry.md":   "# Fewer ferries in winter\n\nFrom December the last ferry leaves at nine. The harbour says that it carried four people on most nights.\n",
	"library.md": "# The library moves\n\nFor the time of the works, books are lent in the old *customs house*, on Tuesdays and on Saturdays.\n",
}

func main() {
	zest := flag.String("zest", "bin/zest", "the program to measure, as it is shipped")
	runs := flag.Int("runs", 21, "how often each command is started")
	flag.Parse()
	dir, err := os.MkdirTemp("", "zest-starting-")
	missed := false
	if err == nil {
		defer os.RemoveAll(dir)
		missed, err = measure(dir, *zest, *runs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting:", err)
	}
	if err != nil || missed {
		os.RemoveAll(dir)
		os.Exit(1)
	}
}

// start is what one process cost.
type start struct {
	wall, cpu time.Duration
	memory    int64 // bytes
}

func measure(dir, zest string, runs int) (missed bool, err error) {
	if zest, err = filepath.Abs(zest); err != nil {
		return false, err
	}
	if err := write(dir); err != nil {
		return false, err
	}
	if _, err := starts(dir, zest, []string{"send", "--due"}, 0); err != nil { // makes the store
		return false, err
	}
	fmt.Printf("starting: %d starts of each, at most %d ms and %d MB allowed\n", runs, mostTime.Milliseconds(), mostMemory/1_000_000)
	fmt.Printf("  %-20s %10s %10s %10s %10s\n", "command", "median ms", "fastest", "cpu ms", "peak MB")
	for _, command := range commands {
		list, err := starts(dir, zest, strings.Fields(command), runs)
		if err != nil {
			return false, fmt.Errorf("zest %s: %w", command, err)
		}
		wall, fastest := median(list, func(s start) int64 { return int64(s.wall) })
		cpu, _ := median(list, func(s start) int64 { return int64(s.cpu) })
		memory := slices.MaxFunc(list, func(a, b start) int { return int(a.memory - b.memory) }).memory
		verdict := ""
		if wall > int64(mostTime) || memory > mostMemory {
			verdict, missed = "  too much", true
		}
		fmt.Printf("  %-20s %10.1f %10.1f %10.1f %10.1f%s\n", command, ms(wall), ms(fastest), ms(cpu), float64(memory)/1e6, verdict)
	}
	return missed, nil
}

// starts runs a command one more time than it counts: the first finds the program
// on the disk.
func starts(dir, zest string, args []string, runs int) (list []start, err error) {
	for range runs + 1 {
		cmd := exec.Command(zest, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "ZEST_CONFIG="+filepath.Join(dir, "zest.yaml"), "STATE_DIRECTORY="+dir)
		began := time.Now()
		out, err := cmd.CombinedOutput()
		wall := time.Since(began)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, out)
		}
		list = append(list, start{wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peak(cmd.ProcessState)})
	}
	return list[1:], nil
}

// median is the middle, and the least, of what get says of each.
func median(list []start, get func(start) int64) (middle, least int64) {
	var values []int64
	for _, s := range list {
		values = append(values, get(s))
	}
	slices.Sort(values)
	return values[len(values)/2], values[0]
}

func ms(nanoseconds int64) float64 { return float64(nanoseconds) / float64(time.Millisecond) }

func write(dir string) error {
	if err := os.Mkdir(filepath.Join(dir, "articles"), 0o700); err != nil {
		return err
	}
	for name, text := range articles {
		if err := os.WriteFile(filepath.Join(dir, "articles", name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "zest.yaml"), []byte(configuration), 0o600)
}
