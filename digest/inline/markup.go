package inline

import (
	"strings"

	"golang.org/x/net/html"
)

// revealed is what a bare conditional ("<![if !mso]>") is carried as: HTML
// parsers make a comment of it that no Outlook reads.
const revealed = "zest-revealed:"

// protect wraps bare conditionals and notes on which line each <style> starts.
func protect(doc string) (out string, lines []int) {
	var b strings.Builder
	line := 1
	for i := 0; i < len(doc); {
		lt := strings.IndexByte(doc[i:], '<')
		if lt < 0 {
			b.WriteString(doc[i:])
			break
		}
		line += strings.Count(doc[i:i+lt], "\n")
		b.WriteString(doc[i : i+lt])
		i += lt
		n := 1
		switch rest := doc[i:]; {
		case strings.HasPrefix(rest, "<!--"):
			if end := strings.Index(rest[4:], "-->"); end >= 0 {
				n = end + 7
			} else {
				n = len(rest)
			}
		case foldPrefix(rest, "<![if") || foldPrefix(rest, "<![endif"):
			if end := strings.IndexByte(rest, '>'); end > 0 {
				b.WriteString("<!--" + revealed + rest[2:end] + "-->")
				i += end + 1
				continue
			}
		case foldPrefix(rest, "<style"):
			if end := strings.IndexByte(rest, '>'); end > 0 {
				lines = append(lines, line+strings.Count(rest[:end], "\n"))
				if stop := strings.Index(strings.ToLower(rest), "</style"); stop > end {
					end = stop - 1
				}
				n = end + 1
			}
		}
		line += strings.Count(doc[i:i+n], "\n")
		b.WriteString(doc[i : i+n])
		i += n
	}
	return b.String(), lines
}

func foldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// reveal puts bare conditionals back.
func reveal(root *html.Node) {
	for n := range root.Descendants() {
		if text, ok := strings.CutPrefix(n.Data, revealed); ok && n.Type == html.CommentNode {
			n.Type, n.Data = html.RawNode, "<!"+text+">"
		}
	}
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
