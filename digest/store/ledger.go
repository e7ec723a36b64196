package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// backoff is the pause before a further attempt: 5, 15, 30 minutes, then twice
// as long each time (RFC 5321 section 4.5.4.1 asks for 30 minutes or more in
// general, and allows better strategies; greylisting ends within 15).
func backoff(attempts int) time.Duration {
	steps := []time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute}
	if attempts < len(steps) {
		return steps[attempts]
	}
	return min(30*time.Minute<<min(attempts-2, 8), 8*time.Hour)
}

// relayPause is how long a reader waits when the fault was the relay's.
const relayPause = time.Minute

// Settle writes the outcomes of a run, in one commit. A row that another run
// took over meanwhile stays as that run has it.
func (s *Store) Settle(ctx context.Context, id digest.EditionID, owner string, outcomes []digest.Outcome) error {
	return s.inRun(ctx, owner, func(tx runner) error {
		var sent []digest.SubscriberID
		var at time.Time
		for _, o := range outcomes {
			if o.Plain() {
				sent, at = append(sent, o.Subscriber), o.At
				continue
			}
			if err := s.settleOne(ctx, tx, id, owner, o); err != nil {
				return err
			}
		}
		return s.settleSent(ctx, tx, id, owner, sent, at)
	})
}

// settleSent settles those to whom was sent, nearly all: one statement for many,
// with the time of the last. A row that is settled already stays as it is.
func (s *Store) settleSent(ctx context.Context, tx runner, id digest.EditionID, owner string, sent []digest.SubscriberID, at time.Time) error {
	return s.update(ctx, tx, `UPDATE deliveries SET status = 'sent', attempts = attempts + 1, code = 250, enhanced = '', reply = '', next_try = 0, settled = ?
		WHERE edition_id = ? AND owner = ? AND status = 'claimed'`, sent, milli(at), id, owner)
}

func (s *Store) settleOne(ctx context.Context, tx runner, id digest.EditionID, owner string, o digest.Outcome) error {
	var expires int64
	if err := s.row(ctx, tx, `SELECT expires FROM editions WHERE id = ?`, id).Scan(&expires); err != nil {
		return err
	}
	row, err := s.settled(ctx, tx, id, o, moment(expires))
	if err != nil {
		return err
	}
	if _, err := s.exec(ctx, tx, `UPDATE deliveries SET status = ?, attempts = attempts + ?, repeats = repeats + ?, code = ?, enhanced = ?, reply = ?, next_try = ?, settled = ?
		WHERE edition_id = ? AND subscriber_id = ? AND owner = ? AND status = 'claimed'`,
		row.status, row.attempt, row.repeat, o.Code, o.Enhanced, text(o.Reply), milli(row.next), row.at, id, o.Subscriber, owner); err != nil {
		return err
	}
	if row.status == string(digest.DeliveryFailed) {
		if err := s.fallBehind(ctx, tx, id, `d.status = 'failed' AND d.subscriber_id = ?`, o.Subscriber); err != nil {
			return err
		}
	}
	if o.Strike != "" {
		return s.strike(ctx, tx, id, o)
	}
	if o.Verdict == digest.VerdictSuppress {
		return s.suppressReader(ctx, tx, o.Subscriber, "hard bounce", fmt.Sprintf("smtp %d %s", o.Code, o.Enhanced), o.At)
	}
	return nil
}

// line is what an outcome makes of a delivery.
type line struct {
	status  string
	attempt int
	repeat  int
	next    time.Time
	at      int64
}

func (s *Store) settled(ctx context.Context, tx runner, id digest.EditionID, o digest.Outcome, expires time.Time) (line, error) {
	l := line{attempt: 1, at: milli(o.At)}
	switch o.Verdict {
	case digest.VerdictSent:
		l.status = string(digest.DeliverySent)
	case digest.VerdictFailed, digest.VerdictSuppress:
		l.status = string(digest.DeliveryFailed)
	case digest.VerdictUnknown:
		l.status = string(digest.DeliveryUnknown)
		if o.Resend && o.At.Add(relayPause).Before(expires) {
			l.status, l.next, l.at, l.repeat = string(digest.DeliveryQueued), o.At.Add(cmp.Or(o.RetryAfter, relayPause)), 0, 1
		}
	case digest.VerdictRetry, digest.VerdictDefer:
		pause := o.RetryAfter
		if o.Verdict == digest.VerdictDefer {
			l.attempt = 0
			if pause == 0 {
				pause = relayPause
			}
		} else if pause == 0 {
			var attempts int
			if err := s.row(ctx, tx, `SELECT attempts FROM deliveries WHERE edition_id = ? AND subscriber_id = ?`, id, o.Subscriber).Scan(&attempts); err != nil {
				return l, err
			}
			pause = spread(backoff(attempts), o.Subscriber, attempts)
		}
		l.next, l.status, l.at = o.At.Add(pause), string(digest.DeliveryQueued), 0
		if l.next.After(expires) {
			l.next, l.status, l.at = time.Time{}, string(digest.DeliveryFailed), milli(o.At)
		}
	default:
		return l, fmt.Errorf("settling: no such verdict %q", o.Verdict)
	}
	return l, nil
}

