package store

import (
	"context"
	"fmt"
)

// Fill puts n rows that differ in every column into each table of an empty
// store, also into tables that are younger than this test.
func (s *Store) Fill(ctx context.Context, n int) error {
	tables, err := s.tables(ctx)
	if err != nil {
		return err
	}
	for _, t := range tables {
		rows := make([][]any, n)
		for i := range rows {
			for _, c := range t.columns {
				rows[i] = append(rows[i], sampleValue(t, c, i))
			}
		}
		if err := s.insertRows(ctx, t, rows); err != nil {
			return fmt.Errorf("filling %s: %w", t.name, err)
		}
		if t.number != "" {
			if err := s.setLastNumber(ctx, t, int64(n+7)); err != nil { // seven were erased
				return err
			}
		}
	}
	return nil
}

// FillReaders puts readers into an empty store, each on one list and with some
// deliveries, and nothing else.
func (s *Store) FillReaders(ctx context.Context, readers, deliveries int) error {
	tables, err := s.tables(ctx)
	if err != nil {
		return err
	}
	for _, t := range tables {
		per := map[string]int{"subscribers": 1, "subscriptions": 1, "deliveries": deliveries}[t.name]
		rows := make([][]any, 0, batch)
		for i := range per * readers {
			row := make([]any, len(t.columns))
			for j, c := range t.columns {
				row[j] = sampleValue(t, c, i)
			}
			if t.name == "deliveries" {
				row[t.place("edition_id")], row[t.place("subscriber_id")] = int64(i%per+1), int64(i/per+1)
				row[t.place("status")] = "sent"
			}
			if rows = append(rows, row); len(rows) == batch || i == per*readers-1 {
				if err := s.insertRows(ctx, t, rows); err != nil {
					return fmt.Errorf("filling %s: %w", t.name, err)
				}
				rows = rows[:0]
			}
		}
	}
	return nil
}

func sampleValue(t table, c column, i int) any {
	switch {
	case t.name == "meta" && c.name == "value", c.name == "secret", t.name == "pictures" && c.name == "data":
		return []byte{0, 0xff, byte(i), byte(i >> 8)}
	case c.text && i%3 == 0:
		return fmt.Sprintf("Zoé %d’%s", i, c.name)
	case c.text:
		return fmt.Sprintf("a %d %s", i, c.name)
	case t.name == "articles" && c.name == "score":
		return float64(i) / 3
	}
	return int64(i + 1)
}

// LastNumbers gives the last number that each numbered table gave.
func (s *Store) LastNumbers(ctx context.Context) (map[string]int64, error) {
	out := map[string]int64{}
	tables, err := s.tables(ctx)
	for _, t := range tables {
		if t.number != "" {
			if out[t.name], err = s.lastNumber(ctx, t); err != nil {
				return nil, err
			}
		}
	}
	return out, err
}
