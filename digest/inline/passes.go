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
			e.node.Attr = append(e.node.Attr, html.Attribute{Key: "data-premailer", Val: "ignore"})
		}
	}
	if w.rules.Len() == 0 {
		return
	}
	ours := &html.Node{Type: html.ElementNode, Data: "style"}
	ours.AppendChild(&html.Node{Type: html.TextNode, Data: w.rules.String()})
	w.doc.Find("head").First().AppendNodes(ours)
}

// finish takes our marks away and puts back what premailer could not carry.
func (w *work) finish() {
	back := strings.NewReplacer(w.restore...)
	for _, e := range w.marked {
		removeAttr(e.node, groupAttr)
		for i, a := range e.node.Attr {
			if a.Key == "style" && len(w.restore) > 0 {
				e.node.Attr[i].Val = back.Replace(a.Val)
			}
		}
	}
	for _, e := range w.x.all {
		if e.node.Data == "style" {
			removeAttr(e.node, "data-premailer")
		}
	}
	reveal(w.root)
}

// sameMarkup reads the result again. HTML that is nested as its parser allows
// but its syntax does not (a link in a link) comes out as another document.
func (w *work) sameMarkup(out string) {
	again, err := html.Parse(strings.NewReader(out))
	if err != nil {
		w.findings = append(w.findings, Finding{1, "markup", "the result cannot be read again: " + err.Error()})
		return
	}
	var names []string
	for n := range again.Descendants() {
		if n.Type == html.ElementNode {
			names = append(names, n.Data)
		}
	}
	i := 0
	for n := range w.root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if i >= len(names) || names[i] != n.Data {
			w.findings = append(w.findings, Finding{1, "markup", "the <" + n.Data + "> elements are nested in a way that does not survive being written down"})
			return
		}
		i++
	}
}

func parentOf(e *element) *html.Node { return parentElement(e.node) }
