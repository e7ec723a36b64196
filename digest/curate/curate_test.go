package curate_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
)

var monday = time.Date(2026, 11, 23, 7, 30, 0, 0, time.UTC)

func newsletter(r digest.Rules) digest.Newsletter {
	if r.SummaryChars == 0 {
		r.SummaryChars = 280
	}
	return digest.Newsletter{Name: "hebdo", Rules: r, Sources: []digest.Source{{Name: "large"}, {Name: "north", Weight: 2}, {Name: "halles"}}}
}

// article makes one of words distinct from every other number's.
func article(i int, source string) digest.Article {
	var text strings.Builder
	for w := range 120 {
		fmt.Fprintf(&text, "mot%d%d ", i, w)
	}
	return digest.Article{
		ID: digest.ArticleID(i), Source: source, Identity: fmt.Sprint(i), URL: fmt.Sprintf("https://%s.example/%d", source, i),
		Title: fmt.Sprintf("Titre numéro %d", i), Text: text.String() + ".", Words: 120,
		FirstSeen: monday, Published: monday.Add(-time.Duration(i) * time.Hour),
	}
}

func titles(s curate.Selection) []string {
	var out []string
	for _, sec := range s.Sections() {
		for _, c := range sec.Cards {
			out = append(out, c.Article.Title)
		}
	}
	return out
}

func TestSelectDoesNotDependOnTheOrderOfCandidates(t *testing.T) {
	var list []digest.Article
	for i := range 40 {
		list = append(list, article(i+1, []string{"large", "north", "halles"}[i%3]))
	}
	n := newsletter(digest.Rules{Max: 9})
	want, err := curate.Select(list, n, monday)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		got, err := curate.Select(list, n, monday)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.Decisions, got.Decisions) + cmp.Diff(want.Sections(), got.Sections()); d != "" {
			t.Fatal(d)
		}
	}
}

func TestEveryCandidateIsExplained(t *testing.T) {
	var list []digest.Article
	for i := range 30 {
		list = append(list, article(i+1, "large"))
	}
	list[3].Title = "Jeu concours : gagnez un vélo"
	sel, err := curate.Select(list, newsletter(digest.Rules{Max: 5, Exclude: []string{"jeu concours"}}), monday)
	if err != nil {
		t.Fatal(err)
	}
	if len(sel.Decisions) != len(list) || sel.Count() != 5 {
		t.Fatalf("%d decisions on %d candidates, %d in", len(sel.Decisions), len(list), sel.Count())
	}
	for _, d := range sel.Decisions {
		if d.Reason == "" {
			t.Errorf("%s has no reason", d.Article.Title)
		}
		if d.Article.ID == 4 && (d.In || !strings.Contains(d.Reason, "jeu concours")) {
			t.Errorf("the excluded article: %+v", d)
		}
	}
}

func TestAnOldArticleIsRankedNotRefused(t *testing.T) {
	old := article(1, "large")
	old.Published = monday.AddDate(-3, 0, 0)
	sel, err := curate.Select([]digest.Article{old}, newsletter(digest.Rules{Max: 5}), monday)
	if err != nil || sel.Count() != 1 {
		t.Fatalf("%d in, %v", sel.Count(), err)
	}
}

func TestVersionsOfOneStoryMakeOneCard(t *testing.T) {
	base := "Le pont du port rouvre lundi après deux ans de travaux, a annoncé la mairie, qui promet des trottoirs plus larges, une piste pour les vélos et des bancs face à la rade. Le chantier a coûté onze millions d'euros, soit deux de plus que prévu, en raison de fondations plus fragiles que ne le disaient les plans. Les commerçants du quai attendent ce jour avec impatience."
	a, b, c := article(1, "large"), article(2, "north"), article(3, "halles")
	a.Text, b.Text = base, strings.Replace(base, "onze millions", "plus de onze millions", 1)
	sel, err := curate.Select([]digest.Article{a, b, c}, newsletter(digest.Rules{Max: 5}), monday)
	if err != nil {
		t.Fatal(err)
	}
	if sel.Count() != 2 {
		t.Fatalf("stories: %v", titles(sel))
	}
	for _, card := range sel.Sections()[0].Cards {
		if card.Article.Source == "north" && (len(card.Also) != 1 || card.Also[0].Site != "large") {
			t.Errorf("also: %+v", card.Also)
		}
	}
	if got := len(sel.Carried()); got != 3 {
		t.Errorf("%d articles carried; the version that was not shown must not come back", got)
	}
}

// One source, so that nothing but the fingerprints can bring them together.
func TestRewritesOfOneTextMeetByFingerprintAlone(t *testing.T) {
	met := 0
	for n := range 100 {
		a, b := article(2*n+1, "large"), article(2*n+2, "large")
		words := strings.Fields(a.Text)
		for i := range words {
			if i%3 == 0 && i < 66 { // bigrams in common: a Jaccard of about 0.45
				words[i] = fmt.Sprintf("autre%d", i)
			}
		}
		b.Text, b.Title = strings.Join(words, " "), a.Title
		sel, err := curate.Select([]digest.Article{a, b}, newsletter(digest.Rules{}), monday)
		if err != nil {
			t.Fatal(err)
		}
		if sel.Count() == 1 {
			met++
		}
	}
	if met < 90 {
		t.Errorf("%d of 100 rewrites met", met)
	}
}

