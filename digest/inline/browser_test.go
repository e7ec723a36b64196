package inline_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/zest-digest/zest/digest/inline"
)

// compare is what a browser makes of a document with its sheets, and of the
// inlined one with none, as a client that strips them. Nothing is laid out, so
// that sizes are computed values, not used ones. It answers with the first
// difference, or nothing.
const compare = `(source, inlined) => {
  const snap = (html, sheets) => {
    const frame = document.createElement("iframe");
    frame.width = 800; frame.height = 600;
    document.body.append(frame);
    const d = frame.contentDocument;
    d.open(); d.write(html); d.close();
    if (!sheets) d.querySelectorAll("style").forEach(e => e.remove());
    else for (const s of d.styleSheets) for (let i = s.cssRules.length - 1; i >= 0; i--) if (s.cssRules[i].type !== 1) s.deleteRule(i);
    d.documentElement.style.setProperty("display", "none", "important");
    const out = {};
    d.querySelectorAll("[data-hid]").forEach(e => {
      const c = frame.contentWindow.getComputedStyle(e), own = {};
      for (const p of c) if (!p.startsWith("--")) own[p] = c.getPropertyValue(p);
      out[e.dataset.hid] = own;
    });
    frame.remove();
    return out;
  };
  const want = snap(source, true), got = snap(inlined, false);
  for (const id in want) for (const p in want[id]) {
    if (!got[id]) return "element " + id + " is gone";
    if (want[id][p] !== got[id][p]) return "element " + id + ": " + p + " is " + got[id][p] + ", not " + want[id][p];
  }
  return "";
}`

// Sheets that nobody wrote, from everything that templates are made of: what the
// browser sees in them it sees in the inlined document, or a finding says that
// it will not. ZEST_SHEETS is how many.
func TestABrowserSeesTheSame(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("no chromium here")
	}
	n, seed := 40, uint64(1)
	if v := os.Getenv("ZEST_SHEETS"); v != "" {
		if n, err = strconv.Atoi(v); err != nil {
			t.Fatal(err)
		}
		seed = uint64(n)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	flagged, right := 0, 0
	for i := range n {
		g := &generator{r: rand.New(rand.NewPCG(seed, uint64(i)))}
		source := g.document()
		res, err := inline.Document(source, inline.Options{})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := json.Marshal(source)
		b, _ := json.Marshal(res.HTML)
		diff, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf("(%s)(%s, %s)", compare, a, b)))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case diff != "" && len(res.Findings) == 0:
			t.Errorf("sheet %d: %s, and no finding says so\n%s\n--- inlined:\n%s", i, diff, source, res.HTML)
		case diff == "":
			right++
			if len(res.Findings) > 0 {
				flagged++
			}
		}
	}
	t.Logf("%d of %d the same, %d of these with a finding", right, n, flagged)
	if flagged*20 > n {
		t.Errorf("%d of %d flagged for nothing", flagged, n)
	}
}

// generator makes documents.
type generator struct{ r *rand.Rand }

func (g *generator) pick(list ...string) string { return list[g.r.IntN(len(list))] }

func (g *generator) document() string {
	var b strings.Builder
	b.WriteString(g.pick("<!DOCTYPE html>", "<!DOCTYPE html>", "<!DOCTYPE html>", `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">`, ""))
	b.WriteString(`<html data-hid="h"><head><title>x</title>`)
	for range 1 + g.r.IntN(3) {
		b.WriteString("<style" + g.pick("", "", ` type="text/css"`, ` media="screen"`, ` media="all"`) + ">" + g.sheet() + "</style>")
	}
	b.WriteString(`</head><body data-hid="b" class="` + g.class() + `">`)
	id := 0
	b.WriteString(g.element(&id, 4))
	if g.r.IntN(3) == 0 {
		b.WriteString(g.oddity())
	}
	b.WriteString(`<table data-hid="t" class="` + g.class() + `" width="600"><tbody data-hid="tb"><tr data-hid="tr"><td data-hid="td" class="` + g.class() + `"` + g.inline() + `>x</td><td data-hid="td2" align="center">y</td></tr></tbody></table>`)
	return b.String() + "</body></html>"
}

