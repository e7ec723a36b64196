package storetest

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

// Complete stands for reading the text of an outline: the words of its item.
func Complete(a digest.Article) digest.Article {
	if a.Item == nil {
		return a
	}
	a.Text, a.HTML, a.Words = a.Item.Content, "<p>"+a.Item.Content+"</p>", len(strings.Fields(a.Item.Content))
	a.Language, a.Teaser, a.Score, a.Image.URL = a.Item.Language, a.Item.Summary, 0.5, a.Item.Image
	a.Item = nil
	return a
}

func outline(identity, title, words string) digest.Article {
	return digest.Article{Source: "s", Identity: identity, URL: "https://example.org/" + identity, Title: title, Author: "Zoé", Site: "Le site", FirstSeen: Noon, ItemSum: words,
		Item: &digest.Item{Title: title, Language: "fr", Summary: "Peu \x00de mots", Content: words, Image: "https://example.org/i.jpg"}}
}

// outlines: what was left for later is read once, whoever asks first, and nobody
// meets it unread.
func outlines(t *testing.T, open Opener) {
	a, b := open(t), open(t)
	const n = 450 // more than are read at a time
	var in []digest.Article
	for i := range n {
		in = append(in, outline(string(rune('一'+i)), "Un", `deux & <b>"trois"</b>`))
	}
	if got := must(a.SaveHarvest(ctx, digest.SourceState{Source: "s"}, in))(t); got != (digest.Saved{Added: n}) {
		t.Fatalf("saved %+v", got)
	}
	got := make([][]digest.Article, 2)
	var wg sync.WaitGroup
	for i, s := range []*store.Store{a, b} {
		wg.Go(func() { got[i], _ = s.Candidates(ctx, "n", []string{"s"}) })
	}
	wg.Wait()
	if len(got[0]) != n {
		t.Fatalf("%d candidates", len(got[0]))
	}
	if d := cmp.Diff(got[0], got[1]); d != "" {
		t.Errorf("two that asked at once got different articles: %s", d)
	}
	want := Complete(in[0])
	want.ID, want.Teaser = got[0][0].ID, "Peu de mots"
	if d := cmp.Diff(want, must(a.Article(ctx, want.ID))(t)); d != "" {
		t.Error(d)
	}
	want.HTML = ""
	if d := cmp.Diff(want, got[0][0]); d != "" {
		t.Errorf("a candidate: %s", d)
	}
}

// outlinesEdited: an edit of what nobody read yet is judged like any other.
func outlinesEdited(t *testing.T, open Opener) {
	s := open(t)
	save := func(a digest.Article) digest.Saved {
		return must(s.SaveHarvest(ctx, digest.SourceState{Source: "s"}, []digest.Article{a}))(t)
	}
	save(outline("shorter", "Un", "un deux trois"))
	save(outline("longer", "Un", "un deux trois"))
	if got := save(outline("shorter", "Un", "un")); got.Updated != 0 {
		t.Errorf("a teaser replaced the article: %+v", got)
	}
	if got := save(Complete(outline("longer", "Deux", "un deux trois quatre"))); got.Updated != 1 {
		t.Errorf("an edit was lost: %+v", got)
	}
	for _, x := range must(s.ListArticles(ctx, store.ArticleQuery{}))(t) {
		want := map[string]string{"shorter": "un deux trois", "longer": "un deux trois quatre"}[x.Identity]
		if x.Text != want || x.Item != nil || x.Language != "fr" {
			t.Errorf("%s: %+v", x.Identity, x)
		}
	}
	same := must(s.Unchanged(ctx, "s", map[string]string{"shorter": "un", "longer": "un deux trois quatre"}))(t)
	if d := cmp.Diff(map[string]bool{"shorter": true, "longer": true}, same); d != "" {
		t.Error(d)
	}
}

// readAhead: what came last is read without being asked for, as far as it is few.
func readAhead(t *testing.T, open Opener) {
	s := open(t)
	var in []digest.Article
	for i := range 30 {
		in = append(in, outline(string(rune('一'+i)), "Un", "deux"))
	}
	must(s.SaveHarvest(ctx, digest.SourceState{Source: "s"}, in))(t)
	for _, left := range []int{20, 10, 0, 0} {
		ok(t, s.CompleteNewest(ctx, 10))
		dump := must(s.Dump(ctx))(t)
		if n := strings.Count(dump, `"Content":`); n != left {
			t.Errorf("%d are left, want %d", n, left)
		}
	}
}
