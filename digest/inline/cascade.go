package inline

import (
	"encoding/binary"
	"sort"
	"strings"

	"golang.org/x/net/html"
)

// element is an element of the document with the rules that select it.
type element struct {
	node   *html.Node
	hits   []hit
	inline []decl
	vars   environment // custom properties in force here; nil for none
}

// hit is a rule that selects an element, with the weight of the heaviest of its
// selectors that do.
type hit struct {
	rule   *rule
	weight specificity
	order  int
}

// index finds the elements a selector may select by the rarest thing its last
// compound asks for.
type index struct {
	all            []*element // parents first
	tag, class, id map[string][]*element
}

func newIndex(root *html.Node, quirks bool) *index {
	x := &index{tag: map[string][]*element{}, class: map[string][]*element{}, id: map[string][]*element{}}
	visit(root, func(n *html.Node) {
		e := &element{node: n}
		x.all = append(x.all, e)
		name := strings.ToLower(n.Data)
		x.tag[name] = append(x.tag[name], e)
		if v, ok := attr(n, "class"); ok {
			for c := range strings.FieldsSeq(folded(v, quirks)) {
				if have := x.class[c]; len(have) == 0 || have[len(have)-1] != e {
					x.class[c] = append(have, e)
				}
			}
		}
		if v, ok := attr(n, "id"); ok {
			v = folded(v, quirks)
			x.id[v] = append(x.id[v], e)
		}
		if v, ok := attr(n, "style"); ok {
			e.inline = declarations(v)
		}
	})
	return x
}

func folded(s string, quirks bool) string {
	if quirks {
		return strings.ToLower(s)
	}
	return s
}

// candidates are the elements that the last compound of s may select.
func (x *index) candidates(s *selector, quirks bool) []*element {
	switch c := &s.parts[len(s.parts)-1]; {
	case len(c.ids) > 0:
		return x.id[folded(c.ids[0], quirks)]
	case len(c.class) > 0:
		return x.class[folded(c.class[0], quirks)]
	case c.tag != "":
		return x.tag[c.tag]
	}
	return x.all
}

// apply notes r on every element it selects, and says how many these are for each
// of its selectors.
func (x *index) apply(r *rule, order int, m matcher) []int {
	hits := make([]int, len(r.selectors))
	for i := range r.selectors {
		s := &r.selectors[i]
		if s.state || s.pseudo {
			continue
		}
		for _, e := range x.candidates(s, m.quirks) {
			if !m.selects(s, e.node) {
				continue
			}
			hits[i]++
			if n := len(e.hits); n > 0 && e.hits[n-1].rule == r {
				if e.hits[n-1].weight.less(s.weight) {
					e.hits[n-1].weight = s.weight
				}
				continue
			}
			if e.hits == nil {
				e.hits = make([]hit, 0, 4)
			}
			e.hits = append(e.hits, hit{r, s.weight, order})
		}
	}
	return hits
}

// key names the rules that select e and their weights; elements with the same
// key and no style attribute come to the same declarations.
func (e *element) key() string {
	var b []byte
	for _, h := range e.hits {
		b = binary.AppendUvarint(b, uint64(h.order))
		for _, w := range h.weight {
			b = binary.AppendUvarint(b, uint64(w))
		}
	}
	return string(b)
}

// cascade orders the declarations on e so that a browser that reads them in a
// row comes to what the sheets say: normal ones by weight, the style attribute,
// then the important ones (CSS Cascade 4, section 6.1). Custom properties are
// put in their places.
func (e *element) cascade() []decl {
	sort.SliceStable(e.hits, func(i, j int) bool {
		if e.hits[i].weight != e.hits[j].weight {
			return e.hits[i].weight.less(e.hits[j].weight)
		}
		return e.hits[i].order < e.hits[j].order
	})
	var normal, important, last []decl
	for _, h := range e.hits {
		for _, d := range h.rule.decls {
			if d.important {
				// Its rank is expressed by its place. The mark would only stop
				// the media queries that stay in the sheet.
				d.important = false
				important = append(important, d)
			} else {
				normal = append(normal, d)
			}
		}
	}
	for _, d := range e.inline {
		if d.important {
			last = append(last, d)
		} else {
			normal = append(normal, d)
		}
	}
	return append(append(normal, important...), last...)
}

// tidy drops the declarations that a later one certainly overrides. What a
// browser might refuse keeps the one before it: that is how fallbacks work.
func tidy(ds []decl) []decl {
	certain := map[string]bool{}
	seen := map[string]bool{}
	out := make([]decl, 0, len(ds))
	for i := len(ds) - 1; i >= 0; i-- {
		d := ds[i]
		if strings.HasPrefix(d.prop, "--") || certain[d.prop] && !d.important || seen[d.text()] {
			continue
		}
		seen[d.text()] = true
		if d.certain() {
			certain[d.prop] = true
		}
		out = append(out, d)
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

func (d decl) text() string {
	if d.important {
		return d.prop + ":" + d.value + " !important"
	}
	return d.prop + ":" + d.value
}
