package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/extract"
)

// SourceReport is how one source was read.
type SourceReport struct {
	Source      digest.Source
	Items       int // entries it offers now
	New         int // of these, not known before
	Updated     int
	Held        int // older items of a new source, left out
	Flood       int // held back by the flood brake until the operator answers
	NotModified bool
	Cut         error // why it was not read to its end, nil when it was
	Err         error // [digest.ErrResting] when it was not asked
}

// Collect reads the sources and stores what they brought. A source that fails
// is reported and does not stop the others; the error is ours alone (the store,
// or the context's end).
func (p *Publisher) Collect(ctx context.Context, sources []digest.Source) (reports []SourceReport, err error) {
	ctx, end := p.o.Span(ctx, "collect")
	defer func() { end(err) }()
	var unchanged []digest.SourceState
	fresh := false // something came
	together := func(ctx context.Context) error {
		err := p.o.Store.SaveStates(ctx, unchanged)
		unchanged = nil
		if err != nil {
			return fmt.Errorf("saving the state of sources: %w", err)
		}
		return nil
	}
	reports, err = p.gather(ctx, sources, func(ctx context.Context, h digest.Harvest, articles []digest.Article) (digest.Saved, error) {
		if h.NotModified {
			if unchanged = append(unchanged, h.State); len(unchanged) < statesAtOnce {
				return digest.Saved{}, nil
			}
			return digest.Saved{}, together(ctx)
		}
		saved, err := p.o.Store.SaveHarvest(ctx, h.State, articles, h.Passed...)
		if err != nil {
			return saved, fmt.Errorf("saving what %s brought: %w", h.Source.Name, err)
		}
		fresh = fresh || saved != digest.Saved{}
		return saved, nil
	}, true)
	if err = errors.Join(err, together(context.WithoutCancel(ctx))); err != nil {
		return reports, err
	}
	if fresh {
		if err := p.o.Store.CompleteNewest(ctx, usual); err != nil {
			return reports, fmt.Errorf("reading what is new: %w", err)
		}
	}
	return reports, nil
}

// usual is how many new articles are read at once. The many that new sources bring
// are left until somebody asks for them: most are too old to be carried.
const usual = 200

// statesAtOnce is how many sources that had nothing new are noted together. There
// is nothing to lose with them: they are asked again.
const statesAtOnce = 64

// atOnce is how many sources' items may be made articles at once. Most of that
// time is spent waiting for pages.
const atOnce = 32

// keep decides what becomes of a harvest: stored, or only looked at.
type keep func(context.Context, digest.Harvest, []digest.Article) (digest.Saved, error)

// gather reads every source at once, within the collector's limits, and hands
// what each brought to keep, one at a time.
func (p *Publisher) gather(ctx context.Context, sources []digest.Source, keep keep, write bool) ([]SourceReport, error) {
	states := make([]digest.SourceState, len(sources))
	place := make(map[string]int, len(sources))
	for i, s := range sources {
		st, err := p.o.Store.SourceState(ctx, s.Name)
		if err != nil {
			return nil, fmt.Errorf("looking up source %s: %w", s.Name, err)
		}
		states[i], place[s.Name] = st, i
	}
	reports := make([]SourceReport, len(sources))
	for i, s := range sources {
		reports[i] = SourceReport{Source: s}
	}
	p.o.Progress.Sources(len(sources))

	var mu sync.Mutex // one writer at a time: reports, and SQLite behind keep
	work, wctx := errgroup.WithContext(ctx)
	work.SetLimit(atOnce) // reading waits for it: what was read and not yet kept stays in memory
	p.o.Collector.Collect(wctx, sources, states, func(h digest.Harvest, err error) {
		work.Go(func() error {
			i, known := place[h.Source.Name]
			if !known {
				return nil
			}
			r := &reports[i]
			if err != nil {
				return p.failed(ctx, r, h, err, write, &mu)
			}
			articles, err := p.articles(wctx, &h, states[i], write)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			saved, err := keep(wctx, h, articles)
			if err != nil {
				return err
			}
			if write {
				p.tellFlood(ctx, h, states[i])
			}
			r.Items, r.New, r.Updated = len(h.Feed.Items), saved.Added, saved.Updated
			r.Held, r.NotModified, r.Flood, r.Cut = h.Held, h.NotModified, h.State.Flood, h.Cut
			p.o.Progress.Source(h.Source.Name, len(h.Feed.Items), nil)
			return nil
		})
	})
	if err := work.Wait(); err != nil {
		return reports, err
	}
	return reports, ctx.Err()
}

