package inline

import (
	"strings"

	"golang.org/x/net/html"
)

// prepare leaves premailer nothing to do but our rules.
func (w *work) prepare() {
	for _, e := range w.x.all {
		removeAttr(e.node, "pr-el-id") // premailer's own mark; it panics on a foreign one
		if e.node.Data == "style" && e.node.Parent != nil {
			removeAttr(e.node, "data-keep")
			removeAttr(e.node, "data-premailer")
			e.node.Attr = append(e.node.Attr, html.Attribute{Key: w.prefix}, html.Attribute{Key: "data-premailer", Val: "ignore"})
		}
	}
	if w.rules.Len() == 0 {
		return
	}
	ours := &html.Node{Type: html.ElementNode, Data: "style"}
	ours.AppendChild(&html.Node{Type: html.TextNode, Data: w.rules.String()})
	w.x.tag["head"][0].node.AppendChild(ours)
}

// ignored is what we give to the sheets that premailer must leave alone, behind
// the prefix of our marks.
const ignored = `="" data-premailer="ignore"`

// finish takes our marks out of premailer's result and puts back what it could
// not carry. The marks begin with a prefix that the source does not hold.
func (w *work) finish(out string) string {
	var b strings.Builder
	b.Grow(len(out) + len(out)/2) // declarations are longer than their names
	for {
		i := strings.Index(out, w.prefix)
		if i < 0 {
			b.WriteString(out)
			return b.String()
		}
		before, mark := out[:i], out[i+len(w.prefix):]
		n, digits := number(mark)
		switch after := mark[digits:]; {
		case digits == 0 && strings.HasPrefix(mark, "if:"): // `<!--PREFIXif:![if !mso]-->`
			end := strings.Index(mark, "-->")
			b.WriteString(before[:i-2] + mark[len("if:")+1:end] + ">")
			out = mark[end+len("-->"):]
		case digits == 0: // ` PREFIX="" data-premailer="ignore"`, a sheet
			b.WriteString(before[:i-1])
			out = mark[len(ignored):]
		case after[0] == '=': // ` PREFIX12=""`, an element of the group
			b.WriteString(before[:i-1])
			out = after[len(`=""`):]
		default: // `PREFIX12:0`, a declaration
			b.WriteString(before)
			b.WriteString(w.restore[n-1])
			out = after[len(`:0`):]
		}
	}
}

// number reads the digits that s begins with.
func number(s string) (n, digits int) {
	for ; digits < len(s) && s[digits] >= '0' && s[digits] <= '9'; digits++ {
		n = 10*n + int(s[digits]-'0')
	}
	return n, digits
}

// sameMarkup reads the result again. HTML that is nested as its parser allows
// but its syntax does not (a link in a link) comes out as another document.
func (w *work) sameMarkup(out string) {
	if !fragile(w.root, "") {
		return
	}
	again, err := html.Parse(strings.NewReader(out))
	if err != nil {
		w.findings = append(w.findings, Finding{1, "markup", "the result cannot be read again: " + err.Error()})
		return
	}
	var names []string
	visit(again, func(n *html.Node) { names = append(names, n.Data) })
	i, wrong := 0, ""
	visit(w.root, func(n *html.Node) {
		if wrong == "" && (i >= len(names) || names[i] != n.Data) {
			wrong = n.Data
		}
		i++
	})
	if wrong != "" {
		w.findings = append(w.findings, Finding{1, "markup", "the <" + wrong + "> elements are nested in a way that does not survive being written down"})
	}
}