func BenchmarkSelectWithoutALimit(b *testing.B) {
	for _, n := range []int{2000, 4000, 8000} {
		var list []digest.Article
		for i := range n {
			list = append(list, article(i+1, []string{"large", "north"}[i%2]))
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := curate.Select(list, newsletter(digest.Rules{}), monday); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestOneAddressIsOneStory(t *testing.T) {
	a, b := article(1, "large"), article(2, "north")
	b.URL = a.URL
	sel, err := curate.Select([]digest.Article{a, b}, newsletter(digest.Rules{}), monday)
	if err != nil || sel.Count() != 1 {
		t.Fatalf("%v %v", titles(sel), err)
	}
}

func TestSections(t *testing.T) {
	a, b, c := article(1, "large"), article(2, "north"), article(3, "halles")
	a.Categories = []string{"Culture"}
	r := digest.Rules{Sections: []digest.SectionRule{{Name: "Culture", Match: `"Culture" in categories`}, {Name: "Ailleurs", Match: `source == "north"`, Max: 1}}}
	sel, err := curate.Select([]digest.Article{a, b, c}, newsletter(r), monday)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range sel.Sections() {
		got = append(got, fmt.Sprintf("%s:%s", s.Title, s.Cards[0].Article.Source))
	}
	if d := cmp.Diff([]string{"Culture:large", "Ailleurs:north", ":halles"}, got); d != "" {
		t.Error(d)
	}
}

func TestABadRuleIsNamed(t *testing.T) {
	for _, r := range []digest.Rules{
		{Exclude: []string{"/(/"}}, {Include: []string{""}},
		{Sections: []digest.SectionRule{{Name: "x", Match: "titel == 1"}}},
		{Sections: []digest.SectionRule{{Name: "x", Match: "title"}}},
	} {
		var invalid *digest.InvalidError
		if err := curate.Check(r); err == nil {
			t.Errorf("%+v passed", r)
		} else if !asInvalid(err, &invalid) {
			t.Errorf("%T %v", err, err)
		}
	}
}

func asInvalid(err error, target **digest.InvalidError) bool {
	e, ok := err.(*digest.InvalidError)
	*target = e
	return ok
}

func TestSummaries(t *testing.T) {
	long := "La mairie rouvre le pont lundi. « C'est un soulagement », dit M. Le Goff, qui tient le café du quai. Les travaux ont duré deux ans. Ils ont coûté onze millions."
	for name, c := range map[string]struct {
		a      digest.Article
		budget int
		want   string
	}{
		"the teaser when it is one":      {digest.Article{Teaser: "Deux ans de travaux, onze millions d'euros et une rade enfin ouverte aux vélos.", Text: long}, 200, "Deux ans de travaux, onze millions d'euros et une rade enfin ouverte aux vélos."},
		"not a teaser that asks to read": {digest.Article{Teaser: "Lire la suite", Text: long}, 60, "La mairie rouvre le pont lundi."},
		"a closing call goes":            {digest.Article{Teaser: "Deux ans de travaux, onze millions d'euros, une rade. Lire la suite →"}, 200, "Deux ans de travaux, onze millions d'euros, une rade."},
		"a cut teaser gives way":         {digest.Article{Teaser: "Deux ans de travaux et onze millions d'euros pour une rade…", Text: long}, 40, "La mairie rouvre le pont lundi."},
		"abbreviations do not end":       {digest.Article{Text: long}, 120, "La mairie rouvre le pont lundi. « C'est un soulagement », dit M. Le Goff, qui tient le café du quai."},
		"a later sentence that fits":     {digest.Article{Text: "Une première phrase beaucoup trop longue pour le budget que cette lettre accorde à ses résumés, et qui n’en finit pas. La seconde, elle, tient sans peine dans le budget donné."}, 80, "La seconde, elle, tient sans peine dans le budget donné."},
		"between words at the worst":     {digest.Article{Text: "Une phrase interminable qui ne tient pas dans le budget accordé aux résumés de cette lettre."}, 30, "Une phrase interminable qui…"},
	} {
		if got := curate.Summarize(c.a, c.budget); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func FuzzSummarizeKeepsItsBudget(f *testing.F) {
	f.Add("Une phrase. « Une autre", 20)
	f.Add("M. X. (a", 3)
	f.Fuzz(func(t *testing.T, text string, budget int) {
		if !utf8.ValidString(text) || budget > 1000 {
			return
		}
		if got := curate.Summarize(digest.Article{Text: text, Teaser: text}, budget); utf8.RuneCountInString(got) > max(0, budget) {
			t.Errorf("%d characters for a budget of %d: %q", utf8.RuneCountInString(got), budget, got)
		}
	})
}
