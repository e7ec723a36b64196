package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/zest-digest/zest/digest"
)

const sourceColumns = `name, title, etag, last_modified, moved_to, gone, last_ok, last_tried, next_try, failures, last_error`

func scanSource(scan func(...any) error) (digest.SourceState, error) {
	var st digest.SourceState
	var gone, ok, tried, next int64
	err := scan(&st.Source, &st.Title, &st.ETag, &st.LastModified, &st.MovedTo, &gone, &ok, &tried, &next, &st.Failures, &st.LastError)
	st.Gone, st.LastOK, st.LastTried, st.NextTry = gone == 1, moment(ok), moment(tried), moment(next)
	return st, err
}

// SourceState is what is remembered of a source; nothing, for a new one.
func (s *Store) SourceState(ctx context.Context, name string) (digest.SourceState, error) {
	st, err := scanSource(s.row(ctx, s.db, `SELECT `+sourceColumns+` FROM sources WHERE name = ?`, name).Scan)
	if notFound(err) == digest.ErrNotFound {
		return digest.SourceState{Source: name}, nil
	}
	return st, err
}

// SaveState remembers how a reading ended.
func (s *Store) SaveState(ctx context.Context, st digest.SourceState) error {
	return s.saveState(ctx, s.db, st)
}

func (s *Store) saveState(ctx context.Context, r runner, st digest.SourceState) error {
	_, err := s.exec(ctx, r, `INSERT INTO sources (`+sourceColumns+`) VALUES (`+marks(11)+`)
		ON CONFLICT (name) DO UPDATE SET title = excluded.title, etag = excluded.etag, last_modified = excluded.last_modified,
		moved_to = excluded.moved_to, gone = excluded.gone, last_ok = excluded.last_ok, last_tried = excluded.last_tried,
		next_try = excluded.next_try, failures = excluded.failures, last_error = excluded.last_error`,
		st.Source, st.Title, st.ETag, st.LastModified, st.MovedTo, flag(st.Gone), milli(st.LastOK), milli(st.LastTried), milli(st.NextTry), st.Failures, st.LastError)
	return err
}

const articleColumns = `source, identity, url, title, author, site, section, language, categories, published, first_seen, image, teaser, html, text, words, score, position, enclosures`

func articleValues(a digest.Article) ([]any, error) {
	parts := make([]string, 3)
	for i, v := range []any{a.Categories, a.Image, a.Enclosures} {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		parts[i] = string(b)
	}
	return []any{
		a.Source, a.Identity, a.URL, text(a.Title), text(a.Author), text(a.Site), text(a.Section), a.Language, text(parts[0]), milli(a.Published), milli(a.FirstSeen),
		text(parts[1]), text(a.Teaser), text(a.HTML), text(a.Text), a.Words, a.Score, a.Position, text(parts[2]),
	}, nil
}

// text is a string as both databases can hold it: Postgres has no room for NUL
// or for bytes that are not UTF-8.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
}

func scanArticle(scan func(...any) error) (digest.Article, error) {
	var a digest.Article
	var published, seen int64
	var categories, image, enclosures string
	err := scan(&a.ID, &a.Source, &a.Identity, &a.URL, &a.Title, &a.Author, &a.Site, &a.Section, &a.Language, &categories, &published, &seen,
		&image, &a.Teaser, &a.HTML, &a.Text, &a.Words, &a.Score, &a.Position, &enclosures)
	if err != nil {
		return a, err
	}
	a.Published, a.FirstSeen = moment(published), moment(seen)
	for _, p := range []struct {
		from string
		to   any
	}{{categories, &a.Categories}, {image, &a.Image}, {enclosures, &a.Enclosures}} {
		if err := json.Unmarshal([]byte(p.from), p.to); err != nil {
			return a, fmt.Errorf("reading article %d: %w", a.ID, err)
		}
	}
	return a, nil
}

