package mjml_test

import (
	"strings"
	"testing"

	gomjml "github.com/preslavrachev/gomjml/mjml"

	"github.com/zest-digest/zest/digest/mjml"
)

// page is a document with this in its head and in its one column.
func page(head, column string) string {
	return `<mjml lang="en"><mj-head>` + head + `</mj-head><mj-body><mj-section><mj-column>` + column + `</mj-column></mj-section></mj-body></mjml>`
}

func html(t *testing.T, text, dir string) string {
	t.Helper()
	var s mjml.Source
	out, err := s.HTML(s.Mark("html.mjml", text), mjml.Look{Dir: dir, Head: "<style>.ours{}</style>"})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Each of these is gomjml's own doing. When one fails, the library has changed:
// take the remedy out, or see whether it still holds.
func TestWhatGomjmlDoesWrongIsMended(t *testing.T) {
	for name, c := range map[string]struct{ text, wrong, right string }{
		"a descendant's rule is inlined on its ancestor": {
			page(`<mj-style inline="inline">.t a{color:red}</mj-style>`, `<mj-text css-class="t"><a href="https://a.example/">a</a></mj-text>`),
			`class="t" style="font-size:0px;padding:10px 25px;color:red;`, `.t a{color:red}</style>`},
		"an escaped text becomes markup":       {page("", `<mj-text>&lt;script&gt;</mj-text>`), `<script>`, `&lt;script&gt;`},
		"an escaped quote ends an attribute":   {page("", `<mj-image src="https://a.example/a.png" alt="&#34; title=&#34;b"/>`), `alt="" title="b"`, `alt="&#34; title=&#34;b"`},
		"a font is fetched from a stranger":    {page("", `<mj-text>a</mj-text>`), `fonts.googleapis.com`, `>a</div>`},
		"the height of a picture is no number": {page("", `<mj-image src="https://a.example/a.png" alt=""/>`), `height="auto"`, `height:auto`},
		"the direction is left to a guess":     {page("", `<mj-text>a</mj-text>`), `dir="auto"`, `dir="rtl"`},
		"a column runs from left to right":     {page("", `<mj-text>direction:ltr</mj-text>`), `direction:ltr;display`, `direction:rtl;display`},
		"the body has no ground in Outlook":    {strings.Replace(page("", `<mj-text>a</mj-text>`), "<mj-body>", `<mj-body background-color="#f9f7f2">`, 1), `<body style=`, `<body bgcolor="#f9f7f2" style=`},
	} {
		theirs, err := gomjml.Render(c.text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !strings.Contains(theirs, c.wrong) {
			t.Errorf("gomjml alone: %s no more, in\n%s", name, theirs)
		}
		ours := html(t, c.text, "rtl")
		if strings.Contains(ours, c.wrong) || !strings.Contains(ours, c.right) {
			t.Errorf("%s, in\n%s", name, ours)
		}
	}
	if out := html(t, page("", `<mj-text>direction:ltr</mj-text>`), "rtl"); !strings.Contains(out, ">direction:ltr<") {
		t.Error("the words of a text were changed")
	}
}

// What gomjml would leave out of a message without a word is a mistake with a
// place.
func TestAMistakeNamesFileAndLine(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown":    {page("", "\n<mj-zork>lost</mj-zork>"), "html.mjml:2: <mj-zork> is no element"},
		"misplaced":  {page("", "\n\n<mj-section/>"), "html.mjml:3: <mj-section> would be lost in <mj-column>: it stands in mj-body or mj-wrapper"},
		"bare HTML":  {page("", "\n<p>lost</p>"), "html.mjml:1: <p> would be lost in <mj-column>"},
		"bare text":  {page("", "\n<mj-spacer/>lost"), "html.mjml:2: text would be lost in <mj-column>"},
		"attribute":  {page("", "<mj-text>a</mj-text>\n<mj-text\n  colour=\"red\">b</mj-text>"), "html.mjml:2: Invalid attribute 'colour'"},
		"two":        {page("", "<mj-text a=\"b\">a</mj-text> <mj-text c=\"d\">\n\n</mj-text>\n<mj-image src=\"a\" alt=\"\" e=\"f\"/>"), "html.mjml:4: Invalid attribute 'e'"},
		"open":       {"<mjml>\n<mj-body>\n<mj-section>\n<mj-column></mj-section></mj-body></mjml>", "html.mjml:4: element <mj-column> closed by </mj-section>"},
		"cut":        {"<mjml>\n<mj-body>", "html.mjml:2: unexpected EOF"},
		"quote":      {page("", "\n<mj-text color=\"red>a</mj-text>"), "html.mjml:2"},
		"no body":    {"<mjml></mjml>", "html.mjml:1: there is no <mjml> with an <mj-body>"},
		"no picture": {page("", "<mj-image/>"), "html.mjml: mj-image requires src"},
		"two bodies": {"<mjml><mj-body/>\n<mj-body/></mjml>", "html.mjml:2: a second <mj-body> would be lost"},
		"two roots":  {"<mjml><mj-body/></mjml>\n<mjml/>", "html.mjml:2: a second <mjml> would be lost"},
		"nothing":    {"", "there is no <mjml>"},
		"HTML":       {"<p>a</p>", "<p> would be lost"},
		"font":       {page("\n<mj-font name=\"a\" href=\"https://a.example/\"/>", ""), "html.mjml:2: <mj-font> cannot be used: mail programs would fetch it"},
		"preheader":  {page("<mj-preview>a</mj-preview>", ""), "it hides text"},
		"in a text":  {page("", "<mj-text><mj-image src=\"a\"/></mj-text>"), "<mj-image> would be lost in <mj-text>"},
		"one of two": {page("", "<mj-zork/>\n<mj-zork/>"), "html.mjml:2: <mj-zork>"},
	} {
		var s mjml.Source
		out, err := s.HTML(s.Mark("html.mjml", c.text), mjml.Look{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
		if err != nil && out != "" {
			t.Errorf("%s: a mistake and a document", name)
		}
	}
}

// HTML of the author's stays HTML, wherever words may stand; a sheet of ours
// comes last, to be inlined.
func TestHTMLStaysHTML(t *testing.T) {
	out := html(t, page(`<mj-title>A &amp; b</mj-title><mj-attributes><mj-all font-family="Georgia"/><mj-class name="c" color="#333333"/><mj-text color="#222222"/></mj-attributes>`,
		`<mj-text>a<br>b <a href="https://a.example/?a=1&amp;b=2&c=3">c</a>&nbsp;@@email@@</mj-text><mj-table><tr><td title="&quot;">d</td></tr></mj-table><mj-raw><tr><td>e</td></tr></mj-raw><mj-button href="@@preferences_url@@">f</mj-button>`), "ltr")
	for _, want := range []string{"<title>A &amp; b</title>", "a<br>b ", `href="https://a.example/?a=1&amp;b=2&c=3"`, "&nbsp;@@email@@", `title="&quot;"`, "<td>e</td>", `href="@@preferences_url@@"`, "<style>.ours{}</style></head>", "color:#222222", `lang="en" dir="ltr"`} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is not in\n%s", want, out)
		}
	}
}

// Nothing is lost that stands where it may.
func TestEveryElementIsShownWhereItMayStand(t *testing.T) {
	holders := []string{
		"<mj-section><mj-column>%</mj-column></mj-section>",
		"<mj-section><mj-group><mj-column>%</mj-column></mj-group></mj-section>",
		"<mj-wrapper><mj-section><mj-column>%</mj-column></mj-section></mj-wrapper>",
		"<mj-wrapper><mj-section><mj-group><mj-column>%</mj-column></mj-group></mj-section></mj-wrapper>",
		`<mj-hero background-color="#ffffff">%</mj-hero>`,
	}
	for _, holder := range holders {
		for element, want := range map[string]string{
			"<mj-text>harbour</mj-text>": "harbour", `<mj-button href="https://a.example/">harbour</mj-button>`: "harbour",
			`<mj-image src="https://harbour.example/" alt=""/>`: "harbour.example", `<mj-divider border-color="#123456"/>`: "#123456",
			`<mj-spacer height="37px"/>`: "37px", "<mj-table><tr><td>harbour</td></tr></mj-table>": "harbour",
		} {
			text := "<mjml><mj-body>" + strings.Replace(holder, "%", element, 1) + "</mj-body></mjml>"
			if out := html(t, text, "ltr"); !strings.Contains(out, want) {
				t.Errorf("%s is lost in %s", element, holder)
			}
		}
	}
	for _, text := range []string{"<mjml><mj-head><mj-raw><!-- harbour --></mj-raw></mj-head><mj-body/></mjml>", "<mjml><mj-body><mj-raw><p>harbour</p></mj-raw></mj-body></mjml>", page("", "<mj-raw><tr><td>harbour</td></tr></mj-raw>")} {
		if out := html(t, text, "ltr"); !strings.Contains(out, "harbour") {
			t.Errorf("lost in %s", text)
		}
	}
}

// Whatever a template wrote, there is a document or a mistake, never a panic.
func FuzzHTML(f *testing.F) {
	f.Add(page("", "<mj-text>a</mj-text>"))
	f.Add("<mjml><mj-body><mj-hero/></mj-body></mjml>")
	f.Add("<mjml data-at=99><mj-body data-at=1>")
	f.Fuzz(func(t *testing.T, text string) {
		var s mjml.Source
		out, err := s.HTML(s.Mark("a", text), mjml.Look{Dir: "ltr"})
		if err == nil && !strings.Contains(out, "</html>") {
			t.Errorf("neither a document nor a mistake: %q", out)
		}
	})
}
