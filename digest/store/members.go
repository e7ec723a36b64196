package store

import (
	"context"
	"strconv"

	"github.com/zest-digest/zest/digest"
)

// listOf writes members as a list that both databases read.
func listOf(m *digest.Members) string {
	b := make([]byte, 0, 8*len(m.IDs)+2)
	b = append(b, '[')
	for i, id := range m.IDs {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(id), 10)
	}
	return string(append(b, ']'))
}

// Members asks of every willing reader of some lists whether they belong, once
// each, and remembers who does: only numbers, so that memory grows by eight bytes
// a member.
func (s *Store) Members(ctx context.Context, lists []string, belongs func(digest.Subscriber, []digest.Subscription) bool) (*digest.Members, error) {
	out := &digest.Members{IDs: []digest.SubscriberID{}}
	if len(lists) == 0 {
		return out, nil
	}
	var reader digest.Subscriber
	var on []digest.Subscription
	judge := func() {
		if reader.ID != 0 && belongs(reader, on) {
			out.IDs = append(out.IDs, reader.ID)
		}
	}
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var r digest.Subscriber
		var x digest.Subscription
		var created, since int64
		var attributes string
		err := scan(&r.ID, &r.Email, &r.Name, &r.Language, &r.TextOnly, &created, &attributes, &x.List, &x.State, &since)
		if err != nil {
			return err
		}
		if r.ID != reader.ID {
			judge()
			r.Created = moment(created)
			if r.Attributes, err = decodeAttributes(attributes); err != nil {
				return err
			}
			reader, on = r, on[:0]
		}
		x.Since = moment(since)
		on = append(on, x)
		return nil
	}, `SELECT s.id, s.email, s.name, s.language, s.text_only = 1, s.created, s.attributes, x.list, x.state, x.since
		FROM subscribers s JOIN subscriptions x ON x.subscriber_id = s.id WHERE s.suppressed = 0
		AND EXISTS (SELECT 1 FROM subscriptions w WHERE w.subscriber_id = s.id AND w.state = 'confirmed' AND w.list IN (`+marks(len(lists))+`))
		ORDER BY s.id, x.list`, anys(lists)...)
	if err != nil {
		return nil, err
	}
	judge()
	return out, nil
}
