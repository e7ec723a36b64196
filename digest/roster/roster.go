// Package roster reads and writes files of subscribers: CSV of any dialect,
// JSON lines, and the exports of listmonk, Mailchimp and Ghost.
//
// Everything streams, a bad row costs that row only, and nothing here decides
// what happens to a subscriber: the caller holds each [Row] against what is
// stored.
package roster

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
)

// Row is one subscriber as a file has them.
type Row struct {
	Line       int // of the file, from 1, where the row begins
	Email      string
	Name       string
	Language   string
	TextOnly   bool
	State      digest.SubscriptionState // empty when the file does not say
	Suppress   string                   // why the address must get nothing, "hard bounce"; empty mostly
	Reason     string                   // why they left, if the file says
	Lists      []string
	Created    time.Time      // UTC; zero when the file does not say
	Choice     digest.Choice  // what they asked for; language and form are above
	Attributes map[string]any // what stands in columns with no meaning here; nil for none
	Refused    error          // why the row cannot be used; the fields but Line are then empty
}

// Format is the form of a file.
type Format string

// The forms.
const (
	FormatCSV       Format = "csv"
	FormatJSONLines Format = "jsonl"
)

// Options say what is known of a file; what is not is found out.
type Options struct {
	Format    Format
	Delimiter rune              // between columns
	Charset   string            // a name of the WHATWG list; UTF-8, UTF-16 or windows-1252 when empty
	Columns   map[string]string // meaning of columns by their heading: one of [Meanings]
	Kinds     map[string]Kind   // of attributes, by their heading; text when not said
}

// Reader reads one file.
type Reader struct {
	Format    Format
	Delimiter rune
	Headings  []string // as written; nil when the file has none

	lines   *lines
	columns []column
	pending []string // of the first row, when it is no heading
	pendAt  int
	given   map[string]string // what the operator said of the keys of JSON, by [canonical] name
	kinds   map[string]Kind
	left    bool   // the whole file is of people who left
	cleaned string // the whole file is of addresses to suppress, for this reason
}

// NewReader looks at the beginning of a file and finds out how to read it. An
// error is the whole file's: a [*digest.InvalidError] when the author can mend
// it.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	in, err := newLines(r, o.Charset)
	if err != nil {
		return nil, err
	}
	rd := &Reader{Format: o.Format, Delimiter: o.Delimiter, lines: in}
	start := in.peek()
	if rd.Format == "" {
		rd.Format = FormatCSV
		if bytes.HasPrefix(bytes.TrimSpace(start), []byte("{")) {
			rd.Format = FormatJSONLines
		}
	}
	if bytes.HasPrefix(bytes.TrimSpace(start), []byte("[{")) {
		return nil, &digest.InvalidError{Field: "file", Reason: "is one JSON list; write one object a line, for example with jq -c '.[]'"}
	}
	if rd.Format == FormatJSONLines {
		rd.kinds = o.kindsByName()
		rd.given, err = o.said(nil)
		return rd, err
	}
	return rd, rd.head(string(start), o)
}

// head reads the headings of a CSV file, or finds that it has none.
func (r *Reader) head(start string, o Options) error {
	if first, _, _ := strings.Cut(start, "\n"); len(first) >= 5 && strings.EqualFold(first[:4], "sep=") { // Excel's own line
		if r.Delimiter == 0 {
			r.Delimiter = []rune(first[4:])[0]
		}
		r.lines.next()
	}
	if r.Delimiter == 0 {
		r.Delimiter = guessDelimiter(start)
	}
	cells, at, err := r.row(0)
	for err == nil && len(cells) == 1 && strings.TrimSpace(cells[0]) == "" {
		cells, at, err = r.row(0) // empty lines above the headings
	}
	if err == io.EOF {
		return &digest.InvalidError{Field: "file", Reason: "is empty"}
	}
	if err != nil {
		return fmt.Errorf("reading the headings: %w", err)
	}
	if cells == nil {
		return &digest.InvalidError{Field: "file", Reason: "has a quotation mark in its first line that never closes"}
	}
	if bare := bareColumns(cells); bare != nil {
		r.columns, r.pending, r.pendAt = bare, cells, at
		return nil
	}
	r.Headings = cells
	r.columns, err = mapColumns(cells, o)
	for _, heading := range cells {
		switch canonical(heading) {
		case "unsubtime": // Mailchimp writes one file for each state
			r.left = true
		case "cleantime":
			r.left, r.cleaned = true, "hard bounce"
		}
	}
	return err
}

