package collect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// sitemap is what a sitemap lists: pages, or further sitemaps.
type sitemap struct {
	pages []mapped
	maps  []mapped
}

// mapped is one line of a sitemap, with what a news sitemap adds.
type mapped struct {
	Loc      string
	Modified time.Time
	Title    string
	Language string
	Site     string
}

// The most that is read of an index: its newest sitemaps; and of all of them:
// the newest pages.
const (
	sitemapFiles = 3
	sitemapPages = 200
)

// readSitemap makes items of the newest pages of a sitemap or of an index.
func (c *Collector) readSitemap(ctx context.Context, s digest.Source, p digest.Page) (digest.Feed, error) {
	f := digest.Feed{Format: "sitemap", Link: p.URL}
	m, err := c.sitemapOf(p)
	if err != nil {
		return f, err
	}
	slices.SortStableFunc(m.maps, func(a, b mapped) int { return b.Modified.Compare(a.Modified) })
	for i, child := range m.maps {
		if i == sitemapFiles {
			break
		}
		resp, err := c.fetch(ctx, s, absolute(child.Loc, p.URL), validators{})
		if err != nil {
			return f, err
		}
		more, err := c.sitemapOf(resp.page)
		if err != nil {
			return f, err
		}
		m.pages = append(m.pages, more.pages...)
	}
	slices.SortStableFunc(m.pages, func(a, b mapped) int { return b.Modified.Compare(a.Modified) })
	for _, page := range m.pages[:min(len(m.pages), sitemapPages)] {
		link := absolute(page.Loc, p.URL)
		if link == "" || link == p.URL {
			continue
		}
		f.Title = cmp.Or(f.Title, page.Site)
		f.Items = append(f.Items, digest.Item{URL: link, Title: page.Title, Published: page.Modified, Language: page.Language})
	}
	if len(f.Items) == 0 {
		return f, fmt.Errorf("%s lists no pages", p.URL)
	}
	return f, nil
}

func (c *Collector) sitemapOf(p digest.Page) (sitemap, error) {
	body, err := gunzipped(p.Body, c.o.MaxExpanded)
	if err == nil {
		var m sitemap
		if m, err = parseSitemap(decode(body, p.ContentType)); err == nil {
			return m, nil
		}
	}
	return sitemap{}, fmt.Errorf("%s: %w", p.URL, err)
}

// parseSitemap reads a sitemap, an index, or a plain list of addresses
// (sitemaps.org, and Google's news extension). One that is cut off gives what
// stands before the cut.
func parseSitemap(text []byte) (sitemap, error) {
	var m sitemap
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("http")) {
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); isWeb(line) {
				m.pages = append(m.pages, mapped{Loc: line})
			}
		}
		return m, nil
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	known := false
	for {
		t, err := d.Token()
		if err != nil {
			if known && (errors.Is(err, io.EOF) || len(m.pages)+len(m.maps) > 0) {
				return m, nil
			}
			return m, errors.New("this is not a sitemap")
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "urlset", "sitemapindex":
			known = true
		case "url":
			if one, ok := readMapped(d); ok {
				m.pages = append(m.pages, one)
			}
		case "sitemap":
			if one, ok := readMapped(d); ok {
				m.maps = append(m.maps, one)
			}
		}
	}
}

// readMapped reads one entry, up to its end; one without an end is not whole.
func readMapped(d *xml.Decoder) (out mapped, whole bool) {
	var inside []string
	for {
		t, err := d.Token()
		if err != nil {
			return out, false
		}
		switch t := t.(type) {
		case xml.StartElement:
			inside = append(inside, t.Name.Local)
		case xml.EndElement:
			if len(inside) == 0 {
				return out, out.Loc != ""
			}
			inside = inside[:len(inside)-1]
		case xml.CharData:
			text := strings.TrimSpace(string(t))
			if text == "" || len(inside) == 0 {
				continue
			}
			switch strings.Join(inside, "/") {
			case "loc":
				out.Loc += text
			case "lastmod":
				if at, ok := ParseDate(text); ok && out.Modified.IsZero() {
					out.Modified = at
				}
			case "news/publication_date":
				if at, ok := ParseDate(text); ok {
					out.Modified = at
				}
			case "news/title":
				out.Title += text
			case "news/publication/name":
				out.Site = text
			case "news/publication/language":
				out.Language = text
			}
		}
	}
}
