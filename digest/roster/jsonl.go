package roster

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// objects reads a file of one JSON object a line, its keys meaning what the
// headings of a table mean.
func (r *Reader) objects(yield func(Row, error) bool) {
	for {
		line, tooLong, err := r.lines.next()
		at := r.lines.number
		row := Row{}
		switch {
		case err == io.EOF:
			return
		case err != nil:
			yield(Row{}, fmt.Errorf("reading line %d: %w", at+1, err))
			return
		case tooLong:
			row = refuse(at, "row", "", "is longer than a million characters")
		case strings.TrimSpace(line) == "":
			continue
		default:
			row = r.object(line, at)
		}
		if !yield(row, nil) {
			return
		}
	}
}

func (r *Reader) object(line string, at int) Row {
	var values map[string]any
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.UseNumber()
	if err := decoder.Decode(&values); err != nil || decoder.More() {
		return refuse(at, "row", "", "is not one JSON object")
	}
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys) // which of two keys counts must not be chance
	b := builder{row: Row{Line: at}}
	taken := map[string]bool{}
	ours := ownExport(func(key string) bool { return values[key] != nil })
	for _, key := range keys {
		field, given := r.given[canonical(key)]
		switch {
		case given:
		case ours && slices.Contains(choices, key):
			field = key
		default:
			field = meaningOf(key)
		}
		if taken[field] && field != "skip" && field != "attribute" {
			field = "attribute"
		}
		taken[field] = true
		b.value(column{field, key, r.kinds[canonical(key)]}, values[key])
	}
	return b.done()
}

// value takes one JSON value in.
func (b *builder) value(c column, v any) {
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for key, inner := range v {
			b.attribute(key, typed(inner))
		}
	case []any:
		if c.field == "skip" {
			return
		}
		if c.field == "topics" {
			b.set(c, plain(v))
			return
		}
		if c.field != "lists" {
			b.attribute(c.heading, typed(v))
			return
		}
		for _, item := range v {
			if named, ok := item.(map[string]any); ok { // listmonk's API
				item = named["name"]
			}
			if name := clean(plain(item)); name != "" {
				b.row.Lists = append(b.row.Lists, name)
			}
		}
	default:
		if text, ok := v.(string); c.field == "attribute" && (!ok || c.kind == "" || text == "") {
			b.attribute(c.heading, typed(v))
			return
		}
		b.set(c, plain(v))
	}
}

// plain is a JSON value as text.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	}
	out, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(out)
}
