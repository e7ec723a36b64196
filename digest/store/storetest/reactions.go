package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
)

// told saves articles, and freezes an edition that carries them.
func told(t *testing.T, open Opener, titles ...string) (digest.Edition, []digest.ArticleID) {
	s := open(t)
	var list []digest.Article
	for _, title := range titles {
		list = append(list, article(title, title, 100))
	}
	must(s.SaveHarvest(ctx, digest.SourceState{Source: list[0].Source}, list))(t)
	candidates := must(s.Candidates(ctx, "n", []string{list[0].Source}))(t)
	var ids []digest.ArticleID
	var cards []digest.Card
	for _, a := range candidates {
		ids, cards = append(ids, a.ID), append(cards, digest.Card{Article: digest.Article{ID: a.ID}})
	}
	f := edition(1, ids...)
	whole := digest.Edition{Sections: []digest.Section{{Cards: cards}}}
	f.Inputs = map[string]digest.Inputs{"fr": {Edition: whole}, "fr-text": {}}
	return must(s.Freeze(ctx, f))(t), ids
}

func reactions(t *testing.T, open Opener) {
	s := open(t)
	readers(t, s, 4)
	e, ids := told(t, open, "a", "b")
	click := digest.Reaction{Edition: e.ID, Article: ids[0], Kind: digest.ReactionClick, Day: "2026-11-23", Count: 2}
	less := digest.Reaction{Edition: e.ID, Article: ids[1], Kind: digest.ReactionLess, Day: "2026-11-24", Count: 1}
	ok(t, s.AddReactions(ctx, []digest.Reaction{less, click}))
	ok(t, s.AddReactions(ctx, []digest.Reaction{click}))
	click.Count = 4
	if d := cmp.Diff([]digest.Reaction{click, less}, must(s.Reactions(ctx, e.ID))(t)); d != "" {
		t.Error(d)
	}
	tastes := must(s.Tastes(ctx, "n", time.Time{}))(t)
	if len(tastes) != 1 || tastes[0].Shown != 8 || tastes[0].Clicks != 4 || tastes[0].More != 0 || tastes[0].Less != 1 {
		t.Errorf("two articles to four readers: %+v", tastes)
	}
	if other := must(s.Tastes(ctx, "other", time.Time{}))(t); len(other) != 0 {
		t.Errorf("another newsletter's readers: %+v", other)
	}
}

func sentIn(t *testing.T, open Opener) {
	s := open(t)
	readers(t, s, 3)
	e, ids := told(t, open, "a")
	must(s.Secret(ctx))(t)
	for i, r := range claim(t, s, e.ID, "o", 0, 10) {
		settle(t, s, e.ID, "o", r, []digest.Verdict{digest.VerdictSent, digest.VerdictFailed, digest.VerdictSent}[i])
	}
	got := must(s.SentIn(ctx, ids[0]))(t)
	if len(got) != 1 || got[0].Edition.Ref() != "n/1" || got[0].Readers != 2 {
		t.Errorf("%+v", got)
	}
}
