package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
	"github.com/zest-digest/zest/digest/publish"
)

type whyJSON struct {
	Title     string         `json:"title"`
	URL       string         `json:"url"`
	Source    string         `json:"source"`
	Identity  string         `json:"identity"`
	FirstSeen string         `json:"first_seen"`
	Published string         `json:"published,omitempty"`
	Score     float64        `json:"extraction_score"`
	Doubt     string         `json:"doubt,omitempty"`
	Words     int            `json:"words"`
	Dropped   bool           `json:"dropped,omitempty"`
	LastRead  string         `json:"source_last_read,omitempty"`
	Failing   string         `json:"source_error,omitempty"`
	Carried   []string       `json:"carried,omitempty"`
	Sent      []share        `json:"sent,omitempty"` // to how many readers, by edition
	Decisions []decisionJSON `json:"decisions,omitempty"`
}

func (a *app) whyCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "why URL",
		Short: "Tell the whole story of one article",
		Long: `Tell when an article was met, how it is known, how well it was read, which edition
carried it and to how many readers, and what each newsletter that could carry it would do with it now.
Nothing is written.
` + exitHelp,
		Example: "  zest why https://blog.example.org/an-article",
		Args:    exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error { return m.why(ctx, args[0]) })
		},
	})
}

func (m *machine) why(ctx context.Context, url string) error {
	articles, err := m.store.ArticlesByURL(ctx, digest.CanonicalURL(url))
	if err != nil {
		return err
	}
	if len(articles) == 0 {
		if by, err := m.store.PassedOver(ctx, digest.CanonicalURL(url)); err != nil || by != "" {
			return errors.Join(err, fmt.Errorf("article %s: %w; source %s offered it, and it was passed over: it was older than the newest few of a first reading (first_run), or refused by `zest source release --drop`", url, digest.ErrNotFound, by))
		}
		return fmt.Errorf("article %s: %w; it was never collected (`zest collect`, `zest source list`)", url, digest.ErrNotFound)
	}
	decisions, err := m.decisions(ctx)
	if err != nil {
		return err
	}
	for _, art := range articles {
		carried, err := m.store.CarriedIn(ctx, art.ID)
		if err != nil {
			return err
		}
		st, err := m.store.SourceState(ctx, art.Source)
		if err != nil {
			return err
		}
		sent, err := m.store.SentIn(ctx, art.ID)
		if err != nil {
			return err
		}
		w := whyJSON{
			Title: art.Title, URL: art.URL, Source: art.Source, Identity: art.Identity, FirstSeen: stamp(art.FirstSeen), Published: stamp(art.Published),
			Score: art.Score, Doubt: art.Doubt, Words: art.Words, Dropped: art.Dropped, LastRead: stamp(st.LastOK), Failing: st.LastError, Carried: carried, Decisions: decisions[art.ID],
		}
		for _, got := range sent {
			w.Sent = append(w.Sent, share{got.Edition.Ref(), got.Readers})
		}
		if m.a.json {
			if err := m.a.line(w); err != nil {
				return err
			}
			continue
		}
		m.a.showWhy(w)
	}
	return nil
}

// decisions are what every newsletter would do now with every article that it
// has not carried.
func (m *machine) decisions(ctx context.Context) (map[digest.ArticleID][]decisionJSON, error) {
	newsletters, err := m.newsletters(nil)
	if err != nil {
		return nil, err
	}
	out := map[digest.ArticleID][]decisionJSON{}
	for _, n := range newsletters {
		d, err := m.publisher.Compose(ctx, n, publish.ComposeOptions{})
		if err != nil && !errors.Is(err, digest.ErrNothingNew) {
			return nil, err
		}
		for _, x := range d.Selection.Decisions {
			out[x.Article.ID] = append(out[x.Article.ID], newDecision(n.Name, x))
		}
	}
	return out, nil
}

func newDecision(newsletter string, x curate.Decision) decisionJSON {
	j := decisionJSON{Newsletter: newsletter, Title: x.Article.Title, Source: x.Article.Source, URL: x.Article.URL, In: x.In, Reason: x.Reason, Section: x.Section, Score: x.Score, Variants: x.Variants}
	for _, t := range x.Terms {
		if j.Terms == nil {
			j.Terms = map[string]float64{}
		}
		j.Terms[t.Name] = t.Value
	}
	if x.Story != nil {
		j.With = x.Story.URL
	}
	return j
}

func (a *app) showWhy(w whyJSON) {
	a.printf("%s\n%s\n", a.paint(bold, w.Title), w.URL)
	a.printf("  from %s, known by %s, first met %s\n", w.Source, w.Identity, w.FirstSeen)
	if w.Published != "" {
		a.printf("  published %s\n", w.Published)
	}
	a.printf("  read with a confidence of %.2f, %s", w.Score, count(w.Words, "word", "words"))
	if w.Doubt != "" {
		a.printf("; it looks like a %s", w.Doubt)
	}
	a.printf("\n")
	if w.Failing != "" {
		a.printf("  its source cannot be read now: %s\n", w.Failing)
	} else if w.LastRead != "" {
		a.printf("  its source was last read %s\n", w.LastRead)
	}
	if w.Dropped {
		a.printf("  put aside by hand: no edition carries it (`zest articles drop --undo` takes it back)\n")
	}
	if len(w.Carried) > 0 {
		a.printf("  carried by %s\n", strings.Join(w.Carried, ", "))
	}
	for _, got := range w.Sent {
		a.printf("  sent to %s with %s\n", count(got.Count, "reader", "readers"), got.Name)
	}
	for _, d := range w.Decisions {
		where := "out of"
		if d.In {
			where = "in"
		}
		a.printf("  %s the next edition of %s: %s\n", where, d.Newsletter, d.Reason)
		if d.With != "" {
			a.printf("    the same story as %s\n", d.With)
		}
	}
}