// SaveHarvest stores what a reading brought and how it ended, in one
// transaction: a validator is never kept for articles that were lost. An
// article that changed is updated until an edition has carried it.
func (s *Store) SaveHarvest(ctx context.Context, st digest.SourceState, articles []digest.Article) (digest.Saved, error) {
	var saved digest.Saved
	err := s.tx(ctx, func(tx *sql.Tx) error {
		for _, a := range articles {
			added, updated, err := s.saveArticle(ctx, tx, a)
			if err != nil {
				return fmt.Errorf("saving article %s: %w", a.URL, err)
			}
			saved.Added += added
			saved.Updated += updated
		}
		return s.saveState(ctx, tx, st)
	})
	return saved, err
}

func (s *Store) saveArticle(ctx context.Context, tx *sql.Tx, a digest.Article) (added, updated int, err error) {
	values, err := articleValues(a)
	if err != nil {
		return 0, 0, err
	}
	added, err = s.exec(ctx, tx, `INSERT INTO articles (`+articleColumns+`) VALUES (`+marks(19)+`) ON CONFLICT (source, identity) DO NOTHING`, values...)
	if err != nil || added == 1 {
		return added, 0, err
	}
	// The page is fetched once: a later reading that knows the feed's text only
	// must not replace an article by its teaser, so only a longer text counts as
	// an edit of the body.
	updated, err = s.exec(ctx, tx, `UPDATE articles SET title = ?, teaser = ?, position = ?,
		html = CASE WHEN words <= ? THEN ? ELSE html END, text = CASE WHEN words <= ? THEN ? ELSE text END, words = CASE WHEN words <= ? THEN ? ELSE words END
		WHERE source = ? AND identity = ? AND (title <> ? OR teaser <> ? OR words < ?)
		AND NOT EXISTS (SELECT 1 FROM carried WHERE carried.article_id = articles.id)`,
		text(a.Title), text(a.Teaser), a.Position, a.Words, text(a.HTML), a.Words, text(a.Text), a.Words, a.Words,
		a.Source, a.Identity, text(a.Title), text(a.Teaser), a.Words)
	return 0, updated, err
}

// Known says which identities of a source are stored, and as what.
func (s *Store) Known(ctx context.Context, source string, identities []string) (map[string]digest.ArticleID, error) {
	out := make(map[string]digest.ArticleID, len(identities))
	for some := range slices.Chunk(identities, 500) {
		err := s.each(ctx, s.db, func(scan func(...any) error) error {
			var identity string
			var id digest.ArticleID
			err := scan(&identity, &id)
			out[identity] = id
			return err
		}, `SELECT identity, id FROM articles WHERE source = ? AND identity IN (`+marks(len(some))+`)`, append([]any{source}, anys(some)...)...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Candidates are the articles of these sources that a newsletter has not
// carried, oldest first.
func (s *Store) Candidates(ctx context.Context, newsletter string, sources []string) ([]digest.Article, error) {
	if len(sources) == 0 {
		return nil, nil
	}
	return s.articles(ctx, `source IN (`+marks(len(sources))+`)
		AND NOT EXISTS (SELECT 1 FROM carried WHERE carried.newsletter = ? AND carried.article_id = articles.id)`, append(anys(sources), newsletter)...)
}

func (s *Store) articles(ctx context.Context, where string, args ...any) ([]digest.Article, error) {
	var out []digest.Article
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		a, err := scanArticle(scan)
		out = append(out, a)
		return err
	}, `SELECT id, `+articleColumns+` FROM articles WHERE `+where+` ORDER BY id`, args...)
	return out, err
}

// ArticlesByURL finds the articles that have a canonical address.
func (s *Store) ArticlesByURL(ctx context.Context, url string) ([]digest.Article, error) {
	return s.articles(ctx, `url = ?`, url)
}

// CarriedIn lists the editions that carried an article.
func (s *Store) CarriedIn(ctx context.Context, id digest.ArticleID) ([]string, error) {
	var out []string
	err := s.each(ctx, s.db, func(scan func(...any) error) error {
		var e digest.Edition
		err := scan(&e.Newsletter, &e.Number)
		out = append(out, e.Ref())
		return err
	}, `SELECT e.newsletter, e.number FROM carried c JOIN editions e ON e.id = c.edition_id WHERE c.article_id = ? ORDER BY e.id`, id)
	return out, err
}
