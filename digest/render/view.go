package render

import (
	"cmp"
	"html/template"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// view is what the templates of a theme see.
type view struct {
	Newsletter digest.Newsletter
	Edition    digest.Edition
	Lang, Dir  string
	Date       string
	WebURL     string
	Logo       string
	LogoDark   string
	Ground     string
	Style      template.CSS
	Media      template.CSS
	Sections   []section
}

type section struct {
	Title string
	Cards []card
}

// card is a story as a template sees it.
type card struct {
	Title, URL, Summary string
	Kicker              []string
	Also                []digest.Also
	Image               *digest.Image
	Lead                bool
	Lang, Dir           string // only where they differ from the message's
	Number              int
}

func (v view) names() map[string]string { return map[string]string{"Newsletter": v.Newsletter.Title} }

func (r *Renderer) view(n digest.Newsletter, e digest.Edition, v digest.Variant, webURL string) view {
	out := view{
		Newsletter: n, Edition: e, Lang: v.Language, Dir: direction(v.Language),
		Date: r.words.date(v.Language, e.Date), WebURL: webURL,
		Logo: n.Look.Logo, LogoDark: n.Look.LogoDark,
	}
	number := 0
	for _, s := range e.Sections {
		sec := section{Title: s.Title}
		for _, c := range s.Cards {
			number++
			sec.Cards = append(sec.Cards, r.card(c, v, number))
		}
		out.Sections = append(out.Sections, sec)
	}
	return out
}

func (r *Renderer) card(c digest.Card, v digest.Variant, number int) card {
	a := c.Article
	out := card{Title: cmp.Or(a.Title, a.URL), URL: a.URL, Summary: c.Summary, Also: c.Also, Lead: c.Lead, Number: number}
	for _, k := range []string{a.Section, cmp.Or(a.Site, a.Source)} {
		if k != "" {
			out.Kicker = append(out.Kicker, k)
		}
	}
	if c.Minutes > 0 {
		out.Kicker = append(out.Kicker, r.words.count(v.Language, "minutes", c.Minutes))
	}
	if lang := primary(a.Language); lang != "" && lang != primary(v.Language) {
		out.Lang, out.Dir = lang, direction(lang)
	}
	if a.Image.URL != "" {
		img := a.Image
		img.Alt = cmp.Or(img.Alt, a.Title)
		out.Image = &img
	}
	return out
}

// primary is the language of a tag: "fr" of "fr-CA".
func primary(tag string) string {
	lang, _, _ := strings.Cut(strings.ToLower(tag), "-")
	return lang
}

// direction is the way a language is written.
func direction(tag string) string {
	switch primary(tag) {
	case "ar", "he", "fa", "ur", "yi", "ps", "sd", "ug", "dv":
		return "rtl"
	}
	return "ltr"
}
