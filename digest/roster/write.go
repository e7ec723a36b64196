package roster

import (
	"cmp"
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
		if err := w.csv.Write([]string{"email", "name", "language", "text_only", "list", "state", "since", "reason", "attributes",
			"topics", "cadence", "snooze", "hour", "zone"}); err != nil {
			return fmt.Errorf("writing the headings: %w", err)
		}
	}
	p, c := s.Subscriber, s.Choice
	attributes := ""
	if len(p.Attributes) > 0 {
		body, err := json.Marshal(p.Attributes)
		if err != nil {
			return fmt.Errorf("writing the attributes of a reader: %w", err)
		}
		attributes = string(body)
	}
	topics, err := names(c.Topics)
	if err != nil {
		return err
	}
	cells := []string{p.Email, p.Name, cmp.Or(c.Language, p.Language), strconv.FormatBool(c.TextOnly), s.List, string(s.State), moment(s.Since), s.Reason, attributes,
		topics, string(c.Cadence), moment(c.Snooze), c.Hour, c.Zone}
	for i := range cells {
		cells[i] = guard(cells[i])
	}
	if err := w.csv.Write(cells); err != nil {
		return fmt.Errorf("writing a reader: %w", err)
	}
	return nil
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// names writes a list in one cell, as JSON where a name holds what parts names.
func names(list []string) (string, error) {
	if !strings.ContainsAny(strings.Join(list, ""), ",;|[") {
		return strings.Join(list, "; "), nil
	}
	body, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("writing the topics of a reader: %w", err)
	}
	return string(body), nil
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
