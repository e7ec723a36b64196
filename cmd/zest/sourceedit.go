package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/config"
	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/collect"
)

func (a *app) sourceAddCmd() *cobra.Command {
	var s config.NewSource
	var newsletter string
	var dryRun, untested bool
	c := a.jsonFlag(&cobra.Command{
		Use:   "add URL|PATH|-- PROGRAM ARG...",
		Short: "Add a source to the configuration",
		Long: `Read a source, and when it can be read write it into the configuration file,
which otherwise stays as it is. Given a home page, its feed is found; a page
without one is read for its headlines. A program after -- becomes a source of
kind command.
` + exitHelp,
		Example: "  zest source add https://blog.example.org/\n  zest source add --newsletter weekly --name port ./port\n  zest source add --name builds -- ./builds --today",
		Args:    cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case s.Kind == string(digest.SourcePush) && len(args) == 0 && s.Name != "":
			case c.ArgsLenAtDash() == 0 && len(args) > 0:
				s.Kind, s.Command = string(digest.SourceCommand), args
				s.Name = cmp.Or(s.Name, slug(filepath.Base(args[0])))
			case len(args) == 1:
				s.URL = args[0]
			default:
				return usagef("usage: %s", c.UseLine())
			}
			return a.addSource(c.Context(), s, newsletter, dryRun, untested)
		},
	})
	f := c.Flags()
	f.StringVar(&s.Name, "name", "", "what to call it (default: from its address or title)")
	f.StringVar(&newsletter, "newsletter", "", "the newsletter that reads it (default: the only one)")
	f.StringVar(&s.Kind, "kind", "", "feed, site, page, sitemap, folder, command, mailbox or push (default: found out)")
	f.StringVar(&s.Section, "section", "", "the section its articles belong to")
	f.StringVar(&s.Language, "language", "", "what to assume where it does not say")
	f.StringVar(&s.Selector, "selector", "", "CSS selector of the links on a list page")
	f.BoolVar(&s.AllowPrivate, "allow-private", false, "it may be on a private network")
	f.BoolVarP(&dryRun, "dry-run", "n", false, "show what would be written, and write nothing")
	f.BoolVar(&untested, "no-test", false, "do not read it first")
	return c
}

type addedJSON struct {
	Source     string `json:"source"`
	URL        string `json:"url,omitempty"`
	Kind       string `json:"kind"`
	Title      string `json:"title,omitempty"`
	Newsletter string `json:"newsletter"`
	Items      int    `json:"items"`
	Written    bool   `json:"written"`
}

func (a *app) addSource(ctx context.Context, s config.NewSource, newsletter string, dryRun, untested bool) error {
	cfg, err := a.loadConfig()
	if err != nil {
		return err
	}
	if newsletter, err = oneNewsletter(cfg, newsletter); err != nil {
		return err
	}
	added := addedJSON{Newsletter: newsletter}
	if !untested && s.Kind != string(digest.SourcePush) {
		h, err := a.tryOut(ctx, cfg, &s)
		if err != nil {
			return fmt.Errorf("%w (--no-test adds it nevertheless)", err)
		}
		added.Title, added.Items = h.Feed.Title, len(h.Feed.Items)
	}
	s.Name = cmp.Or(s.Name, slug(nameOf(s.URL)))
	added.Source, added.URL, added.Kind, added.Written = s.Name, s.URL, cmp.Or(s.Kind, "feed"), !dryRun
	if err := a.editConfig(cfg.File(), dryRun, func(raw []byte) ([]byte, error) { return config.AddSource(raw, s, newsletter) }); err != nil {
		return err
	}
	if a.json {
		return a.line(added)
	}
	verb := "added"
	if dryRun {
		verb = "would add"
	}
	a.printf("%s %s to %s: %s, %s\n", verb, s.Name, newsletter, cmp.Or(added.Title, s.URL, added.Kind), count(added.Items, "item", "items"))
	return nil
}

