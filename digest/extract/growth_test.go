package extract

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
)

// heavy are pieces of pages as they are, and of pages made to be slow.
var heavy = map[string]string{
	"paragraphs":   "<p>Depuis samedi, on ne vient plus seulement chercher des livres à la médiathèque : quarante objets attendent leurs lecteurs.</p>",
	"links":        `<li><a href="/a">Une autre histoire du même village</a></li>`,
	"unclosed":     "<div><b><i><a href=x>",
	"nested":       "<blockquote>a",
	"tables":       "<table><tr><td>x",
	"labels":       "<p>News</p><p>24 novembre 2026</p>",
	"votes":        "<p>x</p><p>4 avis</p>",
	"classes":      `<div class="related share comments newsletter-box"><p itemprop="author" class="byline date">x 2026</p></div>`,
	"headings":     "<div><section><h2>a</h2></section></div>",
	"pictures":     `<picture><source srcset="/a.jpg 1x"><img data-src="/b.jpg"></picture><noscript><img src=c></noscript>`,
	"plain":        "Une ligne de plus, sans fin ni raison, dans un texte qui n’en manque pas.\n\n",
	"times":        "<time>2026</time>",
	"descriptions": `<script type="application/ld+json">{"@type":"Article","headline":"x"}</script>`,
}

func pageOf(piece string, n int) func() {
	p := digest.Page{URL: "https://site.example/a", Body: []byte(strings.Repeat(piece, n))}
	return func() { _, _ = Page(p, Options{}) }
}

// Twice the page is about twice the work, for pages as they are and for pages
// made to be slow. Work is counted in what is allocated, which no other program
// on the machine can change; BenchmarkGrowth measures the time.
func TestWorkGrowsWithThePageAndNoFaster(t *testing.T) {
	for name, piece := range heavy {
		small, large := work(pageOf(piece, 800)), work(pageOf(piece, 3200))
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

// BenchmarkGrowth reports how much longer twice the page takes, at worst: 2 is
// linear, 4 a square.
func BenchmarkGrowth(b *testing.B) {
	worst := 0.0
	for b.Loop() {
		for _, piece := range heavy {
			small, large := best(pageOf(piece, 2000)), best(pageOf(piece, 4000))
			worst = max(worst, large.Seconds()/small.Seconds())
		}
	}
	b.ReportMetric(worst, "x-for-twice")
}

// best is the shortest of three runs.
func best(f func()) time.Duration {
	least := time.Hour
	for range 3 {
		begin := time.Now()
		f()
		least = min(least, time.Since(begin))
	}
	return least
}
