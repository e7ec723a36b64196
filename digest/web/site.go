package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"golang.org/x/text/language"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/templates"
)

// site is what all pages share: templates, words, assets and addresses. It does
// not change.
type site struct {
	templates map[string]*template.Template
	words     templates.Words
	matcher   language.Matcher
	assets    map[string]asset
	public    string // where readers come by, without a trailing slash
	base      string // its path
	images    string // where pictures may come from
	only      string // the newsletter, where there is but one
	still     bool   // pages become files: addresses are relative, and nothing can be posted here
}

// asset is a file that pages refer to by an address that changes with it.
type asset struct {
	body    []byte
	kind    string
	version string
}

func newSite(o Options) (*site, error) {
	files := templates.Over(o.Templates)
	st := &site{templates: map[string]*template.Template{}, assets: map[string]asset{}, public: publicOf(o.Newsletters), images: "'self' https: data:"}
	if u, err := url.Parse(st.public); err == nil {
		st.base = strings.TrimSuffix(u.Path, "/")
		if u.Scheme == "http" {
			st.images += " http:" // a site without TLS may show what came without TLS
		}
	}
	var err error
	if st.words, err = templates.LoadWords(files, "web"); err != nil {
		return nil, err
	}
	var tags []language.Tag
	for _, l := range st.words.Languages() {
		tags = append(tags, language.Make(l))
	}
	st.matcher = language.NewMatcher(tags)
	if err := st.parse(files); err != nil {
		return nil, err
	}
	for name, kind := range map[string]string{"style.css": "text/css; charset=utf-8", "join.js": "text/javascript; charset=utf-8"} {
		body, err := fs.ReadFile(files, path.Join("web", name))
		if err != nil {
			return nil, fmt.Errorf("reading web/%s: %w", name, err)
		}
		st.assets[name] = newAsset(body, kind)
	}
	if len(o.Newsletters) == 1 {
		st.only = o.Newsletters[0].Name
	}
	for _, n := range o.Newsletters {
		st.assets["look/"+n.Name] = newAsset(lookOf(n.Look, o.Accents), "text/css; charset=utf-8")
	}
	return st, nil
}

// parse reads every page: web/NAME.tmpl together with what all share.
func (st *site) parse(files fs.FS) error {
	names, err := fs.Glob(files, "web/*.tmpl")
	if err != nil {
		return err
	}
	for _, file := range names {
		name := strings.TrimSuffix(path.Base(file), ".tmpl")
		if name == "page" || name == "parts" {
			continue
		}
		t, err := template.New(name).ParseFS(files, "web/page.tmpl", "web/parts.tmpl", file)
		if err != nil {
			return fmt.Errorf("reading the page %s: %w", name, err)
		}
		st.templates[name] = t
	}
	return nil
}

func newAsset(body []byte, kind string) asset {
	sum := sha256.Sum256(body)
	return asset{body, kind, hex.EncodeToString(sum[:6])}
}

// lookOf is a newsletter's own colours, as CSS.
func lookOf(l digest.Look, accents func(digest.Look) (string, string)) []byte {
	if accents == nil {
		return nil
	}
	day, night := accents(l)
	return fmt.Appendf(nil, ":root { --accent: %s; }\n@media (prefers-color-scheme: dark) { :root { --accent: %s; } }\n", day, night)
}

// asset answers with a file that never changes under its address.
func (s *Server) asset(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { s.serveAsset(w, r, s.site.assets[name]) }
}

func (s *Server) look(w http.ResponseWriter, r *http.Request) {
	a, known := s.site.assets["look/"+strings.TrimSuffix(r.PathValue("newsletter"), ".css")]
	if !known {
		s.missing(w, r)
		return
	}
	s.serveAsset(w, r, a)
}

func (s *Server) serveAsset(w http.ResponseWriter, r *http.Request, a asset) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=3600")
	if r.URL.Query().Get("v") == a.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	s.answer(w, r, http.StatusOK, a.body)
}

// answer sends a body whole, or says that the visitor has it already.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	if strings.HasPrefix(h.Get("Cache-Control"), "public") && status == http.StatusOK {
		sum := sha256.Sum256(body)
		tag := `"` + hex.EncodeToString(sum[:8]) + `"`
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// render answers with a page. It is made whole before the first byte leaves, so
// that a broken template is a clean error.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name string, p *page) {
	body, err := s.site.make(name, p)
	if err != nil {
		s.o.Log.Error("making a page", "page", name, "error", err)
		http.Error(w, "something went wrong", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", p.Lang)
	s.answer(w, r, status, body)
}

func (st *site) make(name string, p *page) ([]byte, error) {
	t := st.templates[name]
	if t == nil {
		return nil, fmt.Errorf("the page %s: %w", name, digest.ErrNotFound)
	}
	var b bytes.Buffer
	err := t.ExecuteTemplate(&b, "page", p)
	return b.Bytes(), err
}
