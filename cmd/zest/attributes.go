package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// setAttributes changes what the operator knows of a reader.
func (m *machine) setAttributes(ctx context.Context, email string, args []string) error {
	if len(args) == 0 {
		return nil
	}
	attributes, err := parseAttributes(args)
	if err != nil {
		return err
	}
	s, err := m.store.FindSubscriber(ctx, email)
	if err != nil {
		return fmt.Errorf("subscriber %s: %w", email, err)
	}
	if err := m.store.SetAttributes(ctx, s.ID, attributes); err != nil {
		return err
	}
	if !m.a.json {
		m.a.printf("%s: %s set\n", s.Email, count(len(attributes), "attribute", "attributes"))
	}
	return nil
}

// parseAttributes reads NAME=TEXT and NAME:=JSON.
func parseAttributes(args []string) (map[string]any, error) {
	out := map[string]any{}
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || strings.Trim(name, ": ") == "" {
			return nil, usagef("%q: write an attribute as name=text or name:=json", arg)
		}
		plain, typed := strings.CutSuffix(name, ":")
		switch {
		case !typed && value == "":
			out[name] = nil
		case !typed:
			out[name] = value
		default:
			var v any
			if err := json.Unmarshal([]byte(value), &v); err != nil {
				return nil, &digest.InvalidError{Field: plain, Value: value, Reason: "is not JSON; text in quotes, or write " + plain + "=" + value}
			}
			out[plain] = v
		}
	}
	return out, nil
}