// tryOut reads a source before it is written down, and finds out what it is.
func (a *app) tryOut(ctx context.Context, cfg *config.Config, s *config.NewSource) (digest.Harvest, error) {
	src := digest.Source{Name: cmp.Or(s.Name, s.URL), Kind: digest.SourceKind(s.Kind), URL: s.URL, Command: s.Command, Dir: filepath.Dir(cfg.File()),
		Selector: s.Selector, AllowPrivate: s.AllowPrivate, FirstRun: 1 << 20}
	if src.URL != "" && !strings.Contains(src.URL, "://") {
		whole, err := filepath.Abs(src.URL)
		if err != nil {
			return digest.Harvest{}, err
		}
		src.URL, s.URL = whole, whole
	}
	if s.Selector != "" {
		s.Kind, src.Kind = string(digest.SourcePage), digest.SourcePage
	}
	reader := a.collector(cfg)
	h, err := reader.Read(ctx, src, digest.SourceState{})
	if err == nil && h.State.MovedTo != "" && (s.Kind == "" || s.Kind == string(digest.SourceFeed)) {
		s.URL = h.State.MovedTo // the feed that the page names, or where it has moved
	}
	if err != nil && s.Kind == "" && isURL(s.URL) && strings.Contains(err.Error(), "kind: page") {
		src.Kind = digest.SourcePage
		if list, perr := reader.Read(ctx, src, digest.SourceState{}); perr == nil {
			s.Kind = string(digest.SourcePage)
			return list, nil
		}
	}
	return h, err
}

// oneNewsletter is the newsletter meant: the named one, or the only one.
func oneNewsletter(cfg *config.Config, name string) (string, error) {
	if name != "" {
		_, err := cfg.Newsletter(name)
		return name, err
	}
	if len(cfg.Newsletters) != 1 {
		return "", usagef("say which newsletter reads it: --newsletter NAME")
	}
	return cfg.Newsletters[0].Name, nil
}

// editConfig rewrites the configuration file. What would not load is not
// written, and the file is replaced in one step.
func (a *app) editConfig(path string, dryRun bool, edit func([]byte) ([]byte, error)) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	out, err := edit(raw)
	if err != nil || bytes.Equal(raw, out) {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".zest-*.yaml")
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(out)
	if err = errors.Join(err, temp.Chmod(info.Mode().Perm()), temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	if _, err := config.Load(temp.Name(), a.environ); err != nil {
		return fmt.Errorf("the configuration would not be right any more: %s", strings.ReplaceAll(err.Error(), temp.Name(), path))
	}
	if dryRun {
		return nil
	}
	return os.Rename(temp.Name(), path)
}

func (a *app) sourceRemoveCmd() *cobra.Command {
	dryRun := false
	c := &cobra.Command{
		Use:   "remove NAME",
		Short: "Take a source out of the configuration",
		Long: `Take a source out of the configuration file and out of every newsletter. What it
brought stays stored, and what was carried stays carried.
` + exitHelp,
		Example: "  zest source remove my-blog",
		Args:    exactly(1),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.loadConfig()
			if err != nil {
				return err
			}
			if err := a.editConfig(cfg.File(), dryRun, func(raw []byte) ([]byte, error) { return config.RemoveSource(raw, args[0]) }); err != nil {
				return err
			}
			a.printf("removed %s\n", args[0])
			return nil
		},
	}
	c.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "check that it can be removed, and write nothing")
	return c
}

type opmlJSON struct {
	File  string         `json:"file"`
	Error string         `json:"error,omitempty"`
	Feeds []opmlFeedJSON `json:"feeds"`
}

type opmlFeedJSON struct {
	URL    string `json:"url"`
	Title  string `json:"title,omitempty"`
	Folder string `json:"folder,omitempty"`
	Source string `json:"source,omitempty"` // the name it was added under; empty when it was there
}

func (a *app) sourceImportCmd() *cobra.Command {
	var newsletter string
	var dryRun bool
	c := a.jsonFlag(&cobra.Command{
		Use:   "import FILE.opml...",
		Short: "Add the feeds of OPML subscription lists",
		Long: `Add every feed of an OPML file that is not a source yet. A folder becomes the
section of its feeds. The files are read leniently: half of those in the wild
are not XML. Feeds are not read now; the next collection tells which work.
` + exitHelp,
		Example: "  zest source import subscriptions.opml\n  zest source import --dry-run --json *.opml",
		Args:    atLeast(1),
		RunE: func(_ *cobra.Command, args []string) error {
			failed := false
			for _, arg := range args {
				out, err := a.importOPML(arg, newsletter, dryRun)
				if err != nil {
					out.Error, failed = err.Error(), true
				}
				if err := a.showImport(out, dryRun); err != nil {
					return err
				}
			}
			if failed {
				return errSome
			}
			return nil
		},
	})
	c.Flags().StringVar(&newsletter, "newsletter", "", "the newsletter that reads them (default: the only one)")
	c.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "show what the files hold, and write nothing; needs no configuration")
	return c
}

