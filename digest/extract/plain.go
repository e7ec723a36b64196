package extract

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/zest-digest/zest/digest"
)

// plainPage is [Page] for plain text: paragraphs between blank lines, a title
// on top, furniture on lines of their own.
func plainPage(p digest.Page, source string, o Options) digest.Article {
	a := digest.Article{URL: cleanURL(p.URL), Site: host(p.URL)}
	bs := plainBlocks(source)
	kept := bs[:0:0]
	for i, why := range furniture(bs, nil, o.Repeats) {
		if why == keep {
			kept = append(kept, bs[i])
		}
	}
	if len(kept) > 1 && isTitleLine(kept[0].text) {
		a.Title = strings.TrimLeft(kept[0].line, "# ")
		kept = kept[1:]
	}
	var text, markup strings.Builder
	for i, b := range kept {
		if i > 0 {
			text.WriteString("\n\n")
		}
		text.WriteString(b.line)
		tag := "p"
		if b.heading {
			tag = "h2"
		}
		markup.WriteString("<" + tag + ">" + html.EscapeString(b.line) + "</" + tag + ">")
	}
	a.Text, a.HTML = text.String(), markup.String()
	a.Words = words(a.Text)
	if t, ok := urlDate(p.URL); ok {
		a.Published = t
	}
	a.Language = DetectLanguage("", a.Text)
	a.Score, a.Doubt = confidence(nil, metadata{title: a.Title}, a, a.Text)
	if a.Title == "" {
		a.Title = opening(a.Text)
	}
	return a
}

// plainBlocks splits a text into its paragraphs. A paragraph whose lines are
// as long as an editor wraps them is one block; short lines are a block each.
func plainBlocks(source string) []block {
	source = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n\n").Replace(source)
	var out []block
	for _, part := range strings.Split(source, "\n\n") {
		lines := strings.Split(strings.Trim(part, "\n"), "\n")
		if wrapped(lines) {
			lines = []string{strings.Join(lines, " ")}
		}
		for _, line := range lines {
			if line = squeeze(line); line != "" {
				out = append(out, block{text: softSpaces(line), line: line, say: newPhrase(softSpaces(line))})
			}
		}
	}
	for i := range out {
		next := i+1 < len(out) && utf8.RuneCountInString(out[i+1].text) > 120
		out[i].heading = i > 0 && next && isTitleLine(out[i].text) && utf8.RuneCountInString(out[i].text) <= 90
	}
	return out
}

// wrapped reports whether lines are one paragraph, broken by an editor: all
// but the last of about the same width.
func wrapped(lines []string) bool {
	if len(lines) < 2 {
		return false
	}
	low, high := 1<<30, 0
	for _, l := range lines[:len(lines)-1] {
		n := utf8.RuneCountInString(strings.TrimSpace(l))
		low, high = min(low, n), max(high, n)
	}
	return low >= 50 && high <= 100 && utf8.RuneCountInString(lines[len(lines)-1]) <= 100
}

// isTitleLine reports whether a line reads like a headline: not long, and not
// a sentence.
func isTitleLine(s string) bool {
	n := utf8.RuneCountInString(s)
	return n >= 3 && n <= 200 && !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, ":") && !strings.HasSuffix(s, ",") && !strings.HasSuffix(s, ";")
}
