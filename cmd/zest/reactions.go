package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/zest-digest/zest/digest"
)

// articleShare is what readers of an edition made of one of its articles.
type articleShare struct {
	Title  string `json:"title"`
	URL    string `json:"url"`
	Clicks int    `json:"clicks"`
	More   int    `json:"more"`
	Less   int    `json:"less"`
}

func (m *machine) reactions(ctx context.Context, id digest.EditionID) ([]articleShare, error) {
	counted, err := m.store.Reactions(ctx, id)
	if err != nil {
		return nil, err
	}
	by := map[digest.ArticleID]*articleShare{}
	var ids []digest.ArticleID
	for _, r := range counted {
		if by[r.Article] == nil {
			by[r.Article] = &articleShare{}
			ids = append(ids, r.Article)
		}
		switch r.Kind {
		case digest.ReactionClick:
			by[r.Article].Clicks += r.Count
		case digest.ReactionMore:
			by[r.Article].More += r.Count
		case digest.ReactionLess:
			by[r.Article].Less += r.Count
		}
	}
	articles, err := m.store.ArticlesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := []articleShare{}
	for _, art := range articles {
		s := by[art.ID]
		s.Title, s.URL = art.Title, art.URL
		out = append(out, *s)
	}
	slices.SortStableFunc(out, func(x, y articleShare) int {
		return cmp.Or(cmp.Compare(y.Clicks, x.Clicks), cmp.Compare(y.More-y.Less, x.More-x.Less))
	})
	return out, nil
}

func (a *app) showReactions(list []articleShare) {
	if len(list) == 0 {
		return
	}
	rows := make([][]string, len(list))
	for i, s := range list {
		rows[i] = []string{fmt.Sprint(s.Clicks), fmt.Sprint(s.More), fmt.Sprint(s.Less), s.Title}
	}
	a.printf("\n")
	a.table([]string{"clicks", "more", "less", "article"}, rows)
}
