package roster

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Kind is the type of an attribute in a file that has no types of its own.
type Kind string

// The kinds of attribute. A date is kept as text, 2026-11-23, which sorts and
// compares as the dates do.
const (
	KindText   Kind = "text"
	KindNumber Kind = "number"
	KindYesNo  Kind = "yesno"
	KindDate   Kind = "date"
	KindList   Kind = "list" // parted by commas, semicolons or bars
)

// Meanings are what a column may mean; any other is an attribute.
var Meanings = []string{"email", "name", "first", "last", "language", "state", "lists", "created", "reason", "text_only", "topics", "cadence", "snooze", "hour", "zone", "attribute", "skip"}

// read gives a cell its type.
func (k Kind) read(value string) (any, error) {
	switch k {
	case KindNumber:
		plain := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(value)
		if strings.Count(plain, ",") == 1 && !strings.Contains(plain, ".") {
			plain = strings.Replace(plain, ",", ".", 1) // as French writes it
		}
		if i, err := strconv.ParseInt(plain, 10, 64); err == nil {
			return i, nil
		}
		f, err := strconv.ParseFloat(plain, 64)
		if err != nil || f != f || f-f != 0 {
			return nil, fmt.Errorf("is no number")
		}
		return f, nil
	case KindYesNo:
		switch canonical(value) {
		case "true", "yes", "oui", "1", "vrai", "x", "y", "o":
			return true, nil
		case "false", "no", "non", "0", "faux", "n":
			return false, nil
		}
		return nil, fmt.Errorf("is neither yes nor no")
	case KindDate:
		t := readTime(value)
		if t.IsZero() {
			return nil, fmt.Errorf("is no date; write 2026-11-23")
		}
		return t.Format(time.DateOnly), nil
	case KindList:
		list := []any{}
		for _, name := range splitNames(value) {
			list = append(list, name)
		}
		return list, nil
	}
	return value, nil
}

// said checks what the operator says of columns, and gives the meanings by
// [canonical] heading. Without headings, as in JSON lines, any may come.
func (o Options) said(headings []string) (map[string]string, error) {
	known := map[string]bool{}
	for _, h := range headings {
		known[canonical(clean(h))] = true
	}
	given := map[string]string{}
	for _, heading := range slices.Sorted(maps.Keys(o.Columns)) {
		switch field := o.Columns[heading]; {
		case !slices.Contains(Meanings, field):
			return nil, &digest.InvalidError{Field: "column", Value: field, Reason: "is no meaning of a column; there are " + strings.Join(Meanings, ", ")}
		case headings != nil && !known[canonical(heading)]:
			return nil, &digest.InvalidError{Field: "column", Value: heading, Reason: "is not in the file, which has " + strings.Join(headings, ", ")}
		default:
			given[canonical(heading)] = field
		}
	}
	for _, heading := range slices.Sorted(maps.Keys(o.Kinds)) {
		switch o.Kinds[heading] {
		case KindText, KindNumber, KindYesNo, KindDate, KindList:
		default:
			return nil, &digest.InvalidError{Field: "type", Value: string(o.Kinds[heading]), Reason: "is not one of text, number, yesno, date, list"}
		}
		if headings != nil && !known[canonical(heading)] {
			return nil, &digest.InvalidError{Field: "type", Value: heading, Reason: "is not a column of the file, which has " + strings.Join(headings, ", ")}
		}
	}
	return given, nil
}

// kindsByName are the types of attributes by [canonical] heading.
func (o Options) kindsByName() map[string]Kind {
	kinds := map[string]Kind{}
	for heading, kind := range o.Kinds {
		kinds[canonical(heading)] = kind
	}
	return kinds
}

// typed is a decoded JSON value as an attribute: whole numbers as int64.
func typed(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	case string:
		return clean(v)
	case []any:
		for i := range v {
			v[i] = typed(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = typed(v[k])
		}
	}
	return v
}
