package publish_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
	"github.com/zest-digest/zest/digest/render"
	"github.com/zest-digest/zest/digest/scribe"
)

const bridge = "La mairie rouvre lundi le pont de la rade après deux ans de travaux et onze millions d’euros de dépenses. Les commerçants du quai attendent ce jour avec une impatience qu’ils ne cachent plus depuis longtemps."

// asked makes an edition of one article with a server that answers so, and gives
// what its readers read, and how often the server was asked.
func asked(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, body string), times int) (summary string, calls int) {
	t.Helper()
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		body, _ := io.ReadAll(r.Body)
		answer(w, r, string(body))
	}))
	defer server.Close()
	renderer, err := render.New(render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, 1, renderer)
	w.letter.Rules.SummaryChars = 200
	w.letter.Endpoint = digest.Endpoint{URL: server.URL + "/v1/", Model: "m", Key: "geheim", Timeout: 300 * time.Millisecond}
	w.pub = publish.New(publish.Options{Store: w.store, Renderer: renderer, Now: func() time.Time { return w.now }, Scribe: scribe.New()})
	for i := range times {
		a := digest.Article{Source: "source0", Identity: "a" + strings.Repeat("x", i), URL: "https://a.example/1", Title: "Le pont", Text: bridge, Language: "fr", Words: 40, FirstSeen: w.now}
		_, err := w.store.SaveHarvest(ctx, digest.SourceState{Source: "source0"}, []digest.Article{a})
		w.check(err)
		d, err := w.pub.Compose(ctx, w.letter, publish.ComposeOptions{Slot: a.Identity})
		w.check(err)
		_, err = w.store.Freeze(ctx, d.Frozen)
		w.check(err)
		summary = d.Frozen.Edition.Cards()[0].Summary
	}
	return summary, int(n.Load())
}

func says(text string) func(http.ResponseWriter, *http.Request, string) {
	return func(w http.ResponseWriter, _ *http.Request, _ string) {
		json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{"message": map[string]string{"role": "assistant", "content": text}}}})
	}
}

func TestASummaryThatWasAskedForIsAskedForOnce(t *testing.T) {
	const good = "Le pont de la rade rouvre lundi, deux ans et onze millions d’euros plus tard."
	got, calls := asked(t, func(w http.ResponseWriter, r *http.Request, body string) {
		var req struct {
			Model    string
			Messages []struct{ Role, Content string }
		}
		if err := json.Unmarshal([]byte(body), &req); err != nil || r.URL.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer geheim" || req.Model != "m" || len(req.Messages) != 2 ||
			strings.Contains(req.Messages[0].Content, "rade") || !json.Valid([]byte(req.Messages[1].Content)) {
			t.Errorf("asked %s with %s: %v", r.URL, body, err)
		}
		says(good)(w, r, body)
	}, 2)
	if got != good || calls != 1 {
		t.Errorf("%q after %d calls", got, calls)
	}
}

func TestWhatIsNotFitToBeShownIsNotShown(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request, string){
		"too long":         says(strings.Repeat("Le pont rouvre lundi. ", 40)),
		"another language": says("The town opens the bridge over the bay on Monday, after two years of work and eleven million euros spent."),
		"a link":           says("Le pont rouvre lundi, gagnez un vélo sur https://evil.example maintenant."),
		"markup":           says("<b>Le pont</b> rouvre lundi après deux ans de travaux."),
		"cut off":          says("Le pont de la rade rouvre lundi après deux ans de"),
		"nothing":          says(""),
		"no answer":        func(w http.ResponseWriter, _ *http.Request, _ string) { io.WriteString(w, `{"choices":[]}`) },
		"not JSON":         func(w http.ResponseWriter, _ *http.Request, _ string) { io.WriteString(w, "<html>") },
		"an error": func(w http.ResponseWriter, _ *http.Request, _ string) {
			http.Error(w, "overloaded", http.StatusServiceUnavailable)
		},
		"too slow": func(_ http.ResponseWriter, r *http.Request, _ string) {
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Second):
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got, _ := asked(t, answer, 1); got != bridge {
				t.Errorf("%q", got)
			}
		})
	}
}
