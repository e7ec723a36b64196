package render

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	texttemplate "text/template"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/inline"
	"github.com/zest-digest/zest/digest/mjml"
)

// theme is a parsed theme: the shared parts, with its own on top.
type theme struct {
	html         *template.Template
	text         *texttemplate.Template
	style, media []sheet
	entry        string       // the template that is the document
	mjml         *mjml.Source // of a theme that writes MJML, or nil

	painted sync.Map      // the sheets in the colours of each pair of accents: [2]string to [2]string
	inlined inline.Sheets // as they were read

	copies chan *copied // those that nobody uses
	print  string       // fingerprint of its files
}

// copied is a copy of a theme's templates for one rendering at a time. What
// changes between renderings is behind two functions; the templates themselves
// were made safe once, which takes longer than executing them.
type copied struct {
	html    *template.Template
	say     func(string) string
	palette palette
}

// copiesKept bounds what renderings at the same time leave behind. A [sync.Pool]
// would forget them at a collection, which is about once an edition.
const copiesKept = 4

// giveBack keeps a copy for the next rendering.
func (th *theme) giveBack(c *copied) {
	c.say, c.palette = nil, nil
	select {
	case th.copies <- c:
	default:
	}
}

func (th *theme) copy() (*copied, error) {
	select {
	case c := <-th.copies:
		return c, nil
	default:
	}
	t, err := th.html.Clone()
	if err != nil {
		return nil, err
	}
	c := &copied{html: t}
	t.Funcs(template.FuncMap{
		"t":      func(id string) string { return c.say(id) },
		"colour": func(name string) string { return c.palette[name] },
	})
	return c, nil
}

// layered looks a file up in the operator's folder first.
type layered struct{ override, shipped fs.FS }

// Open opens a file of the operator's, or the shipped one.
func (l layered) Open(name string) (fs.File, error) {
	if l.override != nil {
		if f, err := l.override.Open(name); err == nil {
			return f, nil
		}
	}
	return l.shipped.Open(name)
}

