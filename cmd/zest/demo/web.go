package demo

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// Web serves the sample web: three publications in French and English, with
// everything that surrounds an article in the wild. Their dates count back from
// now; their addresses are built from the Host of each request.
//
//	/quai/feed.xml          RSS 2.0, teasers, tracking parameters in the links
//	/quai/culture.xml       RSS 2.0, relative links, French date strings
//	/lantern/atom.xml       Atom, full text
//	/lantern/notebook.json  JSON Feed, full text
//	/etabli/                no feed: a list page, links at "main article h2 a"
//
// It panics when a file embedded in the program cannot be read, which the
// package's tests rule out.
func Web(now time.Time) http.Handler {
	all, err := stories(now)
	if err != nil {
		panic(err)
	}
	images, err := fs.Sub(sample, "sample/img")
	if err != nil {
		panic(err)
	}
	w := &web{stories: all, now: now.Truncate(time.Second),
		pages: template.Must(template.ParseFS(sample, "sample/page/*.html"))}
	mux := http.NewServeMux()
	mux.Handle("GET /img/", http.StripPrefix("/img/", http.FileServerFS(images)))
	mux.HandleFunc("GET /robots.txt", func(rw http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(rw, "User-agent: *\nDisallow: /quai/abonnement\nDisallow: /lantern/login\n")
	})
	mux.HandleFunc("GET /favicon.ico", func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /quai/feed.xml", w.feed("application/rss+xml; charset=utf-8", w.quaiFeed))
	mux.HandleFunc("GET /quai/culture.xml", w.feed("application/rss+xml; charset=utf-8", w.cultureFeed))
	mux.HandleFunc("GET /lantern/atom.xml", w.feed("application/atom+xml; charset=utf-8", w.atomFeed))
	mux.HandleFunc("GET /lantern/notebook.json", w.feed("application/feed+json; charset=utf-8", w.jsonFeed))
	mux.HandleFunc("GET /", w.page)
	return mux
}

type web struct {
	stories []story
	now     time.Time
	pages   *template.Template
}

// base is the address of the sample web as this reader knows it.
func base(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// chosen lists a publication's stories, all of them or one section.
func (w *web) chosen(keep func(story) bool) []story {
	var out []story
	for _, s := range w.stories {
		if keep(s) {
			out = append(out, s)
		}
	}
	return out
}

func (w *web) page(rw http.ResponseWriter, r *http.Request) {
	for _, s := range w.stories {
		if s.Path == r.URL.Path {
			w.show(rw, r, http.StatusOK, s.Publication+"-article", w.article(s, base(r)))
			return
		}
	}
	if r.URL.Path == "/" {
		w.show(rw, r, http.StatusOK, "index", nil)
		return
	}
	for _, publication := range []string{"quai", "lantern", "etabli"} {
		rest, ok := strings.CutPrefix(r.URL.Path, "/"+publication+"/")
		list := w.chosen(func(s story) bool {
			return s.Publication == publication && (rest == "" || plain(s.Section)+"/" == rest)
		})
		if ok && len(list) > 0 {
			w.show(rw, r, http.StatusOK, publication+"-list", struct {
				Base     string
				Articles []story
			}{base(r), list})
			return
		}
	}
	w.show(rw, r, http.StatusNotFound, "missing", nil)
}

// articlePage is what an article's template gets.
type articlePage struct {
	Base, URL, ImageURL string
	A                   story
	First, Rest         template.HTML
	Related             *story
	Popular             []story
	Ad                  advert
	Comments            []comment
}

func (w *web) article(s story, base string) articlePage {
	others := w.chosen(func(o story) bool {
		return o.Publication == s.Publication && o.Lang == s.Lang && o.Path != s.Path
	})
	p := articlePage{Base: base, URL: base + s.Path, A: s, First: s.First, Rest: s.Rest}
	if s.Image != "" {
		p.ImageURL = base + "/img/" + s.Image + ".jpg"
	}
	if len(others) > 0 {
		p.Related, p.Popular = &others[len(others)-1], others[:min(3, len(others))]
	}
	p.Ad, p.Comments = furniture(s.Lang)
	return p
}

func (w *web) show(rw http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var b bytes.Buffer
	if err := w.pages.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	if status != http.StatusOK {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		rw.WriteHeader(status)
		b.WriteTo(rw)
		return
	}
	w.serve(rw, r, "text/html; charset=utf-8", b.Bytes())
}

func (w *web) feed(contentType string, build func(base string) ([]byte, error)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		body, err := build(base(r))
		if err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		w.serve(rw, r, contentType, body)
	}
}

// serve answers conditional requests, as a polite reader's server would.
func (w *web) serve(rw http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	rw.Header().Set("Content-Type", contentType)
	rw.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256(body))[:16]))
	http.ServeContent(rw, r, "", w.now, bytes.NewReader(body))
}
