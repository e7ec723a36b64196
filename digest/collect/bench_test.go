package collect_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/collect"
)

// benchFeed is a feed of 20 items and 76 KB.
func benchFeed() []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Un blog</title><link>https://blog.example/</link><language>fr</language>`)
	text := strings.Repeat("<p>Le pont tournant rouvre lundi, <a href=\"https://blog.example/pont\">après deux ans</a> de travaux &amp; d’attente.</p>\n", 28)
	for i := range 20 {
		fmt.Fprintf(&b, "<item><title>Article %d &amp; suite</title><link>https://blog.example/%d</link><guid isPermaLink=\"false\">id-%d</guid><pubDate>Mon, 23 Nov 2026 08:%02d:00 +0100</pubDate><dc:creator>Camille</dc:creator><category>Ports</category><description>Un résumé de quelques mots.</description><content:encoded><![CDATA[%s]]></content:encoded></item>\n", i, i, i, i, text)
	}
	b.WriteString("</channel></rss>")
	return b.Bytes()
}

// feedServer serves any number of feeds, with validators.
func feedServer(b *testing.B) *httptest.Server {
	body := benchFeed()
	b.Logf("%d bytes a feed", len(body))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Write(body)
	}))
	b.Cleanup(s.Close)
	return s
}

const (
	benchFeeds    = 1000
	benchParallel = 8
)

// BenchmarkFeeds reads a thousand feeds as a plain program would, then as zest
// does, then again with nothing changed, and reports how the times compare.
func BenchmarkFeeds(b *testing.B) {
	s := feedServer(b)
	plain, ours, again := time.Duration(0), time.Duration(0), time.Duration(0)
	var peak uint64
	for b.Loop() {
		begin := time.Now()
		plainPass(b, s)
		plain += time.Since(begin)

		jobs := make([]collect.Job, benchFeeds)
		for i := range jobs {
			jobs[i].Source = digest.Source{Name: fmt.Sprint(i), Kind: digest.SourceFeed, URL: fmt.Sprintf("%s/%d", s.URL, i), AllowPrivate: true, FirstRun: 20}
		}
		c := collect.New(collect.Options{Parallel: benchParallel, PerHostPause: -1})
		peak = max(peak, peakHeap(func() { begin = time.Now(); pass(b, c, jobs, 20); ours += time.Since(begin) }))
		begin = time.Now()
		pass(b, c, jobs, 0)
		again += time.Since(begin)
	}
	n := float64(b.N)
	b.ReportMetric(plain.Seconds()*1000/n, "gofeed-ms")
	b.ReportMetric(ours.Seconds()*1000/n, "zest-ms")
	b.ReportMetric(ours.Seconds()/plain.Seconds(), "of-gofeed")
	b.ReportMetric(ours.Seconds()/again.Seconds(), "x-faster-unchanged")
	b.ReportMetric(float64(peak)/(1<<20), "MiB-peak")
}

// pass reads every source and keeps its state.
func pass(b *testing.B, c *collect.Collector, jobs []collect.Job, items int) {
	var mu sync.Mutex
	place := map[string]int{}
	for i, j := range jobs {
		place[j.Source.Name] = i
	}
	c.ReadAll(context.Background(), jobs, func(h digest.Harvest, err error) {
		if err != nil || len(h.Feed.Items) != items {
			b.Errorf("%d items, %v", len(h.Feed.Items), err)
		}
		mu.Lock()
		jobs[place[h.Source.Name]].State = h.State
		mu.Unlock()
	})
}

// plainPass downloads every feed and runs gofeed on it, with the same
// parallelism, and nothing else.
func plainPass(b *testing.B, s *httptest.Server) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchParallel}}
	var wg sync.WaitGroup
	slots := make(chan struct{}, benchParallel)
	for i := range benchFeeds {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			resp, err := client.Get(fmt.Sprintf("%s/%d", s.URL, i))
			if err != nil {
				b.Error(err)
				return
			}
			defer resp.Body.Close()
			f, err := gofeed.NewParser().Parse(resp.Body)
			if err != nil || len(f.Items) != 20 {
				b.Error(err)
			}
			io.Copy(io.Discard, resp.Body)
		})
	}
	wg.Wait()
	runtime.GC()
}
