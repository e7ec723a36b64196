package main

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
)

// While sources are read garbage may grow to several times what is in use, within
// a bound in bytes: what an item leaves is short-lived, and collecting it all the
// time is a good part of the work.
const (
	collectMemory  = 48 << 20
	collectGarbage = 400 // percent
)

func (a *app) collectCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "collect [NEWSLETTER]",
		Short: "Read the sources and keep what is new",
		Long: `Read the sources of one newsletter, or of all, and keep what is new. Nothing is
sent. A source that fails is named, left alone for a while, and stops no other.
` + exitHelp,
		Example: "  zest collect\n  zest collect weekly --json",
		Args:    atMost(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				sources, err := m.sources(args)
				if err != nil {
					return err
				}
				defer debug.SetMemoryLimit(debug.SetMemoryLimit(collectMemory))
				defer debug.SetGCPercent(debug.SetGCPercent(collectGarbage))
				reports, err := m.publisher.Collect(ctx, sources)
				m.bars.finish()
				if err := errors.Join(err, a.showSources(reports)); err != nil {
					return err
				}
				for _, r := range reports {
					if r.Err == nil {
						return nil
					}
				}
				if len(reports) > 0 {
					return errors.New("no source could be read")
				}
				return nil
			})
		},
	})
}

// sources are those of the named newsletter, or of every one, each once.
func (m *machine) sources(args []string) ([]digest.Source, error) {
	var out []digest.Source
	seen := map[string]bool{}
	newsletters, err := m.newsletters(args)
	if err != nil {
		return nil, err
	}
	for _, n := range newsletters {
		for _, s := range n.Sources {
			if !seen[s.Name] {
				seen[s.Name] = true
				out = append(out, s)
			}
		}
	}
	return out, nil
}

type sourceLine struct {
	Source      string `json:"source"`
	Items       int    `json:"items"`
	New         int    `json:"new"`
	Updated     int    `json:"updated,omitempty"`
	Held        int    `json:"held,omitempty"`
	Flood       int    `json:"flood,omitempty"`
	Resting     bool   `json:"resting,omitempty"`
	Cut         string `json:"cut,omitempty"`
	NotModified bool   `json:"not_modified,omitempty"`
	Error       string `json:"error,omitempty"`
}

func (a *app) showSources(reports []publish.SourceReport) error {
	var rows [][]string
	for _, r := range reports {
		if a.json {
			l := sourceLine{Source: r.Source.Name, Items: r.Items, New: r.New, Updated: r.Updated, Held: r.Held, NotModified: r.NotModified}
			l.Flood, l.Resting = r.Flood, errors.Is(r.Err, digest.ErrResting)
			if r.Cut != nil {
				l.Cut = r.Cut.Error()
			}
			if r.Err != nil {
				l.Error = r.Err.Error()
			}
			if err := a.line(l); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, []string{a.mark(r), r.Source.Name, sourceWords(r)})
	}
	if !a.json && len(rows) > 0 {
		a.table([]string{"", "source", "brought"}, rows)
	}
	return nil
}

// mark is a word, not a colour alone: a screen reader and a log file show it too.
func (a *app) mark(r publish.SourceReport) string {
	switch {
	case errors.Is(r.Err, digest.ErrResting):
		return "rests"
	case r.Err != nil:
		return "failed"
	}
	return "ok"
}

func sourceWords(r publish.SourceReport) string {
	switch {
	case r.Err != nil:
		return r.Err.Error()
	case r.NotModified:
		return "nothing changed"
	}
	s := count(r.New, "new article", "new articles") + " of " + count(r.Items, "item", "items")
	if r.Updated > 0 {
		s += ", " + count(r.Updated, "one edited", "edited")
	}
	if r.Held > 0 {
		s += ", " + count(r.Held, "older one", "older ones") + " left out"
	}
	if r.Flood > 0 {
		s += ", " + count(r.Flood, "old one", "old ones") + " held back (`zest source release " + r.Source.Name + "`)"
	}
	if r.Cut != nil {
		s += "; not read to its end: " + r.Cut.Error()
	}
	return s
}
