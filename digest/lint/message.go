package lint

import "bytes"

// Message checks a message as it goes out.
func Message(eml []byte) []Finding {
	if t := placeholders.Find(eml); t != nil && bytes.Contains(eml, []byte("MIME-Version")) {
		return []Finding{{Hard, 1, "token", string(t) + " was not filled in"}}
	}
	return nil
}
