package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zest-digest/zest/config"
)

// TestEveryMistakeIsToldWithItsLine reads testdata/wrong/*.yaml. Each file
// begins with the messages it must give, one a comment line, without the path.
func TestEveryMistakeIsToldWithItsLine(t *testing.T) {
	files, err := filepath.Glob("testdata/wrong/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for line := range strings.Lines(string(raw)) {
			if text, ok := strings.CutPrefix(line, "#! "); ok {
				want = append(want, path+":"+strings.TrimRight(text, "\n"))
			}
		}
		_, err = config.Load(path, nil)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if expected := strings.Join(want, "\n"); got != expected {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", path, got, expected)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(config.Example())
	f.Add([]byte(five))
	f.Add([]byte("a: &a [*a]"))
	path := filepath.Join(f.TempDir(), "zest.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path, nil)
		if err != nil {
			if strings.HasPrefix(err.Error(), "decoding ") {
				t.Errorf("the checker let through what the decoder refuses: %v", err)
			}
			return
		}
		for _, n := range c.Newsletters {
			if _, err := c.Newsletter(n.Name); err != nil {
				t.Error(err)
			}
		}
	})
}
