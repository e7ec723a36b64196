package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/zest-digest/zest/digest/deliver/delivertest"
	"github.com/zest-digest/zest/digest/store/storetest"
)

// notRun are the commands of the manual that this test cannot give: they want root,
// the DNS, or minutes. Each has tests of its own.
var notRun = []string{"sudo ", "zest doctor", "zest selftest", "ZEST_BENCH"}

// The guide speaks of example.org, of the twelfth edition and of article 42. The
// test has a site of its own, and other numbers.
func guideWords(site string) *strings.Replacer {
	return strings.NewReplacer(
		"zest source add https://example.org/", "zest source add --allow-private --name my-blog "+site+"/",
		"https://example.org/feed", site+"/feed.xml", "https://example.org/article", site+"/article.html",
		"zest why URL", "zest why "+site+"/article.html", "weekly/12", "weekly/2", "articles drop 42", "articles drop 1", "undo 3", "undo 2",
		"/srv/www/archive", "www/archive",
	)
}

const guideConfig = `public_url: https://news.example.org
smtp: {host: 127.0.0.1, port: %d, tls: none}
collect: {pause: 0s}
sources:
  - {name: by-hand, kind: push, allow_private: true}
newsletters:
  - name: weekly
    title: The weekly
    from: The weekly <weekly@example.org>
    postal_address: 1 Example Street, 12345 Exampletown
    sources: [./articles, by-hand]
    zone: Europe/Paris
    schedule: [every monday at 7:30]
    sections: [{name: Culture}, {name: Tech}]
`

// What ends otherwise than with status 0, and should.
var guideStatus = map[string]int{
	"zest send weekly --pause-after 100": exitPartly,  // twenty wait
	"zest schedule skip weekly":          exitMistake, // no slot waits
}

// TestTheGuideRuns gives the commands of the guide, and of the pages that grow from
// it, one by one and in their order, to a shell in a folder of its own: what the
// manual shows must work.
func TestTheGuideRuns(t *testing.T) {
	t.Parallel()
	zest, err := exec.LookPath("zest")
	if err != nil {
		t.Fatal(err)
	}
	var tried atomic.Int32
	mail := delivertest.Start(t, delivertest.Script{Reply: func(s delivertest.Session, verb string) string {
		if verb == "RCPT" && strings.Contains(s.To, "r007") && tried.Add(1) == 2 {
			return "552 5.2.3 too long for this mailbox" // of the second edition, which fails for one reader
		}
		return ""
	}})
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	site := guideSite(t)
	if err := os.Mkdir(filepath.Join(dir, "articles"), 0o700); err != nil {
		t.Fatal(err)
	}
	var readers bytes.Buffer
	readers.WriteString("email\n")
	for i := range 120 {
		fmt.Fprintf(&readers, "r%03d@example.org\n", i)
	}
	write("readers.csv", readers.String())
	write("subscriptions.opml", `<opml version="2.0"><body><outline type="rss" text="Port" xmlUrl="`+site+`/feed.xml"/></body></opml>`)
	run := func(line string) (string, int) {
		cmd := exec.Command("sh", "-eu", "-c", line)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(zest)+":"+os.Getenv("PATH"), "HOME="+dir)
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	words, ran := guideWords(site), 0
	follow := func(t *testing.T, block string) {
		for line := range strings.Lines(block) {
			line = strings.TrimSpace(words.Replace(line))
			if slices.ContainsFunc(notRun, func(start string) bool { return strings.HasPrefix(line, start) }) {
				continue
			}
			ran++
			command, _, _ := strings.Cut(line, "  #")
			if out, status := run(line); status != guideStatus[strings.TrimSpace(command)] {
				t.Errorf("%s: status %d\n%s", line, status, out)
			}
		}
	}
	for i, block := range append(blocks(t, "../../docs/guide.md"), blocks(t, "../../docs/deliverability.md")...) {
		// Every block finds something new to send.
		write(fmt.Sprintf("articles/%02d.md", i), fmt.Sprintf("# The bridge, day %d\n\nAfter two years of works the bridge over the harbour is %d metres long, and wider by one lane.\n", i, 100+i))
		if i == 1 {
			write("zest.yaml", fmt.Sprintf(guideConfig, mail.Port))
			if out, status := run("zest subscribers import weekly readers.csv"); status != exitDone {
				t.Fatal(out)
			}
		}
		follow(t, block)
	}
	if ran < 40 {
		t.Errorf("only %d commands were run", ran)
	}
	t.Run("growing", func(t *testing.T) {
		words = strings.NewReplacer("postgres://zest@localhost/zest", storetest.Postgres(t)+"/postgres?sslmode=disable")
		for _, block := range blocks(t, "../../docs/growing.md") {
			follow(t, block)
		}
	})
}

// guideSite is a web site with a feed, and an article.
func guideSite(t *testing.T) string {
	pages := map[string]string{
		"/":             `<html><head><title>Le port</title><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head><body><h1>Le port</h1></body></html>`,
		"/article.html": `<html lang="en"><head><title>The ferry is back</title></head><body><article><h1>The ferry is back</h1><p>` + strings.Repeat("The ferry crosses the harbour again, every twenty minutes, from six in the morning until midnight. ", 6) + `</p></article></body></html>`,
	}
	var site *httptest.Server
	site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, known := pages[r.URL.Path]
		if r.URL.Path == "/feed.xml" {
			page, known = fmt.Sprintf(`<rss version="2.0"><channel><title>Le port</title><link>%s/</link><item><guid>ferry</guid><title>The ferry is back</title><link>%s/article.html</link><description>It crosses the harbour again.</description></item></channel></rss>`, site.URL, site.URL), true
			w.Header().Set("Content-Type", "application/rss+xml")
		} else {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		if !known {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, page)
	}))
	t.Cleanup(site.Close)
	return site.URL
}
