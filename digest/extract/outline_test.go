package extract

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
)

// TestAnOutlineCompletedIsTheArticle checks that reading an item's text later
// changes nothing of the article.
func TestAnOutlineCompletedIsTheArticle(t *testing.T) {
	base := digest.Item{
		Source: "blog", Identity: "1", URL: "https://blog.example/pont?utm_source=rss", Base: "https://blog.example/", Title: " Le pont  rouvre ", Author: "Zoé Petit",
		Language: "fr", Categories: []string{"Ports"}, Published: time.Date(2026, 11, 23, 7, 0, 0, 0, time.FixedZone("", 3600)), Position: 4,
		Enclosures: []digest.Enclosure{{URL: "https://blog.example/a.mp3", Type: "audio/mpeg", Length: 3}},
		Summary:    "<p>La mairie rouvre le pont lundi, après deux ans de travaux.</p>",
		Content:    `<p onclick="x()">La mairie rouvre le pont lundi.<script>alert(1)</script></p><img src="/pont.jpg" width="640" height="400" alt="Le pont"><p>` + strings.Repeat("Les bateaux attendaient. ", 60) + "</p>",
	}
	for name, change := range map[string]func(*digest.Item){
		"whole":      func(*digest.Item) {},
		"summary":    func(it *digest.Item) { it.Content = "" },
		"title only": func(it *digest.Item) { it.Content, it.Summary, it.Language = "", "", "" },
		"picture":    func(it *digest.Item) { it.Image = "https://blog.example/other.jpg" },
		"updated":    func(it *digest.Item) { it.Published, it.Updated = time.Time{}, it.Published },
		"base":       func(it *digest.Item) { it.Base = "https://files.example/blog/" },
		"no address": func(it *digest.Item) { it.URL = "" },
	} {
		t.Run(name, func(t *testing.T) {
			it := base
			change(&it)
			want, err := Article(it, seen, Options{})
			if err != nil {
				t.Fatal(err)
			}
			outline, ok := Outline(it, seen)
			if !ok || outline.HTML != "" || outline.Text != "" {
				t.Fatalf("outline %v %+v", ok, outline)
			}
			got := Complete(outline)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(got, Complete(got)); d != "" {
				t.Errorf("completed twice: %s", d)
			}
		})
	}
}

func TestWhatCannotWaitHasNoOutline(t *testing.T) {
	for name, it := range map[string]digest.Item{
		"its page is not kept":      {Title: "Un titre", URL: "https://blog.example/1", Page: samplePage(t)},
		"its title is in its words": {URL: "https://blog.example/1", Title: " ", Content: "<p>Un mot.</p>"},
	} {
		if _, ok := Outline(it, seen); ok {
			t.Error(name)
		}
	}
}
