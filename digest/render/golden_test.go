package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/internal/golden"
	"github.com/zest-digest/zest/digest/lint"
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
	cards, without, long := sample[lang](), sample[lang](), sample[lang]()[:2]
	for i := range without {
		without[i].Article.Image = digest.Image{}
	}
	for i := range long {
		long[i].Article.Title = strings.Repeat(long[i].Article.Title+", ", 5) + strings.Repeat("Donaudampfschifffahrt", 6)
	}
	asked := sample[lang]()[:4]
	for i := range asked {
		asked[i].More, asked[i].Less = fmt.Sprint("https://lettre.estran.example/more/", i), fmt.Sprint("https://lettre.estran.example/less/", i)
	}
	titles := map[string][2]string{"fr": {"Grand angle", "À lire aussi"}, "en": {"In depth", "Also worth your time"}, "ar": {"نظرة أعمق", "للقراءة أيضًا"}, "he": {"מבט לעומק", "עוד לקרוא"}}[lang]
	return map[string][]digest.Section{
		"many":     {{Title: titles[0], Cards: cards[:3]}, {Title: titles[1], Cards: cards[3:]}},
		"one":      {{Cards: cards[:1]}},
		"noimages": {{Cards: without}},
		"long":     {{Cards: long}},
		"wishes":   {{Cards: asked}},
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

// tongues are the languages that every theme is proven in.
var tongues = []string{"fr", "en", "ar", "he"}

// sampleReader is who the golden messages go to; the links lead nowhere.
func sampleReader() digest.Reader {
	return digest.Reader{
		Email: "reader@example.org", Name: "Camille Dupré", MessageID: "42.sample@estran.example",
		OneClick: "https://lettre.estran.example/u/sample", MailUnsub: "unsubscribe+sample@estran.example", Choose: "https://lettre.estran.example/p/sample",
	}
}

// message is a proof as it goes over the wire.
func message(t *testing.T, n digest.Newsletter, e digest.Edition, p digest.Proof) []byte {
	t.Helper()
	m, err := deliver.Compile(digest.Letterhead{
		From: n.From, Date: e.Date, ListID: n.ListID, ListName: n.Title, ArchiveURL: n.PublicURL + "/" + n.Name,
		Edition: e.Ref(), Newsletter: n.Name, Domain: "estran.example", BounceDomain: "estran.example",
	}, p)
	if err != nil {
		t.Fatal(err)
	}
	r := sampleReader()
	eml, err := m.Append(nil, &r)
	if err != nil {
		t.Fatal(err)
	}
	return eml
}

// Every theme in every language bears everything that an edition may hold. The
// linters, which would block a send, have nothing to say about any of them.
func TestGoldenMessages(t *testing.T) {
	r := renderer(t, render.Options{})
	for _, theme := range r.Themes() {
		for _, lang := range tongues {
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
					eml := message(t, n, e, p)
					for _, f := range append(lint.Message(eml), lint.HTML(p.HTML)...) {
						t.Errorf("line %d: %s: %s (%s)", f.Line, f.Rule, f.Reason, f.Severity)
					}
					golden.Check(t, theme+"/"+lang+"-"+name+".html", p.HTML)
					golden.Check(t, theme+"/"+lang+"-"+name+".txt", p.Text)
					golden.Check(t, theme+"/"+lang+"-"+name+".eml", string(eml))
				})
			}
		}
	}
}
