package web

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"

	"golang.org/x/text/language"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/templates"
)

// pages are the parsed templates and the words they speak.
type pages struct {
	templates map[string]*template.Template
	words     templates.Words
}

// page is what a template shows. The lower-case fields name messages, and
// become words in the reader's language.
type page struct {
	Newsletter digest.Newsletter
	Reader     digest.Subscriber
	Address    string // masked
	Lang       string
	Title      string
	Notice     string
	LeaveURL   string
	Editions   []entry
	Link       string

	title, notice string
}

type entry struct{ Subject, URL, Day string }

func (v visitor) page(title string) page {
	p := page{Newsletter: v.newsletter, Reader: v.reader, Address: mask(v.reader.Email), Lang: v.reader.Language, title: title}
	if p.Lang == "" {
		p.Lang = v.newsletter.Language
	}
	return p
}

func loadPages() (pages, error) {
	p := pages{templates: map[string]*template.Template{}}
	var err error
	if p.words, err = templates.LoadWords(templates.FS, "web"); err != nil {
		return p, err
	}
	for _, name := range []string{"join", "leave", "left", "confirm", "notice", "choose", "archive"} {
		t := template.New(name).Funcs(template.FuncMap{"t": func(string) string { return "" }})
		if _, err := t.ParseFS(templates.FS, "web/page.tmpl", path.Join("web", name+".tmpl")); err != nil {
			return p, fmt.Errorf("reading the page %s: %w", name, err)
		}
		p.templates[name] = t
	}
	return p, nil
}

// say is a message in the page's language.
func (p pages) say(lang, id string, pg page) string {
	return p.words.Say(lang, id, map[string]string{"Newsletter": pg.Newsletter.Title, "Address": pg.Address})
}

// render answers with a page. It is made whole before the first byte leaves, so
// that a broken template is a clean error.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	if !s.pages.words.Speaks(p.Lang) {
		p.Lang = s.preferred(r)
	}
	p.Title = s.pages.say(p.Lang, p.title, p)
	if p.notice != "" {
		p.Notice = s.pages.say(p.Lang, p.notice, p)
	}
	t, err := s.pages.templates[name].Clone()
	var b bytes.Buffer
	if err == nil {
		t.Funcs(template.FuncMap{"t": func(id string) string { return s.pages.say(p.Lang, id, p) }})
		err = t.ExecuteTemplate(&b, "page", p)
	}
	if err != nil {
		s.o.Log.Error("making a page", "page", name, "error", err)
		http.Error(w, "something went wrong", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	b.WriteTo(w)
}

// preferred is the language of a visitor of whom nothing is known.
func (s *Server) preferred(r *http.Request) string {
	spoken := s.pages.words.Languages()
	tags := make([]language.Tag, len(spoken))
	for i, l := range spoken {
		tags[i] = language.Make(l)
	}
	_, i := language.MatchStrings(language.NewMatcher(tags), r.Header.Get("Accept-Language"))
	return spoken[i]
}

// notice answers with one sentence; kind names its title and words.
func (s *Server) notice(w http.ResponseWriter, r *http.Request, n digest.Newsletter, status int, kind string) {
	s.render(w, r, status, "notice", page{Newsletter: n, Lang: n.Language, title: kind + "_title", notice: kind + "_done"})
}

func (s *Server) missing(w http.ResponseWriter, r *http.Request) {
	s.notice(w, r, digest.Newsletter{}, http.StatusNotFound, "missing")
}

// broken is our fault: it is logged, and the reader learns no more than that.
func (s *Server) broken(w http.ResponseWriter, r *http.Request, err error) {
	s.o.Log.Error("answering a reader", "route", r.Pattern, "error", err)
	s.notice(w, r, digest.Newsletter{}, http.StatusInternalServerError, "broken")
}

// values reads a form in either encoding that RFC 8058 section 3.1 allows.
func values(r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "multipart/form-data":
		if err := r.ParseMultipartForm(bodyLimit); err != nil {
			return nil, err
		}
		return r.MultipartForm.Value, nil
	case r.Header.Get("Content-Type") == "":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		return url.ParseQuery(strings.TrimSpace(string(body)))
	}
	if err := r.ParseForm(); err != nil {
		return nil, errors.Join(errors.New("reading a form"), err)
	}
	return r.PostForm, nil
}
