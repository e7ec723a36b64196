package extract

import (
	"encoding/json"
	"html"
	"os"
	"strings"
	"testing"

	"github.com/zest-digest/zest/digest"
)

// shared reads a file of the data that nobody here wrote, or skips.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../../shared/data/" + name)
	if err != nil {
		if b, err = os.ReadFile("../../../../shared/data/" + name); err != nil {
			t.Skipf("shared data is not here: %v", err)
		}
	}
	return b
}

// The owner's sample: all lines of the article, no line of the furniture,
// whether it comes as text or as a page.
func TestSeedKeepsTheArticleAndDropsTheRest(t *testing.T) {
	seed := string(shared(t, "seed/seed.txt"))
	var gold struct {
		Title, Language string
		Keep, Drop      []string
	}
	if err := json.Unmarshal(shared(t, "seed/gold.json"), &gold); err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	page.WriteString("<!doctype html><html><head><title>" + html.EscapeString(gold.Title) + "</title></head><body>")
	for _, line := range strings.Split(seed, "\n") {
		switch line = strings.TrimSpace(line); line {
		case "":
		case gold.Title:
			page.WriteString("<h1>" + html.EscapeString(line) + "</h1>")
		default:
			page.WriteString("<p>" + html.EscapeString(line) + "</p>\n")
		}
	}
	for name, body := range map[string]string{"text": seed, "page": page.String()} {
		t.Run(name, func(t *testing.T) {
			a, err := Page(digest.Page{URL: "https://example.org/seed", Body: []byte(body)}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if a.Title != gold.Title {
				t.Errorf("title %q", a.Title)
			}
			if a.Language != gold.Language {
				t.Errorf("language %q", a.Language)
			}
			all := a.Title + "\n" + a.Text
			for _, line := range gold.Keep {
				if !strings.Contains(all, line) {
					t.Errorf("lost: %s", line)
				}
			}
			for _, line := range gold.Drop {
				if strings.Contains(all, line) {
					t.Errorf("kept: %s", line)
				}
			}
		})
	}
}
