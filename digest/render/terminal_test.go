package render_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zest-digest/zest/digest/internal/golden"
	"github.com/zest-digest/zest/digest/render"
)

// terminals are the text browsers that mutt and its kin show HTML with.
var terminals = map[string][]string{
	"lynx": {"-dump", "-nolist", "-assume_charset=utf-8", "-display_charset=utf-8", "-width=80"},
	"w3m":  {"-dump", "-cols", "80", "-I", "UTF-8", "-O", "UTF-8", "-T", "text/html"},
}

func TestGoldenDumpsOfTextBrowsers(t *testing.T) {
	r := renderer(t, render.Options{})
	for browser, args := range terminals {
		if _, err := exec.LookPath(browser); err != nil {
			if os.Getenv("CI") != "" {
				t.Errorf("%s is not installed", browser)
			}
			continue
		}
		for _, theme := range r.Themes() {
			for _, lang := range tongues {
				t.Run(browser+"/"+theme+"/"+lang, func(t *testing.T) {
					file := filepath.Join(t.TempDir(), "message.html")
					if err := os.WriteFile(file, []byte(proof(t, r, theme, lang, "many").HTML), 0o600); err != nil {
						t.Fatal(err)
					}
					cmd := exec.Command(browser, append(args, file)...)
					cmd.Env = []string{"LANG=C.UTF-8", "LC_ALL=C.UTF-8", "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
					out, err := cmd.Output()
					if err != nil {
						t.Fatal(err)
					}
					golden.Check(t, theme+"/"+lang+"-many."+browser, trimLines(string(out)))
				})
			}
		}
	}
}

// trimLines drops the space that these browsers leave at the ends of lines.
func trimLines(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return strings.Trim(b.String(), "\n") + "\n"
}
