package collect

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"
	_ "github.com/emersion/go-message/charset" // mails come in every charset
	"github.com/emersion/go-message/mail"

	"github.com/zest-digest/zest/digest"
)

// What a mailbox is read back to: a little before the last reading, since mail
// may arrive late, or a month when it is read for the first time.
const (
	mailOverlap = 3 * 24 * time.Hour
	mailFirst   = 30 * 24 * time.Hour
)

// readMailbox makes an item of every recent message: a newsletter of somebody
// else's, by IMAP or in a Maildir. Nothing in the mailbox is changed, not even
// what counts as read.
func (c *Collector) readMailbox(ctx context.Context, s digest.Source, st digest.SourceState) (digest.Feed, error) {
	f := digest.Feed{Format: "mailbox", Title: s.Title}
	since := c.o.Now().Add(-mailFirst)
	if !st.LastOK.IsZero() {
		since = st.LastOK.Add(-mailOverlap)
	}
	read := func(raw []byte) {
		if it, err := mailItem(raw); err == nil { // one broken message costs only itself
			f.Items = append(f.Items, it)
		}
	}
	var err error
	if strings.HasPrefix(s.URL, "imap") {
		err = c.readIMAP(ctx, s, since, read)
	} else {
		err = c.readMaildir(s.URL, since, read)
	}
	slices.SortStableFunc(f.Items, func(a, b digest.Item) int { return b.Published.Compare(a.Published) })
	return f, err
}

// readMaildir reads the newest messages of a Maildir (cr.yp.to/proto/maildir.html),
// as far as the limit of bytes goes.
func (c *Collector) readMaildir(dir string, since time.Time, read func([]byte)) error {
	type letter struct {
		path string
		info fs.FileInfo
	}
	var letters []letter
	for _, sub := range []string{"new", "cur"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			return fmt.Errorf("reading a Maildir: %w", err)
		}
		for _, e := range entries {
			if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.ModTime().After(since) {
				letters = append(letters, letter{filepath.Join(dir, sub, e.Name()), info})
			}
		}
	}
	slices.SortFunc(letters, func(a, b letter) int { return b.info.ModTime().Compare(a.info.ModTime()) })
	left := c.o.MaxBytes
	for _, l := range letters {
		if left -= l.info.Size(); left < 0 {
			break
		}
		if raw, err := os.ReadFile(l.path); err == nil { // another program may have moved it meanwhile
			read(raw)
		}
	}
	return nil
}

// mailItem makes an item of a message.
func mailItem(raw []byte) (digest.Item, error) {
	var it digest.Item
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if r == nil {
		return it, fmt.Errorf("reading a message: %w", err)
	}
	defer r.Close()
	it.Title, _ = r.Header.Subject()
	it.Title = plain(it.Title)
	if at, err := r.Header.Date(); err == nil && plausible(at) {
		it.Published = at.UTC()
	}
	if from, err := r.Header.AddressList("From"); err == nil && len(from) > 0 {
		it.Author, it.AuthorEmail = from[0].Name, from[0].Address
	}
	it.GUID = strings.Trim(strings.TrimSpace(r.Header.Get("Message-Id")), "<>")
	it.URL = absolute(strings.Trim(strings.TrimSpace(r.Header.Get("Archived-At")), "<>"), "") // RFC 5064
	var text string
	for {
		part, err := r.NextPart()
		if err != nil {
			break // the end, or as far as the message can be read
		}
		inline, ok := part.Header.(*mail.InlineHeader)
		if !ok {
			continue
		}
		kind, _, _ := inline.ContentType()
		body, err := io.ReadAll(part.Body)
		if err != nil && len(body) == 0 {
			continue
		}
		switch {
		case kind == "text/html" && it.Content == "":
			it.Content = string(bytes.ToValidUTF8(body, []byte("\ufffd")))
		case kind == "text/plain" && text == "":
			text = string(bytes.ToValidUTF8(body, []byte("\ufffd")))
		}
	}
	if it.Content != "" {
		var online string
		it.Content, online = ofNobody(it.Content)
		it.URL = cmp.Or(it.URL, online)
	} else if text != "" {
		it.Content = paragraphs(text)
	}
	it.Base = it.URL
	if it.Content == "" && it.Title == "" {
		return it, errors.New("an empty message")
	}
	return it, nil
}

var (
	onlineWords = []string{"view in browser", "view in your browser", "view this email in", "view online", "read online", "read in browser", "web version", "voir en ligne", "lire en ligne", "version en ligne", "dans votre navigateur", "dans le navigateur", "im browser"}
	leaveWords  = []string{"unsubscribe", "opt out", "opt-out", "manage your preferences", "manage preferences", "update your preferences", "désabonn", "desabonn", "désinscri", "desinscri", "gérer vos préférences", "gérer mes préférences", "abmelden", "abbestellen", "darse de baja"}
)

// ofNobody takes out of a message what belongs to the one it was sent to: the
// links to leave, which any reader could follow. It also finds where the message
// stands on the web.
func ofNobody(body string) (string, string) {
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		return body, ""
	}
	online := ""
	doc.Find("a[href]").Each(func(_ int, a *goquery.Selection) {
		text := strings.ToLower(oneLine(a.Text()))
		href := a.AttrOr("href", "")
		switch {
		case containsAny(text, leaveWords), containsAny(strings.ToLower(href), leaveWords[:1]), strings.HasPrefix(href, "mailto:") && strings.Contains(href, "unsub"):
			a.Remove()
		case online == "" && containsAny(text, onlineWords):
			online = absolute(href, "")
			a.Remove()
		}
	})
	out, err := doc.Html()
	if err != nil {
		return body, online
	}
	return out, online
}

func containsAny(s string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
}

// paragraphs makes HTML of plain text.
func paragraphs(text string) string {
	var b strings.Builder
	for p := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			b.WriteString("<p>" + html.EscapeString(p) + "</p>\n")
		}
	}
	return b.String()
}
