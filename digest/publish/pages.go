package publish

import (
	"context"
	"errors"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/extract"
)

// enough is how many bytes of content in the feed itself make fetching the page
// pointless.
const enough = 2500

func wantsPage(s digest.Source, it digest.Item) bool {
	return s.FullText && it.Page == nil && it.URL != "" && len(it.Content) < enough
}

// pages are the pages behind the items of one harvest. A few are fetched ahead:
// what they share with each other and with those before them is furniture, and
// has to be known before the first is read.
type pages struct {
	p        *Publisher
	source   digest.Source
	habits   *extract.Habits
	repeated *extract.Repeated
	fetched  map[string]bool // by identity
}

// ahead is how many pages may wait in memory.
const ahead = 8

func (p *Publisher) newPages(h *digest.Harvest) *pages {
	habits := extract.ReadHabits(h.State.Habits)
	return &pages{p: p, source: h.Source, habits: habits, repeated: habits.Repeated(), fetched: map[string]bool{}}
}

// fetch makes sure of the page of the first item, where one is wanted, and when it
// is the first of all fetches those of the next new ones too.
func (g *pages) fetch(ctx context.Context, items []digest.Item, known map[string]digest.ArticleID) {
	if g.fetched[items[0].Identity] || !wantsPage(g.source, items[0]) {
		return
	}
	most := 1
	if len(g.fetched) == 0 {
		most = ahead
	}
	for i := 0; i < len(items) && most > 0; i++ {
		it := &items[i]
		if _, old := known[it.Identity]; old || !wantsPage(g.source, *it) {
			continue
		}
		most--
		g.fetched[it.Identity] = true
		page, err := g.p.o.Collector.Page(ctx, g.source, it.URL)
		if err == nil {
			it.Page = &page
			g.habits.Learn(page)
		} else if !errors.Is(err, context.Canceled) { // no loss: the feed's own text stands in
			g.p.o.Log.Debug("page not fetched", "source", g.source.Name, "url", it.URL, "error", err)
		}
	}
	g.repeated = g.habits.Repeated()
}
