package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

// remembered: all that is known of a source comes back.
func remembered(t *testing.T, open Opener) {
	s := open(t)
	want := digest.SourceState{
		Source: "s", ETag: `"1"`, LastModified: "yesterday", MovedTo: "https://example.org/new", Gone: true, LastOK: Noon, LastTried: Noon.Add(time.Hour),
		NextTry: Noon.Add(2 * time.Hour), Failures: 3, LastError: "no answer", FailingSince: Noon, Told: Noon.Add(time.Minute), Title: "La source",
		IdentifyBy: "guid", BodyHash: "abc", Flood: 12, Answer: digest.FloodPass, Habits: "AAAA",
	}
	ok(t, s.SaveState(ctx, want))
	if d := cmp.Diff(want, must(s.SourceState(ctx, "s"))(t)); d != "" {
		t.Error(d)
	}
	want.Answer, want.Flood, want.Gone = "", 0, false
	ok(t, s.SaveStates(ctx, []digest.SourceState{want, {Source: "t"}}))
	if d := cmp.Diff(want, must(s.SourceState(ctx, "s"))(t)); d != "" {
		t.Error(d)
	}
}

// aside: what was passed over is known and no article; what was put aside is no
// candidate until it is taken back.
func aside(t *testing.T, open Opener) {
	s := open(t)
	doubtful := article("a", "Un", 10)
	doubtful.Doubt, doubtful.ItemSum = "paywall", "sum"
	old := digest.Passed{Identity: "old", URL: "https://example.org/old"}
	must(s.SaveHarvest(ctx, digest.SourceState{Source: "s"}, []digest.Article{doubtful, article("b", "Deux", 10)}, old, old))(t)
	list := must(s.ListArticles(ctx, store.ArticleQuery{Source: "s", Limit: 10}))(t)
	if len(list) != 2 || list[0].Title != "Deux" || list[1].Doubt != "paywall" {
		t.Fatalf("%+v", list)
	}
	known := must(s.Known(ctx, "s", []string{"a", "old", "new"}))(t)
	if d := cmp.Diff(map[string]digest.ArticleID{"a": list[1].ID, "old": 0}, known); d != "" {
		t.Error(d)
	}
	if by := must(s.PassedOver(ctx, old.URL))(t); by != "s" {
		t.Errorf("passed over by %q", by)
	}
	if n := must(s.KnownURLs(ctx, "s", []string{list[0].URL, list[1].URL, "https://example.org/x"}))(t); n != 2 {
		t.Errorf("%d addresses known", n)
	}
	same := must(s.Unchanged(ctx, "s", map[string]string{"a": "sum", "b": "other", "c": ""}))(t)
	if d := cmp.Diff(map[string]bool{"a": true, "b": false}, same); d != "" {
		t.Error(d)
	}
	ok(t, s.DropArticle(ctx, list[0].ID, true))
	if left := must(s.Candidates(ctx, "n", []string{"s"}))(t); len(left) != 1 || left[0].Title != "Un" {
		t.Errorf("candidates %+v", left)
	}
	if x := must(s.Article(ctx, list[0].ID))(t); !x.Dropped {
		t.Error("it is not marked")
	}
	if all := must(s.ListArticles(ctx, store.ArticleQuery{Dropped: true, Limit: 1}))(t); len(all) != 1 || all[0].Title != "Deux" {
		t.Errorf("%+v", all)
	}
	ok(t, s.DropArticle(ctx, list[0].ID, false))
	if left := must(s.Candidates(ctx, "n", []string{"s"}))(t); len(left) != 2 {
		t.Errorf("%d candidates", len(left))
	}
	if err := s.DropArticle(ctx, 999, true); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("%v", err)
	}
	if _, err := s.Article(ctx, 999); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("%v", err)
	}
}
