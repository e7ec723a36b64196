package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"
)

// feedText is a feed of 20 items and 76 KB.
func feedText() []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Un blog</title><link>https://blog.example/</link><language>fr</language>`)
	text := strings.Repeat("<p>Le pont tournant rouvre lundi, <a href=\"https://blog.example/pont\">après deux ans</a> de travaux &amp; d’attente.</p>\n", 28)
	for i := range 20 {
		fmt.Fprintf(&b, "<item><title>Article %d</title><link>https://blog.example/%d</link><guid isPermaLink=\"false\">id-%d</guid><pubDate>Mon, 23 Nov 2026 08:%02d:00 +0100</pubDate><category>Ports</category><description>Un résumé de quelques mots.</description><content:encoded><![CDATA[%s]]></content:encoded></item>\n", i, i, i, i, text)
	}
	b.WriteString("</channel></rss>")
	return b.Bytes()
}

// BenchmarkCollect runs `zest collect` whole, extraction and store included, over
// many feeds of 20 items, beside a program that only downloads them and runs
// gofeed with the same parallelism; then again, when nothing has changed.
func BenchmarkCollect(b *testing.B) {
	body := feedText()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Write(body)
	}))
	defer s.Close()
	for _, feeds := range []int{100, 1000} {
		b.Run(fmt.Sprint(feeds), func(b *testing.B) { benchCollect(b, s.URL, feeds) })
	}
}

func benchCollect(b *testing.B, web string, feeds int) {
	var plain, ours, again time.Duration
	var peak uint64
	for b.Loop() {
		dir := b.TempDir()
		var conf strings.Builder
		conf.WriteString("public_url: https://news.example.org\ncollect: {pause: 0s, parallel: 8}\nsources:\n")
		names := make([]string, feeds)
		for i := range feeds {
			names[i] = fmt.Sprintf("s%d", i)
			fmt.Fprintf(&conf, "  - {name: s%d, url: %s/%d, allow_private: true, full_text: false}\n", i, web, i)
		}
		fmt.Fprintf(&conf, "newsletters:\n  - {name: n, from: n@example.org, postal_address: x, sources: [%s]}\n", strings.Join(names, ", "))
		path := filepath.Join(dir, "zest.yaml")
		if err := os.WriteFile(path, []byte(conf.String()), 0o600); err != nil {
			b.Fatal(err)
		}
		collect := func() {
			w := world{stdin: strings.NewReader(""), stdout: io.Discard, stderr: os.Stderr, now: time.Now}
			if code := run(context.Background(), []string{"--config", path, "collect", "--json"}, w); code != exitDone {
				b.Fatalf("zest collect ended with %d", code)
			}
		}
		plain += timed(func() { plainly(b, web, feeds) })
		peak = max(peak, heapOf(func() { ours += timed(collect) }))
		again += timed(collect)
	}
	b.ReportMetric(plain.Seconds()/float64(b.N)*1000, "gofeed-ms")
	b.ReportMetric(ours.Seconds()/float64(b.N)*1000, "zest-ms")
	b.ReportMetric(ours.Seconds()/plain.Seconds(), "of-gofeed")
	b.ReportMetric(ours.Seconds()/again.Seconds(), "x-faster-unchanged")
	b.ReportMetric(float64(peak)/(1<<20), "MiB-peak")
}

func timed(f func()) time.Duration {
	begin := time.Now()
	f()
	return time.Since(begin)
}

// heapOf is how high f drives the heap.
func heapOf(f func()) (peak uint64) {
	runtime.GC()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
		select {
		case <-done:
			return peak
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// plainly downloads every feed and runs gofeed on it, and nothing else.
func plainly(b *testing.B, web string, feeds int) {
	const parallel = 8
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: parallel}}
	var wg sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for i := range feeds {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			resp, err := client.Get(fmt.Sprintf("%s/%d", web, i))
			if err != nil {
				b.Error(err)
				return
			}
			defer resp.Body.Close()
			if f, err := gofeed.NewParser().Parse(resp.Body); err != nil || len(f.Items) != 20 {
				b.Error(err)
			}
		})
	}
	wg.Wait()
}
