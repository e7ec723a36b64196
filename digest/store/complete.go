package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/zest-digest/zest/digest"
)

// Reading the text of an item takes several times as long as reading the feed
// that it stands in, and many items are never asked for. So a harvest may bring
// outlines (see [digest.Article.Item]), and they are completed here, once, when
// somebody first asks. Completing is a function of the item alone: whoever does
// it, and however often, the article is the same.

// itemText is what an article is to be completed from, as it is stored: "" for
// nothing.
func itemText(it *digest.Item) (string, error) {
	if it == nil {
		return "", nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it would write every tag at three times its size
	err := e.Encode(it)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// complete completes the outlines in a list, with their HTML or without it.
func (s *Store) complete(list []digest.Article, html bool) error {
	var outlines []*digest.Article
	for i := range list {
		if list[i].Item != nil {
			outlines = append(outlines, &list[i])
		}
	}
	if len(outlines) == 0 {
		return nil
	}
	if s.completed == nil {
		return errors.New("the text of some articles is not read yet, and this store was opened without the means")
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(outlines)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(outlines); i = int(next.Add(1)) - 1 {
				a := s.completed(*outlines[i])
				if !html {
					a.HTML = ""
				}
				*outlines[i] = a
			}
		})
	}
	wg.Wait()
	return nil
}

// completeStored completes the stored articles that a query is about. A few at a
// time: there may be thousands after many sources were first read.
func (s *Store) completeStored(ctx context.Context, where string, args ...any) error {
	if s.readOnly {
		return nil
	}
	// The index of what is not read yet is nearly always empty, and the condition
	// has to lead to it: else every article would be looked at twice.
	for {
		n, err := s.completeSome(ctx, `a.id IN (SELECT id FROM articles WHERE item <> '') AND (`+where+`) ORDER BY a.id LIMIT 200`, args...)
		if err != nil || n == 0 {
			return err
		}
	}
}

// CompleteNewest completes what came last, at most so many articles: after a
// harvest of the usual size nobody who plans an edition has to wait for them.
func (s *Store) CompleteNewest(ctx context.Context, most int) error {
	_, err := s.completeSome(ctx, `a.item <> '' ORDER BY a.id DESC LIMIT ?`, most)
	return err
}

// completeSome completes the stored outlines that a condition names, and says how
// many there were.
func (s *Store) completeSome(ctx context.Context, where string, args ...any) (int, error) {
	list, err := s.scanArticles(ctx, s.db, articleColumns, where, args...)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	if err := s.complete(list, true); err != nil {
		return 0, err
	}
	return len(list), s.relaxedTx(ctx, func(tx runner) error {
		for _, a := range list {
			if err := s.saveCompleted(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// saveCompleted stores what completing gave, unless somebody was faster.
func (s *Store) saveCompleted(ctx context.Context, tx runner, a digest.Article) error {
	image, err := json.Marshal(a.Image)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, tx, `UPDATE articles SET language = ?, image = ?, teaser = ?, html = ?, text = ?, words = ?, score = ?, item = '' WHERE id = ? AND item <> ''`,
		a.Language, text(string(image)), text(a.Teaser), text(a.HTML), text(a.Text), a.Words, a.Score, a.ID)
	return err
}

// completeOne completes an article that is to replace a stored one, and the
// stored one, so that they can be compared: what becomes of an edit does not
// depend on who asked for the article before.
func (s *Store) completeOne(ctx context.Context, tx runner, a digest.Article) (digest.Article, error) {
	list, err := s.scanArticles(ctx, tx, articleColumns, `a.source = ? AND a.identity = ? AND a.item <> ''`, a.Source, a.Identity)
	if err != nil {
		return a, err
	}
	list = append(list, a)
	if err := s.complete(list, true); err != nil {
		return a, err
	}
	for _, was := range list[:len(list)-1] {
		if err := s.saveCompleted(ctx, tx, was); err != nil {
			return a, err
		}
	}
	return list[len(list)-1], nil
}
