package render

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"github.com/zest-digest/zest/digest"
)

// Shown is a picture that a variant shows, and the largest place it has there.
type Shown struct {
	URL   string // as the article or the newsletter has it
	Width int    // CSS pixels
	Wide  bool   // twice as wide as high
}

// placeholder stands for the address of a picture; .invalid is nobody's (RFC
// 2606, section 2).
const placeholder = "https://picture.invalid/"

// Pictures lists the pictures that a variant would show, in order: what the
// theme asks for, and no more. It costs a template, without inlining.
func (r *Renderer) Pictures(n digest.Newsletter, e digest.Edition, v digest.Variant) ([]Shown, error) {
	if v.TextOnly {
		return nil, nil
	}
	var urls []string
	numbered := func(url string) string { // templates may write an address otherwise than we were given it
		if url == "" {
			return ""
		}
		urls = append(urls, url)
		return placeholder + strconv.Itoa(len(urls)-1)
	}
	e = e.Illustrated(func(img digest.Image) digest.Image { img.URL = numbered(img.URL); return img })
	n.Look.Logo, n.Look.LogoDark = numbered(n.Look.Logo), numbered(n.Look.LogoDark)
	if len(urls) == 0 {
		return nil, nil
	}
	th, err := r.theme(n.Look.Theme)
	if err != nil {
		return nil, err
	}
	j, err := r.job(n, e, v, "")
	if err != nil {
		return nil, err
	}
	document, err := th.document(j)
	if err != nil {
		return nil, &digest.InvalidError{Field: "template", Reason: err.Error()}
	}
	var out []Shown
	for z := html.NewTokenizer(strings.NewReader(document)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return out, nil
		case html.StartTagToken, html.SelfClosingTagToken:
			s, ok := shown(z.Token())
			number, ours := strings.CutPrefix(s.URL, placeholder)
			at, err := strconv.Atoi(number)
			if !ok || !ours || err != nil || at >= len(urls) {
				continue // an operator's template has a picture of its own
			}
			s.URL = urls[at]
			if i := slices.IndexFunc(out, func(o Shown) bool { return o.URL == s.URL }); i >= 0 {
				out[i].Width = max(out[i].Width, s.Width)
				continue
			}
			out = append(out, s)
		}
	}
}

func shown(t html.Token) (s Shown, ok bool) {
	if t.Data != "img" {
		return s, false
	}
	for _, a := range t.Attr {
		switch a.Key {
		case "src":
			s.URL = a.Val
		case "width":
			s.Width, _ = strconv.Atoi(a.Val)
		case "class":
			s.Wide = slices.Contains(strings.Fields(a.Val), "picture")
		}
	}
	return s, s.URL != "" && s.Width > 0
}
