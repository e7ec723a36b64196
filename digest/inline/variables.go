package inline

import (
	"strings"

	"github.com/tdewolff/parse/v2/css"
	"golang.org/x/net/html"
)

// environment holds the custom properties in force on an element, resolved.
type environment map[string]string

// resolveVariables puts the values of custom properties where var() asks for
// them. Most mail clients know neither. It leaves rules alone: what is resolved
// depends on the element.
func resolveVariables(all []*element, ds map[*element][]decl) {
	of := make(map[*html.Node]*element, len(all))
	for _, e := range all {
		of[e.node] = e
		var up environment
		if p := of[parentElement(e.node)]; p != nil { // parents come first
			up = p.vars
		}
		e.vars = up
		own := map[string]string{}
		for _, d := range ds[e] {
			if strings.HasPrefix(d.prop, "--") {
				own[d.prop] = d.value
			}
		}
		if len(own) > 0 {
			e.vars = settle(own, up)
		}
		resolved := make([]decl, 0, len(ds[e]))
		for _, d := range ds[e] {
			if strings.HasPrefix(d.prop, "--") || !usesVariable(d.value) {
				resolved = append(resolved, d)
				continue
			}
			v, ok := substitute(d.value, func(name string) (string, bool) { v, ok := e.vars[name]; return v, ok })
			if !ok {
				// Invalid at computed-value time (CSS Variables 1, section 3.1).
				v = "unset"
			}
			d.value = v
			if !d.certain() {
				// A browser finds out too late to fall back on an earlier
				// declaration whether the value fits the property.
				none := d
				none.value = "unset"
				resolved = append(resolved, none)
			}
			resolved = append(resolved, d)
		}
		ds[e] = resolved
	}
}

// settle resolves the custom properties an element declares; each may use the
// others, and one that uses itself has no value.
func settle(own map[string]string, up environment) environment {
	out := environment{}
	for k, v := range up {
		out[k] = v
	}
	busy, invalid, done := map[string]bool{}, map[string]bool{}, map[string]string{}
	var look func(name string) (string, bool)
	look = func(name string) (string, bool) {
		raw, mine := own[name]
		if !mine {
			v, ok := up[name]
			return v, ok
		}
		switch strings.ToLower(strings.TrimSpace(raw)) {
		case "initial":
			return "", false
		case "inherit", "unset":
			v, ok := up[name]
			return v, ok
		}
		if v, ok := done[name]; ok {
			return v, !invalid[name]
		}
		if busy[name] {
			return "", false
		}
		busy[name] = true
		v, ok := substitute(raw, look)
		done[name], invalid[name], busy[name] = v, !ok, false
		return v, ok
	}
	for name := range own {
		if v, ok := look(name); ok {
			out[name] = v
		} else {
			delete(out, name)
		}
	}
	return out
}

func usesVariable(v string) bool {
	return strings.Contains(strings.ToLower(v), "var(")
}

// substitute replaces every var() of a value. A value that would grow out of
// hand has none.
func substitute(value string, look func(string) (string, bool)) (string, bool) {
	if !usesVariable(value) {
		return value, true
	}
	p := &sheetParser{tokens: tokens(value, 0)}
	var b strings.Builder
	for i := 0; i < len(p.tokens); i++ {
		t := p.tokens[i]
		if t.kind != css.FunctionToken || !strings.EqualFold(t.text, "var(") {
			b.WriteString(t.text)
			continue
		}
		end := p.closing(i)
		arg := p.tokens[i+1 : end]
		comma := (&sheetParser{tokens: arg}).until(0, len(arg), css.CommaToken)
		v, ok := look(textOf(arg[:comma]))
		if !ok && comma < len(arg) {
			v, ok = substitute(textOf(arg[comma+1:]), look)
		}
		if !ok || b.Len()+len(v) > 1<<16 {
			return "", false
		}
		b.WriteString(v)
		i = end
	}
	return strings.TrimSpace(b.String()), true
}
