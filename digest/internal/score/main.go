// Command score runs zest over the cases of a suite that others wrote, and
// prints its answers in the form that the suite's scorers read.
//
//	score feeds GOLD DIR ZEST > results.jsonl
//	score pages GOLD DIR ZEST > results.jsonl
//	score bounces GOLD DIR ZEST > results.jsonl
//	score worse GOLD OURS PEER PEER
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// gold is what a line of a suite says of its case.
type gold struct {
	ID          string `json:"id"`
	Path        string `json:"path"`
	File        string `json:"file"`
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
	Location    string `json:"content_location"` // the header of the response
}

func main() {
	if len(os.Args) < 5 {
		fmt.Fprintln(os.Stderr, "usage: score feeds|pages|bounces GOLD DIR ZEST")
		os.Exit(2)
	}
	if os.Args[1] == "worse" {
		if err := worse(os.Args[2], os.Args[3], os.Args[4:]...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	run := map[string]func(string, string, gold) (any, error){"feeds": feed, "pages": page, "bounces": bounce}[os.Args[1]]
	if run == nil {
		fmt.Fprintf(os.Stderr, "no such suite %q\n", os.Args[1])
		os.Exit(2)
	}
	cases, err := read(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out := make([]any, len(cases))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)
	for i, c := range cases {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			v, err := run(os.Args[4], os.Args[3], c)
			if err != nil {
				v = map[string]any{"id": c.ID, "file": c.File, "error": err.Error()}
			}
			out[i] = v
		})
	}
	wg.Wait()
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	e := json.NewEncoder(w)
	for _, v := range out {
		e.Encode(v)
	}
}

func read(path string) ([]gold, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []gold
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var c gold
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, lines.Err()
}

// ask runs a command of zest that prints one JSON line.
func ask(into any, zest string, args ...string) error {
	var out, complaint bytes.Buffer
	cmd := exec.Command(zest, args...)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	if out.Len() == 0 {
		return fmt.Errorf("%w: %s", err, complaint.String())
	}
	return json.Unmarshal(out.Bytes(), into)
}

type item struct {
	ID          string           `json:"id"`
	URL         string           `json:"url"`
	Title       string           `json:"title"`
	Author      string           `json:"author"`
	AuthorEmail string           `json:"author_email"`
	Published   string           `json:"published"`
	Updated     string           `json:"updated"`
	Image       string           `json:"image"`
	Summary     string           `json:"summary"`
	Content     string           `json:"content"`
	Categories  []string         `json:"categories"`
	Enclosures  []map[string]any `json:"enclosures"`
}

func feed(zest, dir string, c gold) (any, error) {
	var in struct {
		OK                                                 bool
		Error, Title, Link, Language, Description, Updated string
		Items                                              []item
	}
	begin := time.Now()
	err := ask(&in, zest, "source", "inspect", filepath.Join(dir, c.Path), "--json", "--content-type", c.ContentType, "--url", c.URL, "--content-location", c.Location)
	if err != nil {
		return nil, err
	}
	items := make([]map[string]any, 0, len(in.Items))
	for _, it := range in.Items {
		enclosures := []map[string]any{}
		for _, e := range it.Enclosures {
			length := ""
			if n, ok := e["length"].(float64); ok {
				length = strconv.FormatInt(int64(n), 10)
			}
			enclosures = append(enclosures, map[string]any{"URL": e["url"], "Type": str(e["type"]), "Length": length})
		}
		items = append(items, map[string]any{
			"ID": it.ID, "Title": it.Title, "Link": it.URL, "Author": it.Author, "AuthorEmail": it.AuthorEmail, "Published": it.Published, "Updated": it.Updated,
			"Summary": it.Summary, "Content": it.Content, "Image": it.Image, "Categories": it.Categories, "Enclosures": enclosures,
		})
	}
	return map[string]any{
		"id": c.ID, "ok": in.OK, "error": in.Error, "ms": float64(time.Since(begin).Microseconds()) / 1000, "items": items,
		"feed": map[string]any{"Title": in.Title, "Link": in.Link, "Language": in.Language, "Description": in.Description, "Updated": in.Updated},
	}, nil
}

func str(v any) string { s, _ := v.(string); return s }

func page(zest, dir string, c gold) (any, error) {
	file := filepath.Join(dir, c.ID+".html")
	if c.Path != "" {
		file = filepath.Join(dir, c.Path)
	}
	var in struct{ Title, Byline, Published, Text, Error string }
	begin := time.Now()
	if err := ask(&in, zest, "extract", file, "--json", "--url", c.URL); err != nil {
		return nil, err
	}
	return map[string]any{"id": c.ID, "text": in.Text, "title": in.Title, "author": in.Byline, "date": in.Published, "error": in.Error,
		"ms": float64(time.Since(begin).Microseconds()) / 1000}, nil
}

func bounce(zest, dir string, c gold) (any, error) {
	var in struct {
		Kind, Class string
		Recipients  []string
	}
	if err := ask(&in, zest, "bounce", "parse", filepath.Join(dir, c.File), "--json"); err != nil {
		return nil, err
	}
	class := "none"
	switch {
	case in.Kind == "complaint":
		class = "complaint"
	case in.Kind == "autoreply":
		class = "reply"
	case in.Class == "hard":
		class = "hard"
	case in.Class == "soft" || in.Class == "policy":
		class = "soft"
	}
	return map[string]any{"file": c.File, "cls": class, "recipients": in.Recipients}, nil
}
