package main

import (
	"cmp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/collect"
	"github.com/zest-digest/zest/digest/extract"
)

type inspection struct {
	File        string     `json:"file"`
	OK          bool       `json:"ok"`
	Error       string     `json:"error,omitempty"`
	Format      string     `json:"format,omitempty"`
	Title       string     `json:"title,omitempty"`
	Link        string     `json:"link,omitempty"`
	Language    string     `json:"language,omitempty"`
	Description string     `json:"description,omitempty"`
	Updated     string     `json:"updated,omitempty"`
	Items       []itemJSON `json:"items"`
}

type itemJSON struct {
	ID          string          `json:"id"`
	URL         string          `json:"url,omitempty"`
	Title       string          `json:"title,omitempty"`
	Author      string          `json:"author,omitempty"`
	AuthorEmail string          `json:"author_email,omitempty"`
	Published   string          `json:"published,omitempty"`
	Updated     string          `json:"updated,omitempty"`
	Language    string          `json:"language,omitempty"`
	Image       string          `json:"image,omitempty"`
	Summary     string          `json:"summary,omitempty"`
	Content     string          `json:"content,omitempty"`
	Categories  []string        `json:"categories,omitempty"`
	Enclosures  []enclosureJSON `json:"enclosures,omitempty"`
}

type enclosureJSON struct {
	URL    string `json:"url"`
	Type   string `json:"type,omitempty"`
	Length int64  `json:"length,omitempty"`
}

func (a *app) sourceInspectCmd() *cobra.Command {
	var contentType, address, location string
	c := a.jsonFlag(&cobra.Command{
		Use:   "inspect FILE|URL...",
		Short: "Show what a feed holds, as zest reads it",
		Long: `Parse each feed and print what zest makes of it: one JSON line a feed with
--json. Markup is sanitised as it would be in an edition.
` + exitHelp,
		Example: "  zest source inspect feed.xml --json\n  zest source inspect https://example.org/feed.xml",
		Args:    atLeast(1),
		RunE: func(c *cobra.Command, args []string) error {
			failed := false
			for _, arg := range args {
				in := inspection{File: arg, Items: []itemJSON{}}
				page, err := a.document(c.Context(), arg, contentType, address)
				if err == nil {
					var f digest.Feed
					page.URL = cmp.Or(location, page.URL)
					if f, err = collect.ParseFeed(page.Body, page.ContentType, page.URL); err == nil {
						in.fill(f, page)
					}
				}
				if err != nil {
					in.Error, failed = err.Error(), true
				}
				if err := a.showInspection(in); err != nil {
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
	c.Flags().StringVar(&location, "content-location", "", "the Content-Location that came with a FILE: what its relative links are relative to")
	return c
}

func (in *inspection) fill(f digest.Feed, page digest.Page) {
	in.OK, in.Format, in.Title, in.Link, in.Language = true, f.Format, f.Title, f.Link, f.Language
	in.Description, in.Updated = extract.Sanitize(f.Description, cmp.Or(page.URL, f.Link)), stamp(f.Updated)
	for _, it := range f.Items {
		j := itemJSON{
			ID: it.GUID, URL: it.URL, Title: it.Title, Author: it.Author, AuthorEmail: it.AuthorEmail,
			Published: stamp(it.Published), Updated: stamp(it.Updated), Language: it.Language, Image: it.Image,
			Summary: extract.Sanitize(it.Summary, cmp.Or(it.Base, page.URL)), Content: extract.Sanitize(it.Content, cmp.Or(it.Base, page.URL)), Categories: it.Categories,
		}
		for _, e := range it.Enclosures {
			j.Enclosures = append(j.Enclosures, enclosureJSON(e))
		}
		in.Items = append(in.Items, j)
	}
}

func (a *app) showInspection(in inspection) error {
	if a.json {
		return a.line(in)
	}
	if !in.OK {
		a.printf("%s: %s\n", in.File, in.Error)
		return nil
	}
	a.printf("%s  %s (%s, %s)\n", in.File, a.paint(bold, in.Title), in.Format, count(len(in.Items), "item", "items"))
	var rows [][]string
	for _, it := range in.Items {
		day, _, _ := strings.Cut(it.Published, "T")
		rows = append(rows, []string{day, it.Title, it.URL})
	}
	if len(rows) > 0 {
		a.table([]string{"published", "title", "link"}, rows)
	}
	return nil
}
