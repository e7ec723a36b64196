package watch

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Store says how it stands.
type Store interface {
	Pulse(ctx context.Context) (digest.Pulse, error)
}

// gauges reads the store when Prometheus asks: another process may have sent.
type gauges struct {
	store Store
	now   func() time.Time
	m     *Metrics
}

// What the store is asked for, and what it means.
const (
	queued       = "zest_queue_messages"                 // messages that wait to be sent
	age          = "zest_queue_age_seconds"              // age of the oldest edition with messages that wait
	lastEdition  = "zest_last_edition_timestamp_seconds" // when the last edition was made
	nextSlot     = "zest_next_slot_timestamp_seconds"    // when the next edition is due
	failures     = "zest_source_failures"                // how often a source failed in a row
	suppressions = "zest_suppressions"                   // addresses that get nothing any more, by reason
	readers      = "zest_readers"                        // confirmed readers of a list
	broken       = "zest_store_errors"                   // 1 when the store did not answer
)

// write asks the store, for five seconds at most.
func (g gauges) write(out io.Writer) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	p, err := g.store.Pulse(ctx)
	found := map[string][]string{} // lines by name: those of one stand together
	say := func(name string, value float64, labels ...string) {
		found[name] = append(found[name], fmt.Sprintf("%s %v\n", series(name, labels...), value))
	}
	defer func() {
		for _, name := range slices.Sorted(maps.Keys(found)) {
			slices.Sort(found[name])
			fmt.Fprintf(out, "# TYPE %s gauge\n%s", name, strings.Join(found[name], ""))
		}
	}()
	if err != nil {
		say(broken, 1)
		return
	}
	say(broken, 0)
	waiting, oldest := map[string]int{}, map[string]time.Duration{}
	for name := range p.LastEdition {
		waiting[name] = 0 // a queue that is empty is a value, not a gap
	}
	for _, q := range p.Queues {
		waiting[q.Newsletter] += q.Messages
		oldest[q.Newsletter] = max(oldest[q.Newsletter], g.now().Sub(q.Since))
	}
	for name, n := range waiting {
		say(queued, float64(n), "newsletter", name)
		say(age, oldest[name].Seconds(), "newsletter", name)
	}
	for name, at := range p.LastEdition {
		say(lastEdition, float64(at.Unix()), "newsletter", name)
	}
	if next := g.m.next.Load(); next != nil {
		for name, at := range (*next)() {
			say(nextSlot, float64(at.Unix()), "newsletter", name)
		}
	}
	failing := map[string]int{}
	for _, s := range p.Failing {
		failing[label(s.Source)] = max(failing[label(s.Source)], s.Failures)
	}
	for source, n := range failing {
		say(failures, float64(n), "source", source)
	}
	for reason, n := range p.Suppressions {
		say(suppressions, float64(n), "reason", reason)
	}
	for list, n := range p.Readers {
		say(readers, float64(n), "list", list)
	}
}
