package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
)

// source is the source of this name, of whichever newsletter.
func (m *machine) source(name string) (digest.Source, error) {
	all, err := m.sources(nil)
	if err != nil {
		return digest.Source{}, err
	}
	var names []string
	for _, s := range all {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	hint := ""
	if near := closest(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return digest.Source{}, fmt.Errorf("source %q: %w%s", name, digest.ErrNotFound, hint)
}

func (a *app) sourceTestCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "test NAME|URL",
		Short: "Read a source now, and store nothing",
		Long: `Read a source now, whether it is being left alone or not, and show what it
offers. Nothing is stored, so the next collection sees the same.
` + exitHelp,
		Example: "  zest source test my-blog\n  zest source test https://blog.example.org/",
		Args:    exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			if isURL(args[0]) {
				// A person who names an address means it, private or not.
				s := digest.Source{Name: args[0], Kind: digest.SourceFeed, URL: args[0], AllowPrivate: true, FirstRun: 1 << 20}
				return a.testSource(c.Context(), s)
			}
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				s, err := m.source(args[0])
				if err != nil {
					return err
				}
				s.FirstRun = 1 << 20
				h, err := a.collector(m.config).Read(ctx, s, digest.SourceState{})
				return a.showHarvest(h, err)
			})
		},
	})
}

func (a *app) testSource(ctx context.Context, s digest.Source) error {
	h, err := a.collector(nil).Read(ctx, s, digest.SourceState{})
	return a.showHarvest(h, err)
}

// showHarvest shows what a source offers, as inspecting does.
func (a *app) showHarvest(h digest.Harvest, err error) error {
	if err != nil {
		return err
	}
	in := inspection{File: h.Source.Name, Items: []itemJSON{}}
	in.fill(h.Feed, digest.Page{URL: h.Source.URL})
	if err := a.showInspection(in); err != nil {
		return err
	}
	if h.State.MovedTo != "" {
		a.notef("read from %s", h.State.MovedTo)
	}
	if h.Cut != nil {
		a.notef("not read to its end: %v", h.Cut)
	}
	return nil
}

func (a *app) sourceReleaseCmd() *cobra.Command {
	drop := false
	c := a.jsonFlag(&cobra.Command{
		Use:   "release NAME",
		Short: "Let in, or refuse, what the flood brake holds",
		Long: `When a source suddenly offers many old items as new, they are held back: a site
that moved would otherwise fill the next edition with its archive. This lets
them in, or with --drop refuses them for good, and reads the source again.
` + exitHelp,
		Example: "  zest source release my-blog\n  zest source release --drop my-blog",
		Args:    exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error { return m.release(ctx, args[0], drop) })
		},
	})
	c.Flags().BoolVar(&drop, "drop", false, "refuse them: they never become articles")
	return c
}

func (m *machine) release(ctx context.Context, name string, drop bool) error {
	s, err := m.source(name)
	if err != nil {
		return err
	}
	st, err := m.store.SourceState(ctx, name)
	if err != nil {
		return err
	}
	if st.Flood == 0 {
		return &digest.InvalidError{Field: "source", Value: name, Reason: "holds nothing back"}
	}
	st.Answer = digest.FloodTake
	if drop {
		st.Answer = digest.FloodPass
	}
	if err := m.store.SaveState(ctx, st); err != nil {
		return err
	}
	reports, err := m.publisher.Collect(ctx, []digest.Source{s})
	m.bars.finish()
	if err != nil {
		return err
	}
	if err := m.a.showSources(reports); err != nil {
		return err
	}
	return reports[0].Err
}
