package inline

import (
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// specificity counts ids, classes and types (Selectors Level 4, section 17).
type specificity [3]int

func (s specificity) plus(o specificity) specificity {
	return specificity{s[0] + o[0], s[1] + o[1], s[2] + o[2]}
}

func (s specificity) less(o specificity) bool {
	for i := range s {
		if s[i] != o[i] {
			return s[i] < o[i]
		}
	}
	return false
}

// selector is one complex selector: compounds, and before each but the first
// the combinator that ties it to the one on its left.
type selector struct {
	text        string
	parts       []compound
	combinators []byte // ' ', '>', '+', '~'; the first is ' ' but for a relative one
	weight      specificity
	state       bool // depends on what the reader does: :hover, :focus, :visited
	pseudo      bool // selects what is no element: ::before
}

// compound is a run of simple selectors about one element.
type compound struct {
	tag    string // lower case; empty for any
	ids    []string
	class  []string
	attrs  []attribute
	pseudo []pseudoClass
	amp    []selector // the parent's list, for a nested rule
	state  bool
}

type attribute struct {
	name, op, value string
	fold            bool
}

type pseudoClass struct {
	name string
	args []selector
	a, b int
	arg  string
}

// selectorParser reads selectors from tokens. It notes whether what it could
// not read is no selector at all (bad) or one we do not judge (unknown).
type selectorParser struct {
	ts      []token
	i       int
	parent  []selector
	bad     string
	unknown string
	nested  bool // inside :is(), where pseudo-elements may not stand
}

// parseSelectors reads a selector list. A browser drops the whole rule when one
// selector of the list is none; so do we.
func parseSelectors(ts []token, parent []selector) (list []selector, unknown, bad string) {
	p := &selectorParser{ts: ts, parent: parent}
	list = p.list(parent != nil)
	if p.bad == "" && p.i < len(p.ts) {
		p.bad = p.ts[p.i].text
	}
	if len(list) == 0 && p.bad == "" {
		p.bad = "nothing"
	}
	return list, p.unknown, p.bad
}

func (p *selectorParser) peek() token {
	if p.i < len(p.ts) {
		return p.ts[p.i]
	}
	return token{kind: css.ErrorToken}
}

func (p *selectorParser) space() bool {
	from := p.i
	for p.i < len(p.ts) && isSpace(p.ts[p.i]) {
		p.i++
	}
	return p.i > from
}

func (p *selectorParser) list(relative bool) []selector {
	var out []selector
	for p.bad == "" {
		p.space()
		start := p.i
		s := p.complex(relative)
		if p.bad != "" {
			return nil
		}
		s.text = textOf(p.ts[start:p.i])
		out = append(out, s)
		if p.peek().kind != css.CommaToken {
			return out
		}
		p.i++
	}
	return nil
}

// complex reads compounds and combinators. A relative selector may begin with a
// combinator; in a nested rule it hangs on the parent.
func (p *selectorParser) complex(relative bool) selector {
	var s selector
	comb := byte(' ')
	if c, ok := p.combinator(); ok && relative {
		comb = c
	} else if ok {
		p.bad = string(c)
		return s
	}
	for {
		c, w, pseudo := p.compound()
		if p.bad != "" {
			return s
		}
		s.parts, s.combinators = append(s.parts, c), append(s.combinators, comb)
		s.weight = s.weight.plus(w)
		s.state = s.state || c.state
		s.pseudo = s.pseudo || pseudo
		spaced := p.space()
		next := p.peek()
		if next.kind == css.ErrorToken || next.kind == css.CommaToken || next.kind == css.RightParenthesisToken {
			break
		}
		if cb, ok := p.combinator(); ok {
			comb = cb
		} else if spaced {
			comb = ' '
		} else {
			p.bad = next.text
			return s
		}
		if s.pseudo {
			p.bad = "something after a pseudo-element"
		}
	}
	if p.parent != nil && !p.nested && !usesParent(s) {
		s.parts = append([]compound{{amp: p.parent}}, s.parts...)
		s.combinators = append([]byte{' '}, s.combinators...)
		s.weight = s.weight.plus(heaviest(p.parent))
	}
	return s
}

func usesParent(s selector) bool {
	for _, c := range s.parts {
		if c.amp != nil {
			return true
		}
	}
	return false
}

func heaviest(list []selector) specificity {
	var w specificity
	for _, s := range list {
		if w.less(s.weight) {
			w = s.weight
		}
	}
	return w
}

func (p *selectorParser) combinator() (byte, bool) {
	t := p.peek()
	if t.kind == css.DelimToken && (t.text == ">" || t.text == "+" || t.text == "~") {
		p.i++
		p.space()
		return t.text[0], true
	}
	return 0, false
}

func (p *selectorParser) compound() (c compound, w specificity, pseudo bool) {
	start := p.i
	for p.bad == "" {
		t := p.peek()
		switch {
		case t.kind == css.IdentToken && p.i == start:
			c.tag = strings.ToLower(unescape(t.text))
			w[2]++
			p.i++
		case t.kind == css.DelimToken && t.text == "*" && p.i == start:
			p.i++
		case t.kind == css.DelimToken && t.text == "&":
			p.i++
			c.amp = p.parent
			if c.amp == nil {
				c.pseudo = append(c.pseudo, pseudoClass{name: "root"})
			}
			w = w.plus(heaviest(p.parent))
		case t.kind == css.HashToken:
			if name := t.text[1:]; name == "" || name[0] >= '0' && name[0] <= '9' {
				p.bad = t.text // a hash that is no identifier
				return
			}
			c.ids = append(c.ids, unescape(t.text[1:]))
			w[0]++
			p.i++
		case t.kind == css.DelimToken && t.text == ".":
			p.i++
			if p.peek().kind != css.IdentToken && p.peek().kind != css.CustomPropertyNameToken {
				p.bad = "." + p.peek().text
				return
			}
			c.class = append(c.class, unescape(p.peek().text))
			w[1]++
			p.i++
		case t.kind == css.LeftBracketToken:
			c.attrs = append(c.attrs, p.attribute())
			w[1]++
		case t.kind == css.ColonToken:
			p.i++
			w = w.plus(p.pseudo(&c, &pseudo))
		case t.text == "|":
			p.bad, p.unknown = t.text, "namespaces"
		default:
			if p.i == start {
				p.bad = t.text
				if t.kind == css.ErrorToken {
					p.bad = "the end of the selector"
				}
			}
			return
		}
	}
	return
}

func (p *selectorParser) attribute() (a attribute) {
	p.i++
	p.space()
	if p.peek().kind != css.IdentToken && p.peek().kind != css.CustomPropertyNameToken {
		p.bad = "[" + p.peek().text
		return a
	}
	a.name = strings.ToLower(unescape(p.peek().text))
	p.i++
	p.space()
	if p.peek().kind == css.RightBracketToken || p.peek().kind == css.ErrorToken {
		p.i = min(p.i+1, len(p.ts))
		return a
	}
	switch a.op = p.peek().text; a.op {
	case "=", "~=", "|=", "^=", "$=", "*=":
	default:
		p.bad = "[" + a.name + a.op
		return a
	}
	p.i++
	p.space()
	switch v := p.peek(); v.kind {
	case css.StringToken:
		a.value = unescape(strings.Trim(v.text, v.text[:1]))
	case css.IdentToken, css.CustomPropertyNameToken:
		a.value = unescape(v.text)
	default:
		p.bad = "[" + a.name + a.op + v.text
		return a
	}
	p.i++
	p.space()
	a.fold = asciiFolded(a.name)
	if f := strings.ToLower(p.peek().text); f == "i" || f == "s" {
		a.fold = f == "i"
		p.i++
		p.space()
	}
	if k := p.peek().kind; k != css.RightBracketToken && k != css.ErrorToken {
		p.bad = "[" + a.name + "… " + p.peek().text
		return a
	}
	p.i = min(p.i+1, len(p.ts))
	return a
}

// unescape resolves CSS escapes (CSS Syntax 3, section 4.3.7).
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		j := i + 1
		for j < len(s) && j < i+7 && strings.IndexByte("0123456789abcdefABCDEF", s[j]) >= 0 {
			j++
		}
		if j == i+1 {
			if s[j] != '\n' {
				b.WriteByte(s[j])
			}
			i = j
			continue
		}
		n, _ := strconv.ParseUint(s[i+1:j], 16, 32)
		b.WriteRune(rune(n))
		if j < len(s) && (s[j] == ' ' || s[j] == '\n' || s[j] == '\t') {
			j++
		}
		i = j - 1
	}
	return b.String()
}
