package extract

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Every folder of testdata/pages holds a page as served and the article it
// must give.
func TestPageGivesTheArticle(t *testing.T) {
	folders, err := filepath.Glob("testdata/pages/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, dir := range folders {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			pages, _ := filepath.Glob(filepath.Join(dir, "page.*"))
			body, err := os.ReadFile(pages[0])
			if err != nil {
				t.Fatal(err)
			}
			address := "https://site.example/" + filepath.Base(dir) + strings.TrimSuffix(filepath.Ext(pages[0]), ".html")
			a, err := Page(digest.Page{URL: address, Body: body}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join(dir, "want.html"), show(a))
		})
	}
}

// show writes an article down for people: what it is, then its body.
func show(a digest.Article) string {
	var b strings.Builder
	b.WriteString("<!--\n")
	published := ""
	if !a.Published.IsZero() {
		published = a.Published.Format(time.RFC3339)
	}
	for _, f := range []struct{ name, value string }{
		{"title", a.Title}, {"author", a.Author}, {"site", a.Site}, {"section", a.Section}, {"language", a.Language},
		{"published", published}, {"url", a.URL}, {"image", a.Image.URL}, {"image alt", a.Image.Alt}, {"teaser", a.Teaser},
		{"categories", strings.Join(a.Categories, "; ")}, {"words", fmt.Sprint(a.Words)}, {"doubt", a.Doubt},
	} {
		if f.value != "" {
			b.WriteString(f.name + ": " + f.value + "\n")
		}
	}
	b.WriteString("-->\n" + strings.TrimSpace(a.HTML) + "\n")
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// The furniture of both sample pages, French and English, goes, whatever the
// golden files say after an update.
func TestPageLeavesNoFurniture(t *testing.T) {
	for dir, lines := range map[string][]string{
		"bibliotheque-pret": {"Passer au contenu", "Lire aussi", "Partager", "newsletter", "Recevez", "suivez-nous", "avis", "Outillage du Vallon", "Perceuse Vallon", "commentaire", "Bravo", "Votre adresse", "publié le", "Mentions"},
		"library-loans":     {"Skip to", "cookies", "Read more", "Advertisement", "Follow us", "Related", "ducks", "Comments", "splendid", "Leave a reply", "Your email", "min read", "reserved"},
	} {
		body, err := os.ReadFile("testdata/pages/" + dir + "/page.html")
		if err != nil {
			t.Fatal(err)
		}
		a, err := Page(digest.Page{URL: "https://site.example/", Body: body}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			if strings.Contains(a.HTML, line) || strings.Contains(a.Text, line) {
				t.Errorf("%s: kept %q", dir, line)
			}
		}
		if a.Score < 0.7 || a.Doubt != "" {
			t.Errorf("%s: score %.2f, doubt %q", dir, a.Score, a.Doubt)
		}
	}
}

func TestPageKnowsAGateFromAnArticle(t *testing.T) {
	wrap := func(title string, paragraphs ...string) string {
		return "<html><head><title>" + title + "</title></head><body><article><h1>" + title + "</h1><p>" + strings.Join(paragraphs, "</p><p>") + "</p></article></body></html>"
	}
	long := "Le conseil a voté le budget à l’unanimité jeudi soir, après trois heures d’un débat où chacun a dit sa part."
	for name, c := range map[string]struct{ page, want string }{
		"paywall":     {wrap("Budget", long, "Cet article est réservé aux abonnés. Déjà abonné ? Connectez-vous."), DoubtPaywall},
		"paywall en":  {wrap("Budget", "The council passed the budget on Thursday evening after three hours of debate, and nobody was surprised by it.", "Already a subscriber? Sign in to continue reading."), DoubtPaywall},
		"consent":     {wrap("Avant de continuer", "Nous utilisons des cookies, et nos partenaires stockent des informations sur votre appareil.", "Vous pouvez accepter et continuer, ou gérer vos choix à tout moment depuis cette page."), DoubtConsent},
		"robot check": {wrap("Just a moment...", "Checking your browser before accessing the site. Please enable JavaScript and cookies to continue."), DoubtBlocked},
		"nothing":     {"<html><body><div id=app></div><script>go()</script></body></html>", DoubtEmpty},
	} {
		a, err := Page(digest.Page{URL: "https://site.example/x", ContentType: "text/html", Body: []byte(c.page)}, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a.Doubt != c.want || a.Score >= 0.5 {
			t.Errorf("%s: doubt %q, score %.2f; want %q and a low score\n%s", name, a.Doubt, a.Score, c.want, a.Text)
		}
	}
}

func TestPageRefusesWhatIsNoDocument(t *testing.T) {
	for _, body := range []string{"%PDF-1.7\n...", "\x89PNG\r\n\x1a\n....", "", "   \n"} {
		if a, err := Page(digest.Page{URL: "https://site.example/x", Body: []byte(body)}, Options{}); err == nil {
			t.Errorf("%q gave %+v", body, a)
		}
	}
}

func TestPageDecodesWhatItIsServed(t *testing.T) {
	const want = "L’été dernier, les élèves ont planté un chêne au cœur du village"
	text := "<html><body><article><p>" + want + " près de l’école, où il pousse encore malgré la sécheresse et les chèvres du voisin.</p></article></body></html>"
	latin := strings.NewReplacer("’", "\x92", "é", "\xe9", "è", "\xe8", "ê", "\xea", "œ", "\x9c", "ù", "\xf9").Replace(text)
	var wide []byte
	for _, r := range text {
		wide = append(wide, byte(r), byte(r>>8))
	}
	for name, p := range map[string]digest.Page{
		"utf-8":                     {Body: []byte(text)},
		"utf-8 labelled latin":      {ContentType: "text/html; charset=iso-8859-1", Body: []byte(text)},
		"windows-1252":              {ContentType: "text/html", Body: []byte(latin)},
		"windows-1252 called utf-8": {ContentType: "text/html; charset=utf-8", Body: []byte(latin)},
		"utf-16":                    {Body: append([]byte{0xff, 0xfe}, wide...)},
		"bom":                       {Body: []byte("\xef\xbb\xbf" + text)},
	} {
		p.URL = "https://site.example/x"
		a, err := Page(p, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !strings.Contains(a.Text, want) {
			t.Errorf("%s: %q", name, a.Text)
		}
	}
}