// Glob lists the files of both layers.
func (l layered) Glob(pattern string) ([]string, error) {
	var all []string
	for _, files := range []fs.FS{l.override, l.shipped} {
		if files == nil {
			continue
		}
		found, err := fs.Glob(files, pattern)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// themes are the folders of email/ that have a style sheet of their own, or MJML.
func (l layered) themes() ([]string, error) {
	var names []string
	for _, file := range []string{"style.css", mjmlPart} {
		found, err := l.Glob("email/*/" + file)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if name := path.Base(path.Dir(f)); name != "parts" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// fingerprint is a hash of every file that a theme is made of.
func (l layered) fingerprint(name string) (string, error) {
	h := sha256.New()
	for _, pattern := range []string{"email/parts/*", "email/" + name + "/*", "locale/mail.*"} {
		files, err := l.Glob(pattern)
		if err != nil {
			return "", err
		}
		for _, file := range files {
			body, err := fs.ReadFile(l, file)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(h, "%s %d\n%s", file, len(body), body)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// textPart is the file of the text part; every other .tmpl is of the HTML.
// mjmlPart, in a theme's folder, is the document of that theme, in MJML.
const (
	textPart = "text.tmpl"
	mjmlPart = "html.mjml"
)

func (l layered) theme(name string) (*theme, error) {
	th := &theme{html: template.New(name), entry: "document", copies: make(chan *copied, copiesKept)}
	th.html.Funcs(template.FuncMap{
		"t":      func(string) string { return "" },
		"colour": func(string) string { return "" },
		"mso":    mso, "notmso": notMSO, "endnotmso": endNotMSO, "rows": rows, "dash": dash,
	})
	for _, dir := range []string{"email/parts", "email/" + name} {
		files, err := l.Glob(dir + "/*.tmpl")
		if err != nil {
			return nil, err
		}
		if dir != "email/parts" && l.has(dir+"/"+mjmlPart) {
			th.mjml, th.entry = &mjml.Source{}, dir+"/"+mjmlPart
			files = append(files, dir+"/"+mjmlPart)
		}
		for _, file := range files {
			if err := l.parse(th, file); err != nil {
				return nil, err
			}
		}
		if th.style, err = l.sheet(th.style, dir+"/style.css"); err != nil {
			return nil, err
		}
		if th.media, err = l.sheet(th.media, dir+"/media.css"); err != nil {
			return nil, err
		}
	}
	var err error
	if th.print, err = l.fingerprint(name); err != nil {
		return nil, err
	}
	if err := th.inlinable(); err != nil {
		return nil, err
	}
	if th.text == nil {
		return nil, fmt.Errorf("email/parts/%s: %w", textPart, digest.ErrNotFound)
	}
	return th, nil
}

// has says whether a file is there.
func (l layered) has(file string) bool {
	_, err := fs.Stat(l, file)
	return err == nil
}

// parse adds a file of templates to the theme.
func (l layered) parse(th *theme, file string) error {
	body, err := fs.ReadFile(l, file)
	if err != nil {
		return err
	}
	text := string(body)
	switch {
	case path.Base(file) == textPart:
		th.text, err = texttemplate.New(file).Funcs(textFuncs("", nil)).Parse(text)
	case th.mjml != nil:
		_, err = th.html.New(file).Parse(th.mjml.Mark(file, text))
	default:
		_, err = th.html.New(file).Parse(text)
	}
	return err
}

// sheet adds a style sheet that may be absent.
func (l layered) sheet(to []sheet, file string) ([]sheet, error) {
	css, err := fs.ReadFile(l, file)
	if errors.Is(err, fs.ErrNotExist) {
		return to, nil
	}
	return append(to, sheet{file, string(css)}), err
}

// inlinable refuses a rule that cannot be inlined faithfully, by file and line.
func (th *theme) inlinable() error {
	p, err := newPalette(digest.Look{})
	if err != nil {
		return err
	}
	var wrong []error
	for _, s := range th.style {
		css, err := p.paint(s)
		if err != nil {
			return err
		}
		for _, f := range inline.LintCSS(path.Base(s.file), css) {
			wrong = append(wrong, fmt.Errorf("%s:%d: %s: %s", s.file, f.Line, f.Rule, f.Reason))
		}
	}
	return errors.Join(wrong...)
}

// try renders an edition that has everything a template can ask for.
func (r *Renderer) try(th *theme) error {
	picture := digest.Image{URL: "https://example.org/a.jpg", Alt: "a"}
	also := []digest.Also{{Site: "b", Title: "b", URL: "https://example.org/b"}}
	a := digest.Article{URL: "https://example.org/a", Title: "a", Site: "a", Section: "a", Language: "ar", Image: picture}
	cards := []digest.Card{{Article: a, Lead: true, Minutes: 1, Summary: "a", Also: also}, {Article: a, Minutes: 1, Summary: "a", Also: also}, {}}
	n := digest.Newsletter{Title: "a", PostalAddress: "a", Look: digest.Look{Logo: "https://example.org/l.png", LogoDark: "https://example.org/d.png", Footer: "a"}}
	e := digest.Edition{Number: 1, Date: time.Unix(0, 0).UTC(), Subject: "a", Summary: "a", Intro: "a", Sections: []digest.Section{{Title: "a", Cards: cards}}}
	if _, err := r.render(th, n, e, digest.Variant{Language: "en"}, "https://example.org/"); err != nil {
		return err
	}
	_, err := r.render(th, digest.Newsletter{}, digest.Edition{}, digest.Variant{Language: "ar"}, "")
	return err
}

// mso wraps markup for the desktop Outlooks that lay out with Word.
// html/template strips comments, so it must come from here.
func mso(markup string) template.HTML {
	return template.HTML("<!--[if mso]>" + markup + "<![endif]-->")
}

// notMSO begins, and endNotMSO ends, what those Outlooks must not see.
func notMSO() template.HTML    { return "<!--[if !mso]><!-->" }
func endNotMSO() template.HTML { return "<!--<![endif]-->" }

// row is what stands side by side in a theme of two columns.
type row struct {
	Cards    []*card
	Pictured bool
}

// Pair says that the row holds two stories.
func (r row) Pair() bool { return len(r.Cards) == 2 }

// First is the story of a row of one.
func (r row) First() *card { return r.Cards[0] }

// rows puts neighbours side by side that look alike: both with a picture or
// both without, and written in the same direction. The order of reading stays.
func rows(cards []*card) []row {
	var out []row
	for _, c := range cards {
		if n := len(out) - 1; n >= 0 && !out[n].Pair() && out[n].Pictured == (c.Image != nil) && out[n].Cards[0].Start == c.Start {
			out[n].Cards = append(out[n].Cards, c)
			continue
		}
		out = append(out, row{[]*card{c}, c.Image != nil})
	}
	return out
}

// sheets are the theme's style sheets in the colours of a palette.
func (th *theme) sheets(p palette) (style, media string, err error) {
	key := [2]string{p["accent"], p["dark-accent"]} // the others are every newsletter's
	if known, ok := th.painted.Load(key); ok {
		return known.([2]string)[0], known.([2]string)[1], nil
	}
	if style, err = p.paintAll(th.style); err != nil {
		return "", "", err
	}
	if media, err = p.paintAll(th.media); err != nil {
		return "", "", err
	}
	th.painted.Store(key, [2]string{style, media})
	return style, media, nil
}

// paintAll joins the painted sheets, shared ones first.
func (p palette) paintAll(sheets []sheet) (string, error) {
	var b strings.Builder
	b.WriteByte('\n')
	for _, s := range sheets {
		css, err := p.paint(s)
		if err != nil {
			return "", err
		}
		b.WriteString(css)
	}
	return b.String(), nil
}
