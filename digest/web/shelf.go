package web

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/zest-digest/zest/digest"
)

// shelf keeps what the archive shows of past editions in memory. They are frozen,
// so only those that came since the last look are read.
type shelf struct {
	store Store
	now   func() time.Time
	mu    sync.Mutex
	rows  map[string]*row
}

// row is the editions of one newsletter, the oldest first.
type row struct {
	books []*book
	read  time.Time // from the beginning
}

// reread bounds for how long an edition that was canceled later stays.
const reread = 10 * time.Minute

// book is an edition as the archive lists it.
type book struct {
	Newsletter string
	Number     int
	Date       time.Time
	Subject    string
	Summary    string
	Language   string
	Stories    []story
}

// story is one article of an edition.
type story struct {
	Title, URL, Site, Summary, Topic, Language string

	folded string // what a search looks in
}

func newShelf(s Store, now func() time.Time) *shelf {
	return &shelf{store: s, now: now, rows: map[string]*row{}}
}

// books are the editions of a newsletter, the oldest first. The slice is not to
// be changed.
func (sh *shelf) books(ctx context.Context, n digest.Newsletter) ([]*book, error) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	rw := sh.rows[n.Name]
	if rw == nil || sh.now().Sub(rw.read) > reread {
		rw = &row{read: sh.now()}
	}
	last := 0
	if len(rw.books) > 0 {
		last = rw.books[len(rw.books)-1].Number
	}
	editions, err := sh.store.EditionsSince(ctx, n.Name, last)
	if err != nil {
		return nil, err
	}
	books := slices.Clip(rw.books)
	for _, e := range editions {
		books = append(books, shelve(e, n))
	}
	sh.rows[n.Name] = &row{books: books, read: rw.read}
	return books, nil
}

func shelve(e digest.Edition, n digest.Newsletter) *book {
	b := &book{Newsletter: e.Newsletter, Number: e.Number, Date: local(e.Date, n), Subject: e.Subject, Summary: e.Summary, Language: e.Language}
	for _, section := range e.Sections {
		for _, c := range section.Cards {
			a := c.Article
			s := story{Title: a.Title, URL: a.URL, Site: a.Site, Summary: c.Summary, Topic: section.Title, Language: a.Language}
			s.folded = fold(strings.Join([]string{a.Title, a.Site, a.Author, c.Summary, section.Title}, " "))
			b.Stories = append(b.Stories, s)
		}
	}
	return b
}

// local is a moment by the newsletter's clocks: what day it was is theirs.
func local(t time.Time, n digest.Newsletter) time.Time {
	if n.Zone == nil {
		return t
	}
	return t.In(n.Zone)
}

// latest is the newest edition of a newsletter, nil for none.
func (s *Server) latest(ctx context.Context, n digest.Newsletter) *book {
	if n.Archive == digest.ArchiveNone {
		return nil
	}
	books, err := s.shelf.books(ctx, n)
	if err != nil || len(books) == 0 {
		return nil
	}
	return books[len(books)-1]
}

// fold writes a text without capitals and accents, so that "ecole" finds "École".
func fold(s string) string {
	t := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	folded, _, err := transform.String(t, strings.ToLower(s))
	if err != nil {
		return strings.ToLower(s)
	}
	return strings.NewReplacer("œ", "oe", "æ", "ae", "’", "'").Replace(folded)
}

// found is an edition with those of its stories that a reader looks for.
type found struct {
	*book
	Hits []story
}

const (
	searchWords = 8   // of a query that count
	searchHits  = 100 // stories shown
)

// search finds the stories that hold every word of a query, the newest first,
// and says whether there are more than are shown.
func search(books []*book, query string) (out []found, more bool) {
	words := strings.FieldsFunc(fold(query), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	if len(words) == 0 {
		return nil, false
	}
	words = words[:min(len(words), searchWords)]
	return pick(books, func(s story) bool {
		for _, w := range words {
			if !strings.Contains(s.folded, w) {
				return false
			}
		}
		return true
	})
}

// pick takes stories, the newest edition first.
func pick(books []*book, want func(story) bool) (out []found, more bool) {
	hits := 0
	for _, b := range slices.Backward(books) {
		f := found{book: b}
		for _, s := range b.Stories {
			if !want(s) {
				continue
			}
			if hits++; hits > searchHits {
				return out, true
			}
			f.Hits = append(f.Hits, s)
		}
		if len(f.Hits) > 0 {
			out = append(out, f)
		}
	}
	return out, false
}

// topic is a section that editions had, and its name in addresses.
type topic struct{ Name, Slug string }

// topicsOf lists the sections of the newest editions, in alphabetical order.
func topicsOf(books []*book) []topic {
	names := map[string]string{}
	for _, b := range books {
		for _, s := range b.Stories {
			if slug := slugOf(s.Topic); slug != "" {
				names[slug] = s.Topic // the newest spelling stays
			}
		}
	}
	var out []topic
	for slug, name := range names {
		out = append(out, topic{name, slug})
	}
	slices.SortFunc(out, func(a, b topic) int { return strings.Compare(a.Slug, b.Slug) })
	return out
}

// slugOf is a name as it stands in an address.
func slugOf(name string) string {
	words := strings.FieldsFunc(fold(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	return strings.Join(words, "-")
}
