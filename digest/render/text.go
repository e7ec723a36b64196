package render

import (
	"fmt"
	"iter"
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
	b.Grow(roomy / 2)
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
func mark(c *card, place int) string {
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
		if (r < ' ' || r > '~') && (r < '\u00a0' || r == '\u00ad' || r >= '\u0300') && (r < '\u2010' || r > '\u2026') {
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
	l := lines{out: append(make([]byte, 0, len(lead)+len(s)+len(s)/16), lead...), margin: margin, room: columns - margin}
	for word := range words(s) {
		if w := width(word); w <= l.room && !breaks(word) {
			l.put(word, w, 1)
			continue
		}
		space := 1
		for _, piece := range chop(pieces(word), l.room) {
			l.put(piece, width(piece), space)
			space = 0
		}
	}
	if !l.begun {
		return ""
	}
	return string(l.out)
}

// lines is a text that is being filled. Its sizes are columns.
type lines struct {
	out          []byte
	margin, room int
	used         int // of the last line's room
	begun        bool
}

// put adds a piece of so many columns, set apart by space where it does not begin
// a line.
func (l *lines) put(piece string, w, space int) {
	switch {
	case !l.begun:
		l.begun, space = true, 0
	case l.used+space+w > l.room:
		l.out = append(l.out, '\n')
		for range l.margin {
			l.out = append(l.out, ' ')
		}
		l.used, space = 0, 0
	}
	if space > 0 {
		l.out = append(l.out, ' ')
	}
	l.out = append(l.out, piece...)
	l.used += space + w
}

// words are what white space sets apart. A no-break space is none.
func words(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		from := 0
		for i := 0; i <= len(s); i++ {
			if i < len(s) && s[i] > ' ' {
				continue
			}
			if i > from && !yield(s[from:i]) {
				return
			}
			from = i + 1
		}
	}
}

// breaks says whether pieces may split a word: no character before the first of
// Hangul is wide.
func breaks(word string) bool {
	return strings.ContainsFunc(word, func(r rune) bool { return r >= '\u1100' && (r < '\u2010' || r > '\u2026') })
}

// pieces splits a word where a line may break without a space: after a wide
// character, unless what follows may not begin a line.
func pieces(word string) []string {
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
	var b strings.Builder
	b.Grow(len(s))
	empty := 0
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimRight(line, " \t\r"); line == "" {
			empty++
			continue
		}
		if empty > 0 && b.Len() > 0 {
			b.WriteByte('\n')
		}
		empty = 0
		b.WriteString(line)
		b.WriteByte('\n')
	}
	if b.Len() == 0 {
		return "\n"
	}
	return b.String()
}
