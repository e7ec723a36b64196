package collect

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"github.com/zest-digest/zest/digest"
)

// readWeb reads a source over HTTP: a feed, a page that names its feed, a list
// page, a sitemap.
func (c *Collector) readWeb(ctx context.Context, h *digest.Harvest) error {
	s := h.Source
	if h.State.Gone {
		return fmt.Errorf("%s: %w; remove the source, or give it its new address", s.URL, digest.ErrGone)
	}
	address := cmp.Or(h.State.MovedTo, s.URL)
	if s.Kind == digest.SourcePage || s.Kind == digest.SourceSitemap {
		if err := c.allowed(ctx, s, address); err != nil {
			return err
		}
	}
	resp, err := c.fetch(ctx, s, address, validators{h.State.ETag, h.State.LastModified})
	if err != nil {
		c.lost(h, address, err)
		return err
	}
	if h.NotModified = resp.notModified; h.NotModified {
		return nil
	}
	h.State.MovedTo = cmp.Or(resp.moved, h.State.MovedTo)
	if h.NotModified = resp.cut == nil && resp.sum == h.State.BodyHash; h.NotModified {
		return nil // the server did not say so, but nothing changed
	}
	switch s.Kind {
	case digest.SourcePage:
		h.Feed, err = readList(resp.page, s)
	case digest.SourceSitemap:
		h.Feed, err = c.readSitemap(ctx, s, resp.page)
	default:
		h.Feed, err = c.readFeed(ctx, h, &resp)
	}
	if h.Cut = resp.cut; err != nil {
		if resp.cut != nil {
			return resp.cut
		}
		return err
	}
	h.State.ETag, h.State.LastModified, h.State.BodyHash = resp.etag, resp.lastModified, resp.sum
	return nil
}

// lost notes what a failure says of the address itself: gone for good, or moved
// away from where it once was found.
func (c *Collector) lost(h *digest.Harvest, address string, err error) {
	var status *statusError
	if !errors.As(err, &status) {
		return
	}
	if address != h.Source.URL && (status.code == http.StatusGone || status.code == http.StatusNotFound) {
		h.State.MovedTo, h.State.ETag, h.State.LastModified = "", "", "" // the next reading asks where it was declared
		return
	}
	h.State.Gone = status.code == http.StatusGone
}

// readFeed parses a feed; when the address is a page, the feed it names, whose
// address is remembered.
func (c *Collector) readFeed(ctx context.Context, h *digest.Harvest, resp *response) (digest.Feed, error) {
	f, err := c.parse(resp)
	if err == nil || !looksLikeHTML(resp.page) {
		return f, err
	}
	found := Discover(resp.page)
	if len(found) == 0 {
		return f, fmt.Errorf("%s is a page, not a feed, and names none; `kind: page` reads the links on it", resp.page.URL)
	}
	if *resp, err = c.fetch(ctx, h.Source, found[0].URL, validators{}); err != nil {
		return f, err
	}
	if f, err = c.parse(resp); err == nil {
		h.State.MovedTo = found[0].URL
	}
	return f, err
}

// parse reads a feed within the limit of items. One that did not come whole
// gives the items before the cut.
func (c *Collector) parse(resp *response) (digest.Feed, error) {
	body, err := gunzipped(resp.page.Body, c.o.MaxExpanded)
	if err != nil {
		return digest.Feed{}, fmt.Errorf("%s: %w", resp.page.URL, err)
	}
	if len(body) > feedBytes {
		body = slices.Clone(body[:feedBytes]) // the rest need not be in memory while this is parsed
	}
	resp.page.Body = body
	f, err := parseFeed(body, resp.page.ContentType, resp.base, c.o.MaxItems, resp.cut != nil)
	if err != nil {
		return f, fmt.Errorf("%s: %w", resp.page.URL, err)
	}
	return f, nil
}

// gunzipped opens a file that is gzip by itself, as sitemaps and some feeds are.
func gunzipped(body []byte, limit int64) ([]byte, error) {
	if !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(&capped{r: z, left: limit, what: "the expanded document"})
}

func looksLikeHTML(p digest.Page) bool {
	return strings.Contains(p.ContentType, "html") || strings.HasPrefix(http.DetectContentType(p.Body), "text/html")
}

// Found is a feed that a page names.
type Found struct{ URL, Title string }

// Discover lists the feeds that a page names, the likeliest first: a feed of
// comments is never what somebody wanted of a site.
func Discover(p digest.Page) []Found {
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(decode(p.Body, p.ContentType)))
	if err != nil {
		return nil
	}
	base := p.URL
	if href, ok := doc.Find("base[href]").First().Attr("href"); ok {
		base = cmp.Or(absolute(href, p.URL), base)
	}
	var first, last []Found
	seen := map[string]bool{}
	add := func(s *goquery.Selection) {
		f := Found{absolute(s.AttrOr("href", ""), base), oneLine(cmp.Or(s.AttrOr("title", ""), s.Text()))}
		if f.URL == "" || seen[f.URL] {
			return
		}
		seen[f.URL] = true
		if text := strings.ToLower(f.URL + " " + f.Title); strings.Contains(text, "comment") {
			last = append(last, f)
			return
		}
		first = append(first, f)
	}
	doc.Find(`link[rel~="alternate"][href], link[rel~="feed"][href]`).Each(func(_ int, s *goquery.Selection) {
		kind := strings.ToLower(s.AttrOr("type", ""))
		if strings.Contains(kind, "rss") || strings.Contains(kind, "atom") || strings.Contains(kind, "feed+json") || strings.Contains(s.AttrOr("rel", ""), "feed") {
			add(s)
		}
	})
	if len(first) == 0 { // some only show it
		doc.Find("a[href]").Each(func(_ int, s *goquery.Selection) {
			path := strings.ToLower(strings.TrimRight(strings.SplitN(s.AttrOr("href", ""), "?", 2)[0], "/"))
			for _, end := range []string{"/feed", "/rss", "/atom", ".rss", ".atom", "rss.xml", "atom.xml", "feed.xml", "index.xml", "feed.json"} {
				if strings.HasSuffix(path, end) {
					add(s)
					return
				}
			}
		})
	}
	return append(first, last...)
}
