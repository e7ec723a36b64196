package inline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"
	"github.com/vanng822/go-premailer/premailer"

	"github.com/zest-digest/zest/digest/inline"
)

func page(css, body string) string {
	return "<!DOCTYPE html><html><head><style>" + css + "</style></head><body>" + body + "</body></html>"
}

func document(t *testing.T, source string) inline.Result {
	t.Helper()
	res, err := inline.Document(source, inline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func styleOf(t *testing.T, html, selector string) string {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	return doc.Find(selector).First().AttrOr("style", "")
}

// Each row is CSS that premailer alone gets wrong: what it makes of it is
// pinned beside what we do, so that a new version that behaves better is seen.
func TestWherePremailerIsWrongWeAreRight(t *testing.T) {
	for _, c := range []struct {
		name, css, body, alone, want string
	}{
		{"universal selector", `*{margin:0} p{margin:0 0 16px}`, `<p>x</p>`, `margin:0 0 16px`, `margin:0 0 16px`},
		{"child combinator without spaces", `div>p{color:green} p{color:red}`, `<div><p>x</p></div>`, `color:red`, `color:green`},
		{"pseudo-class weighs as a class", `p:first-child{color:green} div p{color:blue}`, `<div><p>x</p></div>`, `color:blue`, `color:green`},
		{"attributes weigh as classes", `[title][lang]{color:green} .a{color:red}`, `<p class=a title=t lang=fr>x</p>`, `color:red`, `color:green`},
		{"is", `:is(p,div){color:green}`, `<p>x</p>`, ``, `color:green`},
		{"not with a list", `p:not(.a,.b){color:green}`, `<p>x</p>`, ``, `color:green`},
		{"where weighs nothing", `p{color:green} :where(#i){color:red}`, `<p id=i>x</p>`, `color:green`, `color:green`},
		{"a comma in an attribute", `[title="a,b"]{color:green}`, `<p title="a,b">x</p>`, ``, `color:green`},
		{"a star in an attribute", `[title*=x]{color:green}`, `<p title=axb>x</p>`, ``, `color:green`},
		{"custom properties", `:root{--c:#123456} p{color:var(--c)}`, `<p>x</p>`, `color:var(--c)`, `color:#123456`},
		{"custom properties inherit and fall back", `div{--c:red} p{color:var(--d, var(--c))}`, `<div><p>x</p></div>`, `color:var(--d, var(--c))`, `color:red`},
		{"fallbacks", `p{background:#fff;background:linear-gradient(red,blue)}`, `<p>x</p>`, `background:linear-gradient(red,blue)`, `background:#fff;background:linear-gradient(red,blue)`},
		{"important in the sheet beats the attribute", `p{color:green!important}`, `<p style="color:red">x</p>`, `color:red`, `color:green`},
		{"important in the attribute stays", `p{margin:0}`, `<p style="display:none !important">x</p>`, `margin:0;display:none`, `margin:0;display:none !important`},
		{"links", `a:link{color:green}`, `<a href=x>x</a>`, ``, `color:green`},
		{"nesting", `div{p{color:green} & b{color:red}}`, `<div><p>x</p></div>`, ``, `color:green`},
		{"a selector that is none drops its rule", `p, ::-moz-nothing{color:red} p{margin:0}`, `<p>x</p>`, `color:red;margin:0`, `margin:0`},
		{"quotes and urls", `p{background:url("a;b.png") no-repeat}`, `<p>x</p>`, `background:url("a;b.png") no-repeat`, `background:url("a;b.png") no-repeat`},
		{"order of shorthands", `p{margin-top:5px} .a{margin:1px}`, `<p class=a>x</p>`, `margin-top:5px;margin:1px`, `margin-top:5px;margin:1px`},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := page(c.css, c.body)
			selector := "p"
			if strings.HasPrefix(c.body, "<a") {
				selector = "a"
			}
			pr, err := premailer.NewPremailerFromString(source, premailer.NewOptions())
			if err != nil {
				t.Fatal(err)
			}
			alone, err := pr.Transform()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.alone, styleOf(t, alone, selector)); diff != "" {
				t.Errorf("premailer alone behaves otherwise now (-pinned +now):\n%s", diff)
			}
			res := document(t, source)
			if diff := cmp.Diff(c.want, styleOf(t, res.HTML, selector)); diff != "" {
				t.Errorf("style (-want +got):\n%s", diff)
			}
			if len(res.Findings) > 0 {
				t.Errorf("findings: %v", res.Findings)
			}
		})
	}
}

