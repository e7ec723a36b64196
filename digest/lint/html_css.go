package lint

import (
	"strings"

	"github.com/andybalholm/cascadia"
	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
	"golang.org/x/net/html"
)

// style is a list of declarations, in order.
type style []struct{ prop, value string }

// get is the last value of a property, in lower case.
func (s style) get(prop string) string {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i].prop == prop {
			return s[i].value
		}
	}
	return ""
}

// declared reads an element's style attribute.
func declared(n *html.Node) style {
	v, ok := lookup(n, "style")
	if !ok {
		return nil
	}
	var out style
	p := css.NewParser(parse.NewInputString(v), true)
	for {
		kind, _, data := p.Next()
		switch kind {
		case css.ErrorGrammar:
			return out
		case css.DeclarationGrammar:
			out = append(out, struct{ prop, value string }{strings.ToLower(string(data)), valueOf(p.Values())})
		}
	}
}

// valueOf writes a value without its !important.
func valueOf(ts []css.Token) string {
	var b strings.Builder
	for _, t := range ts {
		b.Write(t.Data)
	}
	v := strings.ToLower(b.String())
	if i := strings.LastIndexByte(v, '!'); i >= 0 {
		v = v[:i]
	}
	return strings.TrimSpace(v)
}

// darkRule is a rule for readers who prefer dark colours.
type darkRule struct {
	selector cascadia.Sel
	style    style
}

// readSheets gathers the style elements, and of them the rules for the dark.
func (p *page) readSheets() {
	p.walk(p.root, func(n *html.Node) {
		if n.Data != "style" || n.FirstChild == nil {
			return
		}
		p.sheets += n.FirstChild.Data
		p.readDark(n.FirstChild.Data)
	})
}

func (p *page) readDark(sheet string) {
	parser := css.NewParser(parse.NewInputString(sheet), false)
	var media []bool
	var current []cascadia.Sel
	var rules style
	for {
		kind, _, data := parser.Next()
		switch kind {
		case css.ErrorGrammar:
			if parser.Err() != nil {
				return
			}
		case css.BeginAtRuleGrammar:
			media = append(media, string(data) == "@media" && strings.Contains(valueOf(parser.Values()), "prefers-color-scheme:dark"))
		case css.EndAtRuleGrammar:
			media = media[:max(0, len(media)-1)]
		case css.QualifiedRuleGrammar, css.BeginRulesetGrammar:
			if s, err := cascadia.Parse(rawOf(parser.Values())); err == nil {
				current = append(current, s)
			}
		case css.DeclarationGrammar:
			rules = append(rules, struct{ prop, value string }{strings.ToLower(string(data)), valueOf(parser.Values())})
		case css.EndRulesetGrammar:
			if len(media) > 0 && media[len(media)-1] {
				for _, s := range current {
					p.dark = append(p.dark, darkRule{s, rules})
				}
			}
			current, rules = nil, nil
		}
	}
}

func rawOf(ts []css.Token) string {
	var b strings.Builder
	for _, t := range ts {
		b.Write(t.Data)
	}
	return strings.TrimSpace(b.String())
}
