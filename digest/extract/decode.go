package extract

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decode gives the text of a page as valid UTF-8. Bytes that are valid UTF-8
// are taken as such whatever a header says: sniffing looks at the first
// kilobyte only and then assumes windows-1252, and French pays for that.
func decode(body []byte, contentType string) string {
	if e := byteOrder(body); e != nil {
		if out, err := io.ReadAll(transform.NewReader(bytes.NewReader(body), e.NewDecoder())); err == nil {
			return strings.ToValidUTF8(string(out), "\uFFFD")
		}
	}
	body = bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF"))
	if utf8.Valid(body) && !stateful(body) {
		return string(body)
	}
	if nearlyUTF8(body) {
		return strings.ToValidUTF8(string(body), "\uFFFD")
	}
	e, name, _ := charset.DetermineEncoding(head(body, 4096), contentType)
	if name == "utf-8" { // it says so, and is not: what is mislabelled comes from Windows
		e = charmap.Windows1252
	}
	out, err := e.NewDecoder().Bytes(body)
	if err != nil {
		out = body
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

// byteOrder recognises UTF-16, by its mark or by the zero in every other byte
// of a document that starts in ASCII.
func byteOrder(b []byte) encoding.Encoding {
	switch {
	case len(b) < 4:
		return nil
	case b[0] == 0xFE && b[1] == 0xFF, b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case b[0] == 0xFF && b[1] == 0xFE, b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	}
	return nil
}

// stateful reports an ISO-2022 document: seven-bit bytes that are valid UTF-8
// and mean something else.
func stateful(b []byte) bool {
	return bytes.Contains(b, []byte("\x1b$B")) || bytes.Contains(b, []byte("\x1b$)C"))
}

// nearlyUTF8 reports whether only a few stray bytes keep b from being valid
// UTF-8: a UTF-8 page cut in the middle of a letter, or with a foreign snippet
// pasted in.
func nearlyUTF8(b []byte) bool {
	wide, broken := 0, 0
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && size == 1:
			broken++
		case size > 1:
			wide++
		}
		b = b[size:]
	}
	return broken*20 < wide
}

func head(b []byte, n int) []byte { return b[:min(n, len(b))] }
