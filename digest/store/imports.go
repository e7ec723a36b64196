package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
)

// importBatch is how many readers go into one transaction: enough to make its
// end cheap, few enough that a reader on the web waits for less than a second.
const importBatch = 10_000

// ImportOptions say what an import is.
type ImportOptions struct {
	List string
	File string // its name, to be shown
	Plan bool   // only count
	// Fingerprint is asked once all rows were read: a hash of the file and of how
	// it was read. An import that was killed is gone on with under it.
	Fingerprint func() string
	// Progress is told how many readers of how many were dealt with; nil for nobody.
	Progress func(done, total int)
}

// Import puts the readers of a file on a list. It never raises a state: who left
// stays away, and a suppressed address stays suppressed. Rows are sorted by
// address first, in files of its own that are gone when it ends, so that memory
// does not grow with the file and inserting stays linear. Killed half-way and
// called again with the same file, it goes on where it was.
func (s *Store) Import(ctx context.Context, o ImportOptions, rows iter.Seq2[digest.ImportRow, error]) (digest.Import, error) {
	folder := os.TempDir()
	if s.path != "" && !o.Plan {
		folder = filepath.Dir(s.path)
	}
	sorted := &sorter{folder: folder}
	defer sorted.close()
	for row, err := range rows {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = sorted.add(address.Key(row.Subscriber.Email), pack(row))
		}
		if err != nil {
			return digest.Import{}, err
		}
	}
	in := &importing{s: s, o: o, total: sorted.count, record: digest.Import{List: o.List, File: o.File, Begun: s.now().UTC()}}
	if err := in.begin(ctx); err != nil {
		return in.record, err
	}
	err := in.all(ctx, sorted)
	return in.record, err
}

// importing is one import at work.
type importing struct {
	s       *Store
	o       ImportOptions
	conn    *sql.Conn
	secret  []byte
	record  digest.Import
	total   int
	reached int // rows dealt with, from the beginning of the file in order
	batch   []incoming
}

// incoming is a row with what is known of its reader.
type incoming struct {
	digest.ImportRow
	key        string
	attributes string // as JSON, "" for none
	rows       int    // of the file: more than one when the address is in it again
	id         digest.SubscriberID
	known      *known
	dead       bool
}

// begin notes the import, or finds the one to go on with.
func (in *importing) begin(ctx context.Context) (err error) {
	if in.secret, err = in.s.Secret(ctx); err != nil && !(in.o.Plan && errors.Is(err, digest.ErrNotFound)) {
		return err
	}
	if in.o.Plan {
		return nil
	}
	r := &in.record
	print := ""
	if in.o.Fingerprint != nil {
		print = in.o.Fingerprint()
	}
	var begun int64
	var sums string
	err = in.s.row(ctx, in.s.db, `SELECT id, begun, reached, sums FROM imports WHERE fingerprint = ? AND list = ? AND finished = 0 AND undone = 0 ORDER BY id DESC LIMIT 1`,
		print, in.o.List).Scan(&r.ID, &begun, &in.reached, &sums)
	switch {
	case err == nil && print != "":
		r.Begun = moment(begun)
		return json.Unmarshal([]byte(sums), &r.Sums)
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	}
	in.reached = 0
	return in.s.row(ctx, in.s.db, `INSERT INTO imports (list, file, fingerprint, begun, finished, undone, reached, sums) VALUES (?, ?, ?, ?, 0, 0, 0, '{}') RETURNING id`,
		in.o.List, text(in.o.File), print, milli(r.Begun)).Scan(&r.ID)
}

// all goes through the sorted rows, batch by batch.
func (in *importing) all(ctx context.Context, sorted *sorter) (err error) {
	if in.conn, err = in.s.db.Conn(ctx); err != nil {
		return err
	}
	defer in.conn.Close()
	if err := in.prepare(ctx); err != nil {
		return err
	}
	skip := in.reached
	for record, err := range sorted.all() {
		if err != nil {
			return err
		}
		if skip > 0 {
			skip--
			continue
		}
		if n := len(in.batch); n > 0 && in.batch[n-1].key == string(record[0]) {
			in.batch[n-1].merge(unpack(record).ImportRow)
			continue
		}
		if len(in.batch) == importBatch {
			if err := in.flush(ctx); err != nil {
				return err
			}
		}
		in.batch = append(in.batch, unpack(record))
	}
	if err := in.flush(ctx); err != nil || in.o.Plan {
		return err
	}
	in.record.Finished = in.s.now().UTC()
	_, err = in.s.exec(ctx, in.conn, `UPDATE imports SET finished = ? WHERE id = ?`, milli(in.record.Finished), in.record.ID)
	return err
}