func (a *app) importOPML(file, newsletter string, dryRun bool) (opmlJSON, error) {
	out := opmlJSON{File: filepath.Base(file), Feeds: []opmlFeedJSON{}}
	body, err := os.ReadFile(file)
	if err != nil {
		return out, err
	}
	feeds, err := collect.ParseOPML(body, "")
	if err != nil {
		return out, fmt.Errorf("%s: %w", file, err)
	}
	for _, f := range feeds {
		out.Feeds = append(out.Feeds, opmlFeedJSON{URL: f.URL, Title: f.Title, Folder: f.Folder})
	}
	if dryRun {
		return out, nil
	}
	cfg, err := a.loadConfig()
	if err != nil {
		return out, err
	}
	if newsletter, err = oneNewsletter(cfg, newsletter); err != nil {
		return out, err
	}
	known, names := map[string]bool{}, map[string]bool{}
	for _, s := range cfg.Sources {
		known[digest.CanonicalURL(s.URL)], names[s.Name] = true, true
	}
	return out, a.editConfig(cfg.File(), false, func(raw []byte) ([]byte, error) {
		for i, f := range out.Feeds {
			id := digest.CanonicalURL(f.URL)
			if known[id] || !isURL(f.URL) {
				continue
			}
			s := config.NewSource{Name: unused(slug(cmp.Or(f.Title, nameOf(f.URL))), names), URL: f.URL, Title: f.Title, Section: f.Folder}
			known[id], names[s.Name], out.Feeds[i].Source = true, true, s.Name
			if raw, err = config.AddSource(raw, s, newsletter); err != nil {
				return nil, err
			}
		}
		return raw, nil
	})
}

func (a *app) showImport(out opmlJSON, dryRun bool) error {
	if a.json {
		return a.line(out)
	}
	if out.Error != "" {
		a.printf("%s: %s\n", out.File, out.Error)
		return nil
	}
	var rows [][]string
	added := 0
	for _, f := range out.Feeds {
		if f.Source != "" {
			added++
		}
		rows = append(rows, []string{cmp.Or(f.Source, map[bool]string{true: "", false: "(there already)"}[dryRun]), f.Folder, f.Title, f.URL})
	}
	if len(rows) > 0 {
		a.table([]string{"source", "section", "title", "address"}, rows)
	}
	a.printf("%s: %s, %d added\n", out.File, count(len(out.Feeds), "feed", "feeds"), added)
	return nil
}

func (a *app) sourceExportCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "export",
		Short:   "Print the feeds as an OPML subscription list",
		Long:    "Print every source that is read over the web as OPML 2.0, for other programs. A\nsource's section becomes its folder.\n" + exitHelp,
		Example: "  zest source export > subscriptions.opml",
		Args:    exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				sources, err := m.sources(nil)
				if err != nil {
					return err
				}
				var feeds []collect.Outline
				for _, s := range sources {
					if s.Kind != digest.SourceFeed || !isURL(s.URL) {
						continue
					}
					st, err := m.store.SourceState(ctx, s.Name)
					if err != nil {
						return err
					}
					feeds = append(feeds, collect.Outline{URL: cmp.Or(st.MovedTo, s.URL), Title: cmp.Or(s.Title, st.Title, s.Name), Folder: s.Section})
				}
				out, err := collect.FormatOPML("zest", feeds)
				if err != nil {
					return err
				}
				_, err = a.stdout.Write(out)
				return err
			})
		},
	}
}

// nameOf is what a source is called by its address: the host, or the file.
func nameOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return strings.TrimPrefix(u.Hostname(), "www.")
	}
	return filepath.Base(address)
}

var notName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[^\pL\pN]+`)
})

// slug makes the name of a source of some words.
func slug(s string) string {
	words := strings.Trim(notName().ReplaceAllString(strings.ToLower(s), "-"), "-")
	if runes := []rune(words); len(runes) > 40 {
		words = strings.Trim(string(runes[:40]), "-")
	}
	return cmp.Or(words, "source")
}

// unused is a name that is not taken, with a number when it has to be.
func unused(name string, taken map[string]bool) string {
	if !taken[name] {
		return name
	}
	n := 2
	for taken[fmt.Sprintf("%s-%d", name, n)] {
		n++
	}
	return fmt.Sprintf("%s-%d", name, n)
}
