package curate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
)

// three articles that every rule can tell apart.
func three() []digest.Article {
	a, b, c := article(1, "large"), article(2, "north"), article(3, "halles")
	a.Title, a.Author, a.Language, a.Words, a.Categories = "Le pont rouvre", "Anne Le Goff", "fr", 120, []string{"Travaux"}
	b.Title, b.Section, b.Language, b.Words = "A lighthouse for sale", "Property", "en", 900
	c.Title, c.Site, c.Language, c.Words, c.Published = "Marché : les halles ferment", "Les Halles", "fr", 40, monday.AddDate(0, 0, -20)
	return []digest.Article{a, b, c}
}

func TestRulesKeepOutWhatTheySay(t *testing.T) {
	for name, c := range map[string]struct {
		rules digest.Rules
		want  string // the ids that stay
		why   string // of what is out
	}{
		"a word":               {digest.Rules{Exclude: []string{"pont"}}, "2 3", `exclude "pont" matches`},
		"not a part of one":    {digest.Rules{Exclude: []string{"pon"}}, "1 2 3", ""},
		"in any case":          {digest.Rules{Exclude: []string{"MARCHÉ"}}, "1 2", `exclude "MARCHÉ" matches`},
		"a phrase":             {digest.Rules{Include: []string{"lighthouse for sale"}}, "2", "no include rule matches"},
		"a pattern":            {digest.Rules{Exclude: []string{"/^(le|les) /"}}, "2 3", "exclude"},
		"a category":           {digest.Rules{Include: []string{"category:travaux", "category:property"}}, "1 2", "no include"},
		"an author":            {digest.Rules{Exclude: []string{"author:anne le goff"}}, "2 3", "exclude"},
		"a language":           {digest.Rules{Include: []string{"language:en"}}, "2", "no include"},
		"a source and a site":  {digest.Rules{Exclude: []string{"source:north", "site:Les Halles"}}, "1", "exclude"},
		"an address":           {digest.Rules{Exclude: []string{"https://large.example/1?utm_source=x"}}, "2 3", "exclude"},
		"an expression":        {digest.Rules{Exclude: []string{`= words > 500 && language == "en"`}}, "1 3", "exclude"},
		"by age":               {digest.Rules{Exclude: []string{"= age_hours > 24 * 7"}}, "1 2", "exclude"},
		"too short":            {digest.Rules{MinWords: 100}, "1 2", "it has 40 words, fewer than min_words 100"},
		"too long":             {digest.Rules{MaxWords: 500}, "1 3", "it has 900 words, more than max_words 500"},
		"too old":              {digest.Rules{MaxAge: 7 * 24 * time.Hour}, "1 2", "it is 20 days old, more than max_article_age"},
		"what is pinned stays": {digest.Rules{MaxWords: 500, Exclude: []string{"sale"}, Pins: []string{"lighthouse"}}, "1 2 3", ""},
	} {
		sel, err := curate.Select(three(), newsletter(c.rules), monday)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		in := map[digest.ArticleID]bool{}
		for _, d := range sel.Decisions {
			if in[d.Article.ID] = d.In; !d.In && !strings.Contains(d.Reason, c.why) {
				t.Errorf("%s: %q is out because %q", name, d.Article.Title, d.Reason)
			}
		}
		var got []string
		for id := digest.ArticleID(1); id <= 3; id++ {
			if in[id] {
				got = append(got, fmt.Sprint(id))
			}
		}
		if d := cmp.Diff(c.want, strings.Join(got, " ")); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestRulesOfRank(t *testing.T) {
	first := func(r digest.Rules) curate.Decision {
		t.Helper()
		sel, err := curate.Select(three(), newsletter(r), monday)
		if err != nil {
			t.Fatal(err)
		}
		return sel.Decisions[0]
	}
	if d := first(digest.Rules{}); d.Article.ID != 2 { // source north weighs 2
		t.Errorf("the heavier source: %+v", d)
	}
	d := first(digest.Rules{Boosts: []digest.Boost{{Match: "category:travaux", By: 5}, {Match: "halles", By: -1}}})
	if d.Article.ID != 1 || !strings.Contains(fmt.Sprint(d.Terms), "{boost category:travaux 5}") {
		t.Errorf("a boost: %+v", d)
	}
	if d := first(digest.Rules{Max: 1, Pins: []string{"site:les halles"}, Boosts: []digest.Boost{{Match: "pont", By: 50}}}); d.Article.ID != 3 || !d.In {
		t.Errorf("a pin: %+v", d)
	}
}

func TestRulesOfSections(t *testing.T) {
	var list []digest.Article
	for i := range 9 {
		a := article(i+1, []string{"large", "north", "halles"}[i%3])
		a.Categories = []string{[]string{"Culture", "Sport"}[i%2]}
		list = append(list, a)
	}
	r := digest.Rules{Sections: []digest.SectionRule{
		{Name: "Le Nord", Any: []string{"source:north"}, Max: 2, Order: "oldest"},
		{Name: "Culture", Match: `"Culture" in categories`, Order: "newest"},
		{Name: "Le reste", Order: "source"},
	}}
	sel, err := curate.Select(list, newsletter(r), monday)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range sel.Sections() {
		line := s.Title
		for _, c := range s.Cards {
			line += fmt.Sprint(" ", c.Article.ID)
		}
		got = append(got, line)
	}
	// A section that is full leaves its articles to the next that wants them.
	if d := cmp.Diff([]string{"Le Nord 5 2", "Culture 1 3 7 9", "Le reste 6 4 8"}, got); d != "" {
		t.Error(d)
	}
	only := sel.Only([]string{"Culture"})
	if only.Count() != 4 || len(only.Sections()) != 1 || !only.Sections()[0].Cards[0].Lead {
		t.Errorf("of one topic: %+v", only.Sections())
	}
}

func TestWhatWasToldIsRecalledOnce(t *testing.T) {
	told := []digest.Told{{Article: article(1, "large"), Edition: 3, Card: 1}, {Article: article(2, "north"), Edition: 3, Card: 1}, {Article: article(3, "halles"), Edition: 4, Card: 3}}
	again := article(4, "north") // another version of the third
	again.Text, again.Title = told[2].Text, told[2].Title
	this, err := curate.Select([]digest.Article{again, article(5, "large")}, newsletter(digest.Rules{}), monday)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := curate.Recall(told, this, newsletter(digest.Rules{Exclude: []string{"numéro"}}), monday)
	if err != nil {
		t.Fatal(err)
	}
	sel := pool.Select(nil)
	if sel.Count() != 3 || len(sel.Carried()) != 5 {
		t.Errorf("%d stories of %d articles", sel.Count(), len(sel.Carried()))
	}
	few, err := curate.Recall(told, this, newsletter(digest.Rules{Max: 2}), monday)
	if sel := few.Select(nil); err != nil || sel.Count() != 2 || sel.More != 1 {
		t.Errorf("%d stories, %d more, %v", sel.Count(), sel.More, err)
	}
}
