package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

type sourceStateJSON struct {
	Source    string `json:"source"`
	URL       string `json:"url"`
	Title     string `json:"title,omitempty"`
	LastOK    string `json:"last_ok,omitempty"`
	LastTried string `json:"last_tried,omitempty"`
	NextTry   string `json:"next_try,omitempty"`
	Failures  int    `json:"failures"`
	Error     string `json:"error,omitempty"`
}

func (a *app) sourceListCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "list", Short: "List the sources and how they are", Args: exactly(0),
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
			if err := m.a.line(sourceStateJSON{s.Name, s.URL, st.Title, stamp(st.LastOK), stamp(st.LastTried), stamp(st.NextTry), st.Failures, st.LastError}); err != nil {
				return err
			}
			continue
		}
		state := "not read yet"
		switch {
		case st.Gone:
			state = "gone for good"
		case st.Failures > 0:
			state = fmt.Sprintf("failed %s in a row: %s", strings.Replace(count(st.Failures, "time", "times"), "1 time", "once", 1), st.LastError)
		case !st.LastOK.IsZero():
			state = "ok, read " + st.LastOK.Local().Format("2006-01-02 15:04")
		}
		rows = append(rows, []string{s.Name, state, s.URL})
	}
	if len(rows) > 0 {
		m.a.table([]string{"source", "state", "address"}, rows)
	}
	return nil
}
