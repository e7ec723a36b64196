package inline

import (
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

// token is a CSS token and the line it starts on.
type token struct {
	kind css.TokenType
	text string
	line int
}

// decl is one declaration. Value is as written, without the !important.
type decl struct {
	prop      string // lower case, except for custom properties
	value     string
	important bool
}

// rule is one style rule, or an at-rule that is kept to the letter.
type rule struct {
	at        string // "@media …{…}" as written; empty for a style rule
	kept      string // what of that stays
	atName    string // lower case, without the @
	prelude   []token
	selectors []selector
	decls     []decl
	bad       string // why the selector list is none; the browser drops such a rule
	unknown   string // the part of the selector list that we cannot judge
	line      int
}

// sheetParser follows "CSS Syntax Module Level 3", section 5, with nesting, so
// that broken CSS breaks for us as it breaks in a browser.
type sheetParser struct {
	tokens []token
	rules  []rule
	stray  []Finding    // brackets and quotes left open, declarations that are none
	marks  map[int]bool // last tokens of the declarations without !important, if wanted
}

// parseSheet reads a style sheet whose first line is the given one.
func parseSheet(text string, line int) *sheetParser {
	p := &sheetParser{tokens: tokens(text, line)}
	i := 0
	for i < len(p.tokens) {
		switch t := p.tokens[i]; {
		case isSpace(t) || t.kind == css.CDOToken || t.kind == css.CDCToken:
			i++
		case t.kind == css.AtKeywordToken:
			i = p.atRule(i)
		default:
			i = p.styleRule(i, nil)
		}
	}
	return p
}

// tokens cuts a text into CSS tokens; the lexer is the one of CSS Syntax 3.
func tokens(text string, line int) []token {
	out := make([]token, 0, len(text)/4)
	lexer := css.NewLexer(parse.NewInputString(text))
	for {
		kind, data := lexer.Next()
		if kind == css.ErrorToken {
			return out
		}
		out = append(out, token{kind, string(data), line})
		for _, b := range data {
			if b == '\n' {
				line++
			}
		}
	}
}

func isSpace(t token) bool {
	return t.kind == css.WhitespaceToken || t.kind == css.CommentToken
}

func opens(t token) bool {
	switch t.kind {
	case css.LeftBraceToken, css.LeftBracketToken, css.LeftParenthesisToken, css.FunctionToken:
		return true
	}
	return false
}

func closes(t token) bool {
	switch t.kind {
	case css.RightBraceToken, css.RightBracketToken, css.RightParenthesisToken:
		return true
	}
	return false
}

// closing finds the token that closes the bracket at i, or the end.
func (p *sheetParser) closing(i int) int {
	stack := []css.TokenType{}
	for ; i < len(p.tokens); i++ {
		t := p.tokens[i]
		switch {
		case opens(t):
			stack = append(stack, mirror(t.kind))
		case closes(t) && len(stack) > 0 && stack[len(stack)-1] == t.kind:
			stack = stack[:len(stack)-1]
			if len(stack) == 0 {
				return i
			}
		}
	}
	return i
}

func mirror(k css.TokenType) css.TokenType {
	switch k {
	case css.LeftBraceToken:
		return css.RightBraceToken
	case css.LeftBracketToken:
		return css.RightBracketToken
	}
	return css.RightParenthesisToken
}

// until finds the first of kinds at depth 0 from i on, before end.
func (p *sheetParser) until(i, end int, kinds ...css.TokenType) int {
	for i < end {
		t := p.tokens[i]
		for _, k := range kinds {
			if t.kind == k {
				return i
			}
		}
		if opens(t) {
			i = p.closing(i)
		}
		i++
	}
	return min(i, end)
}

// atRule keeps the at-rule that starts at i as it stands.
func (p *sheetParser) atRule(i int) int {
	end := p.until(i+1, len(p.tokens), css.SemicolonToken, css.LeftBraceToken)
	if end < len(p.tokens) && p.tokens[end].kind == css.LeftBraceToken {
		end = p.closing(end)
	}
	text := rawText(p.tokens[i:min(end+1, len(p.tokens))])
	if end >= len(p.tokens) {
		text += p.missing(i)
	}
	p.rules = append(p.rules, rule{
		at: text, atName: strings.ToLower(strings.TrimPrefix(p.tokens[i].text, "@")), line: p.tokens[i].line,
	})
	return end + 1
}

// missing gives the closing brackets that the end of the sheet left out, so
// that what is kept cannot swallow what follows.
func (p *sheetParser) missing(i int) string {
	p.stray = append(p.stray, Finding{p.tokens[i].line, "unclosed", "a bracket or quote opened here is never closed"})
	var out string
	depth := []css.TokenType{}
	for _, t := range p.tokens[i:] {
		if opens(t) {
			depth = append(depth, mirror(t.kind))
		} else if closes(t) && len(depth) > 0 && depth[len(depth)-1] == t.kind {
			depth = depth[:len(depth)-1]
		}
	}
	for len(depth) > 0 {
		switch depth[len(depth)-1] {
		case css.RightBraceToken:
			out += "}"
		case css.RightBracketToken:
			out += "]"
		default:
			out += ")"
		}
		depth = depth[:len(depth)-1]
	}
	if out == "" {
		return ";"
	}
	return out
}

// styleRule reads the qualified rule at i; parent is the rule it is nested in.
func (p *sheetParser) styleRule(i int, parent []selector) int {
	open := p.until(i, len(p.tokens), css.LeftBraceToken)
	if open >= len(p.tokens) {
		p.stray = append(p.stray, Finding{p.tokens[i].line, "stray", "text without a block at the end of the sheet"})
		return open
	}
	end := p.closing(open)
	if end >= len(p.tokens) {
		p.stray = append(p.stray, Finding{p.tokens[i].line, "unclosed", "a bracket or quote of this rule is never closed"})
	}
	r := rule{prelude: trimSpace(p.tokens[i:open]), line: p.tokens[i].line}
	r.selectors, r.unknown, r.bad = parseSelectors(r.prelude, parent)
	if r.bad != "" && p.marks == nil {
		p.rules = append(p.rules, r) // what is nested in it goes with it
		return end + 1
	}
	p.block(open+1, end, r)
	return end + 1
}

// block reads the declarations and nested rules between start and end.
// Declarations after a nested rule make a rule of their own, in their place.
func (p *sheetParser) block(start, end int, r rule) {
	own := r
	flush := func() {
		if len(own.decls) > 0 || own.bad != "" {
			p.rules = append(p.rules, own)
		}
		own = r
	}
	for i := start; i < end; {
		t := p.tokens[i]
		switch {
		case isSpace(t) || t.kind == css.SemicolonToken:
			i++
		case t.kind == css.AtKeywordToken:
			flush()
			i = p.nestedAt(i, end, r)
		default:
			next := p.until(i, end, css.SemicolonToken)
			if d, ok := declaration(p.tokens[i:next]); ok {
				own.decls = append(own.decls, d)
				p.mark(d, i, next)
				i = next + 1
				continue
			}
			if open := p.until(i, end, css.SemicolonToken, css.LeftBraceToken); open < end && p.tokens[open].kind == css.LeftBraceToken {
				flush()
				i = p.styleRule(i, r.selectors)
				continue
			}
			p.stray = append(p.stray, Finding{t.line, "declaration", "this is no declaration: " + shorten(textOf(p.tokens[i:next]))})
			i = next + 1
		}
	}
	flush()
}

// mark notes where an !important would go.
func (p *sheetParser) mark(d decl, start, end int) {
	if p.marks == nil || d.important || strings.HasPrefix(d.prop, "--") {
		return
	}
	for end--; end > start && isSpace(p.tokens[end]); end-- {
	}
	p.marks[end] = true
}

// nestedAt keeps an at-rule inside a style rule, with its parent round it.
func (p *sheetParser) nestedAt(i, end int, parent rule) int {
	stop := p.until(i+1, end, css.SemicolonToken, css.LeftBraceToken)
	if stop < end && p.tokens[stop].kind == css.LeftBraceToken {
		stop = min(p.closing(stop), end)
		text := textOf(parent.prelude) + "{" + textOf(p.tokens[i:min(stop+1, len(p.tokens))]) + "}"
		p.rules = append(p.rules, rule{at: text, atName: "nested", line: p.tokens[i].line})
	}
	return stop + 1
}

// declaration reads "name: value [!important]".
func declaration(ts []token) (decl, bool) {
	ts = trimSpace(ts)
	if len(ts) < 2 {
		return decl{}, false
	}
	custom := ts[0].kind == css.CustomPropertyNameToken || strings.HasPrefix(ts[0].text, "--")
	if ts[0].kind != css.IdentToken && !custom {
		return decl{}, false
	}
	d := decl{prop: ts[0].text}
	if !custom {
		d.prop = strings.ToLower(d.prop)
	}
	rest := trimSpace(ts[1:])
	if len(rest) == 0 || rest[0].kind != css.ColonToken {
		return decl{}, false
	}
	rest = trimSpace(rest[1:])
	if n := len(rest); n >= 2 && strings.EqualFold(rest[n-1].text, "important") {
		if bang := trimSpace(rest[:n-1]); len(bang) > 0 && bang[len(bang)-1].text == "!" {
			d.important = true
			rest = trimSpace(bang[:len(bang)-1])
		}
	}
	if !custom && len(rest) == 0 {
		return decl{}, false
	}
	for _, t := range rest {
		switch t.kind {
		case css.LeftBraceToken, css.RightBraceToken:
			if !custom {
				return decl{}, false
			}
		case css.BadStringToken, css.BadURLToken:
			return decl{}, false
		}
	}
	d.value = textOf(rest)
	return d, true
}

// declarations reads the content of a style attribute.
func declarations(text string) []decl {
	p := &sheetParser{tokens: tokens(text, 0)}
	p.block(0, len(p.tokens), rule{})
	var out []decl
	for _, r := range p.rules {
		if r.prelude == nil && r.at == "" {
			out = append(out, r.decls...)
		}
	}
	return out
}

func trimSpace(ts []token) []token {
	for len(ts) > 0 && isSpace(ts[0]) {
		ts = ts[1:]
	}
	for len(ts) > 0 && isSpace(ts[len(ts)-1]) {
		ts = ts[:len(ts)-1]
	}
	return ts
}

// textOf writes tokens back; a comment becomes a space.
func textOf(ts []token) string {
	var b strings.Builder
	for _, t := range ts {
		if t.kind == css.CommentToken {
			b.WriteByte(' ')
			continue
		}
		b.WriteString(t.text)
	}
	return strings.TrimSpace(b.String())
}

// rawText writes tokens back to the letter.
func rawText(ts []token) string {
	var b strings.Builder
	for _, t := range ts {
		b.WriteString(t.text)
	}
	return b.String()
}

func shorten(s string) string {
	if r := []rune(strings.Join(strings.Fields(s), " ")); len(r) > 60 {
		return string(r[:60]) + "…"
	} else {
		return string(r)
	}
}
