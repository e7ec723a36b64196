// Package inline moves the CSS of a complete HTML document into its elements
// with premailer, for the mail clients that drop style sheets.
//
// Premailer reads only the simplest CSS right. So a pass before it reads the
// sheets as a browser does, works out the cascade, and hands premailer one rule
// for each group of elements that come to the same declarations, already in
// order. A pass after it puts back what premailer cannot carry. What has to
// stay a sheet (@media, fonts, :hover, client hooks) stays in its place.
//
// A <style data-keep> goes through to the letter.
package inline

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/vanng822/go-premailer/premailer"
	"golang.org/x/net/html"
)

// Options say how to inline. There is nothing to say yet.
type Options struct{}

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

// groupAttr ties an element to its rule while premailer works.
const groupAttr = "zest-inline"

// Document inlines a complete document. One that cannot be read at all comes
// back as it was, with a finding that says why.
func Document(source string, _ Options) (res Result, err error) {
	defer func() {
		// No document may bring the program down.
		if v := recover(); v != nil {
			res = untouched(source, fmt.Sprintf("premailer: %v", v))
		}
	}()
	text, lines := protect(strings.TrimPrefix(source, "\ufeff")) // a BOM would cost the doctype
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(text))
	if err != nil {
		return untouched(source, err.Error()), nil
	}
	w := &work{doc: doc, root: doc.Nodes[0], lines: lines}
	w.m.quirks = quirky(w.root)
	w.readSheets()
	w.assign()
	w.prepare()
	if _, err := premailer.NewPremailer(doc, premailer.NewOptions(premailer.WithCssToAttributes(false))).Transform(); err != nil {
		return untouched(source, err.Error()), nil
	}
	w.finish()
	var b strings.Builder
	b.Grow(len(source) * 2)
	if err := html.Render(&b, w.root); err != nil {
		return untouched(source, err.Error()), nil
	}
	w.sameMarkup(b.String())
	sort.SliceStable(w.findings, func(i, j int) bool { return w.findings[i].Line < w.findings[j].Line })
	return Result{b.String(), w.findings}, nil
}

func untouched(source, reason string) Result {
	return Result{source, []Finding{{1, "document", "nothing was inlined: " + reason}}}
}

// work is one document on its way.
type work struct {
	doc      *goquery.Document
	root     *html.Node
	lines    []int
	m        matcher
	x        *index
	findings []Finding
	restore  []string        // pairs for the replacer: what stood in for what
	groups   map[string]int  // declarations → number of their rule
	rules    strings.Builder // what premailer is to inline
	marked   []*element      // the elements in a group
}

// readSheets takes the rules out of the sheets, notes them on the elements they
// select, and leaves in each sheet what has to stay.
func (w *work) readSheets() {
	w.x = newIndex(w.root, w.m.quirks)
	order := 0
	type sheet struct {
		node  *html.Node
		rules []rule
		hits  []map[*selector]int
	}
	var sheets []sheet
	for i, n := range w.doc.Find("style").Nodes {
		line := 1
		if i < len(w.lines) {
			line = w.lines[i]
		}
		if !inlinable(n) {
			w.elsewhere(n, line)
			continue
		}
		s := sheet{node: n}
		p := parseSheet(textContent(n), line)
		s.rules = p.rules
		for j := range s.rules {
			r := &s.rules[j]
			order++
			w.report(r)
			var hits map[*selector]int
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
	if strings.Contains(media, "min-") {
		w.findings = append(w.findings, Finding{line, "media",
			"the sheet for " + shorten(media) + " cannot be inlined; clients without style sheets do not see it"})
	}
}

// report names what of a rule cannot come out right.
func (w *work) report(r *rule) {
	add := func(rule, format string, args ...any) {
		w.findings = append(w.findings, Finding{r.line, rule, fmt.Sprintf(format, args...)})
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
	w.groups = map[string]int{}
	lists := map[*element][]decl{}
	variables := false
	for _, e := range w.x.all {
		list := e.cascade()
		for _, d := range list {
			variables = variables || strings.HasPrefix(d.prop, "--") || usesVariable(d.value)
		}
		lists[e] = list
	}
	if variables {
		resolveVariables(w.x.all, w.x, lists)
	}
	for _, e := range w.x.all {
		if len(e.hits) == 0 && !variables {
			continue // the style attribute is right as it is
		}
		w.group(e, tidy(lists[e]))
	}
}

// group gives e the rule for these declarations.
func (w *work) group(e *element, list []decl) {
	if len(list) == 0 {
		return
	}
	var key strings.Builder
	for _, d := range list {
		key.WriteString(d.text() + ";")
	}
	n, ok := w.groups[key.String()]
	if !ok {
		n = len(w.groups) + 1
		w.groups[key.String()] = n
		w.write(n, list)
	}
	removeAttr(e.node, "style")
	e.node.Attr = append(e.node.Attr, html.Attribute{Key: groupAttr, Val: strconv.Itoa(n)})
	w.marked = append(w.marked, e)
}

// write adds a rule for premailer. It keeps one declaration a property and
// stumbles over much of what a value may hold; what it would not give back as
// it was travels under a name of ours.
func (w *work) write(n int, list []decl) {
	fmt.Fprintf(&w.rules, "[%s=\"%d\"]{", groupAttr, n)
	last := map[string]int{}
	for i, d := range list {
		last[d.prop] = i
	}
	for i, d := range list {
		text := d.text()
		if last[d.prop] != i || !d.plain() {
			alias := fmt.Sprintf("zest-%dx:0", len(w.restore)/2)
			w.restore = append(w.restore, alias, text)
			text = alias
		}
		w.rules.WriteString(text + ";")
	}
	w.rules.WriteString("}\n")
}

func removeAttr(n *html.Node, key string) {
	for i, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			n.Attr = append(n.Attr[:i:i], n.Attr[i+1:]...)
			return
		}
	}
}
