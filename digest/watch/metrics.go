package watch

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/internal/answer"
)

// Metrics counts. Every method may be called from several goroutines. It hears of
// long work as publishing's Progress does.
type Metrics struct {
	set  *metrics.Set
	next atomic.Pointer[func() map[string]time.Time]
}

// What is counted as it happens. The names of labels stand in alphabetical order.
const (
	reads      = "zest_source_reads_total"            // readings of a source, by outcome
	items      = "zest_source_items_total"            // items that a source brought
	editions   = "zest_edition_runs_total"            // runs that delivered an edition or went on with one
	deliveries = "zest_deliveries_total"              // attempts to deliver a message, by mail provider and outcome
	recovered  = "zest_deliveries_recovered_total"    // messages in the hands of runs that died: requeued, or doubtful
	requests   = "zest_http_request_duration_seconds" // time to answer readers, by route and status
)

// buckets are the seconds that answers are sorted by.
var buckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}

// Schedule says where to ask when each newsletter goes out next.
func (m *Metrics) Schedule(next func() map[string]time.Time) { m.next.Store(&next) }

// New makes Metrics that ask store when they are asked.
func New(store Store, now func() time.Time) *Metrics {
	metrics.ExposeMetadata(true)
	m := &Metrics{set: metrics.NewSet()}
	m.set.RegisterMetricsWriter(gauges{store, now, m}.write)
	return m
}

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		m.set.WritePrometheus(w)
		metrics.WriteProcessMetrics(w)
	})
}

// add counts n more. Labels are names and values by turns.
func (m *Metrics) add(n int, name string, labels ...string) {
	m.set.GetOrCreateCounter(series(name, labels...)).Add(n)
}

// series is a name with its labels, as Prometheus writes it.
func series(name string, labels ...string) string {
	if len(labels) == 0 {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(labels); i += 2 {
		fmt.Fprintf(&b, ",%s=%q", labels[i], labels[i+1])
	}
	return name + "{" + b.String()[1:] + "}"
}

// Sources hears that collecting begins.
func (m *Metrics) Sources(int) {}

// Source hears that one source ended.
func (m *Metrics) Source(name string, found int, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.add(1, reads, "outcome", outcome, "source", label(name))
	m.add(found, items, "source", label(name))
}

// label is what a source is called here. One that was given by its address may end
// in a token, which is nobody's to read.
func label(source string) string {
	source, _, _ = strings.Cut(source, "?")
	return source
}

// Deliveries hears that delivering begins.
func (m *Metrics) Deliveries(e digest.Edition, _, _ int) {
	m.add(1, editions, "newsletter", e.Newsletter)
}

// Delivered hears what is in the ledger; [Sender] counts it, with its provider.
func (m *Metrics) Delivered(digest.Edition, []digest.Outcome) {}

// Recovered hears what was taken over from a run that died.
func (m *Metrics) Recovered(e digest.Edition, r digest.Recovered) {
	m.add(r.Requeued, recovered, "newsletter", e.Newsletter, "what", "requeued")
	m.add(r.Doubtful, recovered, "newsletter", e.Newsletter, "what", "doubtful")
}

// HTTP times the answers of h by route.
func (m *Metrics) HTTP(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		route, code := answer.Serve(h, w, r)
		name := series(requests, "code", strconv.Itoa(code), "route", route)
		m.set.GetOrCreatePrometheusHistogramExt(name, buckets).UpdateDuration(began)
	})
}
