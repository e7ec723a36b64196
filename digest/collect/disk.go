package collect

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/yuin/goldmark"

	"github.com/zest-digest/zest/digest"
)

// readDisk reads a feed in a file, or a folder whose files are articles.
func (c *Collector) readDisk(s digest.Source) (f digest.Feed, err error) {
	info, err := os.Stat(s.URL)
	if err != nil {
		return f, err
	}
	if info.IsDir() {
		f, err = c.readFolder(s.URL)
	} else {
		if info.Size() > c.o.MaxExpanded {
			return f, fmt.Errorf("%s is too large", s.URL)
		}
		var body []byte
		if body, err = os.ReadFile(s.URL); err != nil {
			return f, err
		}
		f, err = parseFeed(body, "", "", c.o.MaxItems, false)
	}
	if err != nil {
		return f, fmt.Errorf("%s: %w", s.URL, err)
	}
	return f, nil
}

// readFolder makes an item of every HTML, Markdown and text file in a folder,
// newest first. A file that cannot be read costs only itself.
func (c *Collector) readFolder(dir string) (digest.Feed, error) {
	f := digest.Feed{Format: "folder", Title: filepath.Base(dir)}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return f, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") || info.Size() > c.o.MaxExpanded {
			continue
		}
		body, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		if it, ok := fileItem(e.Name(), body, info.ModTime()); ok {
			f.Items = append(f.Items, it)
		}
	}
	slices.SortStableFunc(f.Items, func(a, b digest.Item) int { return b.Published.Compare(a.Published) })
	return f, nil
}

func fileItem(name string, body []byte, changed time.Time) (digest.Item, bool) {
	it := digest.Item{Identity: "file:" + name, Published: changed.UTC(), Title: strings.TrimSuffix(name, filepath.Ext(name))}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".html", ".htm":
		it.Page = &digest.Page{ContentType: "text/html", Body: body}
	case ".txt", ".text":
		it.Page = &digest.Page{ContentType: "text/plain", Body: body}
	case ".md", ".markdown":
		var b bytes.Buffer
		if err := goldmark.Convert(body, &b); err != nil {
			return it, false
		}
		first, rest, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		if title, ok := strings.CutPrefix(first, "# "); ok {
			it.Title = strings.TrimSpace(title)
			b.Reset()
			if err := goldmark.Convert([]byte(rest), &b); err != nil {
				return it, false
			}
		}
		it.Content = b.String()
	default:
		return it, false
	}
	return it, true
}
