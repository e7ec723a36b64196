package collect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// readCommand runs a program and reads what it prints: a feed of any kind, or
// JSON lines, one item each, in the words of JSON Feed 1.1. It gets no shell, and
// no more time than a request.
func (c *Collector) readCommand(ctx context.Context, s digest.Source) (digest.Feed, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	if len(s.Command) == 0 {
		return digest.Feed{}, errors.New("no command to run")
	}
	cmd := exec.CommandContext(ctx, s.Command[0], s.Command[1:]...)
	cmd.Dir = s.Dir
	cmd.WaitDelay = time.Second // a child that holds the pipe open ends too
	alone(cmd)
	complaint := &tail{}
	cmd.Stderr = complaint
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return digest.Feed{}, err
	}
	if err := cmd.Start(); err != nil {
		return digest.Feed{}, fmt.Errorf("running %s: %w", s.Command[0], err)
	}
	body, err := io.ReadAll(&capped{r: pipe, left: c.o.MaxBytes, what: "what it prints"})
	if err != nil {
		cancel()
	}
	wait := cmd.Wait()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return digest.Feed{}, fmt.Errorf("running %s: not done in %s", s.Command[0], c.o.Timeout)
	case err != nil:
		return digest.Feed{}, fmt.Errorf("running %s: %w", s.Command[0], err)
	case wait != nil:
		return digest.Feed{}, fmt.Errorf("running %s: %w%s", s.Command[0], wait, complaint.said())
	}
	f, err := ParsePushed(body, c.o.MaxItems)
	if err != nil {
		return f, fmt.Errorf("reading what %s printed: %w", s.Command[0], err)
	}
	return f, nil
}

// tail keeps the last of what a program complains.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-300):]
	return len(p), nil
}

func (t *tail) said() string {
	if s := oneLine(string(bytes.ToValidUTF8(t.b, nil))); s != "" {
		return ": " + s
	}
	return ""
}

// pushed is an item as programs and people write it: JSON Feed 1.1's words
// (jsonfeed.org/version/1.1), of which an address or a title is enough.
type pushed struct {
	ID          any    `json:"id"`
	URL         string `json:"url"`
	ExternalURL string `json:"external_url"`
	Title       string `json:"title"`
	HTML        string `json:"content_html"`
	Text        string `json:"content_text"`
	Summary     string `json:"summary"`
	Image       string `json:"image"`
	Published   string `json:"date_published"`
	Modified    string `json:"date_modified"`
	Language    string `json:"language"`
	Author      struct {
		Name string `json:"name"`
	} `json:"author"`
	Authors []struct {
		Name string `json:"name"`
	} `json:"authors"`
	Tags []string `json:"tags"`
}

// ParsePushed reads a feed of any kind, or JSON lines of items.
func ParsePushed(body []byte, limit int) (digest.Feed, error) {
	text := bytes.TrimSpace(body)
	if len(text) == 0 {
		return digest.Feed{Format: "lines"}, nil // nothing new is an answer too
	}
	var whole struct {
		Version string          `json:"version"`
		Items   json.RawMessage `json:"items"`
	}
	if text[0] != '{' || json.Unmarshal(text, &whole) == nil && whole.Items != nil {
		return parseFeed(body, "", "", limit, false)
	}
	f := digest.Feed{Format: "lines"}
	for d := json.NewDecoder(bytes.NewReader(text)); len(f.Items) < limit; {
		var p pushed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return f, fmt.Errorf("item %d: %w", len(f.Items)+1, err)
		}
		it := p.item()
		if it.URL == "" && it.Title == "" && it.Content == "" {
			return f, fmt.Errorf("item %d has neither url, title nor content", len(f.Items)+1)
		}
		f.Items = append(f.Items, it)
	}
	return f, nil
}

func (p pushed) item() digest.Item {
	link := cmp.Or(absolute(p.URL, ""), absolute(p.ExternalURL, ""))
	it := digest.Item{
		URL: link, Base: link, Title: plain(p.Title), Summary: html.EscapeString(p.Summary), Content: p.HTML, Image: absolute(p.Image, link), Language: p.Language,
		Categories: p.Tags, Author: p.Author.Name, Published: when(p.Published), Updated: when(p.Modified),
	}
	if p.ID != nil {
		it.GUID = strings.TrimSpace(fmt.Sprint(p.ID))
	}
	if it.Author == "" && len(p.Authors) > 0 {
		it.Author = p.Authors[0].Name
	}
	if it.Content == "" && p.Text != "" {
		it.Page = &digest.Page{ContentType: "text/plain; charset=utf-8", Body: []byte(p.Text)}
	}
	return it
}
