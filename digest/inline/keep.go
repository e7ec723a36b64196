package inline

import (
	"regexp"
	"strings"
	"sync"

	"github.com/tdewolff/parse/v2/css"
)

// hooks finds the selectors that wait for what a mail client does to the
// message: they select nothing now, and must stay.
var hooks = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\[data-ogs|\[owa|\bu\s*[+~]|\[class~?=["']?x_|\.(ExternalClass|ReadMsgBody|yshortcuts|yiv|moz-|ii\b|gmail|aolmail|msg-|appleLinks|mobile_link|cl-)|#(MessageView|MessageWebView|outlook|backgroundTable|apple)|x-apple-data|\[aria-label|\bimg\[?\+|\.im\b|\.a[0-9]?g[0-9A-Z]`)
})

// keepable writes what of a rule has to stay in a sheet, when so many elements are
// selected by each of its selectors. Rules about states get !important: inlined
// values would beat them.
func (r *rule) keepable(hits []int) string {
	if r.at != "" {
		return r.kept
	}
	if r.bad != "" {
		return ""
	}
	if r.unknown != "" {
		return r.write([]string{textOf(r.prelude)}, true)
	}
	var states, rest []string
	for i := range r.selectors {
		switch s := &r.selectors[i]; {
		case s.state:
			states = append(states, s.text)
		case s.pseudo, hits[i] == 0 && hooks().MatchString(s.text):
			rest = append(rest, s.text)
		}
	}
	return r.write(states, true) + r.write(rest, false)
}

func (r *rule) write(selectors []string, important bool) string {
	if len(selectors) == 0 || len(r.decls) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(strings.Join(selectors, ", ") + " {")
	for _, d := range r.decls {
		d.important = d.important || important && !strings.HasPrefix(d.prop, "--")
		b.WriteString(" " + d.text() + ";")
	}
	b.WriteString(" }\n")
	return b.String()
}

// conditional at-rules hold rules that must beat the inlined ones.
func conditional(name string) bool {
	return name == "media" || name == "supports" || name == "container"
}

// keptAt is the at-rule as it stays.
func (r *rule) keptAt() string {
	switch {
	case r.atName == "charset":
		return "" // the encoding is the document's
	case conditional(r.atName):
		return forceImportant(r.at) + "\n"
	}
	return r.at + "\n"
}

// forceImportant adds !important to the declarations in a conditional at-rule,
// and changes nothing else.
func forceImportant(text string) string {
	p := &sheetParser{tokens: tokens(text, 0), marks: map[int]bool{}}
	p.conditional(0)
	var b strings.Builder
	for i, t := range p.tokens {
		b.WriteString(t.text)
		if p.marks[i] {
			b.WriteString(" !important")
		}
	}
	return b.String()
}

func (p *sheetParser) conditional(i int) {
	open := p.until(i+1, len(p.tokens), css.SemicolonToken, css.LeftBraceToken)
	if open >= len(p.tokens) || p.tokens[open].kind != css.LeftBraceToken {
		return
	}
	end := p.closing(open)
	for i = open + 1; i < end; {
		switch t := p.tokens[i]; {
		case isSpace(t):
			i++
		case t.kind == css.AtKeywordToken:
			if conditional(strings.ToLower(t.text[1:])) {
				p.conditional(i)
			}
			stop := p.until(i+1, end, css.SemicolonToken, css.LeftBraceToken)
			if stop < end && p.tokens[stop].kind == css.LeftBraceToken {
				stop = p.closing(stop)
			}
			i = stop + 1
		default:
			i = p.styleRule(i, nil)
		}
	}
}

// forceSheet does the same for a whole sheet that applies under a condition.
func forceSheet(text string) string {
	const open, end = "@media x{", "\n}"
	return strings.TrimSuffix(strings.TrimPrefix(forceImportant(open+text+end), open), end)
}
