package main

import (
	"context"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
)

// remembered reads the web once in a while, and disks every time: the studio
// makes an edition at each stroke of a key, and the sources must not notice.
type remembered struct {
	publish.Collector
	at func() time.Time

	mu       sync.Mutex
	harvests map[string]harvest
	pages    map[string]fetched
}

type harvest struct {
	when time.Time
	got  digest.Harvest
	err  error
}

type fetched struct {
	when time.Time
	page digest.Page
	err  error
}

// fresh is how long what was read stands for the web.
const fresh = 5 * time.Minute

// Collect reads what is not remembered.
func (r *remembered) Collect(ctx context.Context, sources []digest.Source, states []digest.SourceState, each func(digest.Harvest, error)) {
	var ask []digest.Source
	var askStates []digest.SourceState
	for i, s := range sources {
		r.mu.Lock()
		known, ok := r.harvests[r.key(s)]
		r.mu.Unlock()
		if ok && r.at().Sub(known.when) < fresh {
			each(known.got, known.err)
			continue
		}
		ask, askStates = append(ask, s), append(askStates, states[i])
	}
	r.Collector.Collect(ctx, ask, askStates, func(h digest.Harvest, err error) {
		if isURL(h.Source.URL) && ctx.Err() == nil {
			r.mu.Lock()
			if r.harvests == nil {
				r.harvests = map[string]harvest{}
			}
			r.harvests[r.key(h.Source)] = harvest{r.at(), h, err}
			r.mu.Unlock()
		}
		each(h, err)
	})
}

func (r *remembered) key(s digest.Source) string {
	return s.Name + "\x00" + string(s.Kind) + "\x00" + s.URL + "\x00" + s.Selector
}

// Page fetches a page once.
func (r *remembered) Page(ctx context.Context, s digest.Source, url string) (digest.Page, error) {
	return r.once(ctx, "page "+url, func() (digest.Page, error) { return r.Collector.Page(ctx, s, url) })
}

// Picture fetches a picture once.
func (r *remembered) Picture(ctx context.Context, s digest.Source, url string) (digest.Page, error) {
	return r.once(ctx, "picture "+url, func() (digest.Page, error) { return r.Collector.Picture(ctx, s, url) })
}

func (r *remembered) once(ctx context.Context, key string, get func() (digest.Page, error)) (digest.Page, error) {
	r.mu.Lock()
	known, ok := r.pages[key]
	r.mu.Unlock()
	if ok && r.at().Sub(known.when) < fresh {
		return known.page, known.err
	}
	page, err := get()
	if ctx.Err() == nil {
		r.mu.Lock()
		if r.pages == nil {
			r.pages = map[string]fetched{}
		}
		r.pages[key] = fetched{r.at(), page, err}
		r.mu.Unlock()
	}
	return page, err
}
