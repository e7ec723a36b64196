package render

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	texttemplate "text/template"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/inline"
	"github.com/zest-digest/zest/templates"
)

// Options say where the templates are.
type Options struct {
	// Override is an operator's own folder; a file in it stands in for the shipped
	// one of the same name. It may be nil.
	Override fs.FS
}

// Renderer renders variants of editions. It may be used by several goroutines.
type Renderer struct {
	themes map[string]*theme
	words  words
}

// theme is a parsed theme.
type theme struct {
	html         *template.Template
	text         *texttemplate.Template
	style, media string
}

// New reads every theme. An error names the file and line that is wrong.
func New(o Options) (*Renderer, error) {
	w, err := loadWords()
	if err != nil {
		return nil, err
	}
	r := &Renderer{themes: map[string]*theme{}, words: w}
	files := layered{o.Override, templates.FS}
	names, err := files.themes()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if r.themes[name], err = files.theme(name); err != nil {
			return nil, fmt.Errorf("theme %s: %w", name, err)
		}
	}
	return r, nil
}

// Themes lists the themes, by name.
func (r *Renderer) Themes() []string {
	var out []string
	for name := range r.themes {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Render makes the proof of a variant. webURL is the public address of the
// edition, empty for none. An error that the operator can mend is a
// [*digest.InvalidError].
func (r *Renderer) Render(n digest.Newsletter, e digest.Edition, v digest.Variant, webURL string) (digest.Proof, error) {
	proof := digest.Proof{Variant: v, Subject: e.Subject}
	th := r.themes[n.Look.Theme]
	if th == nil {
		return proof, &digest.InvalidError{Field: "theme", Value: n.Look.Theme, Reason: "is not there; there are " + strings.Join(r.Themes(), ", ")}
	}
	p, err := newPalette(n.Look)
	if err != nil {
		return proof, err
	}
	view := r.view(n, e, v, webURL)
	if proof.Text, err = th.plain(view, r.words); err != nil {
		return proof, err
	}
	if v.TextOnly {
		return proof, nil
	}
	view.Ground = p.ground
	view.Style, view.Media = template.CSS(p.paint(th.style)), template.CSS(p.paint(th.media))
	t, err := th.html.Clone()
	if err != nil {
		return proof, err
	}
	t.Funcs(template.FuncMap{"t": func(id string) string { return r.words.say(v.Language, id, view.names()) }})
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "document", view); err != nil {
		return proof, &digest.InvalidError{Field: "template", Reason: err.Error()}
	}
	res, err := inline.Document(b.String(), inline.Options{})
	if err != nil {
		return proof, err
	}
	proof.HTML = squeeze(res.HTML)
	return proof, nil
}

// squeeze drops the indentation and empty lines that templates leave behind:
// every byte counts against the size at which mail programs clip.
func squeeze(html string) string {
	var b strings.Builder
	for line := range strings.Lines(html) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// layered looks a file up in the operator's folder first.
type layered struct{ override, shipped fs.FS }

func (l layered) read(name string) (string, error) {
	if l.override != nil {
		if b, err := fs.ReadFile(l.override, name); err == nil {
			return string(b), nil
		}
	}
	b, err := fs.ReadFile(l.shipped, name)
	return string(b), err
}

// themes are the folders of email/ that have a style sheet.
func (l layered) themes() ([]string, error) {
	seen := map[string]bool{}
	for _, files := range []fs.FS{l.override, l.shipped} {
		if files == nil {
			continue
		}
		found, err := fs.Glob(files, "email/*/style.css")
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			seen[path.Base(path.Dir(f))] = true
		}
	}
	var names []string
	for n := range seen {
		names = append(names, n)
	}
	slices.Sort(names)
	return names, nil
}

// parts are the templates that every theme shares; a theme's own file of the
// same name stands in for one.
var parts = [...]string{"base.tmpl", "masthead.tmpl", "story.tmpl", "footer.tmpl"}

func (l layered) theme(name string) (*theme, error) {
	th := &theme{html: template.New(name)}
	th.html.Funcs(template.FuncMap{"t": func(string) string { return "" }, "mso": mso})
	for _, part := range parts {
		body, file, err := l.part(name, part)
		if err != nil {
			return nil, err
		}
		if _, err := th.html.New(file).Parse(body); err != nil {
			return nil, err
		}
	}
	var err error
	if th.style, err = l.read(path.Join("email", name, "style.css")); err != nil {
		return nil, err
	}
	if th.media, err = l.read(path.Join("email", name, "media.css")); err != nil {
		return nil, err
	}
	body, file, err := l.part(name, "text.tmpl")
	if err != nil {
		return nil, err
	}
	th.text = texttemplate.New(file)
	th.text.Funcs(textFuncs(nil))
	_, err = th.text.Parse(body)
	return th, err
}

func (l layered) part(theme, part string) (body, file string, err error) {
	for _, dir := range []string{theme, "parts"} {
		file = path.Join("email", dir, part)
		if body, err = l.read(file); err == nil {
			return body, file, nil
		}
	}
	return "", file, err
}

// mso wraps markup for the desktop Outlooks that lay out with Word.
// html/template strips comments, so it must come from here.
func mso(markup string) template.HTML {
	return template.HTML("<!--[if mso]>" + markup + "<![endif]-->")
}
