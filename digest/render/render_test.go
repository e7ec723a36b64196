package render_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/render"
)

func proof(t testing.TB, r *render.Renderer, theme, lang, name string) digest.Proof {
	t.Helper()
	n, e := letter(theme, lang, editions(lang)[name]...)
	n.Look.Logo, n.Look.LogoDark = "https://images.example/logo.png", "https://images.example/night.png"
	p, err := r.Render(n, e, digest.Variant{Key: lang, Language: lang}, webURL)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// everyProof runs a check on every theme, language and kind of edition.
func everyProof(t *testing.T, check func(t *testing.T, p digest.Proof)) {
	r := renderer(t, render.Options{})
	for _, theme := range r.Themes() {
		for _, lang := range tongues {
			for name := range editions(lang) {
				t.Run(theme+"/"+lang+"-"+name, func(t *testing.T) { check(t, proof(t, r, theme, lang, name)) })
			}
		}
	}
}

func TestThereAreFourThemes(t *testing.T) {
	if got := strings.Join(renderer(t, render.Options{}).Themes(), " "); got != "brief gazette magazine plain" {
		t.Errorf("themes: %s", got)
	}
}

// How often each proof is rendered is ZEST_RENDERS; continuous integration asks
// for 200.
func TestSameEditionGivesSameBytes(t *testing.T) {
	times := 5
	if v := os.Getenv("ZEST_RENDERS"); v != "" {
		var err error
		if times, err = strconv.Atoi(v); err != nil {
			t.Fatal(err)
		}
	}
	r := renderer(t, render.Options{})
	everyProof(t, func(t *testing.T, want digest.Proof) {
		t.Parallel()
		theme, rest, _ := strings.Cut(strings.TrimPrefix(t.Name(), "TestSameEditionGivesSameBytes/"), "/")
		lang, name, _ := strings.Cut(rest, "-")
		for i := range times {
			if got := proof(t, r, theme, lang, name); got.HTML != want.HTML || got.Text != want.Text {
				t.Fatalf("rendering %d differs", i)
			}
		}
	})
}

var (
	hrefs    = regexp.MustCompile(`href="([^"]*)"`)
	images   = regexp.MustCompile(`<img [^>]*>`)
	sheets   = regexp.MustCompile(`(?s)<style.*?</style>`)
	comments = regexp.MustCompile(`(?s)<!--.*?-->`)
)

func TestTextPartHasEveryLink(t *testing.T) {
	everyProof(t, func(t *testing.T, p digest.Proof) {
		for _, m := range hrefs.FindAllStringSubmatch(p.HTML, -1) {
			if link := strings.ReplaceAll(m[1], "&amp;", "&"); !strings.Contains(p.Text, link) {
				t.Errorf("%s is not in the text part", link)
			}
		}
	})
}

func TestTextPartFitsItsColumns(t *testing.T) {
	everyProof(t, func(t *testing.T, p digest.Proof) {
		for line := range strings.Lines(p.Text) {
			line = strings.TrimRight(line, "\n")
			c := runewidth.Condition{}
			if w := c.StringWidth(line); w > 76 && !strings.Contains(line, "://") {
				t.Errorf("%d columns: %s", w, line)
			}
		}
	})
}

func TestEveryMessageHasItsFrame(t *testing.T) {
	everyProof(t, func(t *testing.T, p digest.Proof) {
		html := p.HTML
		dir := map[string]string{"fr": "ltr", "en": "ltr", "ar": "rtl", "he": "rtl"}[p.Variant.Language]
		tongue := fmt.Sprintf(`lang="%s" dir="%s"`, p.Variant.Language, dir)
		if strings.Count(html, tongue) < 2 {
			t.Errorf("%s does not stand on html and on the wrapper", tongue)
		}
		if n := strings.Count(html, "<h1"); n != 1 {
			t.Errorf("%d h1", n)
		}
		if strings.Count(html, "<!--[if") != strings.Count(html, "<![endif]") || !strings.Contains(html, "<!--[if mso]>") {
			t.Error("the conditional comments do not balance")
		}
		for _, token := range []digest.Token{digest.TokenUnsubscribe, digest.TokenPreferences} {
			for _, part := range []string{html, p.Text} {
				if strings.Count(part, string(token)) != 1 {
					t.Errorf("%s stands %d times", token, strings.Count(part, string(token)))
				}
			}
		}
		if bare := comments.ReplaceAllString(html, ""); strings.Count(bare, "<table ") != strings.Count(bare, `<table role="presentation"`) {
			t.Error("a table of the layout does not say so")
		}
		for _, img := range images.FindAllString(html, -1) {
			if !strings.Contains(img, " alt=") || !strings.Contains(img, " width=") {
				t.Errorf("without alt or width: %s", img)
			}
		}
		for _, bad := range []string{"ZgotmplZ", "<script", "javascript:", "vbscript:", "var(", "$ink", "data-keep", "@@email@@", "@@name@@"} {
			if strings.Contains(comments.ReplaceAllString(html, ""), bad) {
				t.Errorf("%s in the HTML", bad)
			}
		}
		if n := len(strings.Join(sheets.FindAllString(html, -1), "")); n > 16<<10 {
			t.Errorf("%d bytes of style sheets", n)
		}
	})
}

func TestFortyStoriesStayBelowTheCut(t *testing.T) {
	r := renderer(t, render.Options{})
	for _, theme := range r.Themes() {
		var cards []digest.Card
		for i := range 40 {
			c := french()[i%7]
			c.Lead = i == 0
			cards = append(cards, c)
		}
		n, e := letter(theme, "fr", digest.Section{Cards: cards})
		p, err := r.Render(n, e, digest.Variant{Language: "fr"}, webURL)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.HTML) > 90_000 {
			t.Errorf("%s: %d bytes", theme, len(p.HTML))
		}
	}
}