// oddity is markup that mail is full of and no standard wants.
func (g *generator) oddity() string {
	return g.pick(
		"<style>"+g.sheet()+"</style>",
		`<style media="(max-width: 10px)">`+g.selectors()+" { "+g.declaration()+" }</style>",
		`<p data-hid="o1" class="a">one<p data-hid="o2" class="b">two`,
		`<table data-hid="o3"><span data-hid="o4" class="`+g.class()+`">fostered</span><tr><td data-hid="o5" class="a">x</table>`,
		`<a data-hid="o6" href="x" class="a"><table data-hid="o7" class="b"><tr><td data-hid="o8">x</td></tr></table></a>`,
		`<a href="x" data-hid="o9">one <b data-hid="o10"><a href="y" data-hid="o11" class="a">two</a></b></a>`,
		`<!--[if mso]><table><tr><td><![endif]--><p data-hid="o12" class="a">x</p><!--[if mso]></td></tr></table><![endif]-->`,
		`<![if !mso]><p data-hid="o13" class="b">x</p><![endif]>`,
		`<ul data-hid="o14" class="`+g.class()+`"><li data-hid="o15">a<li data-hid="o16" class="b">b</ul>`,
		`<CENTER DATA-HID="o17" CLASS="a"><FONT DATA-HID="o18" SIZE="2" COLOR=#123456>x</FONT></CENTER>`,
		`<div data-hid="o19" style="color:red;;; ; margin : 0 ;foo;bar:;padding:1px!important"><p data-hid="o20" class="a">x</div>`,
		`<img data-hid="o21" class="a" src="x" width=40 height=20 align=left border=1><br data-hid="o22" class="b"><hr data-hid="o23" class="c">`,
		`<svg data-hid="o24" class="a" width="4" height="4"><path data-hid="o25" class="b" d="M0 0"/></svg>`,
		`<input data-hid="o26" class="a" type=checkbox checked disabled><button data-hid="o27" class="b">x</button><select data-hid="o28"><option data-hid="o29" selected class="a">x</select>`,
		`<p data-hid="o30" class="a&#32;d" title="x y, z">&lt;style&gt;p{color:red}&lt;/style&gt;</p><pre data-hid="o31" class="a">

x</pre>`,
		`<!-- <style>p { color: red }</style> --><h1 data-hid="o32" class="a"><h2 data-hid="o33" class="b">x</h2></h1>`,
	)
}

func (g *generator) class() string {
	return strings.TrimSpace(g.pick("a", "b", "c", "A", "") + " " + g.pick("d", "e-f", "w:1", ""))
}

func (g *generator) inline() string {
	switch g.r.IntN(3) {
	case 0:
		return ` style="` + strings.ReplaceAll(g.declaration(), `"`, "'") + `; ` + strings.ReplaceAll(g.declaration(), `"`, "'") + `"`
	default:
		return ""
	}
}

func (g *generator) element(id *int, depth int) string {
	var b strings.Builder
	for range 1 + g.r.IntN(3) {
		*id++
		tag := g.pick("div", "div", "p", "span", "a", "h1", "h2", "ul", "li", "b", "center", "font")
		attrs := g.pick("", ` href="https://example.org/a.b"`, ` title="x y, z"`, ` lang="fr-CA"`, ` dir="rtl"`, ` id="i"`, ` align="right"`, ` color="red"`, ` hidden`)
		fmt.Fprintf(&b, `<%s data-hid="%d" class="%s"%s%s>`, tag, *id, g.class(), attrs, g.inline())
		if depth > 0 && (tag == "div" || tag == "ul" || tag == "li" || tag == "center") {
			b.WriteString(g.element(id, depth-1))
		} else if g.r.IntN(3) > 0 {
			b.WriteString("text")
		}
		b.WriteString("</" + tag + ">")
	}
	return b.String()
}

func (g *generator) sheet() string {
	var b strings.Builder
	for range 2 + g.r.IntN(8) {
		switch g.r.IntN(16) {
		case 0:
			b.WriteString(g.pick("/* c */", "<!-- ", " -->", "\n", "@charset \"utf-8\";", "@media print { a { color: red } }", "@font-face { font-family: F; src: url(f.woff) }", "@keyframes k { from { top: 0 } }", "@supports (display: grid) { p { color: red } }"))
		case 1:
			fmt.Fprintf(&b, "%s { %s; %s { %s } %s }\n", g.selector(), g.declaration(), g.pick("&:first-child", "& .a", "> p", ".b", "& + &", "span &"), g.declaration(), g.declaration())
		case 2:
			b.WriteString(":root { --x: " + g.pick("red", "4px", "1px solid blue", "") + "; --y: var(--x) }\n" + g.selector() + " { " + g.pick("color", "padding", "border", "margin-left") + ": var(" + g.pick("--x", "--y", "--z, 3px", "--z, green", "--z") + ") }\n")
		default:
			b.WriteString(g.selectors() + " {")
			for range 1 + g.r.IntN(4) {
				b.WriteString(" " + g.declaration() + ";")
			}
			b.WriteString(" }\n")
		}
	}
	return b.String()
}

