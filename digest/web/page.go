package web

import (
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/zest-digest/zest/digest"
)

// page is what a template shows, and what it asks for: words in the reader's
// language, and addresses.
type page struct {
	site  *site
	title string            // names a message
	names map[string]string // for the places in words
	depth int               // folders between a page that becomes a file and the root

	Newsletter digest.Newsletter
	Lang       string
	Dir        string // "ltr" or "rtl"
	Heading    string // in place of the title in words
	Address    string // masked
	Notice     string // one sentence above the rest
	Alert      string // one sentence about what to mend
	Path       string // of this page, below the root
	Index      bool   // search engines may list it
	Script     string // a script of ours, "" for none
	Bare       bool   // without masthead and footer, inside another page
	Content    any    // what only this page has
}

// page begins a page of a newsletter, in a language.
func (s *Server) page(n digest.Newsletter, lang, title string) *page {
	p := &page{site: s.site, title: title, Newsletter: n, Lang: s.site.words.Spoken(lang), Dir: "ltr"}
	script, _ := language.Make(p.Lang).Script()
	if s := script.String(); s == "Arab" || s == "Hebr" {
		p.Dir = "rtl"
	}
	p.names = map[string]string{"Newsletter": n.Title, "Address": ""}
	return p
}

// about makes a page speak of a reader.
func (p *page) about(email string) *page {
	p.Address = mask(email)
	p.names["Address"] = p.Address
	return p
}

// Put fills a place in words.
func (p *page) Put(key, value string) *page {
	p.names[key] = value
	return p
}

// Title is the heading of the page.
func (p *page) Title() string {
	if p.Heading != "" {
		return p.Heading
	}
	return p.T(p.title)
}

// Look names the newsletter whose colours the page has: its own, or the only one
// there is.
func (p *page) Look() string {
	if p.Newsletter.Name == "" {
		return p.site.only
	}
	return p.Newsletter.Name
}

// T is a message in the page's language.
func (p *page) T(id string) string { return p.site.words.Say(p.Lang, id, p.names) }

// N is a message about a number.
func (p *page) N(id string, n int) string { return p.site.words.Count(p.Lang, id, n) }

// Day is a date in words.
func (p *page) Day(t time.Time) string { return p.site.words.Date(p.Lang, t) }

// Languages lists what the pages can be read in.
func (p *page) Languages() []string { return p.site.words.Languages() }

// LanguageName is a language in its own words.
func (p *page) LanguageName(tag string) string { return p.site.words.Say(tag, "language_name", nil) }

// Public is where readers come by.
func (p *page) Public() string { return p.site.public }

// Still reports whether the page becomes a file, which nothing can be sent to.
func (p *page) Still() bool { return p.site.still }

// Open reports whether strangers may join.
func (p *page) Open() bool { return len(p.Newsletter.Joinable) > 0 }

// Here is the address of this page.
func (p *page) Here() string { return p.site.public + "/" + p.Path }

// Link is the address of a page below the root: relative where pages become
// files, so that they can stand anywhere.
func (p *page) Link(to string) string {
	if !p.site.still {
		return p.site.base + "/" + to
	}
	up := strings.Repeat("../", p.depth)
	if to == "" {
		return up + "./"
	}
	return up + to + "/"
}

// Live is the address of a page that only a server can answer.
func (p *page) Live(to string) string {
	if p.site.still {
		return p.site.public + "/" + to
	}
	return p.site.base + "/" + to
}

// Asset is the address of a file, and changes when the file does.
func (p *page) Asset(name string) string {
	version := "?v=" + p.site.assets[strings.TrimSuffix(name, ".css")].version
	if a, known := p.site.assets[name]; known {
		version = "?v=" + a.version
	}
	if p.site.still {
		return strings.Repeat("../", p.depth) + name + version
	}
	return p.site.base + "/" + name + version
}

// File is the address of a file that keeps its name, such as a feed.
func (p *page) File(name string) string {
	if p.site.still {
		return strings.Repeat("../", p.depth) + name
	}
	return p.site.base + "/" + name
}

// Switch is this page in another language.
func (p *page) Switch(lang string) string { return p.Link(p.Path) + "?lang=" + url.QueryEscape(lang) }

// Paragraphs parts a text at its blank lines.
func (p *page) Paragraphs(text string) []string {
	var out []string
	for _, part := range strings.Split(text, "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// Web tells whether an address may stand in a link.
func (p *page) Web(address string) bool {
	return strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")
}

// inMessage is a picture's address inside a message.
var inMessage = regexp.MustCompile(`^cid:([0-9a-f]{32})@`)

// Robots is what search engines are told.
func (p *page) Robots() string {
	if p.Index {
		return "index, follow"
	}
	return "noindex"
}

// Picture is the address of a picture, where the page may show it. One that
// travelled inside the message is shown by us.
func (p *page) Picture(address string) template.URL {
	if m := inMessage.FindStringSubmatch(address); m != nil {
		return template.URL(p.site.public + "/i/" + m[1])
	}
	if strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://") && strings.Contains(p.site.images, "http:") {
		return template.URL(address)
	}
	return ""
}

// spoken is the language to answer a visitor in: the one they ask for, else the
// first of what is known of them, else the browser's.
func (s *Server) spoken(r *http.Request, known ...string) string {
	if lang := r.URL.Query().Get("lang"); s.site.words.Speaks(lang) {
		return lang
	}
	for _, lang := range known {
		if lang != "" {
			return lang
		}
	}
	_, i := language.MatchStrings(s.site.matcher, r.Header.Get("Accept-Language"))
	return s.site.words.Languages()[i]
}

// stranger is the language of a visitor of whom nothing is known: the browser's
// where it says one, else the newsletter's.
func (s *Server) stranger(r *http.Request, n digest.Newsletter) string {
	if r.Header.Get("Accept-Language") == "" {
		return s.spoken(r, n.Language)
	}
	return s.spoken(r)
}

// notice answers with one sentence; kind names its title and words.
func (s *Server) notice(w http.ResponseWriter, r *http.Request, n digest.Newsletter, status int, kind string) {
	p := s.page(n, s.spoken(r, n.Language), kind+"_title")
	p.Notice = p.T(kind + "_done")
	s.render(w, r, status, "notice", p)
}

func (s *Server) missing(w http.ResponseWriter, r *http.Request) {
	if to := strings.TrimRight(r.URL.Path, "/"); to != r.URL.Path && to != "" && r.Method == http.MethodGet && !strings.HasPrefix(to, "//") {
		http.Redirect(w, r, s.site.base+to, http.StatusMovedPermanently)
		return
	}
	s.notice(w, r, digest.Newsletter{}, http.StatusNotFound, "missing")
}

// broken is our fault: it is logged, and the reader learns no more than that.
func (s *Server) broken(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		s.o.Log.Error("answering a reader", "route", r.Pattern, "error", err)
	}
	s.notice(w, r, digest.Newsletter{}, http.StatusInternalServerError, "broken")
}

// mask hides an address from whoever the message was forwarded to, and lets its
// owner recognise it.
func mask(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	for _, r := range local {
		return string(r) + "…@" + domain
	}
	return "…"
}
