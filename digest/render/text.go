package render

import (
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
	var b strings.Builder
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

// width is how many columns a terminal gives to s. The condition is our own:
// the library's default depends on the environment of the process, and the text
// part must not.
func width(s string) int {
	if n, ok := narrow(s); ok {
		return n
	}
	c := runewidth.Condition{}
	return c.StringWidth(s)
}

// narrow counts the characters of s, when each takes one column on every
// terminal: Latin letters, which come before the first combining mark (U+0300),
// and the punctuation that goes with them.
func narrow(s string) (n int, ok bool) {
	for _, r := range s {
		if r < ' ' || r > '~' && r < '\u00a0' || r == '\u00ad' || r >= '\u0300' && (r < '\u2010' || r > '\u2026') {
			return 0, false
		}
		n++
	}
	return n, true
}

// wrap fills lines to the width of the text part, measured by what a terminal
// shows. The first begins with lead, the others with as much space. An address
// that is longer than a line stays whole: a broken link is worse than a long
// line. Other such words are broken where the line ends. Scripts that write
// without spaces break between characters.
func wrap(lead, s string) string {
	margin := width(lead)
	room := columns - margin
	var b strings.Builder
	b.Grow(len(lead) + len(s) + len(s)/32)
	used, first := 0, true
	put := func(piece string, w, space int) {
		switch {
		case first:
			b.WriteString(lead)
			first = false
		case used+space+w > room:
			b.WriteByte('\n')
			for range margin {
				b.WriteByte(' ')
			}
			used, space = 0, 0
		}
		if space > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(piece)
		used += space + w
	}
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' }) {
		if w, ok := narrow(word); ok && w <= room {
			put(word, w, min(used, 1))
			continue
		}
		for i, piece := range chop(pieces(word), room) {
			if i == 0 {
				put(piece, width(piece), min(used, 1))
			} else {
				put(piece, width(piece), 0)
			}
		}
	}
	return b.String()
}

// pieces splits a word where a line may break without a space: after a wide
// character, unless what follows may not begin a line.
func pieces(word string) []string {
	if _, ok := narrow(word); ok {
		return []string{word}
	}
	var out []string
	from, wide := 0, false
	for i, r := range word {
		if i > from && wide && !strings.ContainsRune("、。，．」』）】》！？：；ー…", r) {
			out = append(out, word[from:i])
			from = i
		}
		wide = width(string(r)) == 2
	}
	return append(out, word[from:])
}

// chop breaks what is wider than a line into lines, but for addresses.
func chop(pieces []string, room int) []string {
	var out []string
	for _, p := range pieces {
		if width(p) <= room || strings.Contains(p, "://") {
			out = append(out, p)
			continue
		}
		from, used := 0, 0
		for i, r := range p {
			w := width(string(r))
			if used+w > room {
				out = append(out, p[from:i])
				from, used = i, 0
			}
			used += w
		}
		out = append(out, p[from:])
	}
	return out
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
