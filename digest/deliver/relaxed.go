package deliver

import (
	"bytes"
	"slices"
)

// relaxBody appends whole lines of a body as RFC 6376 section 3.4.4 wants them
// hashed: white space at their ends gone, and one space for any other run of it.
// What needs no change and stands alone is returned as it is.
func relaxBody(dst, text []byte) []byte {
	alone, from := len(dst) == 0, 0
	for i := 0; i < len(text); i++ {
		if c := text[i]; c != ' ' && c != '\t' {
			continue
		}
		end := i + 1
		for end < len(text) && (text[end] == ' ' || text[end] == '\t') {
			end++
		}
		ends := end == len(text) || text[end] == '\r'
		if text[i] == ' ' && end == i+1 && !ends {
			continue
		}
		dst = append(slices.Grow(dst, len(text)-from), text[from:i]...)
		if !ends {
			dst = append(dst, ' ')
		}
		from, i = end, end-1
	}
	if alone && from == 0 {
		return text
	}
	return append(dst, text[from:]...)
}

// trimEnd takes the empty lines off the end of a body.
func trimEnd(text []byte) []byte {
	for {
		line := bytes.TrimRight(text, " \t")
		cut, found := bytes.CutSuffix(line, []byte("\r\n"))
		switch before := bytes.TrimRight(cut, " \t"); {
		case !found:
			return text
		case len(before) == 0:
			return nil
		case !bytes.HasSuffix(before, []byte("\n")):
			return line
		default:
			text = before
		}
	}
}

// relaxHeader appends header fields as RFC 6376 section 3.4.2 wants them hashed:
// names in lower case, unfolded, one space for each run of white space, none
// around the colon or at the end. The last field need not end its line, and then
// does not.
func relaxHeader(dst, header []byte) []byte {
	for len(header) > 0 {
		end := endOfField(header)
		field := header[:end]
		header = header[end:]
		colon := bytes.IndexByte(field, ':')
		for _, c := range bytes.TrimRight(field[:colon], " \t") {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
		}
		dst = append(dst, ':')
		space, begun := false, false
		for _, c := range field[colon+1:] {
			switch c {
			case '\r', '\n':
			case ' ', '\t':
				space = begun
			default:
				if space {
					dst = append(dst, ' ')
				}
				space, begun = false, true
				dst = append(dst, c)
			}
		}
		if bytes.HasSuffix(field, []byte("\n")) {
			dst = append(dst, "\r\n"...)
		}
	}
	return dst
}

// endOfField is where the first field of a header ends, its folded lines and its
// line break included.
func endOfField(header []byte) int {
	at := 0
	for {
		i := bytes.IndexByte(header[at:], '\n')
		if i < 0 {
			return len(header)
		}
		if at += i + 1; at == len(header) || header[at] != ' ' && header[at] != '\t' {
			return at
		}
	}
}
