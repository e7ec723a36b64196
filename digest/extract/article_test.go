package extract

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
)

var seen = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func samplePage(t *testing.T) *digest.Page {
	t.Helper()
	return &digest.Page{URL: "https://site.example/vie-locale/outils", Body: []byte(samplePageHTML)}
}

var samplePageHTML = `<html lang="fr"><head><title>Les outils de la bibliothèque</title><meta property="og:type" content="article"></head><body><article>` +
	strings.Repeat("<p>Depuis samedi, on ne vient plus seulement chercher des livres à la médiathèque : quarante objets attendent leurs lecteurs sur une étagère neuve, au fond de la salle.</p>", 6) +
	`</article></body></html>`

func TestArticleComesFromThePageWhenItCanBeTrusted(t *testing.T) {
	a, err := Article(digest.Item{
		Source: "vallon", Identity: "1", URL: "https://site.example/vie-locale/outils?utm_source=rss", Title: "Des outils à emprunter",
		Summary: "<p>Quarante objets attendent leurs lecteurs à la médiathèque. [&#8230;]</p>", Position: 3,
		Published: time.Date(2026, 11, 23, 7, 0, 0, 0, time.FixedZone("", 3600)), Page: samplePage(t),
	}, seen, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if a.Words < 100 || !strings.Contains(a.Text, "étagère neuve") {
		t.Errorf("text %q", a.Text)
	}
	got := digest.Article{Source: a.Source, Identity: a.Identity, Title: a.Title, URL: a.URL, Teaser: a.Teaser, Language: a.Language, Position: a.Position, Published: a.Published, FirstSeen: a.FirstSeen}
	want := digest.Article{Source: "vallon", Identity: "1", Title: "Des outils à emprunter", URL: "https://site.example/vie-locale/outils",
		Teaser: "Quarante objets attendent leurs lecteurs à la médiathèque.", Language: "fr", Position: 3,
		Published: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC), FirstSeen: seen}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestArticleFallsBackOnTheItemsOwnText(t *testing.T) {
	own := "<p>" + strings.Repeat("Le texte entier que la source donne elle-même, avec ses phrases et ses mots. ", 8) + "</p><p>Lire aussi : Autre chose</p><script>x</script>"
	for name, page := range map[string]*digest.Page{
		"no page":     nil,
		"gate":        {URL: "https://site.example/x", ContentType: "text/html", Body: []byte("<html><body><p>Cet article est réservé aux abonnés. Déjà abonné ?</p></body></html>")},
		"empty page":  {URL: "https://site.example/x"},
		"broken page": {URL: "https://site.example/x", Body: []byte("%PDF-1.4")},
	} {
		a, err := Article(digest.Item{Identity: "1", URL: "https://site.example/x", Title: "Titre", Content: own, Page: page}, seen, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(a.Text, "que la source donne") || strings.Contains(a.HTML, "Lire aussi") || strings.Contains(a.HTML, "script") {
			t.Errorf("%s: %s", name, a.HTML)
		}
	}
}

func TestArticleOfNothingIsAMistakeSaid(t *testing.T) {
	_, err := Article(digest.Item{Identity: "1"}, seen, Options{})
	var invalid *digest.InvalidError
	if !errors.As(err, &invalid) {
		t.Errorf("error %v", err)
	}
}

func TestTeaserIsWholeSentencesOrNothing(t *testing.T) {
	for in, want := range map[string]string{
		"<p>Une phrase entière, qui dit de quoi il retourne.</p>":                                                                       "Une phrase entière, qui dit de quoi il retourne.",
		"Une phrase entière, qui dit de quoi il retourne. Et une autre que la source a coup […]":                                        "Une phrase entière, qui dit de quoi il retourne.",
		"Une phrase que la source a coupée au beau milieu de […]":                                                                       "",
		"Une phrase entière, qui dit de quoi il retourne.<p>L’article <a href='x'>Titre</a> est apparu en premier sur <a>Site</a>.</p>": "Une phrase entière, qui dit de quoi il retourne.",
		"A whole sentence that says what the thing is about. <a href='x'>Continue reading</a>":                                          "A whole sentence that says what the thing is about.",
		"The post X appeared first on Y.":                                                                                               "",
		"Titre":                                                                                                                         "",
		"":                                                                                                                              "",
		"<img src=x>":                                                                                                                   "",
	} {
		if got := teaser(in, "Titre"); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestLanguageIsTheDeclaredOneUnlessTheTextSaysOtherwise(t *testing.T) {
	french := strings.Repeat("Le conseil municipal a voté le budget jeudi soir, après trois heures d’un débat où chacun a dit sa part. ", 4)
	english := strings.Repeat("The town council passed its budget on Thursday night after three hours of debate in which everybody spoke. ", 4)
	for _, c := range []struct{ declared, text, want string }{
		{"fr-FR", french, "fr-FR"}, {"fr_fr", french, "fr-FR"}, {"", french, "fr"}, {"en", french, "fr"}, {"EN-us", english, "en-US"},
		{"", english, "en"}, {"fr", "iOS 27", "fr"}, {"", "", ""}, {"x-default", english, "en"}, {"français", french, "fr"},
	} {
		if got := DetectLanguage(c.declared, c.text); got != c.want {
			t.Errorf("%q over %.20q: %q, want %q", c.declared, c.text, got, c.want)
		}
	}
}

func TestWhatRepeatsAcrossPagesOfASiteIsFurniture(t *testing.T) {
	page := func(own string) digest.Page {
		return digest.Page{URL: "https://site.example/" + own, Body: []byte("<html><body><article><p>" + strings.Repeat(own+" est une histoire que cette page raconte, longuement et avec soin, à qui veut la lire. ", 4) +
			"</p><p>Le Vallon est édité par une petite équipe qui aime les trains, le pain et les lundis.</p></article></body></html>")}
	}
	habits := &Habits{}
	for _, own := range []string{"Alpha", "Bravo", "Alpha", "Charlie"} { // the one twice teaches nothing new
		habits.Learn(page(own))
		if own != "Charlie" && len(habits.Repeated().blocks) != 0 {
			t.Error("two pages are taken for a habit")
		}
	}
	known := ReadHabits(habits.String()).Repeated()
	if len(known.blocks) != 1 {
		t.Fatalf("%d blocks repeat", len(known.blocks))
	}
	for name, o := range map[string]Options{"with": {Repeats: known}, "without": {}} {
		a, err := Page(page("Delta"), o)
		if err != nil {
			t.Fatal(err)
		}
		if has := strings.Contains(a.Text, "petite équipe"); has != (name == "without") || !strings.Contains(a.Text, "Delta") {
			t.Errorf("%s: %q", name, a.Text)
		}
	}
}

func TestAPageThatComesAgainDoesNotMakeFurnitureOfItself(t *testing.T) {
	page := func(url string) digest.Page {
		return digest.Page{URL: url, Body: []byte("<html><body><article><p>" + strings.Repeat("Le pont rouvre lundi, après deux ans de travaux. ", 5) + "</p><p>" + strings.Repeat("La piste des vélos attendra. ", 5) + "</p></article></body></html>")}
	}
	habits := &Habits{}
	for _, url := range []string{"https://site.example/a", "https://site.example/a#direct-1", "https://site.example/b", "https://site.example/c"} {
		habits.Learn(page(url))
	}
	if n := len(habits.Repeated().blocks); n != 0 {
		t.Errorf("%d blocks of one story are taken for furniture", n)
	}
	for range 20 {
		habits.Learn(digest.Page{URL: "https://site.example/" + rand.Text(), Body: []byte("<p>" + rand.Text() + "</p>")})
	}
	if n := len(ReadHabits(habits.String()).pages); n != habitPages {
		t.Errorf("%d pages are remembered", n)
	}
	for _, broken := range []string{"?", "AAAA", "AAAAAP////8"} {
		if n := len(ReadHabits(broken).pages); n != 0 {
			t.Errorf("%q: %d pages", broken, n)
		}
	}
}

func TestLinksOfAnItemAreRelativeToItsBase(t *testing.T) {
	for base, want := range map[string]string{"": "https://site.example/a/plan", "https://files.example/dir/": "https://files.example/dir/plan"} {
		a, err := Article(digest.Item{Identity: "1", URL: "https://site.example/a/b", Base: base, Title: "Un titre", Content: `<p>Voici <a href="plan">le plan</a> de la ville.</p>`}, seen, Options{})
		if err != nil || !strings.Contains(a.HTML, `"`+want+`"`) {
			t.Errorf("base %q: %s %v", base, a.HTML, err)
		}
	}
}
