package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/extract"
	"github.com/zest-digest/zest/digest/inline"
)

// errSome ends a command of which some inputs failed; each said why already.
var errSome = errors.New("some inputs could not be used")

// document reads an argument: a file, "-", or an http(s) address, which is
// fetched under the same guard as a source.
func (a *app) document(ctx context.Context, arg, contentType, address string) (digest.Page, error) {
	if isURL(arg) {
		// A person who names an address means it, private or not.
		page, err := a.collector(nil).Page(ctx, digest.Source{Name: arg, AllowPrivate: true, IgnoreRobots: true}, arg)
		if err != nil {
			return page, err
		}
		return page, nil
	}
	var body []byte
	var err error
	if arg == "-" {
		body, err = io.ReadAll(a.stdin)
	} else {
		body, err = os.ReadFile(arg)
	}
	return digest.Page{URL: address, ContentType: contentType, Body: body}, err
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// stamp is a time as data: RFC 3339, UTC, empty when unknown.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

type extractJSON struct {
	File      string  `json:"file"`
	Title     string  `json:"title"`
	Byline    string  `json:"byline"`
	Published string  `json:"published,omitempty"`
	Language  string  `json:"language"`
	Site      string  `json:"site"`
	Image     string  `json:"image,omitempty"`
	Text      string  `json:"text"`
	HTML      string  `json:"html"`
	Score     float64 `json:"score"`
	Error     string  `json:"error,omitempty"`
}

func (a *app) extractCmd() *cobra.Command {
	var contentType, address string
	c := a.jsonFlag(&cobra.Command{
		Use:     "extract FILE|URL...",
		Short:   "Find the article in a page",
		Long:    "Find the article in each page, HTML or plain text, and print it: one JSON line a\npage with --json.\n" + exitHelp,
		Example: "  zest extract page.html --json\n  zest extract https://example.org/article",
		Args:    atLeast(1),
		RunE: func(c *cobra.Command, args []string) error {
			failed := false
			for _, arg := range args {
				out := extractJSON{File: arg}
				page, err := a.document(c.Context(), arg, contentType, address)
				if err == nil {
					var art digest.Article
					if art, err = extract.Page(page, extract.Options{}); err == nil {
						out = extractJSON{arg, art.Title, art.Author, stamp(art.Published), art.Language, art.Site, art.Image.URL, art.Text, art.HTML, art.Score, ""}
					}
				}
				if err != nil {
					out.Error, failed = err.Error(), true
				}
				if err := a.showExtract(out); err != nil {
					return err
				}
			}
			if failed {
				return errSome
			}
			return nil
		},
	})
	c.Flags().StringVar(&contentType, "content-type", "", "the Content-Type a server would have sent for a FILE")
	c.Flags().StringVar(&address, "url", "", "the address a FILE came from, for its relative links")
	return c
}

func (a *app) showExtract(x extractJSON) error {
	if a.json {
		return a.line(x)
	}
	if x.Error != "" {
		a.printf("%s: %s\n", x.File, x.Error)
		return nil
	}
	a.printf("%s\n", a.paint(bold, x.Title))
	var about []string
	for _, s := range []string{x.Byline, x.Site, x.Published, x.Language, fmt.Sprintf("confidence %.2f", x.Score)} {
		if s != "" {
			about = append(about, s)
		}
	}
	a.printf("%s\n\n%s\n", a.paint(faint, strings.Join(about, " · ")), x.Text)
	return nil
}

type findingsJSON struct {
	File     string `json:"file"`
	OK       bool   `json:"ok"`
	Findings any    `json:"findings"`
}

func (a *app) inlineCmd() *cobra.Command {
	var out string
	c := a.jsonFlag(&cobra.Command{
		Use:   "inline FILE|FOLDER...",
		Short: "Inline the CSS of HTML documents, as editions are",
		Long: `Inline the CSS of each document. One file without --out goes to standard output;
with --out DIR each goes to a file of its name there, a folder with its tree.
With --json, a line a file says what may not come out right, and where.
` + exitHelp,
		Example: "  zest inline template.html > inlined.html\n  zest inline templates --out inlined --json",
		Args:    atLeast(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if out == "" && (len(args) > 1 || a.json) {
				return usagef("say where the files go: --out DIR")
			}
			for _, arg := range args {
				if err := a.inlineTree(arg, out); err != nil {
					return err
				}
			}
			return nil
		},
	})
	c.Flags().StringVarP(&out, "out", "o", "", "the `folder` to write to")
	return c
}

// inlineTree inlines one file, or every HTML file below a folder.
func (a *app) inlineTree(root, out string) error {
	info, err := os.Stat(root)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return a.inlineFile(root, filepath.Base(root), out)
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ext := strings.ToLower(filepath.Ext(path)); err != nil || d.IsDir() || ext != ".html" && ext != ".htm" {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return a.inlineFile(path, rel, out)
	})
}

func (a *app) inlineFile(path, name, out string) error {
	body, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	res, err := inline.Document(string(body), inline.Options{})
	if err != nil {
		return fmt.Errorf("inlining %s: %w", path, err)
	}
	if out == "" {
		_, err := io.WriteString(a.stdout, res.HTML)
		return err
	}
	target := filepath.Join(out, name)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(target, []byte(res.HTML), 0o644); err != nil {
		return err
	}
	if !a.json {
		for _, f := range res.Findings {
			a.printf("%s:%d: %s (%s)\n", path, f.Line, f.Reason, f.Rule)
		}
		return nil
	}
	return a.line(findingsJSON{File: path, OK: len(res.Findings) == 0, Findings: inlineFindings(res.Findings)})
}
