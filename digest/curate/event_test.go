package curate_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
)

// accounts reads testdata/events.txt: accounts of events in both languages, and
// others that only look like them. The truth names the accounts of each event.
func accounts(t *testing.T) (docs []digest.Article, truth map[string][]string) {
	t.Helper()
	raw, err := os.ReadFile("testdata/events.txt")
	if err != nil {
		t.Fatal(err)
	}
	truth = map[string][]string{}
	for block := range strings.SplitSeq(strings.TrimSpace(string(raw)), "\n\n") {
		if strings.HasPrefix(block, "#") {
			continue
		}
		lines := strings.Split(block, "\n")
		var event, language string
		var hours int
		if n, err := fmt.Sscan(lines[0], &event, &language, &hours); n != 3 || len(lines) != 3 {
			t.Fatalf("reading %q: %v", block, err)
		}
		id := fmt.Sprint(len(docs))
		docs = append(docs, digest.Article{
			ID: digest.ArticleID(len(docs) + 1), Source: "source" + id, Identity: id, Title: lines[1], Text: lines[2], Language: language,
			Words: len(strings.Fields(lines[2])), FirstSeen: monday, Published: monday.Add(-time.Duration(hours) * time.Hour),
		})
		truth[event] = append(truth[event], id)
	}
	return docs, truth
}

func TestOneEventIsOneStory(t *testing.T) {
	docs, truth := accounts(t)
	same, alike := 0, 0
	for event, g := range truth {
		same += len(g) * (len(g) - 1) / 2
		if other, is := strings.CutPrefix(event, "like:"); is {
			other, _, _ = strings.Cut(other, "-")
			alike += len(truth[other])
		}
	}
	precision, recall, _ := score(t, docs, slices.Collect(maps.Values(truth)))
	t.Logf("%d accounts, %d pairs of one event and %d that only look like it: pair precision %.3f, recall %.3f", len(docs), same, alike, precision, recall)
	if precision < 0.95 || recall < 0.80 {
		t.Errorf("pair precision %.3f (0.95 asked), recall %.3f (0.80)", precision, recall)
	}
}

// Hundreds of articles of one newspaper, of other days and other events: names
// like the president's stand in many of them, and join none.
func TestUnrelatedArticlesOfOthersStayApart(t *testing.T) {
	texts, titles := othersSummaries(t, "title")
	var docs []digest.Article
	for i, text := range texts {
		docs = append(docs, digest.Article{ID: digest.ArticleID(i + 1), Source: fmt.Sprint("source", i), Identity: fmt.Sprint(i),
			Title: titles[i], Text: text, Language: "fr", Words: 100, FirstSeen: monday, Published: monday})
	}
	sel, err := curate.Select(docs, digest.Newsletter{Rules: digest.Rules{SummaryChars: 1}}, monday)
	if err != nil {
		t.Fatal(err)
	}
	if joined := len(docs) - sel.Count(); joined*100 > len(docs) {
		t.Errorf("%d of %d unrelated articles were joined to another", joined, len(docs))
	}
}

func TestAnEventEndsAfterSomeDays(t *testing.T) {
	docs, _ := accounts(t)
	docs = docs[:2]
	docs[1].Published = docs[0].Published.AddDate(0, 0, -10)
	sel, err := curate.Select(docs, newsletter(digest.Rules{}), monday)
	if err != nil || sel.Count() != 2 {
		t.Errorf("%d stories, %v", sel.Count(), err)
	}
}
