// Package inline moves the CSS of a complete HTML document into its elements
// with premailer, for the mail clients that drop style sheets.
//
// Premailer reads only the simplest CSS right. So a pass before it reads the
// sheets as a browser does, works out the cascade, and hands premailer one rule
// for each group of elements that come to the same declarations, already in
// order. A pass after it puts back what premailer cannot carry. What has to stay
// a sheet (@media, fonts, :hover, client hooks) stays in its place.
//
// A <style data-keep> goes through to the letter.
package inline

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/vanng822/go-premailer/premailer"
	"golang.org/x/net/html"
)

// Options say how to inline.
type Options struct {
	// Sheets remembers the sheets of documents that have them in common; it may
	// be nil.
	Sheets *Sheets
}

// Finding is something that may not come out right.
type Finding struct {
	Line   int // of the document, from 1; of the sheet for LintCSS
	Rule   string
	Reason string
}

// Result is an inlined document.
type Result struct {
	HTML     string
	Findings []Finding
}

// Document inlines a complete document. One that cannot be read at all comes
// back as it was, with a finding that says why.
func Document(source string, o Options) (res Result, err error) {
	defer func() {
		// No document may bring the program down.
		if v := recover(); v != nil {
			res = untouched(source, fmt.Sprint(v))
		}
	}()
	prefix := "zest-"
	for strings.Contains(source, prefix) {
		prefix = "z" + prefix
	}
	text, lines := protect(strings.TrimPrefix(source, "\ufeff"), prefix) // a BOM would cost the doctype
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(text))
	if err != nil {
		return untouched(source, err.Error()), nil
	}
	w := &work{doc: doc, root: doc.Nodes[0], lines: lines, prefix: prefix}
	w.m = matcher{quirks: quirky(w.root), steps: new(int)}
	w.readSheets(o.Sheets)
	w.assign()
	w.prepare()
	out, err := premailer.NewPremailer(doc, premailer.NewOptions(premailer.WithCssToAttributes(false))).Transform()
	if err != nil {
		return untouched(source, err.Error()), nil
	}
	w.sameMarkup(out)
	sort.SliceStable(w.findings, func(i, j int) bool { return w.findings[i].Line < w.findings[j].Line })
	return Result{w.finish(out), w.findings}, nil
}

func untouched(source, reason string) Result {
	return Result{source, []Finding{{1, "document", "nothing was inlined: " + reason}}}
}

// work is one document on its way.
type work struct {
	doc      *goquery.Document
	root     *html.Node
	lines    []int
	prefix   string // begins every mark of ours; not in the source
	m        matcher
	x        *index
	findings []Finding
	restore  []string        // declarations that premailer could not carry, escaped
	groups   map[string]int  // declarations → number of their rule
	known    map[string]int  // matched rules → the same, for elements without a style attribute
	rules    strings.Builder // what premailer is to inline
}

// readSheets takes the rules out of the sheets, notes them on the elements they
// select, and leaves in each sheet what has to stay.
func (w *work) readSheets(known *Sheets) {
	w.x = newIndex(w.root, w.m.quirks)
	order := 0
	type sheet struct {
		node  *html.Node
		rules []rule
		hits  [][]int // how many elements each selector of each rule selects
	}
	var sheets []sheet
	for i, e := range w.x.tag["style"] {
		line := 1
		if i < len(w.lines) {
			line = w.lines[i]
		}
		if !inlinable(e.node) {
			w.elsewhere(e.node, line)
			continue
		}
		s := sheet{node: e.node, rules: known.read(textContent(e.node))}
		for j := range s.rules {
			r := &s.rules[j]
			order++
			w.report(r, line)
			var hits []int
			if r.bad == "" && r.at == "" && r.unknown == "" {
				hits = w.x.apply(r, order, w.m)
			}
			s.hits = append(s.hits, hits)
		}
		sheets = append(sheets, s)
	}
	for _, s := range sheets {
		var b strings.Builder
		for j := range s.rules {
			b.WriteString(s.rules[j].keepable(s.hits[j]))
		}
		if usesVariable(b.String()) {
			for j := range s.rules {
				b.WriteString(s.rules[j].variables())
			}
		}
		w.leave(s.node, b.String())
	}
}

// variables writes the custom properties of a rule, for the rules that stay and
// use them.
func (r *rule) variables() string {
	only := rule{}
	for _, d := range r.decls {
		if strings.HasPrefix(d.prop, "--") {
			only.decls = append(only.decls, d)
		}
	}
	if r.bad != "" || r.at != "" {
		return ""
	}
	return only.write([]string{textOf(r.prelude)}, false)
}

// inlinable says whether a style element applies on every screen. The others
// stay as they are: kept ones, other types, other media.
func inlinable(n *html.Node) bool {
	_, keep := attr(n, "data-keep")
	ignore, _ := attr(n, "data-premailer")
	kind, _ := attr(n, "type")
	media, _ := attr(n, "media")
	yes, _ := onScreen(media)
	if kind = strings.ToLower(kind); kind != "" && kind != "text/css" {
		return false
	}
	return yes && !keep && ignore != "ignore"
}

