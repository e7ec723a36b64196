package watch_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/watch"
)

// answers is a store that says how it stands.
type answers struct {
	pulse digest.Pulse
	err   error
}

func (a answers) Pulse(context.Context) (digest.Pulse, error) { return a.pulse, a.err }

// TestPrometheusReadsIt gives what is written to Prometheus's own parser.
func TestPrometheusReadsIt(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	store := answers{pulse: digest.Pulse{
		Queues:      []digest.Queue{{Newsletter: "hebdo", Messages: 12, Since: now.Add(-time.Minute)}},
		LastEdition: map[string]time.Time{"hebdo": now, "soir": now}, Readers: map[string]int{"hebdo": 3},
		Suppressions: map[string]int{"complaint": 2},
		Failing:      []digest.SourceState{{Source: "example.org/feed?token=a", Failures: 2}, {Source: "example.org/feed?token=b", Failures: 5}},
	}}
	m := watch.New(store, func() time.Time { return now })
	m.Source(`le "Port" d'Été`, 4, nil)
	m.Source(`le "Port" d'Été`, 0, errors.New("gone"))
	m.Deliveries(digest.Edition{Newsletter: "hebdo"}, 1, 1)
	m.Recovered(digest.Edition{Newsletter: "hebdo"}, digest.Recovered{Requeued: 2})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /subscribe/{newsletter}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	m.HTTP(mux).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/subscribe/hebdo", nil))

	m.Source("example.org/feed?token=a", 0, errors.New("gone"))
	got := httptest.NewRecorder()
	m.Handler().ServeHTTP(got, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if strings.Contains(got.Body.String(), "token") {
		t.Error("a token is in a label")
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	reads := families["zest_source_reads_total"].GetMetric()
	if len(reads) != 3 || reads[1].GetLabel()[1].GetValue() != `le "Port" d'Été` || families["zest_source_items_total"].GetMetric()[1].GetCounter().GetValue() != 4 {
		t.Errorf("%v", reads)
	}
	if q := families["zest_queue_messages"].GetMetric(); len(q) != 2 || q[0].GetGauge().GetValue() != 12 || q[1].GetGauge().GetValue() != 0 {
		t.Errorf("%v", q)
	}
	if f := families["zest_source_failures"].GetMetric(); len(f) != 1 || f[0].GetGauge().GetValue() != 5 {
		t.Errorf("%v", f)
	}
	if h := families["zest_http_request_duration_seconds"].GetMetric(); len(h) != 1 || h[0].GetHistogram().GetSampleCount() != 1 || len(h[0].GetHistogram().GetBucket()) < 12 {
		t.Errorf("%v", h)
	}
	if families["go_goroutines"] == nil || families["zest_store_errors"].GetMetric()[0].GetGauge().GetValue() != 0 {
		t.Error("the program itself is not counted")
	}
}
