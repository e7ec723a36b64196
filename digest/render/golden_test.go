package render_test

import (
	"strings"
	"testing"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/internal/golden"
	"github.com/zest-digest/zest/digest/render"
)

const webURL = "https://lettre.estran.example/estran/42"

func renderer(t testing.TB, o render.Options) *render.Renderer {
	t.Helper()
	r, err := render.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// editions are what a theme must bear, in every language.
func editions(lang string) map[string][]digest.Section {
	cards := map[string]func() []digest.Card{"fr": french, "en": english, "ar": arabic}[lang]()
	without := map[string]func() []digest.Card{"fr": french, "en": english, "ar": arabic}[lang]()
	long := map[string]func() []digest.Card{"fr": french, "en": english, "ar": arabic}[lang]()[:2]
	for i := range without {
		without[i].Article.Image = digest.Image{}
	}
	for i := range long {
		long[i].Article.Title = strings.Repeat(long[i].Article.Title+", ", 5) + strings.Repeat("Donaudampfschifffahrt", 6)
	}
	titles := map[string][2]string{"fr": {"Grand angle", "À lire aussi"}, "en": {"In depth", "Also worth your time"}, "ar": {"نظرة أعمق", "للقراءة أيضًا"}}[lang]
	return map[string][]digest.Section{
		"many":     {{Title: titles[0], Cards: cards[:3]}, {Title: titles[1], Cards: cards[3:]}},
		"one":      {{Cards: cards[:1]}},
		"noimages": {{Cards: without}},
		"long":     {{Cards: long}},
		"hostile":  {{Title: `<b>"Rubric"</b>`, Cards: hostile(lang)}},
	}
}

// hostile is what a source that means harm would send.
func hostile(lang string) []digest.Card {
	c := story(lang, "<i>@@name@@</i>", "Evil\u202e</td>", "x", `</title><script>alert(1)</script> @@email@@ <!-- "quoted" & 'single'`, "line\nBcc: x\x00 {{.Newsletter}} <img src=x onerror=alert(1)> @@@unsubscribe_url@@@", 1)
	c.Article.URL, c.Lead = `https://evil.example/?u=@@unsubscribe_url@@&q="><script>`, true
	c.Article.Image = digest.Image{URL: "https://evil.example/@@email@@.gif?a=1&b=2", Alt: `"><script>`}
	d := story(lang, "", "", "y", "javascript in a link", "", 0)
	d.Article.URL, d.Article.Image.URL = "javascript:alert(1)", "data:text/html,x"
	d.Also = []digest.Also{{Site: "<script>", Title: "@@email@@", URL: "vbscript:x"}, {Site: "ok", Title: "ok", URL: "https://ok.example/"}}
	return []digest.Card{c, d, {}}
}

func TestGoldenMessages(t *testing.T) {
	r := renderer(t, render.Options{})
	for _, theme := range r.Themes() {
		for _, lang := range []string{"fr", "en", "ar"} {
			for name, sections := range editions(lang) {
				t.Run(theme+"/"+lang+"-"+name, func(t *testing.T) {
					n, e := letter(theme, lang, sections...)
					if name == "many" {
						e.Intro = introductions[lang]
					}
					p, err := r.Render(n, e, digest.Variant{Key: lang, Language: lang}, webURL)
					if err != nil {
						t.Fatal(err)
					}
					golden.Check(t, theme+"/"+lang+"-"+name+".html", p.HTML)
					golden.Check(t, theme+"/"+lang+"-"+name+".txt", p.Text)
				})
			}
		}
	}
}
