package extract

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// PlainText is the text of an HTML fragment as readable paragraphs, a blank
// line between them. Scripts, styles and forms give nothing.
func PlainText(fragment string) string {
	nodes, err := parseFragment(fragment)
	if err != nil {
		return ""
	}
	w := &textWriter{}
	for _, n := range nodes {
		w.node(n)
	}
	return w.String()
}

// articleText is textOf without what stands under pictures: captions tell
// about the picture, and a summary made of them would mislead. In the press
// (news) that is every caption; elsewhere a caption may be part of the story,
// and only what says who made the picture goes.
func articleText(n *html.Node, news bool) string {
	w := &textWriter{captions: withoutCredits}
	if news {
		w.captions = withoutCaptions
	}
	w.node(n)
	return w.String()
}

type captions int

const (
	withCaptions captions = iota
	withoutCredits
	withoutCaptions
)

// skips reports whether an element is a caption that is not wanted.
func (w *textWriter) skips(n *html.Node) bool {
	if w.captions == withCaptions || !isCaption(n) {
		return false
	}
	return w.captions == withoutCaptions || credited(n)
}

// isCaption reports whether an element is what stands under a picture.
func isCaption(n *html.Node) bool {
	if n.DataAtom == atom.Figcaption {
		return true
	}
	parts := nameParts(attr(n, "class"))
	for i, w := range parts {
		switch w {
		case "figcaption", "imagecaption", "photocaption", "caption", "bildunterschrift", "bu", "legende":
			return true
		case "credit", "credits", "copyright":
			return i > 0 && (parts[i-1] == "image" || parts[i-1] == "photo" || parts[i-1] == "media" || parts[i-1] == "picture")
		}
	}
	return false
}

// creditMark is our own mark on a caption whose credit was taken out.
const creditMark = "data-credited"

// credited reports whether a caption names who made the picture.
func credited(n *html.Node) bool {
	if hasAttr(n, creditMark) || creditAnywhere().MatchString(newPhrase(softSpaces(innerText(n))).low) {
		return true
	}
	return find(n, func(c *html.Node) bool {
		for _, w := range nameParts(attr(c, "class") + " " + attr(c, "itemprop")) {
			switch w {
			case "credit", "credits", "copyright", "copyrightholder", "source", "author", "photographer", "rights", "byline", "agency", "quelle", "legal":
				return true
			}
		}
		return false
	}) != nil
}

// textOf is the readable text below n, paragraphs separated by a blank line.
func textOf(n *html.Node) string {
	w := &textWriter{}
	w.node(n)
	return w.String()
}

// textWriter collects paragraphs. It asks for space lazily, so that neither a
// paragraph nor a line ever starts or ends with one.
type textWriter struct {
	b     strings.Builder
	space bool // white space seen since the last word
	lines int  // line breaks wanted before the next word: 1 for <br>, 2 for a block
	pre   int  // depth of <pre>
	captions
}

func (w *textWriter) String() string { return w.b.String() }

func (w *textWriter) node(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		w.text(n.Data)
		return
	case html.ElementNode:
		if silent(n.DataAtom) || w.skips(n) {
			return
		}
	case html.DocumentNode:
	default:
		return
	}
	switch {
	case n.DataAtom == atom.Br:
		w.lines++
		return
	case n.DataAtom == atom.Td || n.DataAtom == atom.Th:
		w.space = true
	case isBlock(n.DataAtom):
		w.lines = 2
		defer func() { w.lines = 2 }()
	}
	if n.DataAtom == atom.Pre {
		w.pre++
		defer func() { w.pre-- }()
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c)
	}
}

func (w *textWriter) text(s string) {
	for s != "" {
		if n := plainRun(s); n > 0 {
			w.gap()
			w.b.WriteString(s[:n])
			s = s[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		switch {
		case r == '\u00ad' || r == '\u200b' || r == '\ufeff': // soft hyphens and zero widths are layout
		case w.pre > 0 && r == '\n':
			w.lines = max(w.lines, 1)
		case isSoftSpace(r):
			w.space = true
		case (r == '\u00a0' || r == '\u202f') && (w.space || w.lines > 0 || w.b.Len() == 0):
			w.space = true // a hard space matters between words only
		default:
			w.gap()
			w.b.WriteRune(r)
		}
	}
}

// plainRun is how many bytes of ASCII that can be seen s begins with.
func plainRun(s string) int {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return i
		}
	}
	return len(s)
}

// gap writes the white space that is owed.
func (w *textWriter) gap() {
	if w.b.Len() > 0 {
		switch {
		case w.lines > 1:
			w.b.WriteString("\n\n")
		case w.lines == 1:
			w.b.WriteByte('\n')
		case w.space:
			w.b.WriteByte(' ')
		}
	}
	w.space, w.lines = false, 0
}

func silent(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Head, atom.Iframe, atom.Object,
		atom.Embed, atom.Svg, atom.Select, atom.Textarea, atom.Button, atom.Input, atom.Title,
		atom.Video, atom.Audio, atom.Canvas:
		return true
	}
	return false
}

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Main, atom.Header, atom.Footer, atom.Nav, atom.Aside,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Li, atom.Dl, atom.Dt, atom.Dd,
		atom.Blockquote, atom.Pre, atom.Figure, atom.Figcaption, atom.Table, atom.Tr, atom.Caption, atom.Thead,
		atom.Tbody, atom.Tfoot, atom.Hr, atom.Address, atom.Form, atom.Fieldset, atom.Details, atom.Summary,
		atom.Body, atom.Html, atom.Center, atom.Hgroup, atom.Menu, atom.Dialog:
		return true
	}
	return false
}

// words counts the words of a text: runs of letters, digits and what holds
// them together. A text without spaces (Chinese, Japanese) counts one word for
// two characters, which is what its readers' speed comes to.
func words(s string) int {
	n, in := 0, false
	wide := 0
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf: // most of most texts, and the tables are slow
			switch {
			case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9':
				if !in {
					n++
				}
				in = true
			case r == ' ' || '\t' <= r && r <= '\r':
				in = false
			}
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
			wide++
			in = false
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if !in {
				n++
			}
			in = true
		case unicode.IsSpace(r):
			in = false
		}
	}
	return n + (wide+1)/2
}

// squeeze makes one line of s: white space runs become one space. Hard spaces
// between words stay: French puts them before its colons on purpose.
func squeeze(s string) string {
	return strings.TrimSpace(strings.Join(strings.FieldsFunc(s, isSoftSpace), " "))
}

// softSpaces is squeeze with the hard spaces made soft, for comparing.
func softSpaces(s string) string { return strings.Join(strings.Fields(s), " ") }

func isSoftSpace(r rune) bool { return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f' }

// pattern is a regular expression that is compiled when it is first used: all
// of ours together cost milliseconds, which a command that reads no page
// should not pay.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
