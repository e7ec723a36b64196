package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fiftySources are forty-nine good ones, and one that is bad in one way.
func fiftySources(t *testing.T, bad http.HandlerFunc) (lines map[string]map[string]any, list string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/25" {
			bad(w, r)
			return
		}
		fmt.Fprintf(w, `<rss version="2.0"><channel><title>Source %[1]s</title><item><guid>%[1]s</guid><title>Article %[1]s</title><description>Du texte.</description></item></channel></rss>`, r.URL.Path[1:])
	}))
	defer s.Close()
	// The bad one is a server of its own, as in the world: a host is asked one
	// question at a time.
	other := httptest.NewServer(bad)
	defer other.Close()
	var conf strings.Builder
	conf.WriteString("public_url: https://news.example.org\ncollect: {pause: 0s, timeout: 2s}\nsources:\n")
	var names []string
	for i := range 50 {
		web := s.URL
		if i == 25 {
			web = other.URL
		}
		names = append(names, fmt.Sprintf("s%d", i))
		fmt.Fprintf(&conf, "  - {name: s%d, url: %s/%d, allow_private: true, full_text: false}\n", i, web, i)
	}
	fmt.Fprintf(&conf, "newsletters:\n  - {name: n, from: n@example.org, postal_address: x, sources: [%s]}\n", strings.Join(names, ", "))
	path := filepath.Join(t.TempDir(), "zest.yaml")
	if err := os.WriteFile(path, []byte(conf.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	zest := func(args ...string) string {
		var out bytes.Buffer
		w := world{stdin: strings.NewReader(""), stdout: &out, stderr: io.Discard, now: time.Now}
		if code := run(context.Background(), append([]string{"--config", path}, args...), w); code != exitDone {
			t.Errorf("zest %v ended with %d", args, code)
		}
		return out.String()
	}
	lines = map[string]map[string]any{}
	for line := range strings.Lines(zest("collect", "--json")) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		lines[l["source"].(string)] = l
	}
	return lines, zest("source", "list")
}

func TestOneBadSourceAmongFiftyChangesNothingForTheOthers(t *testing.T) {
	for name, bad := range map[string]struct {
		serve http.HandlerFunc
		says  string
	}{
		"dead":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, "404"},
		"gone":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }, "gone for good"},
		"slow":    {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no answer in time"},
		"endless": {func(w http.ResponseWriter, r *http.Request) { endless(w, r) }, "too large"},
		"rubbish": {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "\x00\xff<<<") }, "not a feed"},
		"hostile": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, "file address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines, list := fiftySources(t, bad.serve)
			if len(lines) != 50 {
				t.Fatalf("%d reports", len(lines))
			}
			for source, l := range lines {
				if source == "s25" {
					if l["error"] == nil {
						t.Errorf("the bad one was read: %v", l)
					}
				} else if l["error"] != nil || l["new"] != 1.0 {
					t.Errorf("%s suffers: %v", source, l)
				}
			}
			for line := range strings.Lines(list) {
				if strings.HasPrefix(line, "s25 ") != strings.Contains(line, bad.says) {
					t.Errorf("the list says: %s", line)
				}
			}
		})
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	for block := bytes.Repeat([]byte("a"), 1<<16); r.Context().Err() == nil; {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}
