package collect

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mmcdole/gofeed"
	ext "github.com/mmcdole/gofeed/extensions"
	"golang.org/x/net/html/charset"

	"github.com/zest-digest/zest/digest"
)

// ParseFeed reads RSS, Atom, RDF and JSON Feed. contentType and address may be
// empty. A feed that was cut off gives the items before the cut, and one of more
// than a thousand items its first thousand.
func ParseFeed(body []byte, contentType, address string) (digest.Feed, error) {
	return parseFeed(body, contentType, address, Options{}.complete().MaxItems, false)
}

// parseFeed reads at most the first items of a feed; cut says that its end is
// missing.
func parseFeed(body []byte, contentType, address string, items int, cut bool) (digest.Feed, error) {
	text := modernise(firstItems(decode(body, contentType), items))
	var parsed *gofeed.Feed
	err := io.ErrUnexpectedEOF
	if !cut {
		parsed, err = newParser().Parse(bytes.NewReader(text))
	}
	if err != nil {
		if fixed := closeCut(text); fixed != nil {
			parsed, err = newParser().Parse(bytes.NewReader(fixed))
		}
	}
	if err != nil {
		return digest.Feed{}, notAFeed(err)
	}
	parsed.Items = parsed.Items[:min(len(parsed.Items), items)]
	f := convert(parsed, rootBase(text), address)
	if f.Link == "" {
		if m := feedID().FindSubmatch(text[:min(len(text), 4096)]); m != nil {
			f.Link = string(m[1])
		}
	}
	return f, nil
}

// newParser makes a parser that leaves looking for pictures in the text to
// [firstPicture]: gofeed builds the tree of every text for it.
func newParser() *gofeed.Parser {
	p := gofeed.NewParser()
	p.RSSTranslator = &gofeed.DefaultRSSTranslator{DisableContentImageScan: true}
	return p
}

func notAFeed(err error) error {
	if errors.Is(err, gofeed.ErrFeedTypeNotDetected) {
		return errors.New("this is not a feed (RSS, Atom or JSON Feed)")
	}
	return fmt.Errorf("reading the feed: %w", err)
}

// decode makes UTF-8 of a feed. What is valid UTF-8 is taken for it, whatever
// it says of itself; else the byte order mark, the server and the prolog are
// asked, in this order (RFC 7303 section 3).
func decode(body []byte, contentType string) []byte {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	utf16 := bytes.HasPrefix(body, []byte{0xfe, 0xff}) || bytes.HasPrefix(body, []byte{0xff, 0xfe})
	if !utf16 && !utf8.Valid(body) || utf16 {
		label := declared(body, contentType)
		if utf16 {
			label = "utf-16"
		}
		if e, name := charset.Lookup(label); e != nil && name != "utf-8" {
			if out, err := e.NewDecoder().Bytes(body); err == nil {
				body = bytes.TrimPrefix(out, []byte("\xef\xbb\xbf"))
			}
		}
	}
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\ufffd"))
	}
	if at := bytes.IndexAny(body, "<{"); at > 0 {
		body = body[at:] // white space or warnings before the prolog
	}
	return prologUTF8(body)
}

func declared(body []byte, contentType string) string {
	if _, params, err := mime.ParseMediaType(contentType); err == nil && params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		return params["charset"]
	}
	head := body[:min(len(body), 200)]
	if _, after, ok := bytes.Cut(head, []byte("encoding=")); ok && len(after) > 1 {
		if value, _, ok := bytes.Cut(after[1:], after[:1]); ok && !strings.EqualFold(string(value), "utf-8") {
			return string(value)
		}
	}
	return "windows-1252"
}

// prologUTF8 makes the prolog say what is now true.
func prologUTF8(body []byte) []byte {
	if !bytes.HasPrefix(body, []byte("<?xml")) {
		return body
	}
	end := bytes.Index(body, []byte("?>"))
	if end < 0 {
		return body
	}
	if !bytes.Contains(body[:end], []byte("encoding")) && bytes.Contains(body[:end], []byte(`version="1.0"`)) || bytes.HasPrefix(body, []byte(prolog)) {
		return body
	}
	return append([]byte(prolog), body[end+2:]...)
}

const prolog = `<?xml version="1.0" encoding="UTF-8"?>`

var rssBase = pattern(`<(?:rss|channel|rdf:RDF|item)\b[^>]*?\sxml:base\s*=\s*["']([^"']+)["']`)

// rootBase is the xml:base of an RSS document, which the parser applies to Atom
// only.
func rootBase(text []byte) string {
	m := rssBase().FindSubmatch(text[:min(len(text), 4096)])
	if m == nil || bytes.HasPrefix(m[0], []byte("<item")) {
		return ""
	}
	return string(m[1])
}

func convert(p *gofeed.Feed, rootBase, address string) digest.Feed {
	f := digest.Feed{
		Format: p.FeedType, Title: plain(p.Title), Link: absolute(cmp.Or(p.Link, p.FeedLink), address), Language: p.Language, Description: strings.TrimSpace(p.Description),
		Updated: when(p.Updated, p.UpdatedParsed, p.Published, p.PublishedParsed),
	}
	base := cmp.Or(f.Link, address)
	for _, it := range p.Items {
		if it.Image == nil && p.FeedType == "rss" {
			it.Image = firstPicture(it.Content, it.Description)
		}
		out := item(it, base)
		if rootBase = absolute(rootBase, address); rootBase != "" {
			out.Base = rootBase
		}
		f.Items = append(f.Items, out)
	}
	return f
}

