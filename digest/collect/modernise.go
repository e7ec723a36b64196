package collect

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"io"
	"net/url"
	"slices"
	"strings"
)

// modernise rewrites what the parser has no ear for into what it has: Atom 0.3's
// base64 and info, RSS 1.1, CDF, bodies beside descriptions. Most feeds have
// none of it and come back as they are.
func modernise(text []byte) []byte {
	head := text[:min(len(text), 4096)]
	switch {
	case bytes.Contains(head, []byte("purl.org/net/rss1.1")):
		return rss11(text)
	case isCDF(head):
		return cdf(text)
	case atomFeed().Match(head):
		text = textLink().ReplaceAll(oldAtom(text, head), []byte(`<link href="$1"/>`))
		text = firstTitle(literalIDs(text))
	}
	if bytes.Contains(text, []byte("xml:base")) {
		text = baseAttr().ReplaceAllFunc(text, baseFolder)
	}
	text = hoist(text)
	if bytes.Contains(head, []byte("<rss")) || bytes.Contains(head, []byte("<channel")) {
		text = bodies(text)
	}
	return text
}

var (
	// textLink is a link written as RSS does, in Atom.
	textLink = pattern(`<link>\s*(https?://[^<\s"]+)\s*</link>`)
	// conflicts are other versions of an item, kept inside it (Simple Sharing
	// Extensions); the parser would lose what follows over them.
	conflicts = pattern(`(?s)<sx:conflicts>(.*?)</sx:conflicts>`)
	inner     = pattern(`(?s)<item>.*?</item>`)
	// feedID is the id of an Atom feed, before its first entry.
	feedID = pattern(`(?s)^[^<]*(?:<[^e][^<]*|<e[^n][^<]*)*?<id>\s*(https?://[^<\s]+)\s*</id>`)
)

// literal marks an id that is to stay as it is written. It makes the id no
// address, which the parser would rewrite.
const literal = ":"

var atomID = pattern(`(<id>\s*)([^<\s]+)(\s*</id>)`)

// literalIDs protects ids that the parser would normalise: they are compared to
// the letter (RFC 4287 section 4.2.6.1).
func literalIDs(text []byte) []byte {
	return atomID().ReplaceAllFunc(text, func(b []byte) []byte {
		m := atomID().FindSubmatch(b)
		u, err := url.Parse(string(m[2]))
		if err != nil || !u.IsAbs() || u.String() == string(m[2]) {
			return b
		}
		return slices.Concat(m[1], []byte(literal), m[2], m[3])
	})
}

var titles = pattern(`(?s)<title\b[^>]*>.*?</title>`)

// firstTitle drops what an Atom feed calls itself the second time: an element
// that may stand once counts where it stands first.
func firstTitle(text []byte) []byte {
	end := bytes.Index(text, []byte("<entry"))
	if end < 0 {
		end = len(text)
	}
	if bytes.Count(text[:end], []byte("<title")) < 2 {
		return text
	}
	first := true
	head := titles().ReplaceAllFunc(text[:end], func(b []byte) []byte {
		if first {
			first = false
			return b
		}
		return nil
	})
	return slices.Concat(head, text[end:])
}

var baseAttr = pattern(`\bxml:base\s*=\s*(?:"[^"]*"|'[^']*')`)

// baseFolder cuts the last segment off a base, as resolving against it does (RFC
// 3986 section 5.2.3). The parser takes every base for a folder.
func baseFolder(attr []byte) []byte {
	path := attr
	if at := bytes.Index(attr, []byte("://")); at >= 0 {
		path = attr[at+3:]
		if !bytes.Contains(path, []byte("/")) {
			return attr
		}
	}
	if bytes.ContainsAny(path, "?#") {
		return attr
	}
	slash := bytes.LastIndexByte(path, '/')
	if slash < 0 {
		slash = bytes.IndexAny(path, `"'`)
	}
	return slices.Concat(attr[:len(attr)-len(path)+slash+1], attr[len(attr)-1:])
}

// hoist moves items out of the item that they stand in, after it. It goes over
// the text once, however many there are.
func hoist(text []byte) []byte {
	next := conflicts().FindSubmatchIndex(text)
	if next == nil {
		return text
	}
	var out bytes.Buffer
	var moved [][]byte
	at := 0
	for next != nil {
		found := text[at+next[2] : at+next[3]]
		until := at + next[0]
		// What was moved before goes behind the item that ends before this one.
		if end := bytes.Index(text[at:until], itemEnds[0]); end >= 0 && len(moved) > 0 {
			out.Write(text[at : at+end+len(itemEnds[0])])
			out.Write(bytes.Join(moved, nil))
			at, moved = at+end+len(itemEnds[0]), nil
		}
		out.Write(text[at:until])
		moved = append(moved, inner().FindAll(found, -1)...)
		at = until + next[1] - next[0]
		next = conflicts().FindSubmatchIndex(text[at:])
	}
	if end := bytes.Index(text[at:], itemEnds[0]); end >= 0 {
		out.Write(text[at : at+end+len(itemEnds[0])])
		at += end + len(itemEnds[0])
	}
	out.Write(bytes.Join(moved, nil))
	out.Write(text[at:])
	return out.Bytes()
}

