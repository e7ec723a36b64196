package render

import "github.com/zest-digest/zest/digest"

// Document is the HTML part before its styles are inlined.
func (r *Renderer) Document(n digest.Newsletter, e digest.Edition, v digest.Variant) (string, error) {
	th, err := r.theme(n.Look.Theme)
	if err != nil {
		return "", err
	}
	j, err := r.job(n, e, v, "https://example.org/")
	if err != nil {
		return "", err
	}
	return th.document(j)
}