func TestWhatMustStayStays(t *testing.T) {
	kept := "\n@font-face{font-family:X;src:url(x)}\n@media (prefers-color-scheme: dark){.d{color:#eee!important}}\n[data-ogsc] .d{color:#eee}\nu+.body .g{color:red}\n"
	source := `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">` +
		`<html xmlns="http://www.w3.org/1999/xhtml" xmlns:o="urn:schemas-microsoft-com:office:office"><head><style data-keep>` + kept + `</style>` +
		`<!--[if mso]><style>td{color:red}</style><![endif]--><style>p{margin:0} a:hover{color:red}</style></head>` +
		`<body class="body"><!--[if !mso]><!--><p class="d">@@name@@ <a href="@@unsubscribe_url@@">x</a></p><!--<![endif]--><![if !mso]><b>y</b><![endif]></body></html>`
	got := document(t, "\ufeff"+source).HTML
	for _, want := range []string{
		`<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">`,
		`xmlns:o="urn:schemas-microsoft-com:office:office"`,
		`<style>` + kept + `</style>`,
		`<!--[if mso]><style>td{color:red}</style><![endif]-->`,
		`<style>` + "\n" + `a:hover { color:red !important; }` + "\n" + `</style>`,
		`<!--[if !mso]><!--><p class="d" style="margin:0">@@name@@ <a href="@@unsubscribe_url@@">x</a></p><!--<![endif]-->`,
		`<![if !mso]><b>y</b><![endif]>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("lost: %s", want)
		}
	}
	for _, mark := range []string{"zest-", "data-premailer", "pr-el-id", "data-keep"} {
		if strings.Contains(got, mark) {
			t.Errorf("%s was left in\n%s", mark, got)
		}
	}
}

func TestMediaRulesBeatWhatIsInlined(t *testing.T) {
	got := document(t, page(`.w{width:600px} @media (max-width:600px){.w{width:100%;/*;*/height:auto !important}} @media screen{@font-face{src:url(x)}}`, `<p class=w>x</p>`)).HTML
	want := `@media (max-width:600px){.w{width:100% !important;/*;*/height:auto !important}}`
	if !strings.Contains(got, want) || !strings.Contains(got, `@media screen{@font-face{src:url(x)}}`) {
		t.Errorf("got %s", got)
	}
}

func TestMediaAttributesAreRead(t *testing.T) {
	body := `<p>x</p>`
	for media, want := range map[string]string{"screen": "color:red", "all": "color:red", "print, SCREEN": "color:red", "only screen": "color:red", "print": "", "(max-width: 600px)": ""} {
		source := `<!DOCTYPE html><style media="` + media + `">p{color:red}</style>` + body
		if got := styleOf(t, document(t, source).HTML, "p"); got != want {
			t.Errorf("media=%q: got %q, want %q", media, got, want)
		}
	}
}

func TestNothingIsSilentlyWrong(t *testing.T) {
	for name, source := range map[string]string{
		"nesting":  page("\n\np{color:red;@media (min-width:1px){color:blue}}", `<p>x</p>`),
		"variable": page("\n\n@media (prefers-color-scheme:dark){:root{--c:red}} p{color:var(--c)}", `<p>x</p>`),
		"selector": page("\n\ninput:valid{color:red}", `<input>`),
	} {
		got := document(t, source).Findings
		if len(got) != 1 || got[0].Rule != name || got[0].Line != 3 {
			t.Errorf("%s: %v", name, got)
		}
	}
	deep := document(t, page("p{color:red}", strings.Repeat("<div>", 3000)))
	if deep.HTML == "" || len(deep.Findings) != 1 {
		t.Errorf("a document that cannot be read has to come back with a finding: %v", deep.Findings)
	}
}

func TestHostileMarkupDoesNotPanic(t *testing.T) {
	for _, source := range []string{
		"", "<", "<style>", "<style>{", "<style>p{", "<style>@media", "<style>}</style><p>", `<p pr-el-id="zz" zest-inline="1" class=a>x</p><style>.a{color:red}</style>`,
		`<style>a[b{c}</style><a>`, `<style>:is({}</style>`, `<style>p:nth-child(2n+</style><p>`, `<style>p{--a:var(--b);--b:var(--a);color:var(--a)}</style><p>`,
		`<style>p{content:"` + "\n" + `";color:red}</style><p>`, `<frameset><frame></frameset>`, `<svg><style>p{color:red}</style></svg><p>`,
		`<style>& p{color:red}</style><p>`, `<style>p:has(> a + b){color:red}</style><p><a></a><b></b></p>`,
	} {
		if res := document(t, source); source != "" && res.HTML == "" {
			t.Errorf("%q: no output", source)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add("p{color:red}", "<p>x")
	f.Add(":is(a,b)>c{--x:1;color:var(--x)}@media x{a{b:c}}", `<a style="x:y"><c>`)
	f.Fuzz(func(t *testing.T, css, body string) {
		first := document(t, page(css, body))
		if again := document(t, page(css, body)); again.HTML != first.HTML {
			t.Error("the same document came out differently")
		}
	})
}

func TestLintCSSRefusesWhatCannotComeOutRight(t *testing.T) {
	sheet := strings.Join([]string{
		`p{margin:0}`, `p:nope{margin:0}`, `@import url(x.css);`, `p{color:red;@media print{color:blue}}`,
		`p{margin 0}`, `@media (min-width:1px){:root{--a:b}}`, `b{color:red`,
	}, "\n")
	var got []string
	for _, f := range inline.LintCSS("style.css", sheet) {
		got = append(got, fmt.Sprintf("%d %s", f.Line, f.Rule))
	}
	want := []string{"5 declaration", "7 unclosed", "2 selector", "3 import", "4 nesting", "6 variable"}
	if f := inline.LintCSS("style.css", "a{b:c}\np{color:{{.Accent}}}"); len(f) != 1 || f[0].Line != 2 || f[0].Rule != "template" {
		t.Errorf("an unexecuted template: %v", f)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
