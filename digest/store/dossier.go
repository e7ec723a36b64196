package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Dossier gathers everything stored of a person: every row of every table that
// names them, as the law entitles them to see it (GDPR article 15). Times are in
// RFC 3339.
func (s *Store) Dossier(ctx context.Context, id digest.SubscriberID) (digest.Dossier, error) {
	reader, err := s.Subscriber(ctx, id)
	if err != nil {
		return nil, err
	}
	tables, err := s.tables(ctx)
	if err != nil {
		return nil, err
	}
	d := digest.Dossier{}
	for _, t := range tables {
		owner := t.owner()
		if owner == "" {
			continue
		}
		if d[t.name], err = s.records(ctx, t, owner, id); err != nil {
			return nil, fmt.Errorf("reading %s: %w", t.name, err)
		}
	}
	hash, err := s.hashes(ctx, reader.Email)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		if t.place("hash") < 0 {
			continue // the others know a person by a hash only
		}
		for _, h := range hash {
			rows, err := s.records(ctx, t, "hash", h)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", t.name, err)
			}
			d[t.name] = append(d[t.name], rows...)
		}
	}
	maps.DeleteFunc(d, func(_ string, rows []map[string]any) bool { return len(rows) == 0 })
	return d, nil
}

// owner is the column of a table that names a person, or "".
func (t table) owner() string {
	switch {
	case t.name == "subscribers":
		return "id"
	case t.place("subscriber_id") >= 0:
		return "subscriber_id"
	}
	return ""
}

func (s *Store) records(ctx context.Context, t table, where string, is any) (out []map[string]any, err error) {
	columns := t.names()
	err = s.each(ctx, s.db, func(scan func(...any) error) error {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := scan(values...); err != nil {
			return err
		}
		row := map[string]any{}
		for i, c := range columns {
			row[c] = plainValue(c, *values[i].(*any))
		}
		out = append(out, row)
		return nil
	}, `SELECT `+strings.Join(columns, ", ")+` FROM `+t.name+` WHERE `+where+` = ?`, is)
	return out, err
}

// instants are the columns that hold a time in milliseconds.
var instants = []string{"at", "since", "created", "settled", "next_try", "asked", "confirmed", "begun", "finished", "undone", "expires", "snooze"}

// plainValue is a stored value as a person can read it.
func plainValue(column string, v any) any {
	if ms, ok := v.(int64); ok && slices.Contains(instants, column) {
		if ms == 0 {
			return nil
		}
		return moment(ms).Format(time.RFC3339)
	}
	if b, ok := v.([]byte); ok {
		v = string(b)
	}
	if text, ok := v.(string); ok && column == "attributes" && text != "" {
		if m, err := decodeAttributes(text); err == nil {
			return m
		}
	}
	return v
}
