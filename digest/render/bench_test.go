package render_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vanng822/go-premailer/premailer"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/render"
)

// fortyStories is an edition whose document is about 62 KB.
func fortyStories(theme string) (digest.Newsletter, digest.Edition) {
	var cards []digest.Card
	for i := range 40 {
		c := french()[i%7]
		c.Lead = i == 0
		c.Article.URL += fmt.Sprint("/", i)
		c.Summary = strings.Repeat(c.Summary+" ", 4+i%4)
		cards = append(cards, c)
	}
	return letter(theme, "fr", digest.Section{Title: "Grand angle", Cards: cards[:20]}, digest.Section{Title: "À lire aussi", Cards: cards[20:]})
}

// BenchmarkEditionToMessage takes an edition to its compiled message: template,
// inlining, text and MIME. x-premailer compares it with premailer alone on the
// same document, both measured in turns; the bar is 1.5.
func BenchmarkEditionToMessage(b *testing.B) {
	for _, theme := range []string{"gazette", "brief", "magazine", "plain"} {
		b.Run(theme, func(b *testing.B) {
			r := renderer(b, render.Options{})
			n, e := fortyStories(theme)
			v := digest.Variant{Key: "fr", Language: "fr"}
			document, err := r.Document(n, e, v)
			if err != nil {
				b.Fatal(err)
			}
			var ours, theirs time.Duration
			for b.Loop() {
				start := time.Now()
				p, err := r.Render(n, e, v, webURL)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := deliver.Compile(digest.Letterhead{From: n.From, Date: e.Date, Domain: "estran.example"}, p); err != nil {
					b.Fatal(err)
				}
				ours += time.Since(start)
				start = time.Now()
				alone, err := premailer.NewPremailerFromString(document, premailer.NewOptions())
				if err != nil {
					b.Fatal(err)
				}
				if _, err := alone.Transform(); err != nil {
					b.Fatal(err)
				}
				theirs += time.Since(start)
			}
			b.ReportMetric(float64(ours)/float64(theirs), "x-premailer")
			b.ReportMetric(float64(len(document)), "bytes/document")
		})
	}
}
