package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/config"
)

const edited = `# My letters.
public_url: https://news.example.org   # where readers go

sources:
  - name: one
    url: https://one.example/feed
    #weight: 2   # a thought for later

  # the second
  - {name: two, url: https://two.example/feed}

# The newsletters.
newsletters:
  - name: weekly
    from: w@example.org
    postal_address: 1 quai du Port
    sources: [one, two]   # both
  - name: daily
    from: d@example.org
    postal_address: 1 quai du Port
    sources:
      - one
      # and
      - two
`

func TestASourceIsAddedAndTakenOutAgainToTheLetter(t *testing.T) {
	for _, newsletter := range []string{"weekly", "daily"} {
		added, err := config.AddSource([]byte(edited), config.NewSource{Name: "trois", URL: "https://trois.example/feed?a=1#x", Title: "L'écho: 3, [x]"}, newsletter)
		if err != nil {
			t.Fatal(err)
		}
		c := loadText(t, added)
		n, err := c.Newsletter(newsletter)
		if err != nil || len(n.Sources) != 3 || n.Sources[2].URL != "https://trois.example/feed?a=1#x" || n.Sources[2].Title != "L'écho: 3, [x]" {
			t.Fatalf("%+v %v\n%s", n.Sources, err, added)
		}
		for line := range strings.Lines(edited) {
			if !strings.Contains(line, "sources: [") && !strings.Contains(string(added), line) {
				t.Errorf("lost: %s", line)
			}
		}
		back, err := config.RemoveSource(added, "trois")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(edited, string(back)); d != "" {
			t.Errorf("%s: %s", newsletter, d)
		}
	}
}

func TestASourceLeavesEveryNewsletter(t *testing.T) {
	for _, name := range []string{"one", "two"} {
		out, err := config.RemoveSource([]byte(edited), name)
		if err != nil {
			t.Fatal(err)
		}
		c := loadText(t, out)
		if len(c.Sources) != 1 || c.Sources[0].Name == name {
			t.Errorf("%s: %+v\n%s", name, c.Sources, out)
		}
		for _, n := range c.Newsletters {
			if len(n.Sources) != 1 || n.Sources[0] == name {
				t.Errorf("%s: %v", name, n.Sources)
			}
		}
	}
	if _, err := config.RemoveSource([]byte(edited), "three"); err == nil {
		t.Error("what is not there was removed")
	}
}

func TestTheFirstSourceOpensItsList(t *testing.T) {
	for _, begin := range []string{"", "sources:\n", "sources: []   # none yet\n"} {
		raw := begin + "public_url: https://x.example\nnewsletters:\n  - {name: n, from: n@example.org, postal_address: x, sources: [https://a.example/feed]}\n"
		out, err := config.AddSource([]byte(raw), config.NewSource{Name: "s", Kind: "command", Command: []string{"./run", "a, b"}}, "n")
		if err != nil {
			t.Errorf("%q: %v", begin, err)
			continue
		}
		if c := loadText(t, out); len(c.Sources) != 1 || c.Sources[0].Command[1] != "a, b" {
			t.Errorf("%q: %+v", begin, c.Sources)
		}
	}
}

func loadText(t *testing.T, raw []byte) *config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "zest.yaml")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	return c
}