func textContent(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(c.Data)
	}
	return b.String()
}

// leave makes css the content of the style element, or takes it away.
func (w *work) leave(n *html.Node, css string) {
	if css == "" {
		n.Parent.RemoveChild(n)
		return
	}
	for n.FirstChild != nil {
		n.RemoveChild(n.FirstChild)
	}
	n.AppendChild(&html.Node{Type: html.TextNode, Data: "\n" + css})
}

// elsewhere sees to a sheet that applies on some screens only. It stays, and
// must beat what is inlined.
func (w *work) elsewhere(n *html.Node, line int) {
	media, has := attr(n, "media")
	_, keep := attr(n, "data-keep")
	if yes, no := onScreen(media); !has || keep || yes || no {
		return
	}
	w.leave(n, forceSheet(textContent(n)))
	if paneFits(media) {
		w.findings = append(w.findings, Finding{line, "media",
			"the sheet for " + shorten(media) + " cannot be inlined; clients without style sheets do not see it"})
	}
}

// report names what of a rule cannot come out right. Its sheet begins on a line of
// the document.
func (w *work) report(r *rule, line int) {
	add := func(rule, format string, args ...any) {
		w.findings = append(w.findings, Finding{line + r.line - 1, rule, fmt.Sprintf(format, args...)})
	}
	switch {
	case r.unknown != "":
		add("selector", "%s: whether %s holds is not known here; the rule stays in the sheet", shorten(textOf(r.prelude)), r.unknown)
	case r.atName == "nested":
		add("nesting", "%s: an at-rule inside a rule cannot be inlined", shorten(r.at))
	case conditional(r.atName):
		if name := redefined.FindStringSubmatch(r.at); name != nil {
			add("variable", "%s is set anew under a condition; where its old value is inlined, the new one has no effect", name[1])
		}
	}
}

// redefined finds a custom property that is declared.
var redefined = regexp.MustCompile(`[{;\s](--[\w-]+)\s*:`)

// assign works out every element's declarations and puts the elements that come
// to the same ones in a group.
func (w *work) assign() {
	w.groups, w.known = map[string]int{}, map[string]int{}
	if w.variables() {
		lists := map[*element][]decl{}
		for _, e := range w.x.all {
			lists[e] = e.cascade()
		}
		resolveVariables(w.x.all, lists)
		for _, e := range w.x.all {
			w.mark(e, w.group(tidy(lists[e])))
		}
		return
	}
	for _, e := range w.x.all {
		switch key := e.key(); {
		case key == "": // the style attribute is right as it is
		case len(e.inline) > 0:
			w.mark(e, w.group(tidy(e.cascade())))
		default:
			n, ok := w.known[key]
			if !ok {
				n = w.group(tidy(e.cascade()))
				w.known[key] = n
			}
			w.mark(e, n)
		}
	}
}

// variables says whether custom properties are set or used anywhere.
func (w *work) variables() bool {
	use := func(ds []decl) bool {
		for _, d := range ds {
			if strings.HasPrefix(d.prop, "--") || usesVariable(d.value) {
				return true
			}
		}
		return false
	}
	seen := map[*rule]bool{}
	for _, e := range w.x.all {
		if use(e.inline) {
			return true
		}
		for _, h := range e.hits {
			if !seen[h.rule] && use(h.rule.decls) {
				return true
			}
			seen[h.rule] = true
		}
	}
	return false
}

// group gives the number of the rule for these declarations, 0 for none.
func (w *work) group(list []decl) int {
	if len(list) == 0 {
		return 0
	}
	var key strings.Builder
	for _, d := range list {
		key.WriteString(d.text())
		key.WriteByte(';')
	}
	n, ok := w.groups[key.String()]
	if !ok {
		n = len(w.groups) + 1
		w.groups[key.String()] = n
		w.write(n, list)
	}
	return n
}

// mark puts e in a group; its style attribute is part of the group's rule.
func (w *work) mark(e *element, group int) {
	if group == 0 {
		return
	}
	removeAttr(e.node, "style")
	const premailers = 2 // it marks an element, too, and gives it a style
	e.node.Attr = append(slices.Grow(e.node.Attr, 1+premailers), html.Attribute{Key: w.prefix + strconv.Itoa(group)})
}

// write adds a rule for premailer. It keeps one declaration a property and stumbles
// over some of what a value may hold; what it would not give back as it was
// travels under a name of ours.
func (w *work) write(n int, list []decl) {
	fmt.Fprintf(&w.rules, "[%s%d]{", w.prefix, n)
	last := make(map[string]int, len(list))
	for i, d := range list {
		last[d.prop] = i
	}
	for i, d := range list {
		if last[d.prop] == i && d.plain() {
			w.rules.WriteString(d.text() + ";")
			continue
		}
		w.restore = append(w.restore, html.EscapeString(d.text()))
		fmt.Fprintf(&w.rules, "%s%d:0;", w.prefix, len(w.restore))
	}
	w.rules.WriteString("}")
}

func removeAttr(n *html.Node, key string) {
	for i, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			n.Attr = slices.Delete(n.Attr, i, i+1)
			return
		}
	}
}
