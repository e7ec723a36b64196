package render

import (
	"bytes"
	"strings"
	"text/template"

	"github.com/mattn/go-runewidth"

	"github.com/zest-digest/zest/digest"
)

// columns is the width of the text part: what a quoted reply still leaves room
// for on an 80-column terminal.
const columns = 76

// plain renders the text part.
func (th *theme) plain(v view, w words) (string, error) {
	t, err := th.text.Clone()
	if err != nil {
		return "", err
	}
	t.Funcs(textFuncs(func(id string) string { return w.say(v.Lang, id, v.names()) }))
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return "", &digest.InvalidError{Field: "template", Reason: err.Error()}
	}
	return tidy(b.String()), nil
}

func textFuncs(say func(string) string) template.FuncMap {
	if say == nil {
		say = func(string) string { return "" }
	}
	return template.FuncMap{
		"t":    say,
		"wrap": wrap,
		"join": strings.Join,
		"line": func(s string) string { return strings.Repeat(s, columns/runewidth.StringWidth(s)) },
		"up":   strings.ToUpper,
	}
}

// wrap fills lines to the width of the text part, by what a terminal shows,
// each beginning with indent. A word that is longer than a line, such as an
// address, stays whole: a broken link is worse than a long line.
func wrap(indent, s string) string {
	var lines []string
	width := columns - runewidth.StringWidth(indent)
	line, used := "", 0
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' }) {
		w := runewidth.StringWidth(word)
		if used > 0 && used+1+w > width {
			lines = append(lines, indent+line)
			line, used = "", 0
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+w
	}
	if used > 0 {
		lines = append(lines, indent+line)
	}
	return strings.Join(lines, "\n")
}

// tidy drops trailing space, and more than one empty line in a row.
func tidy(s string) string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, line)
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n") + "\n"
}
