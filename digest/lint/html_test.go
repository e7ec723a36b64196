package lint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest/lint"
)

// good is a message that nothing is wrong with.
const good = `<!DOCTYPE html>
<html lang="fr" dir="ltr"><head><title>La Revue</title>
<style>@media (prefers-color-scheme: dark){.t{color:#eeeeee !important}.b{background-color:#1b1b1b !important}.a{color:#9cc4ff !important}}</style></head>
<body bgcolor="#ffffff" style="margin:0;background-color:#ffffff" class="b">
<div lang="fr" dir="ltr">
<!--[if mso]><table role="presentation" width="600"><tr><td><![endif]-->
<table role="presentation" width="100%"><tr><td>
<h1 class="t" style="color:#222222">La Revue</h1>
<!--[if !mso]><!--><p class="t" style="color:#333333">Bonjour</p><!--<![endif]-->
<h2 class="t" style="color:#222222"><a class="a" href="https://example.org/1" style="color:#0a4a9c">Un titre</a></h2>
<img src="https://example.org/1.jpg" alt="" width="568" height="284">
<p class="t" style="color:#333333"><a class="a" style="color:#0a4a9c" href="@@unsubscribe_url@@">Ne plus recevoir</a></p>
</td></tr></table>
<!--[if mso]></td></tr></table><![endif]-->
</div></body></html>`

func found(source string) []string {
	out := []string{}
	for _, f := range lint.HTML(source) {
		out = append(out, fmt.Sprintf("%s %d %s", f.Severity, f.Line, f.Rule))
	}
	return out
}

func TestAGoodMessageHasNoFinding(t *testing.T) {
	if got := lint.HTML(good); len(got) > 0 {
		t.Errorf("findings: %v", got)
	}
}

func TestEveryFaultIsNamedWithItsLine(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		want           []string
	}{
		{"unknown token", "Bonjour", "Bonjour @@nom@@", []string{"hard 9 token"}},
		{"unsafe value", "https://example.org/1\"", "#ZgotmplZ\"", []string{"hard 10 template"}},
		{"template left", "https://example.org/1\"", "{{.URL}}\"", []string{"hard 10 template"}},
		{"no unsubscribe link", "@@unsubscribe_url@@", "https://example.org/u", []string{"hard 1 unsubscribe"}},
		{"no language", `<html lang="fr"`, `<html`, []string{"hard 2 language"}},
		{"no direction", `<html lang="fr" dir="ltr"`, `<html lang="fr"`, []string{"soft 2 direction"}},
		{"wrapper without language", `<div lang="fr"`, `<div`, []string{"soft 5 wrapper"}},
		{"no title", `La Revue</title>`, `</title>`, []string{"soft 1 title"}},
		{"open conditional", `</td></tr></table><![endif]-->`, `</td></tr></table>-->`, []string{"hard 14 outlook"}},
		{"unbalanced ghost table", `<!--[if mso]></td></tr></table>`, `<!--[if mso]></td></tr>`, []string{"hard 6 outlook"}},
		{"unit in an attribute", `width="568"`, `width="568px"`, []string{"hard 11 width"}},
		{"no alt", ` alt=""`, ``, []string{"hard 11 alt"}},
		{"no bgcolor", ` bgcolor="#ffffff"`, ``, []string{"soft 4 bgcolor"}},
		{"table without role", `<table role="presentation" width="100%">`, `<table width="100%">`, []string{"soft 7 role"}},
		{"pale text", `style="color:#333333">Bonjour`, `style="color:#999999">Bonjour`, []string{"hard 9 contrast"}},
		{"dark text in the dark", `<p class="t" style="color:#333333">Bonjour`, `<p style="color:#333333">Bonjour`, []string{"hard 9 contrast"}},
		{"level skipped", `h2 class`, `h3 class`, []string{"soft 10 heading"}},
		{"two h1", `<h2 class`, `<h1 class`, []string{"soft 10 heading"}},
		{"link that says nothing", `>Un titre<`, `><`, []string{"hard 10 link"}},
		{"same words, other place", `>Un titre<`, `>Ne plus recevoir<`, []string{"soft 12 link"}},
		{"small target", `<a class="a" href="https://example.org/1" style="`, `<a class="a" href="https://example.org/1" style="display:inline-block;line-height:16px;padding:2px 8px;`, []string{"soft 10 target"}},
		{"flex", `<div lang`, `<div style="display:flex" lang`, []string{"hard 5 support"}},
		{"form", `Bonjour`, `<form></form>`, []string{"hard 9 support"}},
		{"script", `Bonjour`, `<script></script>`, []string{"hard 9 support"}},
		{"webp", `1.jpg`, `1.webp?x`, []string{"hard 11 support"}},
		{"variable", `color:#222222">La`, `color:var(--x)">La`, []string{"hard 8 support"}},
		{"import", `<style>`, `<style>@import url(x);`, []string{"hard 1 support"}},
		{"too big", `Bonjour`, strings.Repeat("long ", 20000), []string{"hard 1 size"}},
		{"sheet too big", `<style>`, `<style>` + strings.Repeat(".a{b:c}", 2400), []string{"hard 1 style"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(good, c.old) {
				t.Fatalf("%q is not in the message", c.old)
			}
			if diff := cmp.Diff(c.want, found(strings.Replace(good, c.old, c.new, 1))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzHTML(f *testing.F) {
	f.Add(good)
	f.Add("<style>@media{a{}}</style><a href><table width=x><!--[if mso]>")
	f.Fuzz(func(t *testing.T, source string) { lint.HTML(source) })
}
