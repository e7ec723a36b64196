package curate_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
)

// Suites that nobody here wrote, beside the checkout: documents, and which of
// them tell the same story.
const neardup = "../../../shared/data/neardup/"

func TestTheSameStoryOfOthersSuites(t *testing.T) {
	if _, err := os.Stat(neardup); err != nil {
		t.Skip("the suites are not beside this checkout")
	}
	for _, set := range []string{"fr", "en1000"} {
		docs := readDocs(t, neardup+set+".docs.jsonl", set[:2])
		raw, err := os.ReadFile(neardup + set + ".truth.json")
		if err != nil {
			t.Fatal(err)
		}
		var groups [][]string
		if err := json.Unmarshal(raw, &groups); err != nil {
			t.Fatal(err)
		}
		precision, recall, missing := score(t, docs, groups)
		t.Logf("%s: pair precision %.3f, recall %.3f (%d pairs of the truth name documents that the set does not hold)", set, precision, recall, missing)
		if precision < 0.99 || recall < 0.95 {
			t.Errorf("%s: pair precision %.3f (0.99 asked), recall %.3f (0.95)", set, precision, recall)
		}
	}
}

func readDocs(t *testing.T, path, language string) []digest.Article {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []digest.Article
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var d struct{ ID, Title, Text string }
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		out = append(out, digest.Article{
			ID: digest.ArticleID(len(out) + 1), Source: fmt.Sprint("source", len(out)), Identity: d.ID, Title: d.Title, Text: d.Text, Language: language,
			Words: len(strings.Fields(d.Text)), FirstSeen: monday,
		})
	}
	return out
}

// score compares the pairs that Select brings together with those of the truth.
func score(t *testing.T, docs []digest.Article, truth [][]string) (precision, recall float64, missing int) {
	t.Helper()
	sel, err := curate.Select(docs, digest.Newsletter{Rules: digest.Rules{SummaryChars: 1}}, monday)
	if err != nil {
		t.Fatal(err)
	}
	stories := map[string][]string{}
	for _, d := range sel.Decisions {
		head := d.Article.Identity
		if d.Story != nil {
			head = d.Story.Identity
		}
		stories[head] = append(stories[head], d.Article.Identity)
	}
	found := map[[2]string]bool{}
	for _, group := range stories {
		pairs(group, func(p [2]string) { found[p] = true })
	}
	wanted, absent, right := map[[2]string]bool{}, map[[2]string]bool{}, 0
	here := map[string]bool{}
	for _, d := range docs {
		here[d.Identity] = true
	}
	for _, group := range truth {
		pairs(group, func(p [2]string) {
			if here[p[0]] && here[p[1]] {
				wanted[p] = true
			} else {
				absent[p] = true
			}
		})
	}
	for p := range wanted {
		if found[p] {
			right++
		}
	}
	return float64(right) / float64(max(1, len(found))), float64(right) / float64(len(wanted)), len(absent)
}

func pairs(group []string, f func([2]string)) {
	for i, a := range group {
		for _, b := range group[i+1:] {
			f([2]string{min(a, b), max(a, b)})
		}
	}
}
