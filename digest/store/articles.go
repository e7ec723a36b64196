package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zest-digest/zest/digest"
)

const articleColumns = `source, identity, url, title, author, site, section, language, categories, published, first_seen, image, teaser, html, text, words, score, position, enclosures, doubt, dropped, item_sum, item`

// readColumns are the columns of articles a without their HTML, which no edition
// shows: candidates are many.
const readColumns = `a.source, a.identity, a.url, a.title, a.author, a.site, a.section, a.language, a.categories, a.published, a.first_seen, a.image, a.teaser, '' AS html, a.text, a.words, a.score, a.position, a.enclosures, a.doubt, a.dropped, a.item_sum, a.item`

func articleValues(a digest.Article) ([]any, error) {
	parts := make([]string, 3)
	for i, v := range []any{a.Categories, a.Image, a.Enclosures} {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		parts[i] = string(b)
	}
	item, err := itemText(a.Item)
	return []any{
		a.Source, a.Identity, a.URL, text(a.Title), text(a.Author), text(a.Site), text(a.Section), a.Language, text(parts[0]), milli(a.Published), milli(a.FirstSeen),
		text(parts[1]), text(a.Teaser), text(a.HTML), text(a.Text), a.Words, a.Score, a.Position, text(parts[2]), text(a.Doubt), flag(a.Dropped), a.ItemSum, item,
	}, err
}

// text is a string as both databases can hold it: Postgres has no room for NUL
// or for bytes that are not UTF-8.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
}

func scanArticle(scan func(...any) error) (digest.Article, error) {
	var a digest.Article
	var published, seen, dropped int64
	var categories, image, enclosures, item string
	err := scan(&a.ID, &a.Source, &a.Identity, &a.URL, &a.Title, &a.Author, &a.Site, &a.Section, &a.Language, &categories, &published, &seen,
		&image, &a.Teaser, &a.HTML, &a.Text, &a.Words, &a.Score, &a.Position, &enclosures, &a.Doubt, &dropped, &a.ItemSum, &item)
	if err != nil {
		return a, err
	}
	a.Published, a.FirstSeen, a.Dropped = moment(published), moment(seen), dropped == 1
	for _, p := range []struct {
		from string
		to   any
	}{{categories, &a.Categories}, {image, &a.Image}, {enclosures, &a.Enclosures}, {item, &a.Item}} {
		if p.from == "" {
			continue
		}
		if err := json.Unmarshal([]byte(p.from), p.to); err != nil {
			return a, fmt.Errorf("reading article %d: %w", a.ID, err)
		}
	}
	return a, nil
}

// SaveHarvest stores what a reading brought and how it ended, in one
// transaction: a validator is never kept for articles that were lost. An
// article that changed is updated until an edition has carried it. Items of the
// passed identities are known from then on, and never become articles. A harvest
// that a power cut takes is read again: its validator is gone with it.
func (s *Store) SaveHarvest(ctx context.Context, st digest.SourceState, articles []digest.Article, passed ...digest.Passed) (digest.Saved, error) {
	return s.saveHarvest(ctx, s.relaxedTx, st, articles, passed)
}

// SaveArticles stores articles that came by hand, like [Store.SaveHarvest]. No
// reading would bring them again: when it returns they are on the disk.
func (s *Store) SaveArticles(ctx context.Context, st digest.SourceState, articles []digest.Article) (digest.Saved, error) {
	within := func(ctx context.Context, f func(runner) error) error {
		return s.tx(ctx, func(tx *sql.Tx) error { return f(tx) })
	}
	return s.saveHarvest(ctx, within, st, articles, nil)
}

func (s *Store) saveHarvest(ctx context.Context, within func(context.Context, func(runner) error) error, st digest.SourceState, articles []digest.Article, passed []digest.Passed) (digest.Saved, error) {
	var saved digest.Saved
	err := within(ctx, func(tx runner) error {
		for _, a := range articles {
			added, updated, err := s.saveArticle(ctx, tx, a)
			if err != nil {
				return fmt.Errorf("saving article %s: %w", a.URL, err)
			}
			saved.Added += added
			saved.Updated += updated
		}
		if err := s.passOver(ctx, tx, st.Source, passed); err != nil {
			return fmt.Errorf("passing items over: %w", err)
		}
		return s.saveState(ctx, tx, st)
	})
	return saved, err
}

