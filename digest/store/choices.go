package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// choiceColumns are what a reader asked for, of subscriptions x.
const choiceColumns = `x.topics, x.cadence, x.language, x.text_only = 1, x.snooze, x.hour, x.zone`

// choiceScan reads choiceColumns into a choice: scan into its targets, then
// finish.
type choiceScan struct {
	choice *digest.Choice
	topics string
	snooze int64
}

func (c *choiceScan) targets() []any {
	d := c.choice
	return []any{&c.topics, &d.Cadence, &d.Language, &d.TextOnly, &c.snooze, &d.Hour, &d.Zone}
}

func (c *choiceScan) finish() {
	c.choice.Topics, c.choice.Snooze = splitTopics(c.topics), moment(c.snooze)
}

func choiceValues(c digest.Choice) []any {
	return []any{joinTopics(c.Topics), string(c.Cadence), c.Language, flag(c.TextOnly), milli(c.Snooze), c.Hour, c.Zone}
}

// joinTopics keeps a set of names in one column, so that the database can group
// readers by it.
func joinTopics(topics []string) string { return text(strings.Join(topics, "\n")) }

func splitTopics(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// Choice is what a reader asked for on a list.
func (s *Store) Choice(ctx context.Context, id digest.SubscriberID, list string) (digest.Choice, error) {
	var c digest.Choice
	scan := choiceScan{choice: &c}
	err := s.row(ctx, s.db, `SELECT `+choiceColumns+` FROM subscriptions x WHERE x.subscriber_id = ? AND x.list = ?`, id, list).Scan(scan.targets()...)
	if err != nil {
		return c, notFound(err)
	}
	scan.finish()
	return c, nil
}

// SetChoice changes what a reader asked for on a list. It takes effect with the
// next edition; an edition that is frozen already goes out as it was chosen. A
// choice that cannot be is a [*digest.InvalidError], a list that the reader was
// never on [digest.ErrNotFound].
func (s *Store) SetChoice(ctx context.Context, id digest.SubscriberID, list string, c digest.Choice) error {
	c, err := c.Clean()
	if err != nil {
		return err
	}
	n, err := s.exec(ctx, s.db, `UPDATE subscriptions SET topics = ?, cadence = ?, language = ?, text_only = ?, snooze = ?, hour = ?, zone = ?
		WHERE subscriber_id = ? AND list = ?`, append(choiceValues(c), id, list)...)
	if err == nil && n == 0 {
		return digest.ErrNotFound
	}
	return err
}

// SetPreferences stores the language and form that a person wants everywhere,
// on the lists they are on and those they will join.
func (s *Store) SetPreferences(ctx context.Context, id digest.SubscriberID, p digest.Preferences) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		n, err1 := s.exec(ctx, tx, `UPDATE subscribers SET language = ?, text_only = ? WHERE id = ?`, p.Language, flag(p.TextOnly), id)
		_, err2 := s.exec(ctx, tx, `UPDATE subscriptions SET language = ?, text_only = ? WHERE subscriber_id = ?`, p.Language, flag(p.TextOnly), id)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if n == 0 {
			return digest.ErrNotFound
		}
		return nil
	})
}
