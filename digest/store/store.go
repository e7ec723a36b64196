// Package store remembers: articles, editions, readers, and the ledger of who
// got what. It is one set of SQL over SQLite and Postgres; storetest holds both
// to the same behaviour.
package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/zest-digest/zest/digest"
)

// Options say how a store is opened.
type Options struct {
	ReadOnly bool // never write, migrate or create; what is not there counts as empty
	Moving   bool // open also what [Move] has closed, or has not finished
	Now      func() time.Time

	// Complete reads the text of an outline, see [digest.Article.Item]. Without it
	// a store gives an error instead of an article that has not been read yet.
	Complete func(digest.Article) digest.Article
}

// Store is an open store. It is safe for use by several goroutines.
type Store struct {
	db       *sql.DB
	dialect  dialect
	path     string // of the SQLite file, "" otherwise
	readOnly bool
	now      func() time.Time
	sessions sync.Map // of each run of ours, by its name: the *session
	prompt   kept     // for whom somebody waits
	harvests kept     // for what can be had again, see [Store.relaxedTx]
	queue    queue

	completed func(digest.Article) digest.Article // see [Options.Complete]
}

// Open opens a store: a postgres:// URL, or the path of an SQLite file. Unless
// it is read-only, it is created and migrated as needed.
func Open(ctx context.Context, where string, o Options) (*Store, error) {
	s := &Store{readOnly: o.ReadOnly, now: o.Now, completed: o.Complete}
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		s.dialect = postgres
		s.db, err = sql.Open("pgx", where)
	} else {
		err = s.openFile(where)
	}
	if err != nil {
		return nil, err
	}
	if err := s.db.PingContext(ctx); err != nil {
		s.db.Close()
		return nil, cleaned(err)
	}
	if !s.readOnly {
		err = s.migrate(ctx)
	} else {
		err = s.current(ctx)
	}
	if err == nil && !o.Moving {
		err = s.usable(ctx)
	}
	if err != nil {
		s.db.Close()
		return nil, err
	}
	return s, nil
}

// openFile opens an SQLite file. A read-only store of a file that is not there
// is an empty one in memory: nothing may be created.
func (s *Store) openFile(path string) error {
	s.dialect = sqlite
	pragmas := url.Values{"_pragma": {"busy_timeout(10000)", "foreign_keys(1)", "cache_size(-2000)"}, "_txlock": {"immediate"}}
	_, err := os.Stat(path)
	switch {
	case path == ":memory:" || s.readOnly && errors.Is(err, fs.ErrNotExist):
		path, s.readOnly = ":memory:", false
	case s.readOnly:
		pragmas.Add("mode", "ro")
		pragmas["_txlock"] = []string{"deferred"}
		pragmas.Add("_pragma", "query_only(1)")
	default:
		pragmas.Add("_pragma", "journal_mode(WAL)")
		pragmas.Add("_pragma", "synchronous(FULL)") // a mark must survive a power cut
		pragmas.Add("_pragma", "secure_delete(1)")  // who was erased must not be readable in the file
		s.path, s.queue.dir = path, path+"-runs"
	}
	if s.db, err = sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+pragmas.Encode()); err != nil {
		return err
	}
	s.db.SetMaxIdleConns(1) // each has a cache of its own; a run keeps one more
	if path == ":memory:" {
		s.db.SetMaxOpenConns(1) // every connection would have a memory of its own
	}
	return nil
}

// cleaned keeps a connection string, and the password in it, out of an error.
func cleaned(err error) error {
	msg := err.Error()
	if i := strings.Index(msg, "postgres://"); i >= 0 {
		return errors.New(msg[:i] + "postgres://…")
	}
	return err
}

// Ping reports whether the store answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.db.QueryRowContext(ctx, `SELECT 1`).Scan(&one)
}

// Close closes the store.
func (s *Store) Close() error {
	s.prompt.close()
	s.harvests.close()
	return s.db.Close()
}

// dialect is the little that SQLite and Postgres do not share.
type dialect int

const (
	sqlite dialect = iota
	postgres
)

// bind writes the ? of a query as the database wants them.
func (d dialect) bind(query string) string {
	if d == sqlite {
		return query
	}
	var b strings.Builder
	n := 0
	for _, part := range strings.SplitAfter(query, "?") {
		if strings.HasSuffix(part, "?") {
			n++
			part = part[:len(part)-1] + "$" + strconv.Itoa(n)
		}
		b.WriteString(part)
	}
	return b.String()
}

// skipLocked lets two claims on Postgres pass each other. SQLite has one writer
// at a time anyway.
func (d dialect) skipLocked(table string) string {
	if d == postgres {
		return " FOR UPDATE OF " + table + " SKIP LOCKED"
	}
	return ""
}

// runner is a database or a transaction.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// exec runs a statement. One that is a transaction by itself waits for its turn.
func (s *Store) exec(ctx context.Context, r runner, query string, args ...any) (int, error) {
	if r == runner(s.db) {
		defer s.queue.wait()()
	}
	res, err := r.ExecContext(ctx, s.dialect.bind(query), args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

func (s *Store) row(ctx context.Context, r runner, query string, args ...any) *sql.Row {
	return r.QueryRowContext(ctx, s.dialect.bind(query), args...)
}

// each calls f for every row. f reads the row by the scan it is given.
func (s *Store) each(ctx context.Context, r runner, f func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := r.QueryContext(ctx, s.dialect.bind(query), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// tx runs f in one transaction.
func (s *Store) tx(ctx context.Context, f func(*sql.Tx) error) error {
	defer s.queue.wait()()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// Secret is what links are signed with: made once, kept in the store. In a
// read-only store that has none yet it is [digest.ErrNotFound].
func (s *Store) Secret(ctx context.Context) ([]byte, error) {
	var secret []byte
	err := s.row(ctx, s.db, `SELECT value FROM meta WHERE name = 'secret'`).Scan(&secret)
	switch {
	case err == nil:
		return secret, nil
	case !errors.Is(err, sql.ErrNoRows):
		return nil, err
	case s.readOnly:
		return nil, fmt.Errorf("the signing secret: %w", digest.ErrNotFound)
	}
	secret = make([]byte, 32)
	rand.Read(secret)
	if _, err := s.exec(ctx, s.db, `INSERT INTO meta (name, value) VALUES ('secret', ?) ON CONFLICT (name) DO NOTHING`, secret); err != nil {
		return nil, err
	}
	// Another process may have been faster: what is stored counts.
	err = s.row(ctx, s.db, `SELECT value FROM meta WHERE name = 'secret'`).Scan(&secret)
	return secret, err
}

// hashes are the keyed hashes under which a suppression of an address and of its
// domain outlive a person's data.
func (s *Store) hashes(ctx context.Context, email string) ([2]string, error) {
	secret, err := s.Secret(ctx)
	if err != nil {
		return [2]string{}, err
	}
	return hashesOf(secret, key(email)), nil
}

func keyedHash(secret []byte, key string) string {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("suppression\x00" + key))
	return hex.EncodeToString(m.Sum(nil))
}

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return digest.ErrNotFound
	}
	return err
}

func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// marks is "?, ?, ?" for n values.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}
