package watch

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

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

var (
	queued       = describe("queue_messages", "Messages that wait to be sent.", "newsletter")
	age          = describe("queue_age_seconds", "Age of the oldest edition with messages that wait.", "newsletter")
	lastEdition  = describe("last_edition_timestamp_seconds", "When the last edition was made.", "newsletter")
	nextSlot     = describe("next_slot_timestamp_seconds", "When the next edition is due.", "newsletter")
	failures     = describe("source_failures", "How often a source failed in a row.", "source")
	suppressions = describe("suppressions", "Addresses that get nothing any more, by reason.", "reason")
	readers      = describe("readers", "Confirmed readers of a list.", "list")
	broken       = describe("store_errors", "1 when the store did not answer.")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("zest_"+name, help, labels, nil)
}

// Describe names what Collect gives.
func (gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queued, age, lastEdition, nextSlot, failures, suppressions, readers, broken} {
		out <- d
	}
}

// Collect asks the store, for five seconds at most.
func (g gauges) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	p, err := g.store.Pulse(ctx)
	say := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
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
		say(queued, float64(n), name)
		say(age, oldest[name].Seconds(), name)
	}
	for name, at := range p.LastEdition {
		say(lastEdition, float64(at.Unix()), name)
	}
	if next := g.m.next.Load(); next != nil {
		for name, at := range (*next)() {
			say(nextSlot, float64(at.Unix()), name)
		}
	}
	for _, s := range p.Failing {
		say(failures, float64(s.Failures), s.Source)
	}
	for reason, n := range p.Suppressions {
		say(suppressions, float64(n), reason)
	}
	for list, n := range p.Readers {
		say(readers, float64(n), list)
	}
}
