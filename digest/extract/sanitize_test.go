package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSanitizeKeepsWhatAMailCanShow(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"words":                {`<p>Bonjour <b>à tous</b></p>`, `<p>Bonjour <b>à tous</b></p>`},
		"script":               {`<p>a</p><script>alert(1)</script>`, `<p>a</p>`},
		"handler":              {`<p onclick="x()" style="color:red" class="c">a</p>`, `<p>a</p>`},
		"javascript link":      {`<p><a href="javascript:alert(1)">a</a></p>`, `<p>a</p>`},
		"broken scheme":        {"<p><a href=\"java\nscript:alert(1)\">a</a></p>", `<p>a</p>`},
		"relative link":        {`<a href="../b?x=1">b</a>`, `<a href="https://site.example/b?x=1">b</a>`},
		"tracking":             {`<a href="/b?utm_source=a&amp;id=3&amp;fbclid=z&amp;xtor=RSS-1">b</a>`, `<a href="https://site.example/b?id=3">b</a>`},
		"mail link":            {`<a href="mailto:a@b.example">b</a>`, `<a href="mailto:a@b.example">b</a>`},
		"headline":             {`<h1>a</h1>`, `<h2>a</h2>`},
		"boxes":                {`<div><div><section><p>a</p></section></div><div>b</div></div>`, `<p>a</p><p>b</p>`},
		"picture":              {`<img src="/i.jpg" alt=" un  chat " width="600px" height="400" onerror="x">`, `<img src="https://site.example/i.jpg" alt="un chat" width="600" height="400"/>`},
		"picture without alt":  {`<img src="/i.jpg">`, `<img src="https://site.example/i.jpg" alt=""/>`},
		"lazy picture":         {`<img src="data:image/gif;base64,R0" data-src="/i.jpg">`, `<img src="https://site.example/i.jpg" alt=""/>`},
		"lazy srcset":          {`<img src="/blank.gif" data-srcset="/s.jpg 300w, /l.jpg 1200w">`, `<img src="https://site.example/l.jpg" alt=""/>`},
		"srcset with commas":   {`<img srcset="/c_fit,w_300/s.jpg 300w, /c_fit,w_900/l.jpg 900w">`, `<img src="https://site.example/c_fit,w_900/l.jpg" alt=""/>`},
		"noscript picture":     {`<p>a<img src="data:,"><noscript><img src="/i.jpg" alt="x"></noscript></p>`, `<p>a<img src="https://site.example/i.jpg" alt="x"/></p>`},
		"picture element":      {`<picture><source type="image/webp" srcset="/i.webp"><source srcset="/i.jpg 2x, /s.jpg 1x"><img alt="x"></picture>`, `<img src="https://site.example/i.jpg" alt="x"/>`},
		"pixel":                {`<p>a</p><img src="/t.gif" width="1" height="1">`, `<p>a</p>`},
		"pixel by style":       {`<p>a</p><img src="/t.gif" style="width:1px;height:1px">`, `<p>a</p>`},
		"counter":              {`<p>a</p><img src="https://feeds.feedburner.com/~r/x/1">`, `<p>a</p>`},
		"data picture":         {`<p>a</p><img src="data:image/png;base64,AAAA">`, `<p>a</p>`},
		"player":               {`<iframe src="//www.youtube.com/embed/abc_1?rel=0" title="Un film"></iframe>`, `<p><a href="https://www.youtube.com/watch?v=abc_1">▶ Un film</a></p>`},
		"video":                {`<video><source src="/v.mp4">old browser</video>`, `<p><a href="https://site.example/v.mp4">▶ site.example</a></p>`},
		"player without place": {`<p>a</p><iframe srcdoc="<script>x</script>"></iframe>`, `<p>a</p>`},
		"form":                 {`<form action="/x"><p>a</p><input><button>b</button></form>`, `<p>a</p>`},
		"svg":                  {`<p>a<svg><a xlink:href="javascript:x"><text>z</text></a></svg></p>`, `<p>a</p>`},
		"comment":              {`<p>a<!--[if mso]><b>x</b><![endif]--></p>`, `<p>a</p>`},
		"entities":             {`<p>1 &lt; 2 &amp; 3</p>`, `<p>1 &lt; 2 &amp; 3</p>`},
		"nothing":              {``, ``},
	} {
		if diff := cmp.Diff(c.want, strings.ReplaceAll(Sanitize(c.in, "https://site.example/a/c"), "\n", "")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSanitizeWithoutABaseDropsWhatLeadsNowhere(t *testing.T) {
	if got := Sanitize(`<p><a href="/x">a</a><img src="i.jpg"></p>`, ""); got != "<p>a</p>" {
		t.Error(got)
	}
}

func TestSanitizeTwiceIsSanitizeOnce(t *testing.T) {
	in := `<div><h1>a</h1>b <i>c</i><div>d</div><iframe src="https://v.example/1"></iframe><img data-src="/i.png"></div><table><tr><td>x</table>`
	once := Sanitize(in, "https://site.example/")
	if twice := Sanitize(once, "https://site.example/"); twice != once {
		t.Errorf("once  %s\ntwice %s", once, twice)
	}
}

func TestPlainTextReadsInParagraphs(t *testing.T) {
	in := "<h2>Titre</h2><p>Un&nbsp;: deux<br>trois</p><ul><li>a</li><li>b&shy;c</li></ul><pre>x\n  y</pre><script>no</script><table><tr><td>1</td><td>2</td></tr></table>"
	want := "Titre\n\nUn\u00a0: deux\ntrois\n\na\n\nbc\n\nx\ny\n\n1 2"
	if diff := cmp.Diff(want, PlainText(in)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
