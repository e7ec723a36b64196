package inline

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// protect wraps bare conditionals ("<![if !mso]>"), of which HTML parsers make
// comments that no Outlook reads, in comments marked with prefix, and notes on which line each <style> starts.
func protect(doc, prefix string) (out string, lines []int) {
	var b strings.Builder
	copied, counted, line := 0, 0, 1
	for i := 0; i < len(doc); {
		lt := strings.IndexByte(doc[i:], '<')
		if lt < 0 {
			break
		}
		i += lt
		rest := doc[i:]
		switch {
		case strings.HasPrefix(rest, "<!--"):
			end := strings.Index(rest[4:], "-->")
			if end < 0 {
				i = len(doc)
				continue
			}
			i += end + 7
			continue
		case foldPrefix(rest, "<![if") || foldPrefix(rest, "<![endif"):
			if end := strings.IndexByte(rest, '>'); end > 0 {
				b.WriteString(doc[copied:i] + "<!--" + prefix + "if:" + rest[1:end] + "-->")
				i += end + 1
				copied = i
				continue
			}
		case foldPrefix(rest, "<style"):
			if end := strings.IndexByte(rest, '>'); end > 0 {
				line += strings.Count(doc[counted:i+end], "\n")
				counted = i + end
				lines = append(lines, line)
				i += end
			}
		}
		i++
	}
	if copied == 0 {
		return doc, lines
	}
	b.WriteString(doc[copied:])
	return b.String(), lines
}

func foldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// quirky says whether browsers show this document in quirks mode, where classes
// and ids match whatever their case (HTML, section 13.2.6.4.1; the frequent
// public identifiers).
func quirky(root *html.Node) bool {
	for n := root.FirstChild; n != nil; n = n.NextSibling {
		if n.Type != html.DoctypeNode {
			continue
		}
		public, _ := attr(n, "public")
		_, system := attr(n, "system")
		public = strings.ToLower(public)
		switch {
		case !strings.EqualFold(n.Data, "html"):
			return true
		case strings.HasPrefix(public, "-//w3c//dtd html 3"), strings.HasPrefix(public, "-//ietf//dtd html"),
			strings.HasPrefix(public, "-//w3c//dtd html 4.0 "), public == "html":
			return true
		case strings.HasPrefix(public, "-//w3c//dtd html 4.01 transitional"), strings.HasPrefix(public, "-//w3c//dtd html 4.01 frameset"):
			return !system
		}
		return false
	}
	return true
}

// onScreen says what a media list means for a screen of unknown size: applies,
// applies never, or depends.
func onScreen(media string) (yes, no bool) {
	no = true
	for _, m := range strings.Split(strings.ToLower(media), ",") {
		switch m = strings.Join(strings.Fields(m), " "); {
		case m == "" || m == "all" || m == "screen" || m == "only screen" || m == "only all":
			return true, false
		case !strings.Contains(m, "("):
			// print, speech, not screen: a screen never asks for these
		default:
			no = false
		}
	}
	return false, no
}

var minWidth = regexp.MustCompile(`min-(?:device-)?width:\s*([\d.]+)\s*(px|em|rem)`)

// paneFits says whether a media list asks for a width that the reading pane of
// a desktop client has.
func paneFits(media string) bool {
	const pane, em = 800, 16 // px
	found := minWidth.FindStringSubmatch(strings.ToLower(media))
	if found == nil {
		return false
	}
	n, err := strconv.ParseFloat(found[1], 64)
	if found[2] != "px" {
		n *= em
	}
	return err == nil && n <= pane
}

// visit calls f on every element under n, parents first.
func visit(n *html.Node, f func(*html.Node)) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode {
			f(c)
		}
		visit(c, f)
	}
}

// fragile says whether elements are nested as an HTML parser may leave them but
// would not read them again.
func fragile(n *html.Node, open string) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			if c.Type == html.TextNode && strings.HasPrefix(c.Data, "\n") && (n.Data == "pre" || n.Data == "textarea") {
				return true
			}
			continue
		}
		inside := open
		switch c.Data {
		case "a", "form", "button", "nobr", "option", "h1", "h2", "h3", "h4", "h5", "h6":
			kind := c.Data[:1]
			if strings.Contains(open, kind) {
				return true
			}
			inside += kind
		case "p":
			if strings.Contains(open, "p") {
				return true
			}
			inside += "p"
		case "div", "table", "ul", "ol", "blockquote", "center", "section", "article", "hr", "pre", "dl":
			if strings.Contains(open, "p") {
				return true
			}
		case "td", "th", "caption":
			inside = ""
		case "plaintext", "frameset", "svg", "math", "template", "select":
			return true
		}
		if c.Data == "tr" && n.Data == "table" || n.Data == "table" && !strings.Contains(" tbody thead tfoot colgroup caption style script template ", " "+c.Data+" ") {
			return true
		}
		if fragile(c, inside) {
			return true
		}
	}
	return false
}
