package extract

import (
	"encoding/json"
	"html"
	"os"
	"strings"
	"testing"

	"github.com/zest-digest/zest/digest"
)

// shared reads a file of the data that nobody here wrote, or skips.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../../shared/data/" + name)
	if err != nil {
		if b, err = os.ReadFile("../../../../shared/data/" + name); err != nil {
			t.Skipf("shared data is not here: %v", err)
		}
	}
	return b
}

type seedGold struct {
	Title, Language string
	Keep, Drop      []string
}

// dresses are the ways in which a page may show the seed's lines.
func dresses(seed string, g seedGold) map[string]string {
	head := "<!doctype html><html><head><title>" + html.EscapeString(g.Title) + "</title></head><body>"
	each := func(open, end string) string {
		var b strings.Builder
		for _, line := range strings.Split(seed, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				b.WriteString(open + html.EscapeString(line) + end + "\n")
			}
		}
		return b.String()
	}
	var blocks strings.Builder
	for _, part := range strings.Split(seed, "\n\n") {
		blocks.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(part), "\n", "<br>") + "</p>")
	}
	k, d := g.Keep, g.Drop
	return map[string]string{
		"text":       seed,
		"paragraphs": head + each("<p>", "</p>"),
		"headline":   head + strings.Replace(each("<p>", "</p>"), "<p>"+html.EscapeString(g.Title)+"</p>", "<h1>"+html.EscapeString(g.Title)+"</h1>", 1),
		"boxes":      "<html><body>" + each("<div>", "</div>"),
		"breaks":     "<html><body><div>" + each("", "<br>") + "</div>",
		"blocks":     head + blocks.String(),
		"pre":        "<html><body><pre>" + html.EscapeString(seed) + "</pre>",
		"page": head + `<a href="#main">` + d[0] + `</a><header><nav><ul><li><a href=/a>Actus</a></li><li><a href=/b>Tests</a></li></ul></nav></header>
<main id="main"><article><h1>` + k[0] + `</h1><h2 class="exc">` + k[1] + `</h2><div class="content"><p>` + k[2] + `</p><p>` + k[3] + `</p><h2>` + k[4] + `</h2><p>` + k[5] + `</p><p>` + k[6] + `</p><p>` + k[7] + `</p>
<p><strong>` + d[1] + `</strong></p><p>` + k[8] + `</p><p><em>` + d[2] + `</em></p>
<div class="bx"><div><img src="/p.png"><a href="https://x.example">` + d[3] + `</a></div><div><h4>` + d[4] + `</h4><span>` + d[5] + `</span><div>` + d[6] + `</div><div>` + d[7] + `</div></div></div></div>
<div><a href="#c">` + d[8] + `</a></div></article>
<section id="c"><h3>` + d[9] + `</h3><ol><li><div>Jean</div><div><p>` + d[10] + `<br>` + d[11] + `<br>` + d[12] + `<br>` + d[13] + `</p></div></li></ol>
<div><h3>` + d[14] + `</h3><form><p>` + d[15] + `</p><textarea></textarea></form></div></section></main>`,
	}
}

// The owner's sample: all lines of the article, no line of the furniture,
// whether it comes as text or as a page, however the page is made.
func TestSeedKeepsTheArticleAndDropsTheRest(t *testing.T) {
	seed := string(shared(t, "seed/seed.txt"))
	var gold seedGold
	if err := json.Unmarshal(shared(t, "seed/gold.json"), &gold); err != nil {
		t.Fatal(err)
	}
	for name, body := range dresses(seed, gold) {
		t.Run(name, func(t *testing.T) {
			a, err := Page(digest.Page{URL: "https://example.org/seed", Body: []byte(body)}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if a.Title != gold.Title || a.Language != gold.Language {
				t.Errorf("title %q, language %q", a.Title, a.Language)
			}
			all := a.Title + "\n" + a.Text
			for _, line := range gold.Keep {
				if !strings.Contains(all, line) {
					t.Errorf("lost: %s", line)
				}
			}
			for _, line := range gold.Drop {
				if strings.Contains(all, line) || strings.Contains(a.HTML, line) {
					t.Errorf("kept: %s", line)
				}
			}
		})
	}
}
