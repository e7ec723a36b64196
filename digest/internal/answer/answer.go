// Package answer says what an HTTP handler answered, for those who count answers.
package answer

import "net/http"

// Serve has h answer a request. It returns the route, which is the pattern that
// matched and so nothing that a stranger chooses ("other" where none did), and
// the status code.
func Serve(h http.Handler, w http.ResponseWriter, r *http.Request) (route string, code int) {
	seen := &seen{w, http.StatusOK}
	h.ServeHTTP(seen, r)
	if route = r.Pattern; route == "" || route == "/" {
		route = "other"
	}
	return route, seen.code
}

// seen remembers the code of an answer.
type seen struct {
	http.ResponseWriter
	code int
}

func (s *seen) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets an http.ResponseController reach what is below.
func (s *seen) Unwrap() http.ResponseWriter { return s.ResponseWriter }
