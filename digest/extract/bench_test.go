package extract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	readability "codeberg.org/readeck/go-readability/v2"

	"github.com/zest-digest/zest/digest"
)

// benchPages are every third page of the shared suites, or our own where they
// are not here.
func benchPages(b *testing.B) []digest.Page {
	var files []string
	for _, root := range []string{"../../../shared/data", "../../../../shared/data"} {
		found, _ := filepath.Glob(root + "/pages-*/html/*.html")
		files = append(files, found...)
	}
	step := 3
	if len(files) == 0 {
		files, _ = filepath.Glob("testdata/pages/*/page.html")
		step = 1
	}
	var pages []digest.Page
	for i := 0; i < len(files); i += step {
		body, err := os.ReadFile(files[i])
		if err != nil {
			b.Fatal(err)
		}
		pages = append(pages, digest.Page{URL: "https://site.example/a/b", Body: body})
	}
	return pages
}

// BenchmarkPage and BenchmarkReadability read the same pages; ours may take at
// most one and a half times as long.
func BenchmarkPage(b *testing.B) {
	pages := benchPages(b)
	for b.Loop() {
		for _, p := range pages {
			_, _ = Page(p, Options{})
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(pages)), "µs/page")
}

func BenchmarkReadability(b *testing.B) {
	pages := benchPages(b)
	for b.Loop() {
		for _, p := range pages {
			a, err := readability.FromReader(strings.NewReader(decode(p.Body, "")), parseURL(p.URL))
			if err == nil && a.Node != nil {
				_ = a.RenderText(&strings.Builder{})
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(pages)), "µs/page")
}

func BenchmarkSanitize(b *testing.B) {
	fragment := strings.Repeat(`<p>Depuis samedi, on <a href="/x?utm_source=a">ne vient plus</a> seulement chercher <b>des livres</b>.</p><img src="/i.jpg">`, 200)
	b.SetBytes(int64(len(fragment)))
	for b.Loop() {
		Sanitize(fragment, "https://site.example/")
	}
}