var (
	rss11Items = pattern(`</?items\b[^>]*>`)
	rss11Open  = pattern(`<Channel\b`)
	rss11Close = pattern(`</Channel\s*>`)
)

// rss11 makes RSS 2.0 of RSS 1.1, which differs in its frame only.
func rss11(text []byte) []byte {
	text = rss11Items().ReplaceAll(text, nil)
	text = bytes.ReplaceAll(text, []byte(`xmlns="http://purl.org/net/rss1.1#"`), nil)
	text = rss11Open().ReplaceAll(text, []byte(`<rss version="2.0"><channel`))
	return rss11Close().ReplaceAll(text, []byte(`</channel></rss>`))
}

var (
	cdfRoot = pattern(`(?i)^\s*(?:<\?xml[^>]*>|<!--[^>]*-->|<!DOCTYPE[^>]*>|\s)*<CHANNEL\b`)
	cdfTag  = pattern(`(?i)<(/?)(channel|item|title|abstract|logo)\b`)
	cdfHref = pattern(`(?i)(<(?:channel|item)\b[^>]*?)\bhref\s*=\s*"([^"]*)"([^>]*>)`)
)

func isCDF(head []byte) bool {
	return cdfRoot().Match(head) && !bytes.Contains(head, []byte("<channel>"))
}

// cdf makes RSS of Microsoft's Channel Definition Format.
func cdf(text []byte) []byte {
	text = cdfHref().ReplaceAll(text, []byte(`$1$3<link>$2</link>`))
	text = cdfTag().ReplaceAllFunc(text, func(b []byte) []byte {
		return bytes.Replace(bytes.ToLower(b), []byte("abstract"), []byte("description"), 1)
	})
	if at := bytes.Index(text, []byte("<channel")); at >= 0 {
		text = append(append(append([]byte{}, text[:at]...), `<rss version="2.0">`...), text[at:]...)
	}
	return append(text, "</rss>"...)
}

var (
	atomFeed = pattern(`<(?:\w+:)?feed[\s>]`)
	atomRoot = pattern(`(<feed\b[^>]*?)\sxmlns="([^"]*)"`)
	infoTag  = pattern(`<(/?)info\b`)
	encoded  = pattern(`<(\w+)((?:\s[^>]*?)?)\smode="base64"([^>]*)>([^<]*)</`)
)

// oldAtom reads Atom before 1.0: text in base64, the feed's description under
// another name, and namespaces of its drafts.
func oldAtom(text, head []byte) []byte {
	if m := atomRoot().FindSubmatch(head); m != nil {
		switch ns := string(m[2]); {
		case ns == "http://www.w3.org/2005/Atom":
			return text
		case ns != "http://purl.org/atom/ns#":
			text = bytes.Replace(text, []byte(`xmlns="`+ns+`"`), []byte(`xmlns="http://purl.org/atom/ns#"`), 1)
		}
	}
	if !bytes.Contains(text, []byte("<subtitle")) && !bytes.Contains(text, []byte("<tagline")) {
		text = infoTag().ReplaceAll(text, []byte("<${1}tagline"))
	}
	return encoded().ReplaceAllFunc(text, func(b []byte) []byte {
		m := encoded().FindSubmatch(b)
		plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(m[4])), ""))
		if err != nil {
			return b
		}
		var out bytes.Buffer
		out.WriteString("<" + string(m[1]) + string(m[2]) + ` mode="escaped"` + string(m[3]) + ">")
		xml.EscapeText(&out, bytes.ToValidUTF8(plain, []byte("\ufffd")))
		out.WriteString("</")
		return out.Bytes()
	})
}

var bodyTag = pattern(`<(/?)(?:\w+:)?(body|fullitem)\b[^>]*>`)

// bodies gives items that carry their text in <body>, <xhtml:body> or <fullitem>
// a content:encoded, the name that everybody reads.
func bodies(text []byte) []byte {
	if bytes.Contains(text, []byte("content:encoded")) || !bytes.Contains(text, []byte("body")) && !bytes.Contains(text, []byte("fullitem")) {
		return text // which is sooner said than by the expression
	}
	var out bytes.Buffer
	for {
		open := bodyTag().FindSubmatchIndex(text)
		if open == nil || open[3] > open[2] {
			break
		}
		shut := bodyTag().FindSubmatchIndex(text[open[1]:])
		if shut == nil || shut[3] == shut[2] {
			break
		}
		inner := text[open[1] : open[1]+shut[0]]
		out.Write(text[:open[0]])
		out.WriteString(`<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/">`)
		if bytes.Contains(inner, []byte("<![CDATA[")) || !bytes.Contains(inner, []byte("<")) {
			out.Write(inner)
		} else {
			xml.EscapeText(&out, inner)
		}
		out.WriteString(`</content:encoded>`)
		text = text[open[1]+shut[1]:]
	}
	io.Copy(&out, bytes.NewReader(text))
	return out.Bytes()
}