// Rows reads the rest of the file, row by row. The error is the file's and ends
// it; what is wrong with a row stands in the row.
func (r *Reader) Rows() iter.Seq2[Row, error] {
	if r.Format == FormatJSONLines {
		return r.objects
	}
	return func(yield func(Row, error) bool) {
		if r.pending != nil {
			if !yield(r.fill(r.pending, r.pendAt), nil) {
				return
			}
		}
		for {
			cells, at, err := r.row(len(r.columns))
			switch {
			case err == io.EOF:
				return
			case err != nil:
				yield(Row{}, fmt.Errorf("reading line %d: %w", at, err))
				return
			case cells == nil:
				if !yield(refuse(at, "row", "", "is longer than a million characters, or has a quotation mark that never closes"), nil) {
					return
				}
				continue
			case len(cells) == 1 && strings.TrimSpace(cells[0]) == "":
				continue
			}
			if !yield(r.fill(cells, at), nil) {
				return
			}
		}
	}
}

// fill makes a row of its cells.
func (r *Reader) fill(cells []string, at int) Row {
	if len(cells) > len(r.columns) && strings.Trim(strings.Join(cells[len(r.columns):], ""), " ") != "" {
		return refuse(at, "row", "", fmt.Sprintf("has %d columns, but the file has %d; put values with a %q in quotes", len(cells), len(r.columns), r.Delimiter))
	}
	b := builder{row: Row{Line: at}}
	for i, c := range r.columns {
		if i < len(cells) {
			b.set(c, cells[i])
		}
	}
	if r.left && b.row.State == "" {
		b.row.State, b.row.Suppress = digest.SubLeft, r.cleaned
	}
	return b.done()
}

// builder gathers the values of a row.
type builder struct {
	row         Row
	first, last string
	email       string
	err         error
	wish        error // what is wrong with the choice
}

// done settles what needs several values, the address first.
func (b *builder) done() Row {
	if b.err != nil {
		return Row{Line: b.row.Line, Refused: b.err}
	}
	if err := b.settleChoice(); err != nil {
		return Row{Line: b.row.Line, Refused: err}
	}
	if strings.TrimSpace(b.email) == "" {
		return refuse(b.row.Line, "address", "", "is missing")
	}
	box, err := address.ParseMailbox(b.email)
	if err != nil {
		return Row{Line: b.row.Line, Refused: err}
	}
	b.row.Email = box.Email
	if b.row.Name == "" {
		b.row.Name = strings.TrimSpace(b.first + " " + b.last)
	} else if b.first != "" && b.last == "" && !strings.Contains(b.row.Name, b.first) {
		b.row.Name = b.first + " " + b.row.Name // "Prénom" beside "Nom"
	}
	if b.row.Name == "" {
		b.row.Name = clean(box.Name)
	}
	return b.row
}

func refuse(line int, field, value, reason string) Row {
	return Row{Line: line, Refused: &digest.InvalidError{Field: field, Value: value, Reason: reason}}
}

// clean makes one line of a value: names stand in headers.
func clean(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u00a0' }) >= 0 {
		s = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || r == '\u00a0' {
				return ' '
			}
			return r
		}, s)
		s = strings.Join(strings.Fields(s), " ")
	}
	return strings.TrimSpace(s)
}

// unguard takes off the apostrophe that keeps a spreadsheet from calculating.
func unguard(s string) string {
	if len(s) > 1 && s[0] == '\'' {
		if rest := strings.TrimLeft(s, "'"); rest != "" && strings.IndexByte(formula, rest[0]) >= 0 {
			return s[1:]
		}
	}
	return s
}

// buffered is how much of a file is looked at before it is read.
const buffered = 64 << 10

func newBuffered(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, buffered) }
