package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
)

func (a *app) sourceCmd() *cobra.Command {
	c := group(&cobra.Command{Use: "source", Short: "Add, look at, test and remove sources"})
	c.AddCommand(a.sourceAddCmd(), a.sourceListCmd(), a.sourceTestCmd(), a.sourceInspectCmd(), a.sourceRemoveCmd(),
		a.sourceReleaseCmd(), a.sourceImportCmd(), a.sourceExportCmd())
	return c
}

type sourceStateJSON struct {
	Source       string `json:"source"`
	Kind         string `json:"kind"`
	URL          string `json:"url"`
	Title        string `json:"title,omitempty"`
	State        string `json:"state"`
	LastOK       string `json:"last_ok,omitempty"`
	LastTried    string `json:"last_tried,omitempty"`
	NextTry      string `json:"next_try,omitempty"`
	FailingSince string `json:"failing_since,omitempty"`
	Failures     int    `json:"failures"`
	Flood        int    `json:"flood,omitempty"`
	MovedTo      string `json:"moved_to,omitempty"`
	Error        string `json:"error,omitempty"`
}

func (a *app) sourceListCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "list", Short: "List the sources and how they are",
		Long:    "List the sources: when each was last read, since when and why it fails, until when\nit is left alone, where it moved to, what the flood brake holds.\n" + exitHelp,
		Args:    exactly(0),
		Example: "  zest source list\n  zest source list --json",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error { return m.listSources(ctx) })
		},
	})
}

func (m *machine) listSources(ctx context.Context) error {
	sources, err := m.sources(nil)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, s := range sources {
		st, err := m.store.SourceState(ctx, s.Name)
		if err != nil {
			return err
		}
		if m.a.json {
			j := sourceStateJSON{
				Source: s.Name, Kind: string(s.Kind), URL: s.URL, Title: st.Title, State: stateWord(st), LastOK: stamp(st.LastOK), LastTried: stamp(st.LastTried), NextTry: stamp(st.NextTry),
				FailingSince: stamp(st.FailingSince), Failures: st.Failures, Flood: st.Flood, MovedTo: st.MovedTo, Error: st.LastError,
			}
			if err := m.a.line(j); err != nil {
				return err
			}
			continue
		}
		place := s.URL
		if len(s.Command) > 0 {
			place = strings.Join(s.Command, " ")
		}
		rows = append(rows, []string{s.Name, m.stateWords(st), string(s.Kind), place})
	}
	if len(rows) > 0 {
		m.a.table([]string{"source", "state", "kind", "address"}, rows)
	}
	return nil
}

// stateWord is how a source is, in one word.
func stateWord(st digest.SourceState) string {
	switch {
	case st.Gone:
		return "gone"
	case st.Failures > 0:
		return "failing"
	case st.Flood > 0:
		return "flood"
	case !st.LastOK.IsZero():
		return "ok"
	}
	return "new"
}

func (m *machine) stateWords(st digest.SourceState) string {
	day := func(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
	switch stateWord(st) {
	case "gone":
		return "gone for good since " + day(st.LastTried) + "; remove it"
	case "failing":
		s := fmt.Sprintf("failed %s in a row", strings.Replace(count(st.Failures, "time", "times"), "1 time", "once", 1))
		if st.Failures > 1 {
			s += " since " + day(st.FailingSince)
		}
		if st.NextTry.After(m.a.now()) {
			s += ", left alone until " + day(st.NextTry)
		}
		return s + ": " + st.LastError
	case "flood":
		return fmt.Sprintf("holds back %s; zest source release %s", count(st.Flood, "old item offered as new", "old items offered as new"), st.Source)
	case "ok":
		return "ok, read " + day(st.LastOK)
	}
	return "not read yet"
}
