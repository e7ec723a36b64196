package templates_test

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/zest-digest/zest/templates"
)

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := fs.ReadFile(templates.FS, file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func ids(t *testing.T, file string) []string {
	t.Helper()
	var words map[string]any
	if err := yaml.Unmarshal([]byte(read(t, file)), &words); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return slices.Sorted(maps.Keys(words))
}

func TestLanguagesSayTheSameThings(t *testing.T) {
	for _, surface := range []string{"mail", "web"} {
		files, _ := fs.Glob(templates.FS, "locale/"+surface+".*.yaml")
		if len(files) < 2 {
			t.Fatalf("%s speaks %d languages", surface, len(files))
		}
		want := ids(t, "locale/"+surface+".en.yaml")
		for _, f := range files {
			if diff := cmp.Diff(want, ids(t, f)); diff != "" {
				t.Errorf("%s (-en +it):\n%s", f, diff)
			}
		}
	}
}

var asked = regexp.MustCompile(`\b(?:t|label|T|N) "(\w+)"`)

func TestEveryWordThatATemplateAsksForIsWritten(t *testing.T) {
	for surface, pattern := range map[string]string{"mail": "email/*/*.tmpl", "web": "web/*.tmpl"} {
		known := ids(t, "locale/"+surface+".en.yaml")
		files, _ := fs.Glob(templates.FS, pattern)
		for _, f := range files {
			for _, m := range asked.FindAllStringSubmatch(read(t, f), -1) {
				if !slices.Contains(known, m[1]) {
					t.Errorf("%s asks for %q, which nobody wrote", f, m[1])
				}
			}
		}
	}
}

func TestFrenchKeepsItsTallPunctuationOnTheLine(t *testing.T) {
	files, _ := fs.Glob(templates.FS, "locale/*.fr.yaml")
	for _, f := range files {
		for i, line := range strings.Split(read(t, f), "\n") {
			_, words, _ := strings.Cut(line, ": ")
			for _, bad := range []string{" :", " ;", " !", " ?", " »", "« ", "'"} {
				if strings.Contains(words, bad) {
					t.Errorf("%s:%d: %q: %s", f, i+1, bad, words)
				}
			}
		}
	}
}

func TestDatesFollowTheLanguage(t *testing.T) {
	w, err := templates.LoadWords(templates.FS, "mail")
	if err != nil {
		t.Fatal(err)
	}
	first, later := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for lang, want := range map[string][2]string{
		"fr":    {"dimanche 1er mars 2026", "lundi 23 novembre 2026"},
		"fr-CA": {"dimanche 1er mars 2026", "lundi 23 novembre 2026"},
		"en":    {"Sunday, March 1, 2026", "Monday, November 23, 2026"},
		"en-GB": {"Sunday, 1 March 2026", "Monday, 23 November 2026"},
		"ar":    {"الأحد، 1 مارس 2026", "الاثنين، 23 نوفمبر 2026"},
		"xx":    {"Sunday, March 1, 2026", "Monday, November 23, 2026"},
	} {
		if got := [2]string{w.Date(lang, first), w.Date(lang, later)}; got != want {
			t.Errorf("%s: got %q, want %q", lang, got, want)
		}
	}
}

func TestPluralsFollowTheLanguage(t *testing.T) {
	w, err := templates.LoadWords(templates.FS, "mail")
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{1: "دقيقة قراءة", 2: "دقيقتا قراءة", 3: "3 دقائق قراءة", 11: "11 دقيقة قراءة"} {
		if got := w.Count("ar", "minutes", n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
	if got := w.Count("fr", "minutes", 0); got != "0 min de lecture" {
		t.Error(got)
	}
}
