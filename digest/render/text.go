package render

import (
	"bytes"
	"fmt"
	"strings"
	"text/template"

	"github.com/mattn/go-runewidth"
)

// columns is the width of the text part: what a quoted reply still leaves room
// for on an 80-column terminal.
const columns = 76

// plain renders the text part.
func (th *theme) plain(v view, lang string, say func(string) string) (string, error) {
	t, err := th.text.Clone()
	if err != nil {
		return "", err
	}
	t.Funcs(textFuncs(lang, say))
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return "", err
	}
	return tidy(b.String()), nil
}

func textFuncs(lang string, say func(string) string) template.FuncMap {
	if say == nil {
		say = func(string) string { return "" }
	}
	return template.FuncMap{
		"t":     say,
		"wrap":  wrap,
		"dots":  dots,
		"dash":  dash,
		"mark":  mark,
		"rule":  func(s string) string { return strings.Repeat(s, columns) },
		"upper": strings.ToUpper,
		"label": func(id string) string { return typeset(lang, label(lang, say(id))) },
		"inc":   func(n int) int { return n + 1 },
		"number": func(n int) string {
			if n == 0 {
				return ""
			}
			return fmt.Sprintf("%s\u00a0%d", say("number"), n)
		},
	}
}

// label is the words before an address on the next line.
func label(lang, words string) string {
	if primary(lang) == "fr" {
		return words + " :"
	}
	return words + ":"
}

// dots joins what is there with middle dots.
func dots(parts ...string) string {
	var there []string
	for _, p := range parts {
		if p != "" {
			there = append(there, p)
		}
	}
	return strings.Join(there, " · ")
}

// dash joins a publication and the title of its story.
func dash(site, title string) string {
	if title == "" || title == site {
		return site
	}
	return site + " – " + title
}

// mark is the number of a card's link, as it stands behind what it belongs to.
func mark(c card, place int) string {
	for _, l := range c.Links {
		if l.place == place {
			return fmt.Sprintf("\u00a0[%d]", l.Number)
		}
	}
	return ""
}

// wrap fills lines to the width of the text part, measured by what a terminal
// shows. The first begins with lead, the others with as much space. A word that
// is longer than a line, such as an address, stays whole: a broken link is worse
// than a long line.
func wrap(lead, s string) string {
	indent := strings.Repeat(" ", runewidth.StringWidth(lead))
	room := columns - len(indent)
	var b strings.Builder
	used := 0
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(" \n\t\r", r) }) {
		w := runewidth.StringWidth(word)
		switch {
		case used == 0 && b.Len() == 0:
			b.WriteString(lead)
		case used+1+w > room:
			b.WriteString("\n" + indent)
			used = 0
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += w
	}
	return b.String()
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
