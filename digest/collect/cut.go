package collect

import (
	"bytes"
	"slices"
)

// feedBytes is how much of a feed is parsed, to whole items: the parser needs
// several times as much memory as it reads.
const feedBytes = 5 << 20

// firstItems ends a document after its first items, so that a feed of a hundred
// thousand costs what a thousand do. The result has no end when not even one item
// fits.
func firstItems(text []byte, limit int) []byte {
	if len(text) > feedBytes {
		text = text[:feedBytes]
		if fixed := closeCut(text); fixed != nil {
			text = fixed
		}
	}
	for _, end := range itemEnds {
		if bytes.Count(text, end) <= limit {
			continue
		}
		at := 0
		for range limit {
			at += bytes.Index(text[at:], end) + len(end)
		}
		if fixed := closeCut(text[:at]); fixed != nil {
			return fixed
		}
	}
	return text
}

var itemEnds = [][]byte{[]byte("</item>"), []byte("</entry>")}

// closeCut ends a document after its last whole item, or is nil when it has
// none.
func closeCut(text []byte) []byte {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return closeJSON(text)
	}
	head := text[:min(len(text), 4096)]
	for _, end := range itemEnds {
		at := bytes.LastIndex(text, end)
		if at < 0 {
			continue
		}
		closing := "</feed>"
		switch {
		case bytes.Contains(head, []byte("<rdf:RDF")):
			closing = "</rdf:RDF>"
		case bytes.Equal(end, itemEnds[0]):
			closing = "</channel></rss>"
		}
		return append(slices.Clip(text[:at+len(end)]), closing...)
	}
	return nil
}

// closeJSON ends a JSON Feed after its last whole item.
func closeJSON(text []byte) []byte {
	var open []byte
	last, quoted := -1, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			open = append(open, c)
		case (c == '}' || c == ']') && len(open) > 0:
			open = open[:len(open)-1]
			if c == '}' && string(open) == "{[" {
				last = i
			}
		}
	}
	if last < 0 {
		return nil
	}
	return append(slices.Clip(text[:last+1]), "]}"...)
}