func TestTextOnlyReadersGetOnlyText(t *testing.T) {
	n, e := letter("gazette", "fr", digest.Section{Cards: french()})
	p, err := renderer(t, render.Options{}).Render(n, e, digest.Variant{Language: "fr", TextOnly: true}, "")
	if err != nil || p.HTML != "" || !strings.Contains(p.Text, "Ce que la marée rend") {
		t.Errorf("got %d bytes of HTML, %v", len(p.HTML), err)
	}
	if strings.Contains(p.Text, "Lire en ligne") {
		t.Error("a web version is offered that is not there")
	}
}

func TestAnAccentNobodyCanReadIsRefusedByName(t *testing.T) {
	r := renderer(t, render.Options{})
	for _, c := range []struct {
		look digest.Look
		want string
	}{
		{digest.Look{Accent: "#ffcc00"}, "accent"},
		{digest.Look{Accent: "red"}, "accent"},
		{digest.Look{Accent: "#0b5c8a", AccentDark: "#0b5c8a"}, "accent_dark"},
	} {
		n, e := letter("gazette", "fr", digest.Section{Cards: french()})
		c.look.Theme = "gazette"
		n.Look = c.look
		_, err := r.Render(n, e, digest.Variant{Language: "fr"}, "")
		var invalid *digest.InvalidError
		if !errors.As(err, &invalid) || invalid.Field != c.want || invalid.Value == "" {
			t.Errorf("%+v: %v", c.look, err)
		}
	}
}

func TestAnUnknownThemeNamesTheKnownOnes(t *testing.T) {
	_, err := renderer(t, render.Options{}).Render(digest.Newsletter{Look: digest.Look{Theme: "gazete"}}, digest.Edition{}, digest.Variant{}, "")
	if err == nil || !strings.Contains(err.Error(), "brief, gazette, magazine, plain") {
		t.Error(err)
	}
}

func TestAnOperatorReplacesOnePart(t *testing.T) {
	own := fstest.MapFS{"email/gazette/closing.tmpl": {Data: []byte(`{{define "closing"}}<tr><td class="closing ink">Rendez-vous au port.</td></tr>{{end}}`)}}
	r := renderer(t, render.Options{Override: own})
	if p := proof(t, r, "gazette", "fr", "one"); !strings.Contains(p.HTML, "Rendez-vous au port.") || !strings.Contains(p.HTML, "Ce que la marée") {
		t.Error("the part of the operator is not there, or the rest is not")
	}
	if p := proof(t, r, "brief", "fr", "one"); strings.Contains(p.HTML, "Rendez-vous") {
		t.Error("a part of one theme stands in another")
	}
}

func TestAnOperatorAddsAThemeAndALanguage(t *testing.T) {
	own := fstest.MapFS{
		"email/ours/style.css": {Data: []byte(".title { color: $accent; }\n")},
		"locale/mail.de.yaml":  {Data: []byte("why: \"Sie lesen {{.Newsletter}}, weil Sie es wollten.\"\n")},
	}
	p := proof(t, renderer(t, render.Options{Override: own}), "ours", "fr", "one")
	if !strings.Contains(p.HTML, "color:#a33a22") {
		t.Error("the colour has no value")
	}
	r := renderer(t, render.Options{Override: own})
	n, e := letter("ours", "fr", digest.Section{Cards: french()})
	p, err := r.Render(n, e, digest.Variant{Language: "de"}, webURL)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"weil Sie es wollten", "Montag, 23. November 2026"} {
		if !strings.Contains(p.Text, want) {
			t.Errorf("%q is not in:\n%s", want, p.Text)
		}
	}
}

