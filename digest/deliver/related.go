package deliver

import (
	"bytes"
	"strings"
)

// boundaryMark begins every boundary of ours; cut looks for it.
const boundaryMark = "zest-"

// innerBoundary gives the multipart/alternative of a message with pictures a
// boundary of its own: go-mail writes the one it was given at every level, and
// then the first part would end the whole (RFC 2046, section 5.1.2). The
// boundary is a hash of the content, so it stands nowhere else; one must not begin like the other.
func innerBoundary(raw []byte, boundary string) []byte {
	mark, end := []byte("boundary="+boundary), []byte("--"+boundary+"--")
	outer := bytes.Index(raw, mark)
	if outer < 0 {
		return raw
	}
	from := outer + len(mark)
	inner := bytes.Index(raw[from:], mark)
	if inner < 0 {
		return raw
	}
	from += inner
	to := bytes.Index(raw[from:], end)
	if to < 0 {
		return raw
	}
	to += from + len(end)
	out := append([]byte(nil), raw[:from]...)
	out = append(out, bytes.ReplaceAll(raw[from:to], []byte(boundary), []byte(boundaryMark+"in-"+strings.TrimPrefix(boundary, boundaryMark)))...)
	return append(out, raw[to:]...)
}