func (s *Store) passOver(ctx context.Context, tx runner, source string, passed []digest.Passed) error {
	for _, p := range passed {
		_, err := s.exec(ctx, tx, `INSERT INTO passed (source, identity, url, at) VALUES (?, ?, ?, ?) ON CONFLICT (source, identity) DO NOTHING`, source, text(p.Identity), text(p.URL), milli(s.now()))
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) saveArticle(ctx context.Context, tx runner, a digest.Article) (added, updated int, err error) {
	values, err := articleValues(a)
	if err != nil {
		return 0, 0, err
	}
	added, err = s.exec(ctx, tx, `INSERT INTO articles (`+articleColumns+`) VALUES (`+marks(23)+`) ON CONFLICT (source, identity) DO NOTHING`, values...)
	if err != nil || added == 1 {
		return added, 0, err
	}
	if a, err = s.completeOne(ctx, tx, a); err != nil {
		return 0, 0, err
	}
	// The page is fetched once: a later reading that knows the feed's text only
	// must not replace an article by its teaser, so only a longer text counts as
	// an edit of the body.
	updated, err = s.exec(ctx, tx, `UPDATE articles SET title = ?, teaser = ?, position = ?, item_sum = ?,
		html = CASE WHEN words <= ? THEN ? ELSE html END, text = CASE WHEN words <= ? THEN ? ELSE text END, words = CASE WHEN words <= ? THEN ? ELSE words END
		WHERE source = ? AND identity = ? AND (title <> ? OR teaser <> ? OR words < ?)
		AND NOT EXISTS (SELECT 1 FROM carried WHERE carried.article_id = articles.id)`,
		text(a.Title), text(a.Teaser), a.Position, a.ItemSum, a.Words, text(a.HTML), a.Words, text(a.Text), a.Words, a.Words,
		a.Source, a.Identity, text(a.Title), text(a.Teaser), a.Words)
	if err == nil && updated == 0 {
		// Nothing that a reader sees has changed; it need not be looked at again.
		_, err = s.exec(ctx, tx, `UPDATE articles SET item_sum = ? WHERE source = ? AND identity = ? AND item_sum <> ?`, a.ItemSum, a.Source, a.Identity, a.ItemSum)
	}
	return 0, updated, err
}

// Known says which identities of a source are stored, and as what: zero, for one
// that was passed over.
func (s *Store) Known(ctx context.Context, source string, identities []string) (map[string]digest.ArticleID, error) {
	out := make(map[string]digest.ArticleID, len(identities))
	const most = 400
	for some := range slices.Chunk(identities, most) {
		some = padded(some, most)
		args := append([]any{source}, anys(some)...)
		err := s.relaxedRead(ctx, func(r runner) error {
			return s.each(ctx, r, func(scan func(...any) error) error {
				var identity string
				var id digest.ArticleID
				err := scan(&identity, &id)
				out[identity] = id
				return err
			}, `SELECT identity, 0 AS id FROM passed WHERE source = ? AND identity IN (`+marks(len(some))+`)
				UNION ALL SELECT identity, id FROM articles WHERE source = ? AND identity IN (`+marks(len(some))+`)`, append(args, args...)...)
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// padded repeats the last of a list's values until there is one of few numbers of
// them, so that a query about them is one of few, too, and stays prepared.
func padded(list []string, most int) []string {
	for _, n := range []int{25, 100, most} {
		if len(list) <= n {
			return append(slices.Clip(list), slices.Repeat(list[len(list)-1:], n-len(list))...)
		}
	}
	return list
}

// Unchanged says which of these items, given by identity and sum, are stored as
// they are.
func (s *Store) Unchanged(ctx context.Context, source string, sums map[string]string) (map[string]bool, error) {
	out := make(map[string]bool, len(sums))
	for some := range slices.Chunk(slices.Sorted(maps.Keys(sums)), 500) {
		err := s.each(ctx, s.db, func(scan func(...any) error) error {
			var identity, sum string
			err := scan(&identity, &sum)
			out[identity] = sum != "" && sum == sums[identity]
			return err
		}, `SELECT identity, item_sum FROM articles WHERE source = ? AND identity IN (`+marks(len(some))+`)`, append([]any{source}, anys(some)...)...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// KnownURLs says how many of these canonical addresses articles of a source
// have.
func (s *Store) KnownURLs(ctx context.Context, source string, urls []string) (int, error) {
	total := 0
	for some := range slices.Chunk(urls, 500) {
		var n int
		err := s.row(ctx, s.db, `SELECT COUNT(DISTINCT url) FROM articles WHERE source = ? AND url IN (`+marks(len(some))+`)`, append([]any{source}, anys(some)...)...).Scan(&n)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// Candidates are the articles of these sources that a newsletter has not
// carried, oldest first, without their HTML.
func (s *Store) Candidates(ctx context.Context, newsletter string, sources []string) ([]digest.Article, error) {
	if len(sources) == 0 {
		return nil, nil
	}
	return s.articles(ctx, readColumns, `a.dropped = 0 AND a.source IN (`+marks(len(sources))+`)
		AND NOT EXISTS (SELECT 1 FROM carried WHERE carried.newsletter = ? AND carried.article_id = a.id)`, append(anys(sources), newsletter)...)
}

// articles reads articles, whole: what was left for later is read first.
func (s *Store) articles(ctx context.Context, columns, where string, args ...any) ([]digest.Article, error) {
	if err := s.completeStored(ctx, where, args...); err != nil {
		return nil, err
	}
	out, err := s.scanArticles(ctx, s.db, columns, where+` ORDER BY a.id`, args...)
	if err != nil {
		return nil, err
	}
	// A store that may not be written to has outlines still, and one that may has
	// what came in this moment.
	return out, s.complete(out, columns == articleColumns)
}

// scanArticles reads articles as they are stored.
func (s *Store) scanArticles(ctx context.Context, r runner, columns, where string, args ...any) ([]digest.Article, error) {
	var out []digest.Article
	err := s.each(ctx, r, func(scan func(...any) error) error {
		a, err := scanArticle(scan)
		out = append(out, a)
		return err
	}, `SELECT a.id, `+columns+` FROM articles a WHERE `+where, args...)
	return out, err
}

// ArticlesByURL finds the articles that have a canonical address.
func (s *Store) ArticlesByURL(ctx context.Context, url string) ([]digest.Article, error) {
	return s.articles(ctx, articleColumns, `url = ?`, url)
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

// ArticleQuery says which articles [Store.ListArticles] is to list.
type ArticleQuery struct {
	Source  string // of this source only, "" for all
	Dropped bool   // also those that were put aside
	Limit   int    // the newest so many; 0 for 50
}

// ListArticles lists articles, the newest first.
func (s *Store) ListArticles(ctx context.Context, q ArticleQuery) ([]digest.Article, error) {
	where, args := `1 = 1`, []any{}
	if q.Source != "" {
		where, args = where+` AND source = ?`, append(args, q.Source)
	}
	if !q.Dropped {
		where += ` AND dropped = 0`
	}
	args = append(args, max(1, q.Limit))
	out, err := s.articles(ctx, articleColumns, `id IN (SELECT id FROM articles WHERE `+where+` ORDER BY id DESC LIMIT ?)`, args...)
	slices.Reverse(out)
	return out, err
}

// Article is the article of this number. The error is [digest.ErrNotFound] when
// there is none.
func (s *Store) Article(ctx context.Context, id digest.ArticleID) (digest.Article, error) {
	list, err := s.articles(ctx, articleColumns, `id = ?`, id)
	if err == nil && len(list) == 0 {
		err = digest.ErrNotFound
	}
	if err != nil {
		return digest.Article{}, err
	}
	return list[0], nil
}

// DropArticle puts an article aside, or takes it back. What editions have carried
// stays as it is.
func (s *Store) DropArticle(ctx context.Context, id digest.ArticleID, dropped bool) error {
	n, err := s.exec(ctx, s.db, `UPDATE articles SET dropped = ? WHERE id = ?`, flag(dropped), id)
	if err == nil && n == 0 {
		err = digest.ErrNotFound
	}
	return err
}
