package collect

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"strings"

	"golang.org/x/net/html"
)

// Outline is one feed of an OPML subscription list.
type Outline struct {
	URL    string // of the feed, as written
	Title  string
	Site   string // of the people behind it, empty when not said
	Folder string // the outline that holds it, empty for none
}

// ParseOPML reads the feeds of a subscription list (OPML 2.0, opml.org/spec2.opml).
// Half of such files in the wild are not XML: bare ampersands, missing ends,
// markup that is not escaped. So it looks at outlines only, as leniently as
// browsers look at HTML.
func ParseOPML(body []byte, contentType string) ([]Outline, error) {
	text := decode(body, contentType)
	z := html.NewTokenizer(bytes.NewReader(text))
	var out []Outline
	var folders []string
	known := false
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		name, more := z.TagName()
		// HTML reads the inside of some elements as text; here they are plain names.
		z.NextIsNotRawText()
		switch {
		case string(name) == "opml":
			known = true
		case string(name) != "outline":
		case kind == html.EndTagToken:
			folders = folders[:max(0, len(folders)-1)]
		default:
			known = true
			o := outline(z, more)
			if len(folders) > 0 {
				o.Folder = folders[len(folders)-1]
			}
			if o.URL != "" {
				out = append(out, o)
			}
			if kind == html.StartTagToken {
				folders = append(folders, o.Title)
			}
		}
	}
	if !known {
		return nil, errors.New("this is not OPML")
	}
	return out, nil
}

// outline reads the attributes of one outline.
func outline(z *html.Tokenizer, more bool) Outline {
	attrs := map[string]string{}
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		if _, twice := attrs[string(key)]; !twice {
			attrs[string(key)] = strings.TrimSpace(string(value))
		}
	}
	return Outline{URL: attrs["xmlurl"], Title: cmp.Or(attrs["title"], attrs["text"]), Site: attrs["htmlurl"]}
}

type opmlOutline struct {
	Text     string        `xml:"text,attr"`
	Title    string        `xml:"title,attr,omitempty"`
	Type     string        `xml:"type,attr,omitempty"`
	XMLURL   string        `xml:"xmlUrl,attr,omitempty"`
	HTMLURL  string        `xml:"htmlUrl,attr,omitempty"`
	Outlines []opmlOutline `xml:"outline"`
}

// FormatOPML writes a subscription list, in the order given, with a folder for
// each Folder.
func FormatOPML(title string, feeds []Outline) ([]byte, error) {
	var doc struct {
		XMLName xml.Name      `xml:"opml"`
		Version string        `xml:"version,attr"`
		Title   string        `xml:"head>title"`
		Body    []opmlOutline `xml:"body>outline"`
	}
	doc.Version, doc.Title = "2.0", title
	place := map[string]int{}
	for _, f := range feeds {
		o := opmlOutline{Text: cmp.Or(f.Title, f.URL), Title: f.Title, Type: "rss", XMLURL: f.URL, HTMLURL: f.Site}
		if f.Folder == "" {
			doc.Body = append(doc.Body, o)
			continue
		}
		at, ok := place[f.Folder]
		if !ok {
			at = len(doc.Body)
			place[f.Folder] = at
			doc.Body = append(doc.Body, opmlOutline{Text: f.Folder})
		}
		doc.Body[at].Outlines = append(doc.Body[at].Outlines, o)
	}
	out, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(out, '\n')...), nil
}
