// Package mjml turns MJML into the HTML of a message. It is pure, and the only
// home of gomjml: where that library is wrong, this package makes it right.
package mjml

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/preslavrachev/gomjml/mjml"
)

// Source remembers where each MJML element of a theme was written, so that a
// mistake in what the templates wrote is named by file and line. The zero value
// is ready. Mark is for one goroutine; HTML is for several.
type Source struct {
	places []string
}

var (
	opening = lazy(`<mj(?:ml|-[a-z-]+)`)
	marked  = lazy(`(<mj(?:ml|-[a-z-]+)) data-at=(\d+)`)
)

// Mark puts a mark of its place on every MJML element of a template. No line
// moves.
func (s *Source) Mark(file, template string) string {
	last, line := 0, 1
	return replaceEach(opening(), template, func(at []int) string {
		line += strings.Count(template[last:at[0]], "\n")
		last = at[0]
		s.places = append(s.places, fmt.Sprintf("%s:%d", file, line))
		return fmt.Sprintf("%s data-at=%d", template[at[0]:at[1]], len(s.places)-1)
	})
}

// Look is what a message's HTML takes from outside its MJML.
type Look struct {
	Dir  string // "ltr" or "rtl", of the whole message
	Head string // HTML, the last of the head
}

// ampersand stands in for & while gomjml works: it turns &lt; into a real <
// wherever that stands, and character references into quotes inside attributes,
// which would make markup of a stranger's words. What it does not see, it cannot
// undo. Unicode keeps U+FDD0 for such uses; it is never exchanged as text.
const ampersand = "\ufdd0"

// HTML turns what a marked template wrote into a whole document. Text and
// attributes come out escaped as they went in. An error names the file and line
// of the element where the mistake is.
func (s *Source) HTML(text string, l Look) (string, error) {
	text = strings.NewReplacer(ampersand, "", "&", ampersand).Replace(strings.TrimSpace(text))
	text, lines := s.unmark(text)
	if err := check(text); err != nil {
		return "", lines.name(err)
	}
	html, err := render(notInlined(text))
	if err != nil {
		return "", lines.name(err)
	}
	html = directed(forOutlook(withoutFonts(html)), l.Dir)
	html = strings.ReplaceAll(html, ampersand, "&")
	return strings.Replace(html, "</head>", l.Head+"</head>", 1), nil
}

// written are the lines of executed MJML and the places in templates they come
// from; index 0 is before the first element.
type written []string

// unmark takes the marks off. Every element gets a line of its own, so that a
// line names one element.
func (s *Source) unmark(text string) (string, written) {
	lines, last := written{""}, 0
	out := replaceEach(marked(), text, func(at []int) string {
		for range strings.Count(text[last:at[0]], "\n") {
			lines = append(lines, lines[len(lines)-1])
		}
		last = at[0]
		place := ""
		if n, err := strconv.Atoi(text[at[4]:at[5]]); err == nil && n < len(s.places) {
			place = s.places[n]
		}
		lines = append(lines, place)
		return text[at[2]:at[3]] + "\n"
	})
	return out, lines
}

// name puts the places before what a mistake says.
func (w written) name(err error) error {
	var wrong mistakes
	if !errors.As(err, &wrong) {
		file, _, _ := strings.Cut(w.place(1), ":")
		return fmt.Errorf("%s: %w", file, err)
	}
	var named []error
	for _, m := range wrong {
		named = append(named, fmt.Errorf("%s: %s", w.place(m.line), m.reason))
	}
	return errors.Join(named...)
}

// place is where the last element was written that begins on or before a line.
func (w written) place(line int) string {
	// A line that begins inside a tag belongs to the element of that tag.
	if place := w[max(0, min(line-1, len(w)-1))]; place != "" {
		return place
	}
	return w[min(1, len(w)-1)]
}

// mistake is what is wrong with one element; lines count from 1.
type mistake struct {
	line   int
	reason string
}

type mistakes []mistake

func (m mistakes) Error() string { return m[0].reason }

// rendering lets one document through at a time: gomjml keeps the attributes of
// mj-attributes in a variable of its package.
var rendering sync.Mutex

// render is gomjml's own. It panics on some trees; a theme must not end a
// process that serves readers.
func render(text string) (html string, err error) {
	rendering.Lock()
	defer rendering.Unlock()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("this MJML cannot be laid out: %v", p)
		}
	}()
	html, err = mjml.Render(text)
	var wrong mjml.Error
	if errors.As(err, &wrong) {
		var list mistakes
		for _, d := range wrong.Details {
			list = append(list, mistake{d.Line, d.Message})
		}
		return "", list
	}
	if at, ok := syntax(err); ok {
		return "", mistakes{at}
	}
	if err == nil && !strings.HasSuffix(html, "</html>") {
		return "", errors.New("this MJML cannot be laid out")
	}
	return html, err
}

var (
	styleTag   = lazy(`<mj-style[^>]*>`)
	inlineAttr = lazy(`\sinline\s*=\s*("[^"]*"|'[^']*')`)
	fontBlock  = lazy(`(?s)<!--\[if !mso\]><!--><link href="[^"]*" rel="stylesheet".*?<!--<!\[endif\]-->`)
	bodyGround = lazy(`<body style="[^"]*background-color:([^;"]+)`)
	styles     = lazy(`style="[^"]*"`)
)

// notInlined makes every mj-style a sheet like any other: gomjml inlines
// `.t a{}` on .t itself, and our own inliner comes later.
func notInlined(text string) string {
	return styleTag().ReplaceAllStringFunc(text, func(tag string) string { return inlineAttr().ReplaceAllString(tag, "") })
}

// withoutFonts drops the sheets gomjml asks of fonts.googleapis.com, of its own
// accord: opening a message must tell nobody.
func withoutFonts(html string) string { return fontBlock().ReplaceAllString(html, "") }

// forOutlook mends two attributes: height="auto", which is no number, and the
// ground of the body, which Outlook takes from bgcolor only.
func forOutlook(html string) string {
	html = strings.ReplaceAll(html, `" height="auto" src="`, `" src="`)
	return replaceEach(bodyGround(), html, func(at []int) string {
		return `<body bgcolor="` + html[at[2]:at[3]] + `"` + html[at[0]+len("<body"):at[1]]
	})
}

// directed sets the direction of the message where gomjml leaves it to a guess
// (dir="auto") or writes left to right whatever the language.
func directed(html, dir string) string {
	html = strings.Replace(html, ` dir="auto"`, ` dir="`+dir+`"`, 2)
	if dir != "rtl" {
		return html
	}
	return styles().ReplaceAllStringFunc(html, func(s string) string { return strings.ReplaceAll(s, "direction:ltr", "direction:rtl") })
}

// lazy compiles a pattern when it is first used: most commands never do.
func lazy(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// replaceEach is ReplaceAllStringFunc with the places of the matches.
func replaceEach(re *regexp.Regexp, text string, by func(at []int) string) string {
	var b strings.Builder
	last := 0
	for _, at := range re.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[last:at[0]])
		b.WriteString(by(at))
		last = at[1]
	}
	b.WriteString(text[last:])
	return b.String()
}