func (g *generator) selectors() string {
	s := g.selector()
	for g.r.IntN(3) == 0 {
		s += g.pick(",", ", ") + g.selector()
	}
	return s
}

func (g *generator) selector() string {
	s := g.compound()
	for g.r.IntN(3) == 0 {
		s += g.pick(" ", " > ", ">", " + ", "~", "+") + g.compound()
	}
	return s
}

func (g *generator) compound() string {
	return g.pick("div", "p", "span", "a", "td", "li", "*", "", "body", "DIV", "h1", "ul") + g.pick(
		".a", ".b", ".A", ".d", ".e-f", `.w\:1`, ".a.d", "#i", "[title]", `[href*="."]`, `[class~=a]`, `[title="x y, z"]`, `[href$='.b' i]`, `[lang|=fr]`, "[class^=a]",
		":first-child", ":last-child", ":nth-child(2n+1)", ":nth-of-type(2)", ":not(.a)", ":not(.a, .b)", ":is(p, .d)", ":where(.a)", ":link", ":root", ":empty", ":only-child",
		":has(> .a)", ":lang(fr)", ":nth-last-child(1)", ":first-of-type", ":hover", "::before", ":not([title]):not(#i)", ":nth-child(1 of .a)", ":dir(rtl)", ".a:not(:first-child)")
}

func (g *generator) declaration() string {
	d := g.plainDeclaration()
	if g.r.IntN(5) == 0 {
		d += g.pick(" !important", "!important", " ! important")
	}
	return d
}

func (g *generator) plainDeclaration() string {
	color := g.pick("red", "#00f", "#0f08", "rgb(1, 2, 3)", "rgb(1 2 3 / 50%)", "hsl(120deg 50% 50%)", "transparent", "currentColor", "inherit", "initial", "unset", "RED", "color-mix(in srgb, red, blue)", "bad")
	length := g.pick("0", "4px", "1em", "2rem", "5%", "-3px", "calc(1px + 2em)", "min(4px, 1em)", "auto", "inherit", "10pt", "4", "1e1px", "clamp(1px, 2px, 3px)")
	return g.pick(
		"color: "+color, "background: "+color, "background-color: "+color, "background: "+color+" url(a.png) no-repeat center / cover", "background: linear-gradient(red, blue)",
		"background-image: url(\"a;b.png\")", "margin: "+length, "margin: 0 "+length, "margin-left: "+length, "margin: 1px 2px 3px 4px", "padding: "+length, "padding-top: "+length,
		"padding-inline: "+length, "margin-block-start: "+length, "border: 1px solid "+color, "border: 0", "border-top: 2px dashed "+color, "border-color: "+color, "border-width: "+length,
		"border-radius: "+length, "border-radius: 1px / 2px", "border-inline-start: 1px solid", "font: italic bold 12px/30px Georgia, serif", "font: 14px Arial", "font-family: 'Segoe UI', Arial", "font-size: "+length,
		"font-size: larger", "font-weight: "+g.pick("bold", "600", "lighter", "inherit"), "line-height: "+g.pick("1.5", "normal", "20px", "150%", "1.5em"), "letter-spacing: "+length,
		"text-decoration: underline", "text-decoration: none", "text-decoration: underline dotted red", "text-align: "+g.pick("center", "start", "justify"), "display: "+g.pick("block", "none", "inline-block", "flex", "table-cell"),
		"width: "+length, "max-width: "+length, "height: "+length, "float: left", "vertical-align: "+g.pick("top", "middle", "4px"), "white-space: nowrap", "opacity: .5", "list-style: none", "list-style: square inside",
		"*zoom: 1", "_height: 1px", "filter: progid:DXImageTransform.Microsoft.gradient(startColorstr='#1', endColorstr='#2')", "mso-line-height-rule: exactly", "-webkit-text-size-adjust: 100%", "box-shadow: 0 1px 2px "+color,
		"all: unset", "inset: 0", "position: relative", "top: "+length, "overflow: hidden", "border-collapse: collapse", "border-spacing: "+length, "text-transform: uppercase", "word-break: break-word", "gap: 4px", "cursor: pointer",
		"COLOR: Green", "color : blue ", "color:", "colour: red", "margin: 4px 5px bad", "transform: rotate(3deg)", "outline: 1px solid "+color, "columns: 2", "flex: 1", "direction: rtl", "content: 'a;}b'", "quotes: none",
		"border-image: none", "font-variant: small-caps", "text-shadow: none", "min-height: "+length, "border-left-width: thick; border-left-style: solid", "color: revert", "margin: revert", "aspect-ratio: 2 / 1", "text-wrap: balance")
}
