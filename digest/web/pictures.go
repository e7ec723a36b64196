package web

import (
	"errors"
	"net/http"

	"github.com/zest-digest/zest/digest"
)

// picture answers with a picture of an edition. Its address names its content,
// so a client that has it never asks again.
func (s *Server) picture(w http.ResponseWriter, r *http.Request) {
	p, err := s.o.Store.Picture(r.Context(), r.PathValue("id"))
	switch {
	case errors.Is(err, digest.ErrNotFound):
		s.missing(w, r)
		return
	case err != nil:
		s.broken(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", p.Type)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // webmails show it on their own pages
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	s.answer(w, r, http.StatusOK, p.Data)
}
