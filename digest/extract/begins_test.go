package extract

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestOpeners checks that the look at the first letters never turns away what
// the pattern itself would match.
func TestOpeners(t *testing.T) {
	var lines []string
	files, _ := filepath.Glob("testdata/pages/*/*")
	for _, f := range append(files, "phrases.go") { // the patterns' own words come close to matching
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.FieldsFunc(strings.ToLower(string(b)), func(r rune) bool { return strings.ContainsRune("\n|<>`()?", r) })...)
	}
	lines = append(lines, "", "à lire aussi : le port", "lire aussi : le port", "read more: the port", "also on the port", "partager", "publicité", "12 commentaires",
		"les commentaires sont fermés", "lecture : 3 min", "3 min read", "© afp", "(c) jane", "photo : jane", "x", "é", "\xff\xfe")
	matched := 0
	for _, o := range []*opener{leads(), machinery(), comments(), reading(), credit()} {
		plain := regexp.MustCompile(o.re().String())
		for _, l := range lines {
			want := plain.MatchString(l)
			if got := o.MatchString(l); got != want {
				t.Errorf("%.40s… of %q: %v, want %v", o.re(), l, got, want)
			}
			if want {
				matched++
			}
		}
	}
	if matched < 50 {
		t.Errorf("only %d lines match a pattern", matched)
	}
	if leads().begins == nil || machinery().begins == nil {
		t.Error("the long patterns are tried on every paragraph")
	}
	if beginnings(`^\d+ x`) != nil || beginnings(`abc`) != nil {
		t.Error("a pattern that may begin with anything has beginnings")
	}
}
