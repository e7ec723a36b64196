package inline

import (
	"strings"

	"golang.org/x/net/html"
)

// matcher says which elements a selector selects in a document that nobody
// hovers over, nobody has visited and nobody fills in.
type matcher struct {
	quirks bool // no standard doctype: classes and ids match whatever their case
	steps  *int // compounds compared so far
}

// maxSteps bounds the work on one document; a selector made for it can take for
// ever. A real document of 100 KB stays below a hundredth of it.
const maxSteps = 30_000_000

// costError says that a document was given up.
type costError struct{}

func (costError) Error() string { return "its selectors take too long to match" }

func (m matcher) selects(s *selector, n *html.Node) bool {
	return m.from(s, len(s.parts)-1, n)
}

// from matches the compounds up to i, the last of them against n.
func (m matcher) from(s *selector, i int, n *html.Node) bool {
	if !m.compound(&s.parts[i], n) {
		return false
	}
	if i == 0 {
		return true
	}
	switch s.combinators[i] {
	case '>':
		p := parentElement(n)
		return p != nil && m.from(s, i-1, p)
	case '+':
		p := previous(n)
		return p != nil && m.from(s, i-1, p)
	case '~':
		for p := previous(n); p != nil; p = previous(p) {
			if m.from(s, i-1, p) {
				return true
			}
		}
	default:
		loose := strings.Trim(string(s.combinators[1:i]), " ") == ""
		for p := parentElement(n); p != nil; p = parentElement(p) {
			if m.from(s, i-1, p) {
				return true
			}
			if loose && m.compound(&s.parts[i-1], p) {
				// The nearest fit has the most ancestors: where it fails, the
				// ones further up fail too.
				return false
			}
		}
	}
	return false
}

func (m matcher) same(a, b string) bool {
	return a == b || m.quirks && strings.EqualFold(a, b)
}

func (m matcher) compound(c *compound, n *html.Node) bool {
	if *m.steps++; *m.steps > maxSteps {
		panic(costError{})
	}
	if c.tag != "" && c.tag != strings.ToLower(n.Data) {
		return false
	}
	for _, id := range c.ids {
		if v, ok := attr(n, "id"); !ok || !m.same(v, id) {
			return false
		}
	}
	if len(c.class) > 0 && !m.classes(c.class, n) {
		return false
	}
	for _, a := range c.attrs {
		if !a.matches(n) {
			return false
		}
	}
	if c.amp != nil && !m.any(c.amp, n) {
		return false
	}
	for _, p := range c.pseudo {
		if !m.pseudo(p, n) {
			return false
		}
	}
	return true
}

func (m matcher) any(list []selector, n *html.Node) bool {
	for i := range list {
		if s := &list[i]; !s.pseudo && m.selects(s, n) {
			return true
		}
	}
	return false
}

func (m matcher) classes(want []string, n *html.Node) bool {
	v, _ := attr(n, "class")
next:
	for _, w := range want {
		for have := range strings.FieldsSeq(v) {
			if m.same(have, w) {
				continue next
			}
		}
		return false
	}
	return true
}

func (a attribute) matches(n *html.Node) bool {
	v, ok := attr(n, a.name)
	if !ok || a.op == "" {
		return ok
	}
	want := a.value
	if a.fold {
		v, want = strings.ToLower(v), strings.ToLower(want)
	}
	switch a.op {
	case "=":
		return v == want
	case "~=":
		for _, f := range strings.Fields(v) {
			if f == want {
				return true
			}
		}
		return false
	case "|=":
		return v == want || strings.HasPrefix(v, want+"-")
	}
	if want == "" {
		return false
	}
	switch a.op {
	case "^=":
		return strings.HasPrefix(v, want)
	case "$=":
		return strings.HasSuffix(v, want)
	}
	return strings.Contains(v, want)
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val, true
		}
	}
	return "", false
}

func parentElement(n *html.Node) *html.Node {
	if n.Parent != nil && n.Parent.Type == html.ElementNode {
		return n.Parent
	}
	return nil
}

func previous(n *html.Node) *html.Node {
	for n = n.PrevSibling; n != nil && n.Type != html.ElementNode; n = n.PrevSibling {
	}
	return n
}

func next(n *html.Node) *html.Node {
	for n = n.NextSibling; n != nil && n.Type != html.ElementNode; n = n.NextSibling {
	}
	return n
}

// position counts n among the siblings that ok admits, from 1.
func position(n *html.Node, step func(*html.Node) *html.Node, ok func(*html.Node) bool) int {
	at := 1
	for s := step(n); s != nil; s = step(s) {
		if ok(s) {
			at++
		}
	}
	return at
}

