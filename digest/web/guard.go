package web

import (
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// bodyLimit is far above any form here, and far below what would hurt.
const bodyLimit = 64 << 10

// policy is the Content-Security-Policy of every page but a mailed edition: what
// runs is ours, and only where a page says so.
const policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"

// ServeHTTP adds what every answer needs, and keeps a panic from a reader.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy+"; img-src "+s.site.images+"; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin") // tickets leave for nowhere; "no-referrer" would take the Origin from our own forms
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
	h.Set("Cache-Control", "no-store")
	if strings.HasPrefix(s.site.public, "https://") {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler {
				panic(v)
			}
			s.o.Log.Error("answering a reader", "route", r.Pattern, "panic", v)
			w.WriteHeader(http.StatusInternalServerError)
		}
	}()
	if s.site.base != "" {
		r = unprefixed(r, s.site.base)
	}
	if err := s.checkOrigin(r); err != nil {
		s.notice(w, r, digest.Newsletter{}, http.StatusForbidden, "foreign")
		return
	}
	s.mux.ServeHTTP(w, r)
}

// checkOrigin refuses forms that other sites send in a reader's name. Two may
// come from anywhere: the sign-up form, which others embed, and leaving, which
// mail programs do. No request carries anything of the browser's, so that this
// is the second lock on the door: the first is the ticket.
func (s *Server) checkOrigin(r *http.Request) error {
	if strings.HasPrefix(r.URL.Path, "/u/") || strings.HasPrefix(r.URL.Path, "/subscribe/") {
		return nil
	}
	return s.origin.Check(r)
}

// unprefixed is the request without the path of public_url, where the proxy
// leaves it in.
func unprefixed(r *http.Request, base string) *http.Request {
	path, found := strings.CutPrefix(r.URL.Path, base)
	if !found || path != "" && path[0] != '/' {
		return r
	}
	out := r.Clone(r.Context())
	out.URL.Path, out.URL.RawPath = "/"+strings.TrimPrefix(path, "/"), ""
	return out
}

// peer is where a request comes from. The word of a proxy is taken when it is
// one of ours; of what it was told itself, nothing is.
func (s *Server) peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := ap.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return addr
		}
		addr = hop.Unmap().WithZone("")
	}
	return addr
}

func (s *Server) trusted(a netip.Addr) bool {
	for _, p := range s.o.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// network is what one household or office has: a /24, or a /56 of IPv6.
func network(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 56
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// values reads a form in either encoding that RFC 8058 section 3.1 allows.
func values(r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && kind == "multipart/form-data" {
		if err := r.ParseMultipartForm(bodyLimit); err != nil {
			return nil, err
		}
		return r.MultipartForm.Value, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(strings.TrimSpace(string(body)))
}

// form reads the form of a request, or answers it.
func (s *Server) form(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	form, err := values(r)
	if err != nil {
		s.notice(w, r, digest.Newsletter{}, http.StatusBadRequest, "unreadable")
		return nil, false
	}
	return form, true
}
