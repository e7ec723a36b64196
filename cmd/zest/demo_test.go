package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest/lint"
)

// zest runs a command of the program in this process.
func zest(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := run(context.Background(), args, world{stdin: strings.NewReader(""), stdout: &out, stderr: &out, now: time.Now})
	return code, out.String()
}

func TestTheDemoDoesTheWholeJob(t *testing.T) {
	dir := t.TempDir()
	if code, out := zest(t, "demo", "--once", "--dir", dir); code != exitDone {
		t.Fatalf("status %d\n%s", code, out)
	}
	messages, err := filepath.Glob(filepath.Join(dir, "inbox", "*.eml"))
	if err != nil || len(messages) != len(demoReaders)-1 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	for _, path := range messages {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range lint.Message(raw) {
			// On loopback there is no https; that is the one thing the demo may not do.
			if f.Severity == lint.Hard || f.Rule != "list-unsubscribe" {
				t.Errorf("%s:%d: %s %s: %s", filepath.Base(path), f.Line, f.Severity, f.Rule, f.Reason)
			}
		}
	}
	html, err := os.ReadFile(filepath.Join(dir, "edition.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range lint.HTML(string(html)) {
		t.Errorf("edition.html:%d: %s %s: %s", f.Line, f.Severity, f.Rule, f.Reason)
	}
	for _, never := range []string{"Lire aussi", "Passer au contenu", "Laisser un commentaire", "cookies"} {
		if strings.Contains(string(html), never) {
			t.Errorf("page furniture in the edition: %q", never)
		}
	}

	for _, always := range []string{"La ville", "Sciences", "Ateliers", "Aussi dans", "sur la page web"} {
		if !strings.Contains(string(html), always) {
			t.Errorf("not in the edition: %q", always)
		}
	}
	if len(html) > 20_000 {
		t.Errorf("the edition has %d bytes, more than its limit", len(html))
	}

	config := filepath.Join(dir, "zest.yaml")
	if _, out := zest(t, "--config", config, "deliveries", "horizon/1", "--json"); !strings.Contains(out, `"email":"lea@example.net","variant":"fr+culture+sciences"`) {
		t.Errorf("the one who chose topics: %s", out)
	}
	for _, args := range [][]string{{"verify"}, {"editions", "list"}, {"deliveries", "horizon/1"}, {"subscribers", "list"}, {"source", "list"}, {"schedule", "next", "horizon", "2"}, {"config", "show"}} {
		if code, out := zest(t, append([]string{"--config", config}, args...)...); code != exitDone || out == "" {
			t.Errorf("zest %s: status %d\n%s", strings.Join(args, " "), code, out)
		}
	}
	if _, out := zest(t, "--config", config, "deliveries", "horizon/1", "--status", "failed"); !strings.Contains(out, "gone@example.com") {
		t.Errorf("the one who bounces: %s", out)
	}
}