func (m matcher) pseudo(p pseudoClass, n *html.Node) bool {
	sameType := func(s *html.Node) bool { return s.Data == n.Data }
	switch p.name {
	case "link", "any-link", "-webkit-any-link":
		_, ok := attr(n, "href")
		return ok && (n.Data == "a" || n.Data == "area")
	case "root", "scope":
		return n.Data == "html" && parentElement(n) == nil
	case "empty":
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.ElementNode || c.Type == html.TextNode && c.Data != "" {
				return false
			}
		}
		return true
	case "first-child":
		return previous(n) == nil
	case "last-child":
		return next(n) == nil
	case "only-child":
		return previous(n) == nil && next(n) == nil
	case "first-of-type":
		return position(n, previous, sameType) == 1
	case "last-of-type":
		return position(n, next, sameType) == 1
	case "only-of-type":
		return position(n, previous, sameType) == 1 && position(n, next, sameType) == 1
	case "nth-child", "nth-last-child":
		return m.nthChild(p, n)
	case "nth-of-type":
		return onLine(p.a, p.b, position(n, previous, sameType))
	case "nth-last-of-type":
		return onLine(p.a, p.b, position(n, next, sameType))
	case "is", "where", "-webkit-any":
		return m.any(p.args, n)
	case "not":
		return !m.any(p.args, n)
	case "has":
		return m.has(p.args, n)
	case "lang":
		return inLanguage(p.arg, n)
	case "dir":
		return direction(n) == p.arg
	case "defined":
		return true
	}
	return formState(p.name, n)
}

func (m matcher) nthChild(p pseudoClass, n *html.Node) bool {
	ok := func(s *html.Node) bool { return p.args == nil || m.any(p.args, s) }
	step := previous
	if p.name == "nth-last-child" {
		step = next
	}
	return ok(n) && onLine(p.a, p.b, position(n, step, ok))
}

// onLine says whether at = a*k + b for some k >= 0.
func onLine(a, b, at int) bool {
	if a == 0 {
		return at == b
	}
	return (at-b)%a == 0 && (at-b)/a >= 0
}

// has looks for an element that a relative selector reaches from n. The
// compounds to the left of the last must lie within reach of n too.
func (m matcher) has(list []selector, n *html.Node) bool {
	for _, s := range list {
		anchored := selector{
			parts:       append([]compound{{pseudo: []pseudoClass{{name: "never"}}}}, s.parts...),
			combinators: append([]byte{' '}, s.combinators...),
		}
		scope := n
		if c := s.combinators[0]; (c == '+' || c == '~') && n.Parent != nil {
			scope = n.Parent
		}
		if m.reaches(anchored, n, scope) {
			return true
		}
	}
	return false
}

func (m matcher) reaches(s selector, anchor, scope *html.Node) bool {
	for c := scope.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && (m.anchoredAt(s, len(s.parts)-1, c, anchor) || m.reaches(s, anchor, c)) {
			return true
		}
	}
	return false
}

func (m matcher) anchoredAt(s selector, i int, n, anchor *html.Node) bool {
	if i == 0 {
		return n == anchor
	}
	if !m.compound(&s.parts[i], n) {
		return false
	}
	switch s.combinators[i] {
	case '>':
		p := parentElement(n)
		return p != nil && m.anchoredAt(s, i-1, p, anchor)
	case '+':
		p := previous(n)
		return p != nil && m.anchoredAt(s, i-1, p, anchor)
	case '~':
		for p := previous(n); p != nil; p = previous(p) {
			if m.anchoredAt(s, i-1, p, anchor) {
				return true
			}
		}
		return false
	}
	for p := parentElement(n); p != nil; p = parentElement(p) {
		if m.anchoredAt(s, i-1, p, anchor) {
			return true
		}
	}
	return false
}

func inLanguage(want string, n *html.Node) bool {
	for ; n != nil; n = parentElement(n) {
		if v, ok := attr(n, "lang"); ok {
			v = strings.ToLower(v)
			return v == want || strings.HasPrefix(v, want+"-")
		}
	}
	return false
}

func direction(n *html.Node) string {
	for ; n != nil; n = parentElement(n) {
		if v, _ := attr(n, "dir"); strings.EqualFold(v, "rtl") || strings.EqualFold(v, "ltr") {
			return strings.ToLower(v)
		}
	}
	return "ltr"
}

// formState answers for the states of form controls that the markup decides.
// What it does not know does not match: the states of a reader at work.
func formState(name string, n *html.Node) bool {
	has := func(a string) bool { _, ok := attr(n, a); return ok }
	field := n.Data == "input" || n.Data == "select" || n.Data == "textarea"
	control := field || n.Data == "button" || n.Data == "option" || n.Data == "optgroup" || n.Data == "fieldset"
	editable := (n.Data == "input" || n.Data == "textarea") && !has("readonly") && !has("disabled")
	switch name {
	case "checked":
		return n.Data == "input" && has("checked") || n.Data == "option" && has("selected")
	case "disabled":
		return control && has("disabled")
	case "enabled":
		return control && !has("disabled")
	case "required":
		return field && has("required")
	case "optional":
		return field && !has("required")
	case "read-write":
		return editable
	case "read-only":
		return !editable
	case "placeholder-shown":
		v, _ := attr(n, "value")
		return editable && has("placeholder") && v == ""
	}
	return false
}

// asciiFolded names the attributes whose values selectors match whatever their
// case (HTML, "Case-sensitivity of selectors").
func asciiFolded(name string) bool {
	switch name {
	case "accept", "accept-charset", "align", "alink", "axis", "bgcolor", "charset", "checked", "clear",
		"codetype", "color", "compact", "declare", "defer", "dir", "direction", "disabled", "enctype",
		"face", "frame", "hreflang", "http-equiv", "lang", "language", "link", "media", "method",
		"multiple", "nohref", "noresize", "noshade", "nowrap", "readonly", "rel", "rev", "rules",
		"scope", "scrolling", "selected", "shape", "target", "text", "type", "valign", "valuetype", "vlink":
		return true
	}
	return false
}