// Recover takes over what runs that died had in their hands. A lane sends its
// block in order and may be [digest.RunAhead] outcomes ahead of the ledger with
// one more in flight; so the first RunAhead+1 open rows of each lane may have
// been sent, and the rest were never begun.
func (s *Store) Recover(ctx context.Context, id digest.EditionID, policy digest.UnknownPolicy, now time.Time) (digest.Recovered, error) {
	var rec digest.Recovered
	owners := map[string]int{}
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var owner string
		var n int
		err := scan(&owner, &n)
		owners[owner] = n
		return err
	}, `SELECT owner, COUNT(*) FROM deliveries WHERE edition_id = ? AND status = 'claimed' GROUP BY owner`, id)
	if err != nil {
		return rec, err
	}
	for owner, n := range owners {
		dead, release, err := s.dead(ctx, owner)
		if err != nil {
			return rec, err
		}
		if !dead {
			rec.Held += n
			continue
		}
		err = s.tx(ctx, func(tx *sql.Tx) error {
			if err := s.replay(ctx, tx, id, owner); err != nil {
				return err
			}
			return s.takeOver(ctx, tx, id, owner, policy, now, &rec)
		})
		if err == nil {
			err = s.forget(owner)
		}
		release()
		if err != nil {
			return rec, err
		}
	}
	return rec, nil
}

func (s *Store) takeOver(ctx context.Context, tx *sql.Tx, id digest.EditionID, owner string, policy digest.UnknownPolicy, now time.Time, rec *digest.Recovered) error {
	var doubtful []any
	lane, place := -1, 0
	err := s.each(ctx, tx, func(scan func(...any) error) error {
		var l int
		var sub digest.SubscriberID
		if err := scan(&l, &sub); err != nil {
			return err
		}
		if l != lane {
			lane, place = l, 0
		}
		if place++; place <= digest.RunAhead+1 {
			doubtful = append(doubtful, sub)
		}
		return nil
	}, `SELECT lane, subscriber_id FROM deliveries WHERE edition_id = ? AND owner = ? AND status = 'claimed' ORDER BY lane, subscriber_id`, id, owner)
	if err != nil {
		return err
	}
	if len(doubtful) > 0 {
		change, args := `status = 'queued', owner = '', next_try = 0, repeats = repeats + 1`, []any{id, owner}
		if policy == digest.UnknownLeave {
			change, args = `status = 'unknown', owner = '', settled = ?`, []any{milli(now), id, owner}
		}
		n, err := s.exec(ctx, tx, `UPDATE deliveries SET `+change+` WHERE edition_id = ? AND owner = ? AND status = 'claimed' AND subscriber_id IN (`+marks(len(doubtful))+`)`, append(args, doubtful...)...)
		if err != nil {
			return err
		}
		rec.Doubtful += n
	}
	n, err := s.exec(ctx, tx, `UPDATE deliveries SET status = 'queued', owner = '' WHERE edition_id = ? AND owner = ? AND status = 'claimed'`, id, owner)
	rec.Requeued += n
	return err
}

// Books are the sums of an edition's deliveries.
func (s *Store) Books(ctx context.Context, id digest.EditionID) (digest.Books, error) {
	var b digest.Books
	if err := s.row(ctx, s.db, `SELECT audience FROM editions WHERE id = ?`, id).Scan(&b.Audience); err != nil {
		return b, notFound(err)
	}
	now := milli(s.now())
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var status string
		var n, repeats, waiting int
		if err := scan(&status, &n, &repeats, &waiting); err != nil {
			return err
		}
		b.Repeats += repeats
		switch digest.DeliveryStatus(status) {
		case digest.DeliverySent:
			b.Sent += n
		case digest.DeliveryFailed:
			b.Failed += n
		case digest.DeliverySuppressed:
			b.Suppressed += n
		case digest.DeliveryUnknown:
			b.Unknown += n
		case digest.DeliveryCanceled:
			b.Canceled += n
		case digest.DeliveryQueued:
			b.Queued += n
			b.Waiting += waiting
		case digest.DeliveryClaimed:
			b.Queued += n
		}
		return nil
	}, `SELECT status, COUNT(*), SUM(repeats), SUM(CASE WHEN next_try > ? THEN 1 ELSE 0 END) FROM deliveries WHERE edition_id = ? GROUP BY status`, now, id)
	return b, err
}

