package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
)

// known is what the store has of a reader who is in a file.
type known struct {
	id                         digest.SubscriberID
	name, language, attributes string
	state                      digest.SubscriptionState // of the list; "" when they are not on it
	since                      int64
	chose                      bool // something of this list
}

// lookups is how many addresses one query asks for.
const lookups = 500

// look finds who of a batch is known, and whose address is dead.
func (in *importing) look(ctx context.Context, tx *sql.Tx) error {
	if err := in.lookSuppressed(ctx, tx); err != nil {
		return err
	}
	if in.s.dialect == sqlite { // both sort by bytes: one question may answer for all
		var any int
		err := in.s.row(ctx, tx, `SELECT EXISTS (SELECT 1 FROM subscribers WHERE email_key BETWEEN ? AND ?)`, in.batch[0].key, in.batch[len(in.batch)-1].key).Scan(&any)
		if err != nil || any == 0 {
			return err
		}
	}
	for begin := 0; begin < len(in.batch); begin += lookups {
		part := in.batch[begin:min(begin+lookups, len(in.batch))]
		byKey := make(map[string]*incoming, len(part))
		args := make([]any, 0, len(part)+1)
		args = append(args, in.o.List)
		for i := range part {
			byKey[part[i].key] = &part[i]
			args = append(args, part[i].key)
		}
		err := in.s.each(ctx, tx, func(scan func(...any) error) error {
			var k known
			var key, state string
			if err := scan(&key, &k.id, &k.name, &k.language, &k.attributes, &state, &k.since, &k.chose); err != nil {
				return err
			}
			k.state = digest.SubscriptionState(state)
			byKey[key].known, byKey[key].id = &k, k.id
			return nil
		}, `SELECT s.email_key, s.id, s.name, s.language, s.attributes, COALESCE(x.state, ''), COALESCE(x.since, 0), COALESCE(x.topics || x.cadence || x.hour || x.zone, '') <> '' OR COALESCE(x.snooze, 0) > 0
			FROM subscribers s LEFT JOIN subscriptions x ON x.subscriber_id = s.id AND x.list = ?
			WHERE s.email_key IN (`+marks(len(part))+`)`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// lookSuppressed marks the dead addresses of a batch.
func (in *importing) lookSuppressed(ctx context.Context, tx *sql.Tx) error {
	var some int
	if err := in.s.row(ctx, tx, `SELECT EXISTS (SELECT 1 FROM suppressions)`).Scan(&boolean{&some}); err != nil || some == 0 {
		return err
	}
	for begin := 0; begin < len(in.batch); begin += lookups {
		part := in.batch[begin:min(begin+lookups, len(in.batch))]
		byHash := make(map[string][]*incoming, 2*len(part))
		args := make([]any, 0, 2*len(part))
		for i := range part {
			for _, hash := range hashesOf(in.secret, part[i].key) {
				if byHash[hash] == nil {
					args = append(args, hash)
				}
				byHash[hash] = append(byHash[hash], &part[i])
			}
		}
		err := in.s.each(ctx, tx, func(scan func(...any) error) error {
			var hash string
			err := scan(&hash)
			for _, r := range byHash[hash] {
				r.dead = true
			}
			return err
		}, `SELECT hash FROM suppressions WHERE hash IN (`+marks(len(args))+`)`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// boolean reads what the databases write for true: 1, or a boolean.
type boolean struct{ into *int }

// Scan implements [sql.Scanner].
func (b *boolean) Scan(v any) error {
	switch v := v.(type) {
	case bool:
		*b.into = flag(v)
	case int64:
		*b.into = int(v)
	default:
		return fmt.Errorf("reading a yes or no: %T", v)
	}
	return nil
}

// one settles one row, and says whether its reader has to be added.
func (in *importing) one(ctx context.Context, tx *sql.Tx, r *incoming, sums *digest.ImportSums) (fresh bool, err error) {
	k := r.known
	switch {
	case r.dead:
		sums.Suppressed++
		return false, nil
	case r.Suppress != "":
		sums.Condemned++
		return false, in.condemn(ctx, tx, r)
	case k == nil:
		if r.State == digest.SubLeft {
			sums.Left++
		} else {
			sums.Added++
		}
		return true, nil
	}
	changed, err := in.fill(ctx, tx, r)
	if err != nil {
		return false, err
	}
	switch {
	case k.state == digest.SubLeft:
		if r.State == digest.SubLeft {
			sums.Unchanged++
		} else {
			sums.KeptLeft++
		}
		return false, nil
	case r.State == digest.SubLeft:
		sums.Left++
	case k.state == "":
		sums.Added++
	case k.state == digest.SubPending && r.State == digest.SubConfirmed:
		sums.Confirmed++
	case changed:
		sums.Changed++
		return false, nil
	default:
		sums.Unchanged++
		return false, nil
	}
	return false, in.subscribe(ctx, tx, r)
}

// fill adds what the file knows of a reader who is there: a name, a language and
// a choice where there is none, for those are theirs, and attributes, which are
// ours.
func (in *importing) fill(ctx context.Context, tx *sql.Tx, r *incoming) (bool, error) {
	k, changed := r.known, false
	attributes, err := mergeAttributes(k.attributes, r.attributes)
	if err != nil {
		return false, err
	}
	for _, c := range []struct{ field, old, new string }{{"name", k.name, r.Subscriber.Name}, {"language", k.language, r.Subscriber.Language}, {"attributes", k.attributes, attributes}} {
		if c.new == "" || c.new == c.old || c.old != "" && c.field != "attributes" {
			continue
		}
		changed = true
		if in.o.Plan {
			continue
		}
		if _, err := in.s.exec(ctx, tx, `UPDATE subscribers SET `+c.field+` = ? WHERE id = ?`, text(c.new), k.id); err != nil {
			return false, err
		}
		if err := in.note(ctx, tx, k.id, c.field, c.old, text(c.new)); err != nil {
			return false, err
		}
	}
	if r.Choice.Made() && !k.chose && r.State != digest.SubLeft && (k.state == digest.SubConfirmed || k.state == digest.SubPending) {
		return true, in.choose(ctx, tx, r)
	}
	return changed, nil
}

// choose gives a reader who chose nothing on the list what the file says.
func (in *importing) choose(ctx context.Context, tx *sql.Tx, r *incoming) error {
	if in.o.Plan {
		return nil
	}
	w := wishOf(r.Choice)
	n, err := in.s.exec(ctx, tx, `UPDATE subscriptions SET topics = ?, cadence = ?, snooze = ?, hour = ?, zone = ? WHERE list = ? AND subscriber_id = ? AND `+noWish,
		append(w.values(), in.o.List, r.known.id)...)
	if err != nil || n == 0 {
		return err
	}
	noted, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return in.note(ctx, tx, r.known.id, "choice", "", string(noted))
}

// noWish is a subscription whose reader takes everything, as it appears.
const noWish = `topics = '' AND cadence = '' AND snooze = 0 AND hour = '' AND zone = ''`

// wish is a choice as it is stored, but for language and form, which are in the
// row of the person too.
type wish struct {
	Topics, Cadence string
	Snooze          int64
	Hour, Zone      string
}

func wishOf(c digest.Choice) wish {
	return wish{joinTopics(c.Topics), string(c.Cadence), milli(c.Snooze), c.Hour, c.Zone}
}

func (w wish) values() []any { return []any{w.Topics, w.Cadence, w.Snooze, w.Hour, w.Zone} }

func (in *importing) note(ctx context.Context, tx *sql.Tx, id digest.SubscriberID, field, before, after string) error {
	_, err := in.s.exec(ctx, tx, `INSERT INTO import_changes (import_id, subscriber_id, field, old, new) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (import_id, subscriber_id, field) DO UPDATE SET new = excluded.new`, in.record.ID, id, field, before, after)
	return err
}

// subscribe puts a reader who is known on the list, or takes them off it.
func (in *importing) subscribe(ctx context.Context, tx *sql.Tx, r *incoming) error {
	if in.o.Plan {
		return nil
	}
	k := r.known
	if k.state == "" {
		_, err := in.s.exec(ctx, tx, `INSERT INTO subscriptions (list, subscriber_id, state, since, reason, import_id, language, text_only, topics, cadence, snooze, hour, zone)
			SELECT ?, id, ?, ?, ?, ?, language, text_only, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS TEXT) FROM subscribers WHERE id = ?
			ON CONFLICT (list, subscriber_id) DO NOTHING`,
			append(append([]any{in.o.List, string(r.State), milli(in.record.Begun), text(r.Reason), in.record.ID}, wishOf(r.Choice).values()...), k.id)...)
		return err
	}
	if err := in.note(ctx, tx, k.id, "state", string(k.state)+" "+strconv.FormatInt(k.since, 10), string(r.State)); err != nil {
		return err
	}
	if _, err := in.s.exec(ctx, tx, `UPDATE subscriptions SET state = ?, since = ?, reason = ? WHERE list = ? AND subscriber_id = ? AND state <> 'left'`,
		string(r.State), milli(in.record.Begun), text(r.Reason), in.o.List, k.id); err != nil {
		return err
	}
	return in.s.suppressQueued(ctx, tx, k.id, in.s.now())
}

// condemn suppresses an address that the file calls dead.
func (in *importing) condemn(ctx context.Context, tx *sql.Tx, r *incoming) error {
	if in.o.Plan {
		return nil
	}
	if err := in.s.suppressKey(ctx, tx, in.secret, r.key, digest.Suppression{Reason: r.Suppress, Source: importSource(in.record.ID), Since: in.record.Begun}); err != nil {
		return err
	}
	return in.s.closeAddress(ctx, tx, r.key, in.s.now())
}

func importSource(id digest.ImportID) string { return fmt.Sprintf("import %d", id) }

// prepare makes the table that Postgres is handed new readers in.
func (in *importing) prepare(ctx context.Context) error {
	if in.s.dialect != postgres || in.o.Plan {
		return nil
	}
	_, err := in.conn.ExecContext(ctx, `CREATE TEMPORARY TABLE IF NOT EXISTS incoming (n BIGINT, email TEXT, email_key TEXT, name TEXT, language TEXT, text_only BIGINT, created BIGINT,
		attributes TEXT, state TEXT, reason TEXT, topics TEXT, cadence TEXT, snooze BIGINT, hour TEXT, zone TEXT) ON COMMIT DELETE ROWS`)
	return err
}

// add inserts readers nobody knew, in order.
func (in *importing) add(ctx context.Context, tx *sql.Tx, fresh []*incoming) error {
	if len(fresh) == 0 {
		return nil
	}
	if in.s.dialect == postgres {
		return in.copyIn(ctx, tx, fresh)
	}
	var last int64
	err := in.s.row(ctx, tx, `SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'subscribers'`).Scan(&last)
	if err != nil {
		return err
	}
	reader, err := tx.PrepareContext(ctx, `INSERT INTO subscribers (id, email, email_key, name, language, text_only, suppressed, created, attributes, import_id) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer reader.Close()
	subscription, err := tx.PrepareContext(ctx, `INSERT INTO subscriptions (list, subscriber_id, state, since, reason, import_id, language, text_only, topics, cadence, snooze, hour, zone) VALUES (`+marks(13)+`)`)
	if err != nil {
		return err
	}
	defer subscription.Close()
	id, since := last, milli(in.record.Begun)
	add := func(usual bool) error {
		for _, r := range fresh {
			if (r.State == digest.SubConfirmed && r.Reason == "" && !r.Choice.Made()) != usual {
				continue
			}
			id++
			p := r.Subscriber
			if _, err := reader.ExecContext(ctx, id, p.Email, r.key, text(p.Name), p.Language, flag(p.TextOnly), r.created(in.record.Begun), text(r.attributes), int64(in.record.ID)); err != nil {
				return err
			}
			if usual {
				continue
			}
			if _, err := subscription.ExecContext(ctx, append([]any{in.o.List, id, string(r.State), since, text(r.Reason), int64(in.record.ID), p.Language, flag(p.TextOnly)}, wishOf(r.Choice).values()...)...); err != nil {
				return err
			}
		}
		return nil
	}
	if err := add(true); err != nil {
		return err
	}
	// Nearly all are like this, and one statement for them is several times
	// cheaper than one for each.
	if _, err := tx.ExecContext(ctx, `INSERT INTO subscriptions (list, subscriber_id, state, since, reason, import_id, language, text_only)
		SELECT ?, id, 'confirmed', ?, '', ?, language, text_only FROM subscribers WHERE id > ? ORDER BY id`, in.o.List, since, int64(in.record.ID), last); err != nil {
		return err
	}
	return add(false)
}

// copyIn hands new readers to Postgres by COPY, and lets it distribute them. A
// stranger who subscribed since we looked keeps what they have.
func (in *importing) copyIn(ctx context.Context, tx *sql.Tx, fresh []*incoming) error {
	err := in.conn.Raw(func(driver any) error {
		at := 0
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"incoming"},
			[]string{"n", "email", "email_key", "name", "language", "text_only", "created", "attributes", "state", "reason", "topics", "cadence", "snooze", "hour", "zone"},
			pgx.CopyFromFunc(func() ([]any, error) {
				if at == len(fresh) {
					return nil, nil
				}
				r := fresh[at]
				at++
				p := r.Subscriber
				row := []any{int64(at), p.Email, r.key, text(p.Name), p.Language, int64(flag(p.TextOnly)), r.created(in.record.Begun), text(r.attributes), string(r.State), text(r.Reason)}
				return append(row, wishOf(r.Choice).values()...), nil
			}))
		return err
	})
	if err != nil {
		return err
	}
	if _, err := in.s.exec(ctx, tx, `INSERT INTO subscribers (email, email_key, name, language, text_only, suppressed, created, attributes, import_id)
		SELECT email, email_key, name, language, text_only, 0, created, attributes, CAST(? AS BIGINT) FROM incoming ORDER BY n ON CONFLICT (email_key) DO NOTHING`, int64(in.record.ID)); err != nil {
		return err
	}
	_, err = in.s.exec(ctx, tx, `INSERT INTO subscriptions (list, subscriber_id, state, since, reason, import_id, language, text_only, topics, cadence, snooze, hour, zone)
		SELECT CAST(? AS TEXT), s.id, i.state, CAST(? AS BIGINT), i.reason, CAST(? AS BIGINT), s.language, s.text_only, i.topics, i.cadence, i.snooze, i.hour, i.zone FROM incoming i JOIN subscribers s ON s.email_key = i.email_key ORDER BY i.n
		ON CONFLICT (list, subscriber_id) DO NOTHING`, in.o.List, milli(in.record.Begun), int64(in.record.ID))
	return err
}

// hashesOf are the hashes under which an address may be suppressed: its own and
// its domain's.
func hashesOf(secret []byte, key string) [2]string {
	return [2]string{keyedHash(secret, key), domainHash(secret, address.Domain(key))}
}
