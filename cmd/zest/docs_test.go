package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

func quietApp() *app {
	return newApp(world{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, now: time.Now})
}

// pagesOfDocs are the manual's files.
func pagesOfDocs(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	return append(files, "../../README.md")
}

// blocks are the shell blocks of a page, also those inside a list.
func blocks(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	var block strings.Builder
	inside := false
	for line := range strings.Lines(string(text)) {
		fence := strings.TrimSpace(line)
		switch {
		case fence == "```sh":
			inside = true
			block.Reset()
		case inside && fence == "```":
			inside = false
			out = append(out, block.String())
		case inside:
			block.WriteString(line)
		}
	}
	return out
}

// TestEveryCommandInTheManualExists reads each command of each shell block as the
// program would: its name, its flags, the number of its arguments.
func TestEveryCommandInTheManualExists(t *testing.T) {
	read := 0
	for _, file := range pagesOfDocs(t) {
		for _, block := range blocks(t, file) {
			for line := range strings.Lines(block) {
				i := strings.Index(line, "zest ")
				if i < 0 || i > 0 && !strings.HasSuffix(line[:i], " ") || strings.HasPrefix(strings.TrimSpace(line), "#") {
					continue
				}
				read++
				if err := accepts(shellWords(line[i:])); err != nil {
					t.Errorf("%s: %s: %v", filepath.Base(file), strings.TrimSpace(line), err)
				}
			}
		}
	}
	if read < 40 {
		t.Errorf("only %d commands were found", read)
	}
}

// shellWords splits a command line as a shell does, up to its first pipe, redirection
// or comment.
func shellWords(line string) []string {
	var out []string
	var word strings.Builder
	var quote rune
	began := false
	end := func() {
		if began {
			out = append(out, word.String())
		}
		word.Reset()
		began = false
	}
	for _, r := range strings.TrimSpace(line) {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, began = r, true
		case r == ' ':
			end()
		case (r == '#' || r == '|' || r == '>' || r == ';') && !began:
			return out
		default:
			began = true
			word.WriteRune(r)
		}
	}
	end()
	return out
}

func accepts(args []string) error {
	root := quietApp().root()
	c, rest, err := root.Find(args[1:])
	if err != nil {
		return err
	}
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	if len(c.Commands()) > 0 && c.Flags().NArg() > 0 {
		return fmt.Errorf("%q is no command of %q", c.Flags().Arg(0), c.CommandPath())
	}
	return c.ValidateArgs(c.Flags().Args())
}

// TestTheQuickStartRuns does what the page says, with nothing but a mail server.
func TestTheQuickStartRuns(t *testing.T) {
	mail := delivertest.Start(t, delivertest.Script{})
	zest, err := exec.LookPath("zest")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, page := range []string{"quickstart.md", "recovery.md", "security.md"} {
		for _, block := range blocks(t, "../../docs/"+page) {
			cmd := exec.Command("sh", "-eu", "-c", block)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(zest)+":"+os.Getenv("PATH"), "HOME="+dir,
				"ZEST_SMTP_HOST=127.0.0.1", fmt.Sprint("ZEST_SMTP_PORT=", mail.Port))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s\n%s", page, err, block, out)
			}
		}
	}
	if n := len(mail.Messages()); n != 2 {
		t.Errorf("%d messages: the test and the edition are two", n)
	}
}
