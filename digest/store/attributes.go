package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/zest-digest/zest/digest"
)

// encodeAttributes is the stored form of attributes: JSON with sorted keys, ""
// for none. What JSON cannot hold is left out; [digest.Subscriber] names what it
// can.
func encodeAttributes(m map[string]any) string {
	if len(m) == 0 {
		return ""
	}
	body, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	return string(body)
}

// decodeAttributes reads the stored form: whole numbers as int64, others as
// float64.
func decodeAttributes(stored string) (map[string]any, error) {
	if stored == "" {
		return nil, nil
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader([]byte(stored)))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("reading attributes: %w", err)
	}
	for k, v := range m {
		m[k] = number(v)
	}
	return m, nil
}

// number gives the numbers of a JSON value their Go types.
func number(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case []any:
		for i := range v {
			v[i] = number(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = number(v[k])
		}
	}
	return v
}

// mergeAttributes lays new attributes over old ones, both as stored. A null
// takes one away.
func mergeAttributes(old, new string) (string, error) {
	if new == "" || new == old {
		return old, nil
	}
	have, err := decodeAttributes(old)
	if err != nil {
		return "", err
	}
	more, err := decodeAttributes(new)
	if err != nil {
		return "", err
	}
	if have == nil {
		have = map[string]any{}
	}
	for k, v := range more {
		if have[k] = v; v == nil {
			delete(have, k)
		}
	}
	return encodeAttributes(have), nil
}

// SetAttributes lays attributes over those of a reader; a nil value takes one
// away.
func (s *Store) SetAttributes(ctx context.Context, id digest.SubscriberID, attributes map[string]any) error {
	var old string
	if err := s.row(ctx, s.db, `SELECT attributes FROM subscribers WHERE id = ?`, id).Scan(&old); err != nil {
		return notFound(err)
	}
	merged, err := mergeAttributes(old, encodeAttributes(attributes))
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, s.db, `UPDATE subscribers SET attributes = ? WHERE id = ?`, text(merged), id)
	return err
}
