package extract

import (
	"net/url"
	"strings"

	readability "codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// findBody gives the element that holds the article and little else. It
// changes doc.
func findBody(doc *html.Node, source string, m metadata, rules SiteRules) *html.Node {
	fixImages(doc)
	if body := rules.body(doc); body != nil {
		return body
	}
	rules.strip(doc)
	stripFurniture(doc)
	body := readable(doc, m.base)
	if body == nil {
		return newElement(atom.Div)
	}
	return body
}

// readable runs Readability over doc, which it takes apart. Nil when it finds
// nothing.
func readable(doc *html.Node, base *url.URL) *html.Node {
	if base == nil {
		base = &url.URL{}
	}
	p := readability.NewParser()
	p.KeepClasses = true // the furniture filter reads them
	p.DisableJSONLD = true
	a, err := p.ParseAndMutate(doc, base)
	if err != nil || a.Node == nil || strings.TrimSpace(innerText(a.Node)) == "" {
		return nil
	}
	return a.Node
}
