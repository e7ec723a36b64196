package render

import (
	"cmp"
	"fmt"
	"html/template"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/inline"
	"github.com/zest-digest/zest/digest/mjml"
	"github.com/zest-digest/zest/templates"
)

// Options say where the templates are.
type Options struct {
	// Themes holds email/THEME, email/parts and locale; the shipped ones when nil.
	Themes fs.FS
	// Override is an operator's own folder: a file in it stands in for the one of
	// the same name in Themes, and a new folder under email/ is a new theme. It
	// may be nil.
	Override fs.FS
}

// Renderer renders variants of editions. It may be used by several goroutines.
type Renderer struct {
	files  layered
	themes map[string]func() (*theme, error) // each is read once, when it is first asked for
	words  templates.Words

	inlined atomic.Int64
}

// Inlined is how many documents had their styles inlined, the dearest step of
// all: one a variant, whatever the number of readers.
func (r *Renderer) Inlined() int64 { return r.inlined.Load() }

// New reads every theme and tries it on a sample, so that a broken template, a
// missing part or a colour that does not exist shows before there is anything
// to send. The error names the file and line.
func New(o Options) (*Renderer, error) {
	r, err := Open(o)
	if err != nil {
		return nil, err
	}
	for _, name := range r.Themes() {
		th, err := r.themes[name]()
		if err == nil {
			err = r.try(th)
		}
		if err != nil {
			return nil, fmt.Errorf("theme %s: %w", name, err)
		}
	}
	return r, nil
}

// Open is New for a program that may have nothing to render: a theme is read when
// it is first used, which is before anything made with it is sent.
func Open(o Options) (*Renderer, error) {
	r := &Renderer{files: layered{shipped: o.Themes, override: o.Override}, themes: map[string]func() (*theme, error){}}
	if r.files.shipped == nil {
		r.files.shipped = templates.FS
	}
	var err error
	if r.words, err = templates.LoadWords(r.files, "mail"); err != nil {
		return nil, err
	}
	names, err := r.files.themes()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		r.themes[name] = sync.OnceValues(func() (*theme, error) { return r.files.theme(name) })
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
	th, err := r.theme(n.Look.Theme)
	if err != nil {
		return digest.Proof{Variant: v}, err
	}
	return r.render(th, n, e, v, webURL)
}

// Fingerprint tells one state of a theme's files, and of the words, from another;
// it is empty for a theme that cannot be read.
func (r *Renderer) Fingerprint(theme string) string {
	th, err := r.theme(theme)
	if err != nil {
		return ""
	}
	return th.print
}

// theme is the theme of this name, read when it is first asked for.
func (r *Renderer) theme(name string) (*theme, error) {
	read := r.themes[name]
	if read == nil {
		return nil, &digest.InvalidError{Field: "theme", Value: name, Reason: "is not there; there are " + strings.Join(r.Themes(), ", ")}
	}
	th, err := read()
	if err != nil {
		return nil, &digest.InvalidError{Field: "theme " + name, Reason: err.Error()}
	}
	return th, nil
}

func (r *Renderer) render(th *theme, n digest.Newsletter, e digest.Edition, v digest.Variant, webURL string) (digest.Proof, error) {
	j, err := r.job(n, e, v, webURL)
	proof := digest.Proof{Variant: j.variant, Subject: j.view.Subject}
	if err != nil {
		return proof, err
	}
	var pageErr error
	text := make(chan error, 1) // of the two, the text takes less, and so no time of its own
	go func() {
		var err error
		proof.Text, err = th.plain(j.view, r.words.Spoken(j.variant.Language), j.say)
		text <- err
	}()
	if !v.TextOnly {
		r.inlined.Add(1)
		proof.HTML, pageErr = th.page(j)
	}
	if err := cmp.Or(<-text, pageErr); err != nil {
		return proof, &digest.InvalidError{Field: "template", Reason: err.Error()}
	}
	return proof, nil
}

// job is one variant of an edition on its way to a proof.
type job struct {
	variant digest.Variant
	palette palette
	view    view
	say     func(string) string
}

func (r *Renderer) job(n digest.Newsletter, e digest.Edition, v digest.Variant, webURL string) (job, error) {
	v.Language = cmp.Or(v.Language, e.Language, n.Language, "en")
	j := job{variant: v}
	var err error
	if j.palette, err = newPalette(n.Look); err != nil {
		return j, err
	}
	j.view = r.view(n, e, v, webURL)
	var said sync.Map // a story asks for the same words as the one before it
	j.say = func(id string) string {
		if words, ok := said.Load(id); ok {
			return words.(string)
		}
		words := typeset(r.words.Spoken(v.Language), r.words.Say(v.Language, id, map[string]string{"Newsletter": j.view.Title}))
		said.Store(id, words)
		return words
	}
	return j, nil
}

// page renders the HTML part.
func (th *theme) page(j job) (string, error) {
	document, err := th.document(j)
	if err != nil {
		return "", err
	}
	res, err := inline.Document(document, inline.Options{Sheets: &th.inlined})
	if err != nil {
		return "", err
	}
	return squeeze(res.HTML), nil
}

// roomy is what most documents fit in, in bytes.
const roomy = 72 << 10

// document is the HTML part with its sheets as they were written.
func (th *theme) document(j job) (string, error) {
	v, p, say := j.view, j.palette, j.say
	style, media, err := th.sheets(p)
	if err != nil {
		return "", err
	}
	if th.mjml == nil {
		v.Style, v.Media = template.CSS(style), template.CSS(media)
	}
	c, err := th.copy()
	if err != nil {
		return "", err
	}
	defer th.giveBack(c)
	c.say, c.palette = say, p
	var b strings.Builder
	b.Grow(roomy)
	if err := c.html.ExecuteTemplate(&b, th.entry, v); err != nil {
		return "", err
	}
	if th.mjml == nil {
		return b.String(), nil
	}
	head := `<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">` +
		"<style>" + style + "</style><style data-keep>" + media + "</style>"
	return th.mjml.HTML(b.String(), mjml.Look{Dir: v.Dir, Head: head})
}

// squeeze drops the indentation and empty lines that templates leave behind:
// every byte counts against the size at which mail programs clip.
func squeeze(html string) string {
	var b strings.Builder
	b.Grow(len(html))
	for line := range strings.Lines(html) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}