// merge takes a further row of one address in. The first one counts, but for
// leaving: who left in one row has left.
func (r *incoming) merge(other digest.ImportRow) {
	r.rows++
	if other.State == digest.SubLeft && r.State != digest.SubLeft {
		r.State, r.Reason = other.State, other.Reason
	}
	if r.Suppress == "" {
		r.Suppress = other.Suppress
	}
}

// flush deals with a batch, in one transaction, together with how far that is.
func (in *importing) flush(ctx context.Context) error {
	if len(in.batch) == 0 {
		return nil
	}
	sums, rows := in.record.Sums, 0
	defer in.s.queue.wait()()
	tx, err := in.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := in.look(ctx, tx); err != nil {
		return fmt.Errorf("looking up readers: %w", err)
	}
	var fresh []*incoming
	for i := range in.batch {
		r := &in.batch[i]
		rows += r.rows
		sums.Repeated += r.rows - 1
		isNew, err := in.one(ctx, tx, r, &sums)
		if err != nil {
			return err
		}
		if isNew {
			fresh = append(fresh, r)
		}
	}
	if !in.o.Plan {
		if err := in.add(ctx, tx, fresh); err != nil {
			return fmt.Errorf("adding readers: %w", err)
		}
		body, err := json.Marshal(sums)
		if err != nil {
			return err
		}
		if _, err := in.s.exec(ctx, tx, `UPDATE imports SET reached = ?, sums = ? WHERE id = ?`, in.reached+rows, string(body), in.record.ID); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	in.record.Sums, in.reached, in.batch = sums, in.reached+rows, in.batch[:0]
	if in.o.Progress != nil {
		in.o.Progress(in.reached, in.total)
	}
	return nil
}

// pack writes a row for sorting; its key goes beside it.
func pack(r digest.ImportRow) []byte {
	p := r.Subscriber
	attributes := encodeAttributes(p.Attributes)
	b := make([]byte, 0, 96)
	b = binary.AppendUvarint(b, uint64(r.Line))
	b = binary.AppendVarint(b, milli(p.Created))
	b = append(b, byte(flag(p.TextOnly)))
	b = packStrings(b, p.Email, p.Name, p.Language, string(r.State), r.Reason, r.Suppress, attributes)
	if c := r.Choice; c.Made() {
		b = binary.AppendVarint(b, milli(c.Snooze))
		b = packStrings(b, joinTopics(c.Topics), string(c.Cadence), c.Hour, c.Zone)
	}
	return b
}

func packStrings(b []byte, parts ...string) []byte {
	for _, part := range parts {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return b
}

// unpack reads what pack wrote.
func unpack(record [2][]byte) incoming {
	b := record[1]
	line, n := binary.Uvarint(b)
	b = b[n:]
	created, n := binary.Varint(b)
	b = b[n:]
	r := incoming{key: string(record[0]), rows: 1}
	r.Line, r.Subscriber.Created, r.Subscriber.TextOnly = int(line), moment(created), b[0] == 1
	b = b[1:]
	next := func() string {
		size, n := binary.Uvarint(b)
		part := string(b[n : n+int(size)])
		b = b[n+int(size):]
		return part
	}
	r.Subscriber.Email, r.Subscriber.Name, r.Subscriber.Language = next(), next(), next()
	r.State, r.Reason, r.Suppress = digest.SubscriptionState(next()), next(), next()
	r.attributes = next()
	if len(b) > 0 {
		snooze, n := binary.Varint(b)
		b = b[n:]
		r.Choice.Snooze = moment(snooze)
		r.Choice.Topics, r.Choice.Cadence = splitTopics(next()), digest.Cadence(next())
		r.Choice.Hour, r.Choice.Zone = next(), next()
	}
	return r
}

// Imports lists the files of readers that were taken in, the newest first.
func (s *Store) Imports(ctx context.Context) ([]digest.Import, error) {
	return s.imports(ctx, `1 = 1 ORDER BY id DESC`)
}

func (s *Store) imports(ctx context.Context, where string, args ...any) ([]digest.Import, error) {
	var out []digest.Import
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var i digest.Import
		var begun, finished, undone int64
		var sums string
		if err := scan(&i.ID, &i.List, &i.File, &begun, &finished, &undone, &sums); err != nil {
			return err
		}
		i.Begun, i.Finished, i.Undone = moment(begun), moment(finished), moment(undone)
		out = append(out, i)
		return json.Unmarshal([]byte(sums), &out[len(out)-1].Sums)
	}, `SELECT id, list, file, begun, finished, undone, sums FROM imports WHERE `+where, args...)
	return out, err
}

// created is when a reader of a file came to be known.
func (r *incoming) created(begun time.Time) int64 {
	if r.Subscriber.Created.IsZero() {
		return milli(begun)
	}
	return milli(r.Subscriber.Created)
}
