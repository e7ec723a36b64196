package curate_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
)

// corpus gives every article that others extracted by hand, beside the checkout:
// its text, with the teaser that its source gave, if any.
func corpus(t *testing.T) (out []digest.Article) {
	t.Helper()
	for _, set := range []string{"orangesum", "fundus", "mozilla"} {
		f, err := os.Open("../../../shared/data/pages-" + set + "/gold.jsonl")
		if err != nil {
			t.Skip("the suites are not beside this checkout")
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			var d struct{ ID, Lang, Title, Summary, Body string }
			if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
				t.Fatal(err)
			}
			out = append(out, digest.Article{Identity: set + "/" + d.ID, Language: d.Lang, Title: d.Title, Teaser: d.Summary, Text: d.Body})
			out = append(out, digest.Article{Identity: set + "/" + d.ID + " without its teaser", Language: d.Lang, Title: d.Title, Text: d.Body})
		}
		f.Close()
	}
	return out
}

func TestSummariesOfTheWholeCorpusAreWhole(t *testing.T) {
	articles, cut := corpus(t), 0
	for _, a := range articles {
		for _, budget := range []int{120, 320, 480} {
			s := curate.Summarize(a, budget)
			if wrong := unwhole(s, a, budget); wrong != "" {
				t.Errorf("%s, %d characters: %s: %q", a.Identity, budget, wrong, s)
			}
			if budget == 320 && strings.HasSuffix(s, "…") {
				cut++
			}
		}
	}
	t.Logf("%d articles, %d summaries of 320 characters cut between words because no sentence fits", len(articles), cut)
	if cut*20 > len(articles) {
		t.Errorf("%d of %d summaries are cut between words", cut, len(articles))
	}
}

// unwhole says what is wrong with a summary, or nothing.
func unwhole(s string, a digest.Article, budget int) string {
	from := strings.Join(strings.Fields(a.Teaser+" "+a.Text), " ")
	low := strings.ToLower(s)
	switch {
	case s == "" && len(strings.Fields(a.Text)) > 0:
		return "nothing"
	case utf8.RuneCountInString(s) > budget:
		return "too long"
	case strings.Count(s, "«") != strings.Count(s, "»"), strings.Count(s, "“") != strings.Count(s, "”"), strings.Count(s, `"`)%2 != 0:
		return "a quotation stays open"
	case strings.Count(s, "(") != strings.Count(s, ")"):
		return "a bracket stays open"
	case strings.Contains(low, "lire la suite"), strings.Contains(low, "read more"), strings.Contains(low, "en savoir plus"):
		return "a call to click"
	}
	for w := range strings.FieldsSeq(strings.TrimSuffix(s, "…")) {
		if !strings.Contains(from, w) {
			return "the word " + w + " is not the article's"
		}
	}
	return ""
}