// failed notes a source's failure: in its state, so that it is left alone for a
// while, and in the report. A failure that lasts is told to the operator, once.
func (p *Publisher) failed(ctx context.Context, r *SourceReport, h digest.Harvest, cause error, write bool, mu *sync.Mutex) error {
	mu.Lock()
	defer mu.Unlock()
	r.Err = cause
	p.o.Progress.Source(h.Source.Name, 0, cause)
	if ctx.Err() != nil || !write || h.State.Source == "" || errors.Is(cause, digest.ErrResting) {
		return nil // an interrupted reading says nothing about the source
	}
	p.o.Log.Warn("source not read", "source", h.Source.Name, "error", cause, "failures", h.State.Failures)
	if st := &h.State; st.Told.IsZero() && (st.Gone || p.o.Now().Sub(st.FailingSince) >= p.o.AlertAfter) {
		st.Told = p.o.Now()
		p.o.Alert(ctx, fmt.Sprintf("source %s cannot be read", st.Source),
			fmt.Sprintf("%s has failed since %s, %d times in a row: %s\n\nzest source list says how every source is; zest source test %s tries it now.",
				st.Source, st.FailingSince.Format(time.DateOnly), st.Failures, st.LastError, st.Source))
	}
	return p.o.Store.SaveState(ctx, h.State)
}

// articles turns what a source served into articles. Pages are fetched for
// items that are not known yet and whose feed gives no full text. Of new ones the
// text may be left for later: most of the work is there, and the store does it
// when somebody first asks for the article.
func (p *Publisher) articles(ctx context.Context, h *digest.Harvest, before digest.SourceState, later bool) ([]digest.Article, error) {
	known, err := p.meet(ctx, h, before)
	if err != nil {
		return nil, err
	}
	items := firstOfEach(h.Feed.Items)
	sums := map[string]string{}
	for _, it := range items {
		if known[it.Identity] != 0 {
			sums[it.Identity] = it.Sum()
		}
	}
	same, err := p.o.Store.Unchanged(ctx, h.Source.Name, sums)
	if err != nil {
		return nil, err
	}
	now := p.o.Now().UTC()
	out := make([]digest.Article, 0, len(items))
	pages := p.newPages(h)
	for i, it := range items {
		id, old := known[it.Identity]
		if old && (id == 0 || same[it.Identity]) {
			continue // passed over, or stored as it is
		}
		if !old {
			pages.fetch(ctx, items[i:], known)
			it = items[i]
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		sum := it.Sum()
		a, err := p.article(*h, it, now, later && !old, pages.repeated)
		if err != nil {
			p.o.Log.Warn("article not readable", "source", h.Source.Name, "url", it.URL, "error", err)
			continue
		}
		a.ItemSum = sum
		out = append(out, a)
	}
	h.State.Habits = pages.habits.String()
	return out, nil
}

// firstOfEach leaves out what a feed holds under an identity that stood further
// up: an edited item often stands above its earlier self.
func firstOfEach(items []digest.Item) []digest.Item {
	met := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(items), func(it digest.Item) bool {
		again := met[it.Identity]
		met[it.Identity] = true
		return again
	})
}

func (p *Publisher) article(h digest.Harvest, it digest.Item, now time.Time, later bool, repeated *extract.Repeated) (a digest.Article, err error) {
	if it.Language == "" {
		it.Language = h.Source.Language
	}
	outlined := false
	if later {
		a, outlined = extract.Outline(it, now)
	}
	if !outlined {
		o := p.o.Extract
		o.Repeats = repeated
		a, err = extract.Article(it, now, o)
	}
	if err != nil {
		return a, err
	}
	switch {
	case h.Source.Title != "":
		a.Site = h.Source.Title
	case a.Site == "":
		a.Site = h.Feed.Title
	}
	if h.Source.Section != "" {
		a.Section = h.Source.Section
	}
	return a, nil
}

// Add makes articles of items that came by hand, or by another program, to a
// source of kind push, and stores them.
func (p *Publisher) Add(ctx context.Context, s digest.Source, items []digest.Item) ([]digest.Article, digest.Saved, error) {
	st, err := p.o.Store.SourceState(ctx, s.Name)
	if err != nil {
		return nil, digest.Saved{}, fmt.Errorf("looking up source %s: %w", s.Name, err)
	}
	for i := range items {
		items[i].Source, items[i].Position = s.Name, i
	}
	st.Source, st.LastOK, st.LastTried = s.Name, p.o.Now(), p.o.Now()
	h := digest.Harvest{Source: s, State: st, Feed: digest.Feed{Items: items}}
	articles, err := p.articles(ctx, &h, digest.SourceState{}, false) // what a person picks is no flood
	if err != nil {
		return nil, digest.Saved{}, err
	}
	saved, err := p.o.Store.SaveArticles(ctx, h.State, articles)
	if err != nil {
		return nil, saved, fmt.Errorf("saving articles of %s: %w", s.Name, err)
	}
	return articles, saved, nil
}
