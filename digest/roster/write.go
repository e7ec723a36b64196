package roster

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// formula holds what makes a spreadsheet calculate a cell. The apostrophe
// itself is guarded when it stands before one of them, so that reading the
// file back gives what was written.
const formula = "=+-@\t\r|%"

// Writer writes subscriptions as CSV that [Reader] reads back and that does
// nothing when a spreadsheet opens it.
type Writer struct {
	csv     *csv.Writer
	started bool
}

// NewWriter makes a writer. Call [Writer.Flush] at the end.
func NewWriter(w io.Writer) *Writer { return &Writer{csv: csv.NewWriter(w)} }

// Write adds one subscription.
func (w *Writer) Write(s digest.Subscription) error {
	if !w.started {
		w.started = true
		if err := w.csv.Write([]string{"email", "name", "language", "text_only", "list", "state", "since", "reason", "attributes"}); err != nil {
			return fmt.Errorf("writing the headings: %w", err)
		}
	}
	since := ""
	if !s.Since.IsZero() {
		since = s.Since.UTC().Format(time.RFC3339)
	}
	p := s.Subscriber
	attributes := ""
	if len(p.Attributes) > 0 {
		body, err := json.Marshal(p.Attributes)
		if err != nil {
			return fmt.Errorf("writing the attributes of a reader: %w", err)
		}
		attributes = string(body)
	}
	cells := []string{p.Email, p.Name, p.Language, strconv.FormatBool(p.TextOnly), s.List, string(s.State), since, s.Reason, attributes}
	for i := range cells {
		cells[i] = guard(cells[i])
	}
	if err := w.csv.Write(cells); err != nil {
		return fmt.Errorf("writing a reader: %w", err)
	}
	return nil
}

// Flush writes what is still held.
func (w *Writer) Flush() error {
	w.csv.Flush()
	return w.csv.Error()
}

// guard puts an apostrophe before what a spreadsheet would calculate. Blanks
// before it do not help: some programs trim them.
func guard(s string) string {
	trimmed := strings.TrimLeft(s, " '")
	if trimmed != "" && strings.IndexByte(formula, trimmed[0]) >= 0 {
		if s[0] == ' ' {
			s = strings.TrimLeft(s, " ")
		}
		return "'" + s
	}
	return s
}
