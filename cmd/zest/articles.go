package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/collect"
	"github.com/zest-digest/zest/digest/store"
)

func (a *app) articlesCmd() *cobra.Command {
	c := group(&cobra.Command{Use: "articles", Short: "List, show, add and put aside articles"})
	c.AddCommand(a.articlesListCmd(), a.articlesShowCmd(), a.articlesAddCmd(), a.articlesDropCmd())
	return c
}

type articleJSON struct {
	ID        digest.ArticleID `json:"id"`
	Source    string           `json:"source"`
	URL       string           `json:"url,omitempty"`
	Title     string           `json:"title"`
	Author    string           `json:"author,omitempty"`
	Site      string           `json:"site,omitempty"`
	Section   string           `json:"section,omitempty"`
	Language  string           `json:"language,omitempty"`
	Published string           `json:"published,omitempty"`
	FirstSeen string           `json:"first_seen"`
	Words     int              `json:"words"`
	Score     float64          `json:"extraction_score"`
	Doubt     string           `json:"doubt,omitempty"`
	Dropped   bool             `json:"dropped,omitempty"`
	Image     string           `json:"image,omitempty"`
	Teaser    string           `json:"teaser,omitempty"`
	Text      string           `json:"text,omitempty"`
	HTML      string           `json:"html,omitempty"`
}

func newArticle(x digest.Article, whole bool) articleJSON {
	j := articleJSON{
		ID: x.ID, Source: x.Source, URL: x.URL, Title: x.Title, Author: x.Author, Site: x.Site, Section: x.Section, Language: x.Language,
		Published: stamp(x.Published), FirstSeen: stamp(x.FirstSeen), Words: x.Words, Score: x.Score, Doubt: x.Doubt, Dropped: x.Dropped, Image: x.Image.URL,
	}
	if whole {
		j.Teaser, j.Text, j.HTML = x.Teaser, x.Text, x.HTML
	}
	return j
}

func (a *app) articlesListCmd() *cobra.Command {
	q := store.ArticleQuery{}
	c := a.jsonFlag(&cobra.Command{
		Use: "list", Short: "List the newest articles", Args: exactly(0),
		Long:    "List stored articles, the newest first.\n" + exitHelp,
		Example: "  zest articles list --source my-blog --limit 10\n  zest articles list --dropped --json",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				list, err := m.store.ListArticles(ctx, q)
				if err != nil {
					return err
				}
				return a.showArticles(list)
			})
		},
	})
	c.Flags().StringVar(&q.Source, "source", "", "of this source only")
	c.Flags().IntVar(&q.Limit, "limit", 50, "at most so many")
	c.Flags().BoolVar(&q.Dropped, "dropped", false, "also those that were put aside")
	return c
}

func (a *app) showArticles(list []digest.Article) error {
	var rows [][]string
	for _, x := range list {
		if a.json {
			if err := a.line(newArticle(x, false)); err != nil {
				return err
			}
			continue
		}
		title := x.Title
		if x.Dropped {
			title = "(put aside) " + title
		}
		rows = append(rows, []string{fmt.Sprint(x.ID), x.When().Local().Format("2006-01-02"), x.Source, title})
	}
	if len(rows) > 0 {
		a.table([]string{"id", "date", "source", "title"}, rows)
	}
	return nil
}

// article finds one article by its number or its address.
func (m *machine) article(ctx context.Context, arg string) (digest.Article, error) {
	if id, err := strconv.ParseInt(arg, 10, 64); err == nil {
		x, err := m.store.Article(ctx, digest.ArticleID(id))
		if err != nil {
			return x, fmt.Errorf("article %s: %w", arg, err)
		}
		return x, nil
	}
	list, err := m.store.ArticlesByURL(ctx, digest.CanonicalURL(arg))
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("article %s: %w; `zest articles list` shows what there is", arg, digest.ErrNotFound)
	}
	if err != nil {
		return digest.Article{}, err
	}
	return list[0], nil
}

func (a *app) articlesShowCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "show ID|URL", Short: "Show one article, whole", Args: exactly(1),
		Long:    "Show an article as it is stored: what was left after the furniture went.\n" + exitHelp,
		Example: "  zest articles show 42\n  zest articles show https://blog.example.org/an-article --json",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				x, err := m.article(ctx, args[0])
				if err != nil {
					return err
				}
				if a.json {
					return a.line(newArticle(x, true))
				}
				a.printf("%s\n", a.paint(bold, x.Title))
				about := []string{fmt.Sprintf("no. %d", x.ID), x.Site, x.Author, stamp(x.Published), x.Language, fmt.Sprintf("confidence %.2f", x.Score), x.Doubt}
				about = slices.DeleteFunc(about, func(s string) bool { return s == "" })
				a.printf("%s\n%s\n\n%s\n", a.paint(faint, strings.Join(about, " · ")), x.URL, cmp.Or(x.Text, x.Teaser))
				return nil
			})
		},
	})
}

