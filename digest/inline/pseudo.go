package inline

import (
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// pseudo reads what follows a colon.
func (p *selectorParser) pseudo(c *compound, element *bool) specificity {
	t := p.peek()
	if t.kind == css.ColonToken {
		return p.pseudoElement(element)
	}
	name := strings.ToLower(strings.TrimSuffix(t.text, "("))
	p.i++
	switch {
	case t.kind == css.IdentToken:
		return p.plain(c, name, element)
	case t.kind == css.FunctionToken:
		return p.function(c, name)
	}
	p.bad = ":" + t.text
	return specificity{}
}

func (p *selectorParser) pseudoElement(element *bool) specificity {
	p.i++
	t := p.peek()
	name := strings.ToLower(strings.TrimSuffix(t.text, "("))
	known := strings.HasPrefix(name, "-webkit-")
	switch name {
	case "before", "after", "first-line", "first-letter", "selection", "marker", "placeholder",
		"backdrop", "cue", "file-selector-button", "part", "slotted", "highlight", "target-text",
		"spelling-error", "grammar-error", "details-content":
		known = true
	}
	if !known || p.nested || t.kind != css.IdentToken && t.kind != css.FunctionToken {
		p.bad = "::" + t.text
		return specificity{}
	}
	*element = true
	p.i++
	if t.kind == css.FunctionToken {
		p.inside()
	}
	return specificity{0, 0, 1}
}

func (p *selectorParser) plain(c *compound, name string, element *bool) specificity {
	switch name {
	case "before", "after", "first-line", "first-letter":
		if p.nested {
			p.bad = ":" + name
		}
		*element = true
		return specificity{0, 0, 1}
	case "hover", "active", "focus", "focus-within", "focus-visible", "visited", "target",
		"target-within", "fullscreen", "autofill", "-webkit-autofill", "user-invalid", "user-valid", "modal":
		c.state = true
	case "link", "any-link", "-webkit-any-link", "root", "scope", "empty", "first-child", "last-child", "only-child",
		"first-of-type", "last-of-type", "only-of-type", "checked", "disabled", "enabled", "defined",
		"required", "optional", "read-only", "read-write", "default", "indeterminate", "placeholder-shown",
		"valid", "invalid", "in-range", "out-of-range", "open", "popover-open":
	default:
		p.bad = ":" + name
		return specificity{}
	}
	switch name {
	case "valid", "invalid", "in-range", "out-of-range", "open", "default", "indeterminate", "popover-open":
		p.unknown = ":" + name
	}
	c.pseudo = append(c.pseudo, pseudoClass{name: name})
	return specificity{0, 1, 0}
}

// inside gives the tokens up to the closing bracket and steps past it.
func (p *selectorParser) inside() []token {
	depth, from := 1, p.i
	for ; p.i < len(p.ts); p.i++ {
		if opens(p.ts[p.i]) {
			depth++
		} else if closes(p.ts[p.i]) {
			if depth--; depth == 0 {
				p.i++
				return p.ts[from : p.i-1]
			}
		}
	}
	return p.ts[from:p.i]
}

func (p *selectorParser) function(c *compound, name string) specificity {
	arg := p.inside()
	switch name {
	case "is", "where", "not", "-webkit-any", "matches", "has":
		return p.logical(c, name, arg)
	case "nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type":
		return p.nth(c, name, arg)
	case "lang", "dir":
		c.pseudo = append(c.pseudo, pseudoClass{name: name, arg: strings.Trim(strings.ToLower(textOf(arg)), `"'`)})
	case "host", "host-context", "state", "active-view-transition-type":
		c.pseudo = append(c.pseudo, pseudoClass{name: "never"})
	default:
		p.bad = ":" + name + "()"
		return specificity{}
	}
	return specificity{0, 1, 0}
}

// logical reads :is(), :where(), :not() and :has(). The first two forgive: what
// is no selector in their lists is left out.
func (p *selectorParser) logical(c *compound, name string, arg []token) specificity {
	forgiving := name == "is" || name == "where" || name == "-webkit-any"
	if name == "matches" {
		p.bad = ":matches()"
		return specificity{}
	}
	var list []selector
	for _, one := range splitCommas(arg) {
		sub := &selectorParser{ts: trimSpace(one), parent: p.parent, nested: true}
		got := sub.list(name == "has")
		if sub.bad == "" && sub.i < len(sub.ts) {
			sub.bad = sub.ts[sub.i].text
		}
		if sub.bad != "" && !forgiving {
			p.bad = sub.bad
			return specificity{}
		}
		if sub.bad == "" {
			list = append(list, got...)
		}
		if sub.unknown != "" {
			p.unknown = sub.unknown
		}
	}
	c.pseudo = append(c.pseudo, pseudoClass{name: name, args: list})
	if name == "is" || name == "-webkit-any" {
		all := len(list) > 0
		for _, s := range list {
			all = all && s.state
		}
		c.state = c.state || all
	}
	if name == "where" {
		return specificity{}
	}
	return heaviest(list)
}

func splitCommas(ts []token) [][]token {
	var out [][]token
	depth, from := 0, 0
	for i, t := range ts {
		switch {
		case opens(t):
			depth++
		case closes(t):
			depth--
		case t.kind == css.CommaToken && depth == 0:
			out = append(out, ts[from:i])
			from = i + 1
		}
	}
	return append(out, ts[from:])
}

// nth reads "An+B [of S]".
func (p *selectorParser) nth(c *compound, name string, arg []token) specificity {
	text := strings.ToLower(textOf(arg))
	pc := pseudoClass{name: name}
	if before, after, ok := strings.Cut(text, " of "); ok {
		text = before
		sub := &selectorParser{ts: tokens(after, 0), nested: true, parent: p.parent}
		pc.args = sub.list(false)
		p.bad = sub.bad
	}
	a, b, ok := anPlusB(text)
	if !ok {
		p.bad = ":" + name + "(" + text + ")"
	}
	pc.a, pc.b = a, b
	c.pseudo = append(c.pseudo, pc)
	return heaviest(pc.args).plus(specificity{0, 1, 0})
}

func anPlusB(s string) (a, b int, ok bool) {
	switch s = strings.TrimSpace(s); s {
	case "odd":
		return 2, 1, true
	case "even":
		return 2, 0, true
	}
	s = strings.Join(strings.Fields(s), "")
	left, right, hasN := strings.Cut(s, "n")
	if !hasN {
		n, err := strconv.Atoi(s)
		return 0, n, err == nil
	}
	switch left {
	case "", "+":
		a = 1
	case "-":
		a = -1
	default:
		n, err := strconv.Atoi(left)
		if err != nil {
			return 0, 0, false
		}
		a = n
	}
	if right != "" {
		n, err := strconv.Atoi(right)
		return a, n, err == nil && (right[0] == '+' || right[0] == '-')
	}
	return a, 0, true
}
