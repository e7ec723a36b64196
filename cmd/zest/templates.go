package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/config"
	"github.com/zest-digest/zest/digest/inline"
	"github.com/zest-digest/zest/digest/render"
	"github.com/zest-digest/zest/templates"
)

// renderer reads the themes, the operator's own before the shipped ones.
// renderer tries every theme; wire, which may have nothing to render, tries each
// when it is first used.
func renderer(c *config.Config) (*render.Renderer, error) { return rendererBy(c, render.New) }

func rendererBy(c *config.Config, open func(render.Options) (*render.Renderer, error)) (*render.Renderer, error) {
	var o render.Options
	if c != nil && c.Templates != "" {
		if _, err := os.Stat(c.Templates); err != nil {
			return nil, fmt.Errorf("loading templates: %w", err)
		}
		o.Override = os.DirFS(c.Templates)
	}
	r, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("loading templates: %w", err)
	}
	return r, nil
}

func (a *app) templatesCmd() *cobra.Command {
	c := group(&cobra.Command{Use: "templates", Short: "The themes, and your own"})
	c.AddCommand(
		a.jsonFlag(&cobra.Command{
			Use: "list", Short: "List the themes", Args: exactly(0),
			Example: "  zest templates list",
			RunE: func(*cobra.Command, []string) error {
				cfg, err := a.optionalConfig()
				if err != nil {
					return err
				}
				r, err := renderer(cfg)
				if err != nil {
					return err
				}
				for _, name := range r.Themes() {
					if !a.json {
						a.printf("%s\n", name)
					} else if err := a.line(map[string]string{"theme": name}); err != nil {
						return err
					}
				}
				return nil
			},
		}),
		&cobra.Command{
			Use: "eject THEME|parts FOLDER", Short: "Copy a theme, or the parts all share, to a folder of your own", Args: exactly(2),
			Long: `Copy the files of a theme, or the parts that all themes share, to FOLDER/email.
Name FOLDER as ` + "`templates`" + ` in the configuration: a file there stands in for the
shipped one of the same name. A file that is there already is never touched.
` + exitHelp,
			Example: "  zest templates eject gazette my-templates",
			RunE:    func(_ *cobra.Command, args []string) error { return a.eject(args[0], args[1]) },
		},
		a.jsonFlag(&cobra.Command{
			Use: "lint", Short: "Check the style sheets of every theme for what cannot be inlined", Args: exactly(0),
			Example: "  zest templates lint",
			RunE:    func(*cobra.Command, []string) error { return a.lintTemplates() },
		}),
	)
	return c
}

// optionalConfig is the configuration, or nil where there is none to be found.
func (a *app) optionalConfig() (*config.Config, error) {
	c, err := a.loadConfig()
	if errors.Is(err, errNoConfig) {
		return nil, nil
	}
	return c, err
}

func (a *app) eject(theme, folder string) error {
	root := path.Join("email", theme)
	if info, err := fs.Stat(templates.FS, root); err != nil || !info.IsDir() {
		return usagef("theme %q: not found; `zest templates list` shows them", theme)
	}
	return fs.WalkDir(templates.FS, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(templates.FS, name)
		if err != nil {
			return err
		}
		target := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		f, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			a.notef("%s is there already, and is left as it is", target)
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := f.Write(body); err != nil {
			f.Close()
			return err
		}
		a.printf("%s\n", target)
		return f.Close()
	})
}

// lintTemplates parses every theme and checks its sheets.
func (a *app) lintTemplates() error {
	c, err := a.optionalConfig()
	if err != nil {
		return err
	}
	if _, err := renderer(c); err != nil {
		return err
	}
	roots := []fs.FS{templates.FS}
	if c != nil && c.Templates != "" {
		roots = append(roots, os.DirFS(c.Templates))
	}
	found := 0
	for _, root := range roots {
		sheets, err := fs.Glob(root, "email/*/style.css")
		if err != nil {
			return err
		}
		for _, name := range sheets {
			body, err := fs.ReadFile(root, name)
			if err != nil {
				return err
			}
			list := inline.LintCSS(name, string(body))
			found += len(list)
			if a.json {
				if err := a.line(findingsJSON{File: name, OK: len(list) == 0, Findings: inlineFindings(list)}); err != nil {
					return err
				}
				continue
			}
			for _, f := range list {
				a.printf("%s:%d: %s (%s)\n", name, f.Line, strings.TrimSpace(f.Reason), f.Rule)
			}
		}
	}
	if found > 0 {
		return fmt.Errorf("%s in the style sheets", count(found, "finding", "findings"))
	}
	if !a.json {
		a.printf("the themes are fine.\n")
	}
	return nil
}

func inlineFindings(list []inline.Finding) []map[string]any {
	out := make([]map[string]any, 0, len(list))
	for _, f := range list {
		out = append(out, map[string]any{"line": f.Line, "rule": f.Rule, "reason": f.Reason})
	}
	return out
}