// NextTry is when the first waiting delivery of an edition may go.
func (s *Store) NextTry(ctx context.Context, id digest.EditionID) (time.Time, bool, error) {
	var at sql.NullInt64
	err := s.row(ctx, s.db, `SELECT MIN(next_try) FROM deliveries WHERE edition_id = ? AND status = 'queued' AND next_try > 0`, id).Scan(&at)
	return moment(at.Int64), at.Valid, err
}

// SentSince calls f with the address of each reader to whom something was sent
// since a time. Those who were erased meanwhile are not among them.
func (s *Store) SentSince(ctx context.Context, since time.Time, f func(email string)) error {
	return s.each(ctx, s.db, func(scan func(...any) error) error {
		var email string
		err := scan(&email)
		if err == nil {
			f(email)
		}
		return err
	}, `SELECT s.email FROM editions e JOIN deliveries d ON d.edition_id = e.id JOIN subscribers s ON s.id = d.subscriber_id
		WHERE (e.finished_at = 0 OR e.finished_at >= ?) AND d.status = 'sent' AND d.settled >= ?`, milli(since), milli(since))
}

// Deliveries calls f for each delivery of an edition, in the order of readers;
// an empty status means all.
func (s *Store) Deliveries(ctx context.Context, id digest.EditionID, status digest.DeliveryStatus, f func(digest.Delivery) error) error {
	where, args := `d.edition_id = ?`, []any{id}
	if status != "" {
		where, args = where+` AND d.status = ?`, append(args, string(status))
	}
	return s.each(ctx, s.db, func(scan func(...any) error) error {
		d := digest.Delivery{Edition: id}
		var email sql.NullString
		var next, settled int64
		if err := scan(&d.Subscriber, &email, &d.Variant, &d.Status, &d.Attempts, &d.Repeats, &d.Code, &d.Enhanced, &d.Reply, &next, &settled); err != nil {
			return err
		}
		d.Email, d.NextTry, d.Settled = email.String, moment(next), moment(settled)
		return f(d)
	}, `SELECT d.subscriber_id, s.email, d.variant, d.status, d.attempts, d.repeats, d.code, d.enhanced, d.reply, d.next_try, d.settled
		FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber_id WHERE `+where+` ORDER BY d.subscriber_id`, args...)
}

// Check looks for what should be impossible: books that do not close, readers
// of an edition that are not those it was frozen for, carried articles without
// an edition. It returns one sentence for each.
func (s *Store) Check(ctx context.Context, only digest.EditionID) ([]string, error) {
	var out []string
	editions, err := s.AllEditions(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range editions {
		if only != 0 && e.ID != only {
			continue
		}
		b, err := s.Books(ctx, e.ID)
		if err != nil {
			return nil, err
		}
		if !b.Closed() {
			out = append(out, fmt.Sprintf("%s: audience %d, but sent %d + failed %d + suppressed %d + unknown %d + canceled %d + queued %d", e.Ref(), b.Audience, b.Sent, b.Failed, b.Suppressed, b.Unknown, b.Canceled, b.Queued))
		}
		if (e.State == digest.EditionSent || e.State == digest.EditionCanceled) && !b.Done() {
			out = append(out, fmt.Sprintf("%s: is marked %s with %d still queued", e.Ref(), e.State, b.Queued))
		}
	}
	var stray int
	err = s.row(ctx, s.db, `SELECT COUNT(*) FROM carried c WHERE NOT EXISTS (SELECT 1 FROM editions e WHERE e.id = c.edition_id)`).Scan(&stray)
	if stray > 0 {
		out = append(out, fmt.Sprintf("%d articles count as carried by an edition that is not there", stray))
	}
	return out, err
}

// Dump prints the content of every table in order, for comparing two moments.
func (s *Store) Dump(ctx context.Context) (string, error) {
	tables, err := s.tables(ctx)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, t := range tables {
		rows, err := s.db.QueryContext(ctx, `SELECT * FROM `+t.name)
		if err != nil {
			return "", err
		}
		lines, err := dumpRows(rows)
		if err != nil {
			return "", fmt.Errorf("dumping %s: %w", t.name, err)
		}
		slices.Sort(lines)
		fmt.Fprintf(&b, "%s (%d)\n%s\n", t.name, len(lines), strings.Join(lines, "\n"))
	}
	return b.String(), nil
}

func dumpRows(rows *sql.Rows) ([]string, error) {
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var lines []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			return nil, err
		}
		for i := range values {
			values[i] = *values[i].(*any)
		}
		lines = append(lines, fmt.Sprint(values...))
	}
	return lines, rows.Err()
}
