package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
)

func (a *app) previewCmd() *cobra.Command {
	var out, listen string
	var serve bool
	c := a.jsonFlag(&cobra.Command{
		Use:   "preview NEWSLETTER",
		Short: "Look at the next edition: as files, or in a browser that follows every change",
		Long: `Read the sources and write the edition that ` + "`zest send`" + ` would make now to
edition.html, edition.txt and edition.eml (one set a variant). Nothing is
stored and nothing is sent.

With --serve it opens the studio instead: a page on this machine that shows the
message on a desk and on a phone, by day and by night, without pictures, as text
and as source, what the linters say, and a button that sends a test. It follows
every change of the configuration, the templates and the articles.
` + exitHelp,
		Example: "  zest preview weekly --out /tmp/weekly\n  zest preview weekly --serve",
		Args:    exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			if serve {
				return a.studio(c.Context(), args[0], listen)
			}
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				n, err := m.newsletter(args[0])
				if err != nil {
					return err
				}
				d, err := m.draft(ctx, n)
				if err != nil {
					return err
				}
				return m.writePreview(n, d, out)
			})
		},
	})
	c.Flags().StringVarP(&out, "out", "o", ".", "the `folder` to write to")
	c.Flags().BoolVar(&serve, "serve", false, "open the studio instead of writing files")
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "the `address` of the studio, on this machine; port 0 takes a free one")
	return c
}

// writePreview writes the files of every variant. The newsletter's own language
// has the plain names.
func (m *machine) writePreview(n digest.Newsletter, d publish.Draft, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, x := range d.Dropped {
		m.a.notef("%s %s", m.a.paint(yellow, "picture left out:"), x.Reason)
	}
	for _, v := range d.Variants {
		name := "edition"
		if v.Variant.Key != digest.VariantKey(n.Language, false) {
			name += "-" + v.Variant.Key
		}
		eml, err := v.Sample(n, d.Frozen.Letterhead)
		if err != nil {
			return err
		}
		files := map[string][]byte{".html": []byte(v.Proof.HTML), ".txt": []byte(v.Proof.Text), ".eml": eml}
		for _, ext := range []string{".html", ".txt", ".eml"} {
			if len(files[ext]) == 0 {
				continue
			}
			path := filepath.Join(dir, name+ext)
			if err := os.WriteFile(path, files[ext], 0o644); err != nil {
				return fmt.Errorf("writing the preview: %w", err)
			}
			if m.a.json {
				err = errors.Join(err, m.a.line(map[string]any{"variant": v.Variant.Key, "file": path, "bytes": len(files[ext])}))
			} else {
				m.a.printf("%s\n", path)
			}
		}
		for _, f := range v.Findings {
			m.a.notef("%s %s: %s (line %d, %s)", m.a.paint(yellow, string(f.Severity)), v.Variant.Key, f.Reason, f.Line, f.Rule)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
