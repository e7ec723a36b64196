package render_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vanng822/go-premailer/premailer"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/render"
)

// fortyStories is an edition whose document is about 62 KB.
func fortyStories(tb testing.TB, r *render.Renderer, theme string) (n digest.Newsletter, e digest.Edition, document string) {
	for words := 10; len(document) < 62_000; words++ {
		var cards []digest.Card
		for i := range 40 {
			c := french()[i%7]
			c.Lead = i == 0
			c.Article.URL += fmt.Sprint("/", i)
			all := strings.Fields(strings.Repeat(c.Summary+" ", 20))
			c.Summary = strings.Join(all[:words+i%4], " ")
			cards = append(cards, c)
		}
		n, e = letter(theme, "fr", digest.Section{Title: "Grand angle", Cards: cards[:20]}, digest.Section{Title: "À lire aussi", Cards: cards[20:]})
		var err error
		if document, err = r.Document(n, e, digest.Variant{Key: "fr", Language: "fr"}); err != nil {
			tb.Fatal(err)
		}
	}
	return n, e, document
}

// BenchmarkEditionToMessage takes an edition to its compiled message: template,
// inlining, text and MIME. x-premailer is how many times premailer's own time on
// the same document that takes; the bar is 1.5. Both are measured in turns, a few
// runs at once that begin with an empty heap and pay for their own garbage, and
// the median of the turns is given, so that a busy machine does not decide.
func BenchmarkEditionToMessage(b *testing.B) {
	for _, theme := range []string{"gazette", "brief", "magazine", "plain"} {
		b.Run(theme, func(b *testing.B) {
			r := renderer(b, render.Options{})
			n, e, document := fortyStories(b, r, theme)
			v := digest.Variant{Key: "fr", Language: "fr"}
			ours := func() error {
				p, err := r.Render(n, e, v, webURL)
				if err != nil {
					return err
				}
				_, err = deliver.Compile(digest.Letterhead{From: n.From, Date: e.Date, Domain: "estran.example"}, p)
				return err
			}
			theirs := func() error {
				alone, err := premailer.NewPremailerFromString(document, premailer.NewOptions())
				if err != nil {
					return err
				}
				_, err = alone.Transform()
				return err
			}
			var ratios []float64
			for b.Loop() {
				ratios = append(ratios, timed(b, ours)/timed(b, theirs))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "x-premailer")
			b.ReportMetric(float64(len(document)), "bytes/document")
		})
	}
}

// timed is how long a few runs take, in seconds.
func timed(b *testing.B, run func() error) float64 {
	runtime.GC()
	start := time.Now()
	for range 4 {
		if err := run(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start).Seconds()
}