func (a *app) articlesDropCmd() *cobra.Command {
	undo := false
	c := &cobra.Command{
		Use: "drop ID|URL...", Short: "Put articles aside: no edition will carry them", Args: atLeast(1),
		Long:    "Put articles aside, so that no edition carries them. Editions that did stay as\nthey are. --undo takes them back.\n" + exitHelp,
		Example: "  zest articles drop 42\n  zest articles drop --undo 42",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				for _, arg := range args {
					x, err := m.article(ctx, arg)
					if err != nil {
						return err
					}
					if err := m.store.DropArticle(ctx, x.ID, !undo); err != nil {
						return err
					}
					a.printf("%s %d: %s\n", map[bool]string{true: "took back", false: "put aside"}[undo], x.ID, x.Title)
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&undo, "undo", false, "take them back")
	return c
}

func (a *app) articlesAddCmd() *cobra.Command {
	var source, title string
	c := a.jsonFlag(&cobra.Command{
		Use:   "add URL|FILE|-...",
		Short: "Add articles by hand, or from another program",
		Long: `Add articles to a source of kind push. A URL is fetched and its article found;
a file or standard input (-) holds a feed, JSON Feed, or JSON lines with url,
title, content_html, content_text, summary, date_published, of which a url or a
title is enough.
` + exitHelp,
		Example: "  zest articles add https://blog.example.org/an-article\n  echo '{\"url\":\"https://x.example/1\",\"title\":\"One\"}' | zest articles add --source picks -",
		Args:    atLeast(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				s, err := m.pushSource(source)
				if err != nil {
					return err
				}
				for _, arg := range args {
					if err := m.addArticles(ctx, s, arg, title); err != nil {
						return err
					}
				}
				return nil
			})
		},
	})
	c.Flags().StringVar(&source, "source", "", "the source of kind push that they belong to (default: the only one)")
	c.Flags().StringVar(&title, "title", "", "the title of a URL's article, instead of its own")
	return c
}

// pushSource is the named source of kind push, or the only one.
func (m *machine) pushSource(name string) (digest.Source, error) {
	if name != "" {
		s, err := m.source(name)
		if err == nil && s.Kind != digest.SourcePush {
			err = &digest.InvalidError{Field: "source", Value: name, Reason: "is not of kind push"}
		}
		return s, err
	}
	all, err := m.sources(nil)
	if err != nil {
		return digest.Source{}, err
	}
	all = slices.DeleteFunc(all, func(s digest.Source) bool { return s.Kind != digest.SourcePush })
	if len(all) != 1 {
		return digest.Source{}, usagef("say where they belong: --source NAME, a source of kind push (`zest source add --kind push --name picks` makes one)")
	}
	return all[0], nil
}

func (m *machine) addArticles(ctx context.Context, s digest.Source, arg, title string) error {
	items, err := m.a.pushedItems(ctx, arg, title)
	if err != nil {
		return err
	}
	articles, saved, err := m.publisher.Add(ctx, s, items)
	if err != nil {
		return err
	}
	if m.a.json {
		for _, x := range articles {
			if err := m.a.line(newArticle(x, false)); err != nil {
				return err
			}
		}
		return nil
	}
	for _, x := range articles {
		m.a.printf("%s  %s\n", x.Title, m.a.paint(faint, x.URL))
	}
	m.a.printf("%s to %s\n", count(saved.Added, "article added", "articles added"), s.Name)
	return nil
}

func (a *app) pushedItems(ctx context.Context, arg, title string) ([]digest.Item, error) {
	page, err := a.document(ctx, arg, "", "")
	if err != nil {
		return nil, err
	}
	if isURL(arg) {
		it := digest.Item{URL: arg, Base: page.URL, Title: title, Page: &page}
		it.Identity = collect.Identity(it, "url")
		return []digest.Item{it}, nil
	}
	const most = 1000
	f, err := collect.ParsePushed(page.Body, most)
	if err != nil {
		return nil, &digest.InvalidError{Field: "articles", Value: arg, Reason: err.Error()}
	}
	for i := range f.Items {
		f.Items[i].Identity = collect.Identity(f.Items[i], "guid")
	}
	return f.Items, nil
}
