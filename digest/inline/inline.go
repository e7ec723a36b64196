// Package inline moves the CSS of a complete HTML document into its elements
// with premailer, for the mail clients that drop style sheets.
//
// A plain <style> holds simple rules and is inlined. A <style data-keep> holds
// what must stay a sheet (@media, dark mode, hover, client hooks) and goes
// through to the letter.
package inline

import (
	"fmt"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/vanng822/go-premailer/premailer"
)

// Options say how to inline. There is nothing to say yet.
type Options struct{}

// Finding is something that may not come out right.
type Finding struct {
	Line   int
	Rule   string
	Reason string
}

// Result is an inlined document.
type Result struct {
	HTML     string
	Findings []Finding
}

// Document inlines a complete document.
func Document(html string, _ Options) (res Result, err error) {
	defer func() {
		// premailer panics on some documents (an element that carries its own
		// pr-el-id); no document may bring the program down.
		if v := recover(); v != nil {
			err = fmt.Errorf("inlining: premailer: %v", v)
		}
	}()
	html = strings.TrimPrefix(html, "\ufeff") // a BOM before the doctype would cost the doctype
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		return res, fmt.Errorf("inlining: %w", err)
	}
	doc.Find("[pr-el-id]").RemoveAttr("pr-el-id")
	doc.Find("style[data-keep]").RemoveAttr("data-keep").SetAttr("data-premailer", "ignore")
	out, err := premailer.NewPremailer(doc, premailer.NewOptions(premailer.WithCssToAttributes(false))).Transform()
	if err != nil {
		return res, fmt.Errorf("inlining: %w", err)
	}
	res.HTML = strings.ReplaceAll(out, ` data-premailer="ignore"`, "")
	return res, nil
}
