package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed inbox.html
var inboxPages embed.FS

// The inbox's own pages load nothing from anywhere. A message's HTML is shown
// as a stranger: no script, no form, no origin; only pictures and its own style.
const (
	pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	mailPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; " +
		"form-action 'none'; frame-ancestors 'self'; img-src "
)

// Handler is the inbox's web page.
//
//	/                     what arrived, newest first
//	/messages/N           one message: ?view=html|text|headers|source,
//	                      ?width=phone, ?images=off, ?dark=on
//	/messages/N.eml       the message as it came over the wire
//	/messages/N/html      its HTML part, for the sandboxed frame
//	/messages/N/files/K   its K-th embedded picture or attachment
//	/api/messages         the list as JSON
func (i *Inbox) Handler() http.Handler {
	h := &inboxWeb{inbox: i, pages: template.Must(template.ParseFS(inboxPages, "inbox.html"))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.list)
	mux.HandleFunc("GET /messages/{name}", h.message)
	mux.HandleFunc("GET /messages/{name}/html", h.html)
	mux.HandleFunc("GET /messages/{name}/files/{file}", h.file)
	mux.HandleFunc("GET /api/messages", h.api)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

type inboxWeb struct {
	inbox *Inbox
	pages *template.Template
}

// view is what the reader chose; it travels in the address, so that no script
// is needed.
type view struct {
	Number                  int
	Show                    string // "html", "text", "headers" or "source"
	Phone, NoImages, InDark bool
}

func viewOf(r *http.Request, l letter) view {
	q := r.URL.Query()
	v := view{Number: l.Number, Show: q.Get("view"), Phone: q.Get("width") == "phone",
		NoImages: q.Get("images") == "off", InDark: q.Get("dark") == "on"}
	switch {
	case v.Show == "text" || v.Show == "headers" || v.Show == "source":
	case l.HTML == "":
		v.Show = "text"
	default:
		v.Show = "html"
	}
	return v
}

// Link is the address of this view with one choice changed.
func (v view) Link(choice string) string {
	switch choice {
	case "phone", "desktop":
		v.Phone = choice == "phone"
	case "images":
		v.NoImages = !v.NoImages
	case "dark":
		v.InDark = !v.InDark
	default:
		v.Show = choice
	}
	return v.address()
}

// To is the address of another message in the same view.
func (v view) To(number int) string {
	v.Number = number
	return v.address()
}

func (v view) address() string {
	q := url.Values{"view": {v.Show}}
	if v.Phone {
		q.Set("width", "phone")
	}
	if v.NoImages {
		q.Set("images", "off")
	}
	if v.InDark {
		q.Set("dark", "on")
	}
	return fmt.Sprintf("/messages/%d?%s", v.Number, q.Encode())
}

// letters opens everything, newest first.
func (h *inboxWeb) letters() []letter {
	var out []letter
	for number := len(h.inbox.Messages()); number > 0; number-- {
		if l, ok := h.inbox.letter(number); ok {
			out = append(out, l)
		}
	}
	return out
}

func (h *inboxWeb) list(w http.ResponseWriter, r *http.Request) {
	h.show(w, r, "list", map[string]any{"Letters": h.letters(), "SMTP": h.inbox.SMTPAddr()})
}

func (h *inboxWeb) message(w http.ResponseWriter, r *http.Request) {
	name, raw := strings.CutSuffix(r.PathValue("name"), ".eml")
	l, ok := h.find(name)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if raw {
		w.Header().Set("Content-Type", "message/rfc822")
		w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%03d.eml"`, l.Number))
		w.Write(l.Raw)
		return
	}
	h.show(w, r, "message", map[string]any{"Letters": h.letters(), "L": l, "V": viewOf(r, l), "Source": string(l.Raw)})
}

func (h *inboxWeb) find(name string) (letter, bool) {
	number, err := strconv.Atoi(name)
	if err != nil {
		return letter{}, false
	}
	return h.inbox.letter(number)
}

func (h *inboxWeb) html(w http.ResponseWriter, r *http.Request) {
	l, ok := h.find(r.PathValue("name"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	pictures := "http: https: data:"
	if r.URL.Query().Get("images") == "off" {
		pictures = "'none'"
	}
	w.Header().Set("Content-Security-Policy", mailPolicy+pictures)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte(l.framed()))
}

var headTag = regexp.MustCompile(`(?i)<head(\s[^>]*)?>`)

// framed is the HTML part for the frame: embedded pictures by their address
// here, links in a new tab.
func (l letter) framed() string {
	page := l.HTML
	for k, f := range l.Files {
		if f.ID != "" {
			page = strings.ReplaceAll(page, "cid:"+f.ID, fmt.Sprintf("/messages/%d/files/%d", l.Number, k))
		}
	}
	const newTab = `<base target="_blank">`
	if at := headTag.FindStringIndex(page); at != nil {
		return page[:at[1]] + newTab + page[at[1]:]
	}
	return newTab + page
}

func (h *inboxWeb) file(w http.ResponseWriter, r *http.Request) {
	l, ok := h.find(r.PathValue("name"))
	k, err := strconv.Atoi(r.PathValue("file"))
	if !ok || err != nil || k < 0 || k >= len(l.Files) {
		http.NotFound(w, r)
		return
	}
	f := l.Files[k]
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	switch f.Type {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		w.Header().Set("Content-Type", f.Type)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", "attachment")
	}
	w.Write(f.Data)
}

// api answers the list as JSON, for scripts and tests.
func (h *inboxWeb) api(w http.ResponseWriter, r *http.Request) {
	type entry struct {
		Number   int       `json:"number"`
		From     string    `json:"from"` // the envelope's
		To       string    `json:"to"`
		Subject  string    `json:"subject"`
		Received time.Time `json:"received"`
		Bytes    int       `json:"bytes"`
		Raw      string    `json:"raw"`
	}
	list := []entry{}
	for _, l := range h.letters() {
		list = append(list, entry{l.Number, l.From, l.To, l.Subject, l.Received.UTC(), len(l.Raw),
			fmt.Sprintf("/messages/%d.eml", l.Number)})
	}
	slices.Reverse(list) // in order of arrival
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(list)
}

func (h *inboxWeb) show(w http.ResponseWriter, r *http.Request, name string, data map[string]any) {
	data["W"] = wordsFor(r.Header.Get("Accept-Language"))
	var b bytes.Buffer
	if err := h.pages.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	b.WriteTo(w)
}
