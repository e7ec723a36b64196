package curate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
)

const rougeBudget = 320 // characters, the default of a newsletter

var (
	wordForm = regexp.MustCompile(`[\p{L}\p{N}]+`)
	sentence = regexp.MustCompile(`^.{20,}?[.!?…»"](\s|$)`)
)

// What journalists wrote above their own articles, beside what we take from the
// articles, and beside what the simplest programs take: the first sentence, the
// first three.
func TestSummariesOfOthersArticlesSayMoreThanTheirOpenings(t *testing.T) {
	texts, golds := othersSummaries(t, "abstract")
	var ours, first, three rouge
	for i, text := range texts {
		s := curate.Summarize(digest.Article{Text: text, Language: "fr"}, rougeBudget)
		ours.add(s, golds[i])
		first.add(lead(text, 1), golds[i])
		three.add(lead(text, 3), golds[i])
	}
	t.Logf("ROUGE-1/2/L over %d articles: zest %v, first sentence %v, first three %v", len(texts), ours, first, three)
	for _, peer := range []rouge{first, three} {
		if ours.one <= peer.one || ours.long <= peer.long {
			t.Errorf("summaries score %v, no better than an opening's %v", ours, peer)
		}
	}
}

func TestSummariesOfOthersArticlesAreWhole(t *testing.T) {
	texts, _ := othersSummaries(t, "abstract")
	cut := 0
	for _, text := range texts {
		s := curate.Summarize(digest.Article{Text: text, Language: "fr"}, rougeBudget)
		switch {
		case utf8.RuneCountInString(s) > rougeBudget:
			t.Errorf("%d characters, more than %d: %s", utf8.RuneCountInString(s), rougeBudget, s)
		case strings.Count(s, "«") != strings.Count(s, "»") || strings.Count(s, `"`)%2 != 0:
			t.Errorf("a quotation stays open: %s", s)
		case strings.Contains(strings.ToLower(s), "lire la suite"):
			t.Errorf("a call to click: %s", s)
		case strings.HasSuffix(s, "…"):
			cut++
		}
		for w := range strings.FieldsSeq(strings.TrimSuffix(s, "…")) {
			if !strings.Contains(text, w) {
				t.Errorf("%q stands in the summary and not in the text", w)
			}
		}
	}
	if cut*100 > 5*len(texts) {
		t.Errorf("%d of %d summaries are cut between words", cut, len(texts))
	}
}

func othersSummaries(t *testing.T, set string) (texts, golds []string) {
	t.Helper()
	lines := func(name string) []string {
		b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "summaries", name))
		if err != nil {
			t.Skip("the suite of others is not beside this checkout")
		}
		return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	}
	return lines(set + ".source_documents.txt"), lines(set + ".gold.txt")
}

// lead is the first n sentences, found as the suite's own scorer finds them.
func lead(text string, n int) string {
	var out string
	for range n {
		s := sentence.FindString(text)
		if s == "" {
			s = text[:min(len(text), 200)]
		}
		out, text = out+s+" ", strings.TrimPrefix(text, s)
	}
	return out
}

// rouge adds up ROUGE F1 scores (Lin, 2004), in hundredths.
type rouge struct {
	one, two, long float64
	n              int
}

func (r *rouge) add(got, want string) {
	a, b := wordForm.FindAllString(strings.ToLower(got), -1), wordForm.FindAllString(strings.ToLower(want), -1)
	r.one += grams(a, b, 1)
	r.two += grams(a, b, 2)
	if common := longest(a, b); common > 0 {
		r.long += 2 * float64(common) / float64(len(a)+len(b))
	}
	r.n++
}

// String shows the means, as papers do.
func (r rouge) String() string {
	return fmt.Sprintf("%.2f/%.2f/%.2f", 100*r.one/float64(r.n), 100*r.two/float64(r.n), 100*r.long/float64(r.n))
}

func grams(a, b []string, n int) float64 {
	counts := func(w []string) (map[string]int, int) {
		m, total := map[string]int{}, 0
		for i := 0; i+n <= len(w); i++ {
			m[strings.Join(w[i:i+n], " ")]++
			total++
		}
		return m, total
	}
	x, nx := counts(a)
	y, ny := counts(b)
	common := 0
	for g, k := range x {
		common += min(k, y[g])
	}
	if common == 0 {
		return 0
	}
	return 2 * float64(common) / float64(nx+ny)
}

// longest is the length of the longest common subsequence.
func longest(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, w := range a {
		diagonal := 0
		for j, v := range b {
			above := row[j+1]
			if w == v {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}
