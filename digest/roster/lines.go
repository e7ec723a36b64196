package roster

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"github.com/zest-digest/zest/digest"
)

// maxLine is the longest line that is read, in bytes; a longer one is skipped.
const maxLine = 1 << 20

// lines reads a file of any charset and line ending as lines of UTF-8.
type lines struct {
	in     *bufio.Reader
	number int      // of the line last read
	back   []string // lines to be read again
	cr     bool     // lines end in a carriage return alone
}

func newLines(r io.Reader, charset string) (*lines, error) {
	in := newBuffered(r)
	start, err := in.Peek(4096)
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return nil, fmt.Errorf("reading the beginning: %w", err)
	}
	enc := encodingOf(start)
	if charset != "" {
		if enc, err = htmlindex.Get(charset); err != nil {
			return nil, &digest.InvalidError{Field: "charset", Value: charset, Reason: "not known; write one like utf-8 or windows-1252"}
		}
		if name, _ := htmlindex.Name(enc); name == "utf-8" {
			enc = nil
		}
	}
	if enc != nil {
		in = newBuffered(enc.NewDecoder().Reader(in))
	}
	if start, _ = in.Peek(3); bytes.Equal(start, []byte("\xef\xbb\xbf")) {
		in.Discard(3)
	}
	start, _ = in.Peek(buffered)
	cr := bytes.IndexByte(start, '\n') < 0 && bytes.IndexByte(start, '\r') >= 0
	return &lines{in: in, cr: cr}, nil
}

// encodingOf knows UTF-16 by its mark, or by the zeros that Latin letters have
// in it. Nil means bytes to be read as they are.
func encodingOf(start []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}):
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	case bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM)
	}
	var zeros [2]int
	for i, c := range start {
		if c == 0 {
			zeros[i%2]++
		}
	}
	switch half := len(start) / 2; {
	case half > 4 && zeros[1] > half/2 && zeros[0] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case half > 4 && zeros[0] > half/2 && zeros[1] == 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// peek is the beginning of what is left, with \n line ends.
func (l *lines) peek() []byte {
	start, _ := l.in.Peek(buffered)
	if l.cr {
		start = bytes.ReplaceAll(start, []byte("\r"), []byte("\n"))
	}
	return start
}

// next reads a line without its end. tooLong says that it was skipped.
func (l *lines) next() (line string, tooLong bool, err error) {
	if n := len(l.back); n > 0 {
		line, l.back = l.back[n-1], l.back[:n-1]
		l.number++
		return line, false, nil
	}
	end := byte('\n')
	if l.cr {
		end = '\r'
	}
	raw, err := l.in.ReadSlice(end)
	if err == bufio.ErrBufferFull {
		raw, tooLong, err = l.long(raw, end)
	}
	if err != nil && (err != io.EOF || len(raw) == 0 && !tooLong) {
		return "", false, err
	}
	l.number++
	if tooLong {
		return "", true, nil
	}
	raw = bytes.TrimSuffix(raw, []byte{end})
	return text(bytes.TrimSuffix(raw, []byte{'\r'})), false, nil
}

// long reads on where a line does not fit the buffer.
func (l *lines) long(begun []byte, end byte) (raw []byte, tooLong bool, err error) {
	raw = bytes.Clone(begun)
	for {
		more, err := l.in.ReadSlice(end)
		if len(raw) <= maxLine {
			raw = append(raw, more...)
		}
		if err != bufio.ErrBufferFull {
			return raw, len(raw) > maxLine, err
		}
	}
}

// unread gives lines back, to be read again in their order.
func (l *lines) unread(again []string) {
	for i := len(again) - 1; i >= 0; i-- {
		l.back = append(l.back, again[i])
		l.number--
	}
}

// text is a line as UTF-8. Where it is none it was written on an old Windows:
// decided line by line, for files are pasted together.
func text(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	decoded, err := charmap.Windows1252.NewDecoder().Bytes(raw)
	if err != nil {
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	return string(decoded)
}
