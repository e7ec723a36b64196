package studio

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/zest-digest/zest/digest/lint"
)

// view is what the page shows of a snapshot, all of it in its address, so that
// a reload shows the same.
type view struct {
	Snapshot
	Version  int
	Token    string
	Variant  Variant
	Tab      string // "message", "text", "source" or "headers"
	Dark     bool
	Bare     bool // without pictures
	Said     string
	Headers  string
	Hard     int
	Share    int // of the budget, in percent
	FullSize int

	query url.Values
}

// Tabs are the ways to look at a variant.
var tabs = []struct{ Name, Label string }{{"message", "Message"}, {"text", "Text part"}, {"source", "Source"}, {"headers", "Headers"}}

func (v view) Tabs() []struct{ Name, Label string } { return tabs }

// With is the address of the same page with one thing otherwise.
func (v view) With(key, value string) string {
	q := url.Values{}
	for k := range v.query {
		q.Set(k, v.query.Get(k))
	}
	q.Del("said")
	q.Set(key, value)
	return "/?" + q.Encode()
}

// Frame is the address of the message in a frame.
func (v view) Frame() string {
	q := url.Values{"variant": {v.Variant.Key}}
	if v.Dark {
		q.Set("dark", "on")
	}
	if v.Bare {
		q.Set("bare", "on")
	}
	return "/message?" + q.Encode()
}

// ErrText is why there is no edition.
func (v view) ErrText() string {
	if v.Err == nil {
		return ""
	}
	return v.Err.Error()
}

func (s *Server) view(r *http.Request) view {
	snapshot, version, _ := s.current()
	q := r.URL.Query()
	v := view{Snapshot: snapshot, Version: version, Token: s.token, Tab: q.Get("tab"), Dark: q.Get("dark") == "on", Bare: q.Get("bare") == "on", Said: q.Get("said"), query: q}
	v.Variant, _ = snapshot.variant(q.Get("variant"))
	if v.Tab == "" || v.Tab == "message" && v.Variant.HTML == "" {
		v.Tab = "message"
	}
	v.Headers, _, _ = strings.Cut(strings.ReplaceAll(v.Variant.Message, "\r\n", "\n"), "\n\n")
	v.FullSize = len(v.Variant.Message)
	for _, f := range v.Variant.Findings {
		if f.Severity == lint.Hard {
			v.Hard++
		}
	}
	if v.Clip > 0 {
		v.Share = min(100, 100*len(v.Variant.HTML)/v.Clip)
	}
	return v
}

// variant is the one with this key, else the first.
func (s Snapshot) variant(key string) (Variant, bool) {
	for _, v := range s.Variants {
		if v.Key == key {
			return v, true
		}
	}
	if len(s.Variants) > 0 {
		return s.Variants[0], key == ""
	}
	return Variant{}, false
}

func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	if err := s.page.Execute(&b, s.view(r)); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(b.Bytes())
}

// message is the HTML part for a frame. It is a stranger's document: it runs
// nothing, and pictures are the only thing it loads.
func (s *Server) message(w http.ResponseWriter, r *http.Request) {
	snapshot, _, _ := s.current()
	v, ok := snapshot.variant(r.URL.Query().Get("variant"))
	if !ok || v.HTML == "" {
		http.NotFound(w, r)
		return
	}
	pictures := "img-src http: https: data:"
	if r.URL.Query().Get("bare") == "on" {
		pictures = "img-src 'none'"
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox; "+pictures)
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte(inScheme(v.framed(), r.URL.Query().Get("dark") == "on")))
}

// framed is the HTML with the pictures that only the message or the server would
// have, and links that open beside the studio.
func (v Variant) framed() string {
	var pairs []string
	for at, data := range v.Pictures {
		pairs = append(pairs, `src="`+at+`"`, `src="`+data+`"`)
	}
	html := strings.NewReplacer(pairs...).Replace(v.HTML)
	return strings.Replace(html, "<head>", `<head><base target="_blank">`, 1)
}

var asksForDark = regexp.MustCompile(`\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)`)

// inScheme answers the question for the reader's colours in the sheets
// themselves: no browser lets a page decide it for a frame.
func inScheme(html string, dark bool) string {
	return asksForDark.ReplaceAllStringFunc(html, func(query string) string {
		if strings.Contains(query, "dark") == dark {
			return "(min-width: 0)"
		}
		return "(max-width: 0)"
	})
}
