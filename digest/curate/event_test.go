package curate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
)

// Accounts of the same event, and others that only look like one. Every sentence
// is ours, and so are the people in it.
var accounts = []struct{ event, language, title, text string }{
	{"bridge", "fr", "Le pont Kervella rouvre lundi à Port-Lannec", "Après deux ans de chantier, le pont Kervella rouvre lundi. La maire, Solène Abgrall, y voit la fin d’un long détour pour les 4300 habitants de la rive gauche."},
	{"bridge", "fr", "Port-Lannec retrouve enfin son pont", "Il aura fallu vingt-quatre mois. Lundi, les voitures passeront de nouveau sur le pont Kervella, a promis Solène Abgrall, et les 4300 riverains cesseront de faire le tour par la route de la rade."},
	{"bridge", "en", "Port-Lannec gets its Kervella bridge back", "Two years after it closed, the Kervella bridge will carry traffic again from Monday. Mayor Solène Abgrall said the 4300 people on the left bank had waited long enough."},
	{"bridge-cost", "fr", "Combien coûte un pont ?", "De la passerelle au viaduc, nous avons comparé douze chantiers. Les fondations font la différence, disent les ingénieurs du bureau Tanguy."},
	{"lens", "en", "Northlight telescope finds a comet with two tails", "The survey camera at Northlight saw comet C/2231 split on Tuesday. Astronomer Ruth Adeyemi said the second tail grew within 36 hours."},
	{"lens", "en", "A comet splits, and Ruth Adeyemi was watching", "It took 36 hours. On Tuesday the Northlight survey caught C/2231 breaking apart, and Ruth Adeyemi had the dome open by chance."},
	{"lens-old", "en", "Why old telescopes still matter", "Big survey cameras see nearly everything. In the strip of twilight that they cannot watch, small domes and patient people get there first."},
	{"vote", "fr", "Le conseil de Brélidy vote le tram de nuit", "Par 19 voix contre 14, les élus de Brélidy ont voté jeudi la ligne de nuit du tramway. Yann Le Guern parle d’un essai de six mois."},
	{"vote", "fr", "Brélidy : le tramway circulera la nuit", "La ligne de nuit est adoptée. Yann Le Guern l’a emporté par 19 voix contre 14 jeudi soir ; l’essai doit durer six mois."},
	{"vote-other", "fr", "Le conseil de Plestan vote la piscine", "Par 21 voix contre 8, les élus de Plestan ont voté jeudi la rénovation de la piscine. Maud Kerbrat promet une ouverture au printemps."},
	{"market", "en", "The market moves under the limes", "For half a year the Saturday market leaves the hall at Saint-Aubert and sets up under the limes of the lower square, says Gwen Tallec."},
	{"market", "fr", "Le marché de Saint-Aubert s’installe sous les tilleuls", "Pendant six mois, le marché quitte la halle de Saint-Aubert pour la place basse. Gwen Tallec assure que chacun gardera son étal."},
	{"market-fair", "fr", "Foire aux plants samedi", "Comme chaque année, les jardiniers échangent semis et boutures sur le parvis. L’entrée est libre."},
}

func TestOneEventIsOneStory(t *testing.T) {
	var docs []digest.Article
	truth := map[string][]string{}
	for i, a := range accounts {
		id := fmt.Sprint(i)
		truth[a.event] = append(truth[a.event], id)
		docs = append(docs, digest.Article{
			ID: digest.ArticleID(i + 1), Source: "source" + id, Identity: id, Title: a.title, Text: a.text, Language: a.language, Words: 40, FirstSeen: monday,
			Published: monday.Add(-time.Duration(i) * time.Hour),
		})
	}
	var groups [][]string
	for _, g := range truth {
		groups = append(groups, g)
	}
	precision, recall, _ := score(t, docs, groups)
	t.Logf("pair precision %.3f, recall %.3f", precision, recall)
	if precision < 0.95 || recall < 0.80 {
		t.Errorf("pair precision %.3f (0.95 asked), recall %.3f (0.80)", precision, recall)
	}
}

func TestAnEventEndsAfterSomeDays(t *testing.T) {
	a, b := accounts[7], accounts[8]
	docs := []digest.Article{
		{ID: 1, Source: "x", Identity: "1", Title: a.title, Text: a.text, Language: "fr", FirstSeen: monday, Published: monday},
		{ID: 2, Source: "y", Identity: "2", Title: b.title, Text: b.text, Language: "fr", FirstSeen: monday, Published: monday.AddDate(0, 0, -10)},
	}
	sel, err := curate.Select(docs, newsletter(digest.Rules{}), monday)
	if err != nil || sel.Count() != 2 {
		t.Errorf("%d stories, %v", sel.Count(), err)
	}
}