func item(it *gofeed.Item, base string) digest.Item {
	out := digest.Item{
		GUID: strings.TrimPrefix(strings.TrimSpace(it.GUID), literal), Title: plain(it.Title), Summary: it.Description, Content: cmp.Or(it.Content, it.Custom["summary"]),
		Categories: it.Categories, Published: when(it.Published, it.PublishedParsed, extension(it.Extensions, "dcterms", "issued"), extension(it.Extensions, "dcterms", "created")),
		Updated: when(it.Updated, it.UpdatedParsed, extension(it.Extensions, "dcterms", "modified")),
	}
	link := it.Link
	if link == "" && isWeb(out.GUID) {
		link = out.GUID
	}
	out.URL = absolute(link, base)
	out.Base = cmp.Or(out.URL, base)
	if len(it.Authors) > 0 && it.Authors[0] != nil {
		out.Author, out.AuthorEmail = it.Authors[0].Name, it.Authors[0].Email
	}
	if it.Image != nil {
		out.Image = absolute(it.Image.URL, base)
	}
	if c := nestedCategories(it.Extensions); len(c) > len(out.Categories) {
		out.Categories = c
	}
	for _, e := range it.Enclosures {
		var length int64
		fmt.Sscan(e.Length, &length)
		out.Enclosures = append(out.Enclosures, digest.Enclosure{URL: reference(e.URL, base), Type: e.Type, Length: length})
		if out.Image == "" && strings.HasPrefix(e.Type, "image/") {
			out.Image = absolute(e.URL, base)
		}
	}
	if out.Image == "" {
		out.Image = absolute(mediaImage(it.Extensions), base)
	}
	return out
}

// extension is the text of an element of another namespace.
func extension(e ext.Extensions, namespace, name string) string {
	for _, x := range e[namespace][name] {
		if x.Value != "" {
			return x.Value
		}
	}
	return ""
}

// nestedCategories are the categories of podcasts, which stand one in another.
func nestedCategories(e ext.Extensions) (out []string) {
	var walk func([]ext.Extension)
	walk = func(list []ext.Extension) {
		for _, x := range list {
			if name := strings.TrimSpace(x.Attrs["text"]); name != "" && !slices.Contains(out, name) {
				out = append(out, name)
			}
			walk(x.Children["category"])
		}
	}
	walk(e["itunes"]["category"])
	return out
}

// mediaImage is the picture of Media RSS.
func mediaImage(e ext.Extensions) string {
	for _, name := range []string{"content", "thumbnail"} {
		for _, m := range e["media"][name] {
			if u := m.Attrs["url"]; u != "" && (name == "thumbnail" || m.Attrs["medium"] == "image" || strings.HasPrefix(m.Attrs["type"], "image/")) {
				return u
			}
		}
	}
	return ""
}

// when is the first time that can be read.
func when(parts ...any) time.Time {
	for _, p := range parts {
		switch v := p.(type) {
		case *time.Time:
			if v != nil && !v.IsZero() {
				return v.UTC()
			}
		case string:
			if t, ok := ParseDate(v); ok {
				return t
			}
		}
	}
	return time.Time{}
}

// plain is a title as text: feeds write markup and entities into it, sometimes
// twice.
func plain(s string) string {
	for range 2 {
		s = html.UnescapeString(s)
	}
	var b strings.Builder
	for s != "" {
		open := strings.IndexByte(s, '<')
		if open < 0 || open+1 >= len(s) || !isTagStart(s[open+1]) {
			if open >= 0 && open+1 < len(s) {
				b.WriteString(s[:open+1])
				s = s[open+1:]
				continue
			}
			b.WriteString(s)
			break
		}
		b.WriteString(s[:open])
		end := strings.IndexByte(s[open:], '>')
		if end < 0 {
			b.WriteString(s[open:]) // "<a" that nothing closes was meant as text
			break
		}
		s = s[open+end+1:]
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

var webAddress = pattern(`(?i)^https?://[^\s<>"]+$`)

// reference is absolute for a file that is shown, never followed: where nothing
// says what it is relative to, it stays as it is written.
func reference(link, base string) string {
	link = strings.TrimSpace(link)
	if isWeb(link) {
		return link
	}
	if u := absolute(link, base); u != "" {
		return u
	}
	if strings.Contains(link, ":") {
		return ""
	}
	return link
}

func isTagStart(c byte) bool { return c == '/' || c == '!' || c|32 >= 'a' && c|32 <= 'z' }

// absolute resolves a link to an http address, or to nothing. One that is whole
// already stays to the letter: it may be what the feed is known by.
func absolute(link, base string) string {
	link = strings.TrimSpace(link)
	if link == "" || webAddress().MatchString(link) {
		return link
	}
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	if b, err := url.Parse(base); err == nil && base != "" {
		u = b.ResolveReference(u)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}
