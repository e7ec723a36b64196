package publish

import (
	"context"
	"fmt"
	"time"

	"github.com/zest-digest/zest/digest"
)

// The flood brake. A source that changes its addresses or its ids offers its
// archive as new; without a brake the next edition would be that archive.
const (
	// floodItems is how many old items at once nobody meant to publish.
	floodItems = 10
	// floodSlack is how much older than the last reading an item may be and still
	// count as new: feeds are cached, and clocks differ.
	floodSlack = 48 * time.Hour
)

// meet looks up which items are known. It notices when a source has begun to
// name its items anew, and holds back what looks like an archive let loose.
func (p *Publisher) meet(ctx context.Context, h *digest.Harvest, before digest.SourceState) (map[string]digest.ArticleID, error) {
	known, err := p.known(ctx, h)
	if err != nil || before.LastOK.IsZero() || h.NotModified {
		return known, err
	}
	renamed, err := p.renamed(ctx, h, known)
	if err != nil {
		return nil, err
	}
	if renamed {
		// The addresses are the old ones: they are what tells these items apart.
		h.State.IdentifyBy = "url"
		for i := range h.Feed.Items {
			it := &h.Feed.Items[i]
			if link := digest.CanonicalURL(it.URL); link != "" {
				if _, old := known[it.Identity]; !old {
					h.Passed = append(h.Passed, digest.Pass(*it))
				}
				it.Identity = "url:" + link
			}
		}
		return p.knownByURL(ctx, h)
	}
	brake(h, known, before)
	return known, nil
}

func (p *Publisher) known(ctx context.Context, h *digest.Harvest) (map[string]digest.ArticleID, error) {
	ids := make([]string, len(h.Feed.Items))
	for i, it := range h.Feed.Items {
		ids[i] = it.Identity
	}
	return p.o.Store.Known(ctx, h.Source.Name, ids)
}

// knownByURL marks as known the items whose address an article of the source has
// already, under whatever name.
func (p *Publisher) knownByURL(ctx context.Context, h *digest.Harvest) (map[string]digest.ArticleID, error) {
	known, err := p.known(ctx, h)
	if err != nil {
		return nil, err
	}
	for _, it := range h.Feed.Items {
		if _, ok := known[it.Identity]; ok {
			continue
		}
		n, err := p.o.Store.KnownURLs(ctx, h.Source.Name, []string{digest.CanonicalURL(it.URL)})
		if err != nil {
			return nil, err
		}
		if n > 0 {
			known[it.Identity] = 0
			h.Passed = append(h.Passed, digest.Pass(it))
		}
	}
	return known, nil
}

// renamed reports whether most of the unknown items stand at addresses that are
// known: then the ids changed, and not the articles.
func (p *Publisher) renamed(ctx context.Context, h *digest.Harvest, known map[string]digest.ArticleID) (bool, error) {
	if h.State.IdentifyBy != "guid" {
		return false, nil
	}
	urls := map[string]bool{}
	unknown := 0
	for _, it := range h.Feed.Items {
		if _, old := known[it.Identity]; old {
			continue
		}
		unknown++
		if it.URL != "" {
			urls[digest.CanonicalURL(it.URL)] = true
		}
	}
	if unknown < 3 || len(urls) < unknown*8/10 {
		return false, nil
	}
	list := make([]string, 0, len(urls))
	for u := range urls {
		list = append(list, u)
	}
	n, err := p.o.Store.KnownURLs(ctx, h.Source.Name, list)
	return n*10 >= len(urls)*8, err
}

// brake takes old items that are offered as new out of a harvest, unless the
// operator has let them in or refused them.
func brake(h *digest.Harvest, known map[string]digest.ArticleID, before digest.SourceState) {
	limit := before.LastOK.Add(-floodSlack)
	fresh := make([]digest.Item, 0, len(h.Feed.Items))
	var old []digest.Passed
	undated := 0
	for _, it := range h.Feed.Items {
		_, met := known[it.Identity]
		if !met && it.Published.IsZero() {
			undated++
		}
		if !met && !it.Published.IsZero() && it.Published.Before(limit) {
			old = append(old, digest.Pass(it))
			continue
		}
		fresh = append(fresh, it)
	}
	if undated >= 2*floodItems && undated == len(h.Feed.Items) && h.Source.Kind == digest.SourceFeed {
		fresh, old = nil, nil // a feed without dates of which nothing is known any more
		for _, it := range h.Feed.Items {
			old = append(old, digest.Pass(it))
		}
	}
	answer := h.State.Answer
	h.State.Flood, h.State.Answer = 0, ""
	switch {
	case answer == digest.FloodPass && len(old) > 0:
		h.Feed.Items, h.Passed = fresh, append(h.Passed, old...)
	case answer == digest.FloodTake || len(old) < floodItems:
	default:
		h.Feed.Items, h.State.Flood = fresh, len(old)
		// They must be offered again once the operator has answered.
		h.State.ETag, h.State.LastModified, h.State.BodyHash = "", "", ""
	}
}

// tellFlood tells the operator of a flood when it begins.
func (p *Publisher) tellFlood(ctx context.Context, h digest.Harvest, before digest.SourceState) {
	if h.State.Flood == 0 || before.Flood > 0 {
		return
	}
	name := h.Source.Name
	p.o.Alert(ctx, fmt.Sprintf("source %s offers %d old items as new", name, h.State.Flood),
		fmt.Sprintf("They are held back. `zest source release %s` takes them, `zest source release --drop %s` refuses them for good.", name, name))
}
