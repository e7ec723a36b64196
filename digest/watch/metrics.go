package watch

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/zest-digest/zest/digest"
)

// Metrics counts. Every method may be called from several goroutines. It hears of
// long work as publishing's Progress does.
type Metrics struct {
	registry   *prometheus.Registry
	reads      *prometheus.CounterVec
	items      *prometheus.CounterVec
	editions   *prometheus.CounterVec
	deliveries *prometheus.CounterVec
	doubtful   *prometheus.CounterVec
	requests   *prometheus.HistogramVec
	next       atomic.Pointer[func() map[string]time.Time]
}

// Schedule says where to ask when each newsletter goes out next.
func (m *Metrics) Schedule(next func() map[string]time.Time) { m.next.Store(&next) }

// New makes Metrics that ask store when they are asked.
func New(store Store, now func() time.Time) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zest_" + name, Help: help}, labels)
	}
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		reads:      counter("source_reads_total", "Readings of a source, by outcome.", "source", "outcome"),
		items:      counter("source_items_total", "Items that a source brought.", "source"),
		editions:   counter("edition_runs_total", "Runs that delivered an edition or went on with one.", "newsletter"),
		deliveries: counter("deliveries_total", "Attempts to deliver a message, by mail provider and outcome.", "newsletter", "provider", "outcome"),
		doubtful:   counter("deliveries_recovered_total", "Messages in the hands of runs that died: requeued, or doubtful.", "newsletter", "what"),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "zest_http_request_duration_seconds", Help: "Time to answer readers, by route and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route", "code"}),
	}
	m.registry.MustRegister(m.reads, m.items, m.editions, m.deliveries, m.doubtful, m.requests,
		gauges{store, now, m}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Timeout: 10 * time.Second})
}

// Sources hears that collecting begins.
func (m *Metrics) Sources(int) {}

// Source hears that one source ended.
func (m *Metrics) Source(name string, items int, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.reads.WithLabelValues(name, outcome).Inc()
	m.items.WithLabelValues(name).Add(float64(items))
}

// Deliveries hears that delivering begins.
func (m *Metrics) Deliveries(e digest.Edition, _, _ int) {
	m.editions.WithLabelValues(e.Newsletter).Inc()
}

// Delivered hears what is in the ledger; [Sender] counts it, with its provider.
func (m *Metrics) Delivered(digest.Edition, []digest.Outcome) {}

// Recovered hears what was taken over from a run that died.
func (m *Metrics) Recovered(e digest.Edition, r digest.Recovered) {
	m.doubtful.WithLabelValues(e.Newsletter, "requeued").Add(float64(r.Requeued))
	m.doubtful.WithLabelValues(e.Newsletter, "doubtful").Add(float64(r.Doubtful))
}

// HTTP times the answers of h. The route is the pattern that matched, which no
// stranger chooses.
func (m *Metrics) HTTP(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &status{ResponseWriter: w, code: http.StatusOK}
		h.ServeHTTP(seen, r)
		route := r.Pattern
		if route == "" || route == "/" {
			route = "other"
		}
		m.requests.WithLabelValues(route, strconv.Itoa(seen.code)).Observe(time.Since(began).Seconds())
	})
}

// status remembers the code of an answer.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets an http.ResponseController reach what is below.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