func TestAMistakeInATemplateNamesFileAndLine(t *testing.T) {
	for name, c := range map[string]struct{ file, body, want string }{
		"syntax":  {"email/gazette/x.tmpl", "\n{{define \"x\"}}{{if}}{{end}}", "email/gazette/x.tmpl:2"},
		"field":   {"email/parts/footer.tmpl", "{{define \"footer\"}}\n\n{{.Colour}}{{end}}", "email/parts/footer.tmpl:3"},
		"part":    {"email/parts/footer.tmpl", "{{define \"footer\"}}\n{{template \"imprint\"}}{{end}}", `"imprint"`},
		"colour":  {"email/brief/style.css", ".title {\n color: $acent; }", "email/brief/style.css:2"},
		"nesting": {"email/brief/style.css", ".a { color: red; }\n\n.b { @media print { color: red; } }", "email/brief/style.css:3"},
		"import":  {"email/brief/style.css", "\n@import url(x.css);", "email/brief/style.css:2"},
		"text":    {"email/parts/text.tmpl", "a\n{{.Titel}}", "email/parts/text.tmpl:2"},
		"context": {"email/parts/footer.tmpl", "{{define \"footer\"}}\n<a href=\"{{if .Title}}\">{{end}}{{end}}", "footer"},
	} {
		_, err := render.New(render.Options{Override: fstest.MapFS{c.file: {Data: []byte(c.body)}}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
	}
}

func TestFirstOfTheMonthInFrench(t *testing.T) {
	n, e := letter("plain", "fr", digest.Section{Cards: french()})
	e.Date = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	p, err := renderer(t, render.Options{}).Render(n, e, digest.Variant{Language: "fr"}, "")
	if err != nil || !strings.Contains(p.HTML, "dimanche 1er mars 2026") {
		t.Error("no 1er mars", err)
	}
}

func TestAStoryInAnotherLanguageSaysSo(t *testing.T) {
	p := proof(t, renderer(t, render.Options{}), "gazette", "fr", "many")
	for _, want := range []string{`lang="ar" dir="rtl"`, `lang="en" dir="ltr"`} {
		if !strings.Contains(p.HTML, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestJapaneseBreaksBetweenCharacters(t *testing.T) {
	n, e := letter("plain", "en", digest.Section{Cards: []digest.Card{story("ja", "", "港", "x", strings.Repeat("潮が返すもの、", 20), "", 1)}})
	p, err := renderer(t, render.Options{}).Render(n, e, digest.Variant{Language: "en"}, "")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(p.Text) {
		c := runewidth.Condition{}
		if w := c.StringWidth(strings.TrimRight(line, "\n")); w > 78 {
			t.Errorf("%d columns: %s", w, line)
		}
	}
}

func TestSeveralGoroutinesShareARenderer(t *testing.T) {
	r := renderer(t, render.Options{})
	want := proof(t, r, "magazine", "ar", "many").HTML
	same := make(chan bool)
	for range 8 {
		go func() {
			n, e := letter("magazine", "ar", editions("ar")["many"]...)
			n.Look.Logo, n.Look.LogoDark = "https://images.example/logo.png", "https://images.example/night.png"
			p, err := r.Render(n, e, digest.Variant{Key: "ar", Language: "ar"}, webURL)
			same <- err == nil && p.HTML == want
		}()
	}
	for range 8 {
		if !<-same {
			t.Error("a rendering beside others differs")
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		renderer(b, render.Options{})
	}
}

func TestOnlyThePicturesThatAThemeShowsAreAskedFor(t *testing.T) {
	r := renderer(t, render.Options{})
	for theme, want := range map[string]string{
		"gazette":  "logo.png:200 shore.jpg?é=1:600:wide",
		"magazine": "logo.png:200 shore.jpg?é=1:576:wide sea.jpg:276:wide bench.jpg:276:wide letters.jpg:276:wide",
		"brief":    "logo.png:200",
		"plain":    "logo.png:200",
	} {
		n, e := letter(theme, "fr", editions("fr")["many"]...)
		e.Sections[0].Cards[0].Article.Image.URL += "?é=1"
		n.Look.Logo = "https://images.example/logo.png"
		got, err := r.Pictures(n, e, digest.Variant{Language: "fr"})
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, s := range got {
			line := fmt.Sprintf("%s:%d", strings.TrimPrefix(s.URL, "https://images.example/"), s.Width)
			if s.Wide {
				line += ":wide"
			}
			list = append(list, line)
		}
		if diff := cmp.Diff(want, strings.Join(list, " ")); diff != "" {
			t.Errorf("%s: %s", theme, diff)
		}
		if n, _ := r.Pictures(n, e, digest.Variant{Language: "fr", TextOnly: true}); len(n) != 0 {
			t.Errorf("%s: %d pictures for readers of text", theme, len(n))
		}
	}
}
