package render_test

import (
	"html"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/internal/golden"
	"github.com/zest-digest/zest/digest/lint"
	"github.com/zest-digest/zest/digest/render"
)

// harbour is an operator's folder with a theme in MJML.
func harbour() fs.FS { return os.DirFS("testdata/mjml") }

// A theme in MJML bears what any theme must, in every language: nothing that
// would block a send, no markup of strangers, every token.
func TestGoldenMessagesOfAThemeInMJML(t *testing.T) {
	r := renderer(t, render.Options{Override: harbour()})
	for _, lang := range tongues {
		for name := range editions(lang) {
			t.Run(lang+"-"+name, func(t *testing.T) {
				n, e := letter("harbour", lang, editions(lang)[name]...)
				p, err := r.Render(n, e, digest.Variant{Key: lang, Language: lang}, webURL)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range append(lint.Message(message(t, n, e, p)), lint.HTML(p.HTML)...) {
					t.Errorf("line %d: %s: %s (%s)", f.Line, f.Rule, f.Reason, f.Severity)
				}
				if name == "hostile" || lang == "ar" && name == "many" {
					golden.Check(t, "mjml/golden/"+lang+"-"+name+".html", p.HTML)
				}
				for _, token := range []string{"@@unsubscribe_url@@", "@@preferences_url@@"} {
					if !strings.Contains(p.HTML, `href="`+token+`"`) {
						t.Errorf("%s is lost", token)
					}
				}
				for _, m := range hrefs.FindAllStringSubmatch(p.HTML, -1) {
					if !strings.Contains(p.Text, html.UnescapeString(m[1])) {
						t.Errorf("the text part lacks %s", m[1])
					}
				}
			})
		}
	}
}

// What a stranger writes is words in an MJML theme too: no element of HTML or
// MJML, no attribute, no token.
func TestNoStrangerWritesMJML(t *testing.T) {
	c := story("en", "", "</mj-text><mj-raw>", "x", `</mj-text></mj-column><mj-column><mj-image src="https://evil.example/1.gif"/>`,
		"]]><mj-raw><script>alert(1)</script></mj-raw> &lt;script&gt; &#60;script&#62; \ufdd0lt;script\ufdd0gt; <mjml data-at=0> {{.Title}}", 1)
	c.Article.Image = digest.Image{URL: "https://images.example/a.jpg?a=1&b=&quot;", Alt: `" onerror="alert(1)" css-class="ink &quot; onload=&quot;x`, Width: 1200, Height: 600}
	n, e := letter("harbour", "en", digest.Section{Title: "<mj-style>", Cards: []digest.Card{c}})
	p, err := renderer(t, render.Options{Override: harbour()}).Render(n, e, digest.Variant{Language: "en"}, webURL)
	if err != nil {
		t.Fatal(err)
	}
	for _, never := range []string{"<mj", "<script", "</mj", `src="https://evil`, `onerror="`, `onload="`, "\ufdd0"} {
		if strings.Contains(p.HTML, never) {
			t.Errorf("%s is in the message:\n%s", never, p.HTML)
		}
	}
	for _, want := range []string{"&lt;/mj-text&gt;&lt;/mj-column&gt;", "]]&gt;&lt;mj-raw&gt;&lt;script&gt;", "&lt;mj-style&gt;", "&amp;lt;script&amp;gt;", "&lt;mjml data-at=0&gt;"} {
		if !strings.Contains(p.HTML, want) {
			t.Errorf("%s is not in the message:\n%s", want, p.HTML)
		}
	}
}

// Several goroutines share one theme, and gomjml keeps attributes in a variable
// of its package; every rendering comes out the same.
func TestMJMLIsTheSameAtEveryRendering(t *testing.T) {
	r := renderer(t, render.Options{Override: harbour()})
	want := map[string]digest.Proof{}
	for _, lang := range tongues {
		want[lang] = proof(t, r, "harbour", lang, "many")
	}
	for _, lang := range tongues {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			for i := range 10 {
				if got := proof(t, r, "harbour", lang, "many"); got.HTML != want[lang].HTML {
					t.Fatalf("rendering %d differs", i)
				}
			}
		})
	}
}

// The example of the manual is a whole theme: nothing would block its send.
func TestTheExampleOfTheManualIsWhole(t *testing.T) {
	manual, err := os.ReadFile("../../docs/themes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(manual), "```mjml\n")
	document, _, _ := strings.Cut(rest, "```")
	r := renderer(t, render.Options{Override: fstest.MapFS{"email/ours/html.mjml": {Data: []byte(document)}}})
	n, e := letter("ours", "fr", editions("fr")["many"]...)
	p, err := r.Render(n, e, digest.Variant{Key: "fr", Language: "fr"}, webURL)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(lint.Message(message(t, n, e, p)), lint.HTML(p.HTML)...) {
		if f.Severity == lint.Hard {
			t.Errorf("line %d: %s: %s", f.Line, f.Rule, f.Reason)
		}
	}
}

func TestAMistakeInMJMLNamesFileAndLine(t *testing.T) {
	wrap := func(column string) string {
		return "<mjml>\n<mj-body>\n<mj-section>\n<mj-column>" + column + "</mj-column></mj-section></mj-body></mjml>"
	}
	for name, c := range map[string]struct{ document, part, want string }{
		"unknown":  {wrap("\n<mj-zork/>"), "", "theme ours: template: email/ours/html.mjml:5: <mj-zork> is no element of MJML"},
		"repeated": {wrap("{{range .Sections}}\n<mj-text>a</mj-text>\n<mj-text\n colour=\"red\">b</mj-text>{{end}}"), "", "email/ours/html.mjml:6: Invalid attribute 'colour'"},
		"in part":  {wrap(`{{template "x" .}}`), "{{define \"x\"}}\n\n<mj-image srk=\"https://a.example/\" src=\"https://a.example/\"/>{{end}}", "email/ours/x.tmpl:3: Invalid attribute 'srk'"},
		"open":     {wrap("\n<mj-text>a\n"), "", "email/ours/html.mjml:"},
		"syntax":   {wrap("\n{{if}}{{end}}"), "", "email/ours/html.mjml:5"},
		"field":    {wrap("\n\n<mj-text>{{.Titel}}</mj-text>"), "", "email/ours/html.mjml:6"},
		"no part":  {wrap("\n{{template \"y\" .}}"), "", `"y"`},
		"story":    {wrap("{{range .Sections}}{{range .Cards}}\n{{.Title}}{{end}}{{end}}"), "", "email/ours/html.mjml:4: text would be lost in <mj-column>"},
	} {
		own := fstest.MapFS{"email/ours/html.mjml": {Data: []byte(c.document)}, "email/ours/x.tmpl": {Data: []byte(c.part)}}
		_, err := render.New(render.Options{Override: own})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
	}
}
