package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// terminal is what we know of where output goes.
type terminal struct {
	colour      bool // standard error and output are terminals, and NO_COLOR is not set
	interactive bool // standard error is a terminal: progress may be drawn
	width       int
}

func newTerminal(w world) terminal {
	t := terminal{width: 100}
	isTerminal := func(x io.Writer) bool {
		f, ok := x.(*os.File)
		return ok && term.IsTerminal(int(f.Fd()))
	}
	dumb := slices.ContainsFunc(w.environ, func(kv string) bool {
		k, v, _ := strings.Cut(kv, "=")
		return k == "NO_COLOR" && v != "" || k == "TERM" && v == "dumb"
	})
	t.interactive = isTerminal(w.stderr)
	t.colour = t.interactive && isTerminal(w.stdout) && !dumb
	if f, ok := w.stdout.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 20 {
			t.width = width
		}
	}
	return t
}

type colour string

const (
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
	faint  colour = "2"
	bold   colour = "1"
)

func (a *app) paint(c colour, s string) string {
	if !a.terminal.colour || s == "" {
		return s
	}
	return "\x1b[" + string(c) + "m" + s + "\x1b[0m"
}

func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.stdout, format, args...) }

// notef tells a person something that is not the result.
func (a *app) notef(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.stderr, format+"\n", args...)
	}
}

// line prints one JSON object.
func (a *app) line(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// table prints rows in columns by display width. The last column is cut to the
// terminal's width, so that a row stays a line.
func (a *app) table(head []string, rows [][]string) {
	width := make([]int, len(head))
	for _, r := range append([][]string{head}, rows...) {
		for i, c := range r {
			width[i] = max(width[i], runewidth.StringWidth(c))
		}
	}
	print := func(r []string, paint func(string) string) {
		var b strings.Builder
		for i, c := range r {
			if i == len(r)-1 {
				if a.terminal.interactive {
					c = runewidth.Truncate(c, max(10, a.terminal.width-b.Len()), "…")
				}
				b.WriteString(c)
				break
			}
			b.WriteString(c + strings.Repeat(" ", width[i]-runewidth.StringWidth(c)+2))
		}
		fmt.Fprintln(a.stdout, paint(strings.TrimRight(b.String(), " ")))
	}
	print(head, func(s string) string { return a.paint(faint, s) })
	for _, r := range rows {
		print(r, func(s string) string { return s })
	}
}

// count says "1 reader", "2 readers".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// bytesize is a size for people.
func bytesize(n int) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f kB", float64(n)/1000)
}
