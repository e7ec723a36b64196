package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/lint"
)

func (a *app) lintCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "lint FILE.eml|FILE.html|NEWSLETTER...",
		Short: "Check messages and HTML against what mail clients and providers ask",
		Long: `Check each message (.eml: wire format, headers, both parts), HTML document, or
every variant of the next edition of a newsletter. A hard finding would block a
send; it makes the exit status 1. Nothing is stored.
` + exitHelp,
		Example: "  zest lint edition.eml\n  zest lint weekly\n  zest lint edition.html --json",
		Args:    atLeast(1),
		RunE: func(c *cobra.Command, args []string) error {
			hard := false
			for _, arg := range args {
				list, err := a.lint(c.Context(), arg)
				if err != nil {
					return err
				}
				for _, l := range list {
					hard = hard || !l.ok()
					if err := a.showFindings(l); err != nil {
						return err
					}
				}
			}
			if hard {
				return errors.New("hard findings: such a message would not be sent")
			}
			return nil
		},
	})
}

// linted is one thing that was judged.
type linted struct {
	name     string
	findings []lint.Finding
}

func (l linted) ok() bool {
	return !slices.ContainsFunc(l.findings, func(f lint.Finding) bool { return f.Severity == lint.Hard })
}

// lint judges a file, or, where there is none of this name, a newsletter.
func (a *app) lint(ctx context.Context, arg string) ([]linted, error) {
	body, err := os.ReadFile(arg)
	if errors.Is(err, fs.ErrNotExist) && filepath.Ext(arg) == "" && !strings.ContainsAny(arg, `/\`) {
		return a.lintNewsletter(ctx, arg)
	}
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(filepath.Ext(arg), ".eml") {
		return []linted{{arg, lint.Message(body)}}, nil
	}
	return []linted{{arg, lint.HTML(string(body))}}, nil
}

func (a *app) lintNewsletter(ctx context.Context, name string) (out []linted, err error) {
	err = a.with(ctx, readOnly, func(ctx context.Context, m *machine) error {
		n, err := m.newsletter(name)
		if err != nil {
			return err
		}
		d, err := m.draft(ctx, n)
		if err != nil {
			return err
		}
		for _, v := range d.Variants {
			out = append(out, linted{name + "/" + v.Variant.Key, v.Findings})
		}
		return nil
	})
	if errors.Is(err, errNoConfig) {
		return nil, usagef("%s: no such file, and no configuration that could name a newsletter", name)
	}
	if errors.Is(err, digest.ErrNotFound) {
		return nil, usagef("%v; it is no file either", err)
	}
	return out, err
}

func (a *app) showFindings(l linted) error {
	if a.json {
		return a.line(findingsJSON{File: l.name, OK: l.ok(), Findings: append([]lint.Finding{}, l.findings...)})
	}
	for _, f := range l.findings {
		a.printf("%s:%d: %s: %s (%s)\n", l.name, f.Line, f.Severity, f.Reason, f.Rule)
	}
	return nil
}
