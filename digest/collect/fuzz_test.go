package collect_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest/collect"
)

func FuzzOPML(f *testing.F) {
	f.Add([]byte(`<opml version="2.0"><body><outline text="A & B"><outline xmlUrl="https://x/1" title='a"b'/></outline></body></opml>`))
	f.Add([]byte("\xff\xfe<\x00o\x00"))
	f.Add([]byte(`<opml><outline xmlurl=https://x/?a=1&b=2 text="<p>x > y</p>"><script><outline xmlUrl=x>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		feeds, err := collect.ParseOPML(body, "")
		if err != nil {
			return
		}
		out, err := collect.FormatOPML("t", feeds)
		if err != nil {
			t.Fatal(err)
		}
		back, err := collect.ParseOPML(out, "")
		if err != nil || len(back) != len(feeds) {
			t.Errorf("%d feeds came back as %d: %v\n%s", len(feeds), len(back), err, out)
		}
	})
}

func FuzzRobots(f *testing.F) {
	f.Add([]byte("User-agent: *\nDisallow: /private/\nAllow: /private/a$\nCrawl-delay: 3\n"), "/private/x?y=1")
	f.Add([]byte("\xef\xbb\xbfuser-agent:zest\ndisallow:/*.php$\n\x00"), "/a.php")
	f.Add([]byte("Disallow: /\n"), "")
	f.Fuzz(func(t *testing.T, body []byte, path string) {
		if data := collect.ParseRobotsForTest(body); data != nil {
			data.TestAgent(path, "zest")
		}
	})
}

func FuzzSitemap(f *testing.F) {
	f.Add([]byte(`<urlset><url><loc>https://x/1</loc><lastmod>2026-11-26</lastmod></url></urlset>`))
	f.Add([]byte(`<sitemapindex><sitemap><loc>https://x/1.xml</loc></sitemap></sitemapindex>`))
	f.Add([]byte("http://x/1\nhttps://x/2\n"))
	f.Add([]byte(`<urlset xmlns:news="n"><url><loc>x<news:news><news:title>A &amp; B &bogus;`))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _ = collect.ParseSitemapForTest(body)
	})
}

func FuzzPushed(f *testing.F) {
	f.Add([]byte(`{"url":"https://x/1","title":"a"}` + "\n" + `{"id":1,"content_text":"b"}`))
	f.Add([]byte(`{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1"`))
	f.Add([]byte("<rss><channel><item>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		feed, err := collect.ParsePushed(body, 10)
		if err == nil && len(feed.Items) > 10 {
			t.Errorf("%d items", len(feed.Items))
		}
	})
}

func FuzzMail(f *testing.F) {
	f.Add([]byte(letter))
	f.Add([]byte("Subject: x\nContent-Type: multipart/mixed; boundary=\"\"\n\n--\n--\n"))
	f.Add([]byte("From: =?utf-7?q?+AG4?= <a@b>\nContent-Transfer-Encoding: base64\n\n====="))
	f.Fuzz(func(t *testing.T, raw []byte) {
		it, err := collect.MailItem(raw)
		if err == nil && it.Content == "" && it.Title == "" {
			t.Error("an empty item")
		}
	})
}

// heavy are pieces of documents as they are, and of documents made to be slow,
// with what reads them.
func heavy() map[string]func(n int) func() {
	feed := func(before, piece string) func(int) func() {
		return func(n int) func() {
			body := []byte(before + strings.Repeat(piece, n))
			return func() { _, _ = collect.ParseFeed(body, "", "https://x/") }
		}
	}
	bare := func(piece string, parse func([]byte)) func(int) func() {
		return func(n int) func() {
			body := bytes.Repeat([]byte(piece), n)
			return func() { parse(body) }
		}
	}
	modern := func(before, piece string) func(int) func() {
		return func(n int) func() {
			body := []byte(before + strings.Repeat(piece, n))
			return func() { collect.Modernise(body) }
		}
	}
	const rss, atom = `<rss version="2.0"><channel>`, `<feed xmlns="http://www.w3.org/2005/Atom">`
	return map[string]func(int) func(){
		"items":         feed(rss, "<item><title>x</title><link>https://x/1</link></item>"),
		"unclosed":      feed(rss, "<item><title>x"),
		"entries":       feed(atom, "<entry><id>HTTP://x/1</id><title>x</title></entry>"),
		"nested":        feed(rss, "<item><description><b>"),
		"entities":      feed(rss+"<item><title>", "&amp;amp;&#65;&bogus;"),
		"brackets":      feed(rss+"<item><title>", "&lt;"),
		"json":          feed(`{"version":"https://jsonfeed.org/version/1","items":[`, `{"id":"1","title":"x"},`),
		"conflicts":     modern(rss, "<item><sx:conflicts><item>x</item></sx:conflicts></item>"),
		"bodies":        modern(rss, "<item><body><p>x</p></body></item>"),
		"open bodies":   modern(rss, "<body>"),
		"bases":         modern(atom, `<entry xml:base="a/b">`),
		"ids":           modern(atom, `<id>HTTP://x/1</id>`),
		"titles":        modern(atom, `<title>x</title>`),
		"base64":        modern(`<feed xmlns="http://purl.org/atom/ns#">`, `<content mode="base64">eA==</content>`),
		"old channels":  modern(`<CHANNEL HREF="x">`, `<ITEM HREF="x"><TITLE>x</TITLE></ITEM>`),
		"subscriptions": bare(`<outline text="x" xmlUrl="https://x/1">`, func(b []byte) { _, _ = collect.ParseOPML(b, "") }),
		"sitemap":       bare(`<urlset><url><loc>https://x/1</loc></url>`, func(b []byte) { _, _ = collect.ParseSitemapForTest(b) }),
		"robots":        bare("User-agent: a\nDisallow: /x*y$\n", func(b []byte) { collect.ParseRobotsForTest(b) }),
		"mail":          bare("Subject: x\r\n", func(b []byte) { _, _ = collect.MailItem(b) }),
		"dates":         bare("1 mars ", func(b []byte) { _, _ = collect.ParseDate(string(b)) }),
	}
}

// Twice the document is about twice the work. Work is counted in what is
// allocated, which no other program on the machine can change; BenchmarkGrowth
// measures the time.
func TestWorkGrowsWithTheDocumentAndNoFaster(t *testing.T) {
	for name, make := range heavy() {
		small, large := work(make(1000)), work(make(4000))
		if large > 8*small && large > 1<<20 { // four times as much; a square would be 16
			t.Errorf("%s: %d bytes, then %d for four times as much", name, small, large)
		}
	}
}

// work is the bytes that f allocates.
func work(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// BenchmarkGrowth reports how much longer twice the document takes, at worst: 2
// is linear, 4 a square.
func BenchmarkGrowth(b *testing.B) {
	worst := 0.0
	for b.Loop() {
		for name, make := range heavy() {
			best := func(n int) time.Duration {
				f, least := make(n), time.Hour
				for range 3 {
					begin := time.Now()
					f()
					least = min(least, time.Since(begin))
				}
				return least
			}
			small, large := best(8000), best(16000)
			if small < time.Millisecond {
				continue // too short to be told from noise
			}
			if ratio := large.Seconds() / small.Seconds(); ratio > worst {
				worst = ratio
				b.Logf("%s: %s, then %s", name, small, large)
			}
		}
	}
	b.ReportMetric(worst, "x-for-twice")
}
