package web

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// Build makes the archive as files, for any web server to hand out: pages whose
// addresses are relative, feeds, style sheets. What only a server can do, such
// as joining, leads to public_url. It calls write for each file with a slashed
// path, and reports how many editions there are.
func (s *Server) Build(ctx context.Context, write func(name string, body []byte) error) (editions int, err error) {
	still := *s
	st := *s.site
	st.still, st.base = true, ""
	still.site = &st
	b := builder{s: &still, write: write, ctx: ctx, pictures: map[string]string{}}
	if err := b.assets(); err != nil {
		return 0, err
	}
	lang := "en"
	for _, n := range s.o.Newsletters {
		if n.Archive == digest.ArchiveNone {
			continue
		}
		lang = n.Language
		count, err := b.newsletter(ctx, n)
		if err != nil {
			return editions, fmt.Errorf("building the archive of %s: %w", n.Name, err)
		}
		editions += count
	}
	home, err := still.homeOf(ctx, lang)
	if err != nil {
		return editions, err
	}
	missing := still.page(digest.Newsletter{}, lang, "missing_title")
	missing.Notice = missing.T("missing_done")
	return editions, errors.Join(b.page("index.html", "home", home), b.page("404.html", "notice", missing))
}

// builder writes the files of one archive.
type builder struct {
	s        *Server
	write    func(string, []byte) error
	ctx      context.Context
	pictures map[string]string // files of pictures, by the names that pages give them
}

func (b builder) page(file, name string, p *page) error {
	body, err := b.s.site.make(name, p)
	if err != nil {
		return err
	}
	return b.html(file, body)
}

// html writes a page, and brings along the pictures that we would show for it.
func (b builder) html(file string, body []byte) (err error) {
	up := strings.Repeat("../", strings.Count(file, "/"))
	ours := regexp.MustCompile(regexp.QuoteMeta(b.s.site.public) + `/i/([0-9a-f]{32})`)
	body = ours.ReplaceAllFunc(body, func(address []byte) []byte {
		name, failed := b.picture(string(ours.FindSubmatch(address)[1]))
		if err = errors.Join(err, failed); name == "" {
			return address
		}
		return []byte(up + name)
	})
	return errors.Join(err, b.write(file, body))
}

// picture writes a picture once, and gives its file; none when we have it no
// more.
func (b builder) picture(id string) (string, error) {
	if name, done := b.pictures[id]; done {
		return name, nil
	}
	p, err := b.s.o.Store.Picture(b.ctx, id)
	if errors.Is(err, digest.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	_, kind, _ := strings.Cut(p.Type, "/")
	b.pictures[id] = "i/" + id + "." + kind
	return b.pictures[id], b.write(b.pictures[id], p.Data)
}

func (b builder) assets() error {
	err := b.write("style.css", b.s.site.assets["style.css"].body)
	for _, n := range b.s.o.Newsletters {
		if n.Archive != digest.ArchiveNone {
			err = errors.Join(err, b.write("look/"+n.Name+".css", b.s.site.assets["look/"+n.Name].body))
		}
	}
	return err
}

func (b builder) newsletter(ctx context.Context, n digest.Newsletter) (int, error) {
	books, err := b.s.shelf.books(ctx, n)
	if err != nil {
		return 0, err
	}
	for number := 1; number == 1 || perPage*(number-1) < len(books); number++ {
		file, depth := n.Name+"/index.html", 1
		if number > 1 {
			file, depth = path.Join(n.Name, "page", strconv.Itoa(number), "index.html"), 3
		}
		if err := b.page(file, "archive", b.s.archiveOf(n, books, n.Language, number, depth)); err != nil {
			return 0, err
		}
	}
	for _, t := range topicsOf(books) {
		if err := b.page(path.Join(n.Name, "topics", t.Slug, "index.html"), "search", b.s.topicOf(n, books, n.Language, t.Slug)); err != nil {
			return 0, err
		}
	}
	for _, file := range []string{"feed.xml", "feed.json"} {
		body, _, err := b.s.feedOf(n, books, file)
		if err := errors.Join(err, b.write(path.Join(n.Name, file), body)); err != nil {
			return 0, err
		}
	}
	for _, book := range books {
		if err := b.edition(ctx, n, books, book.Number); err != nil {
			return 0, err
		}
	}
	return len(books), nil
}

func (b builder) edition(ctx context.Context, n digest.Newsletter, books []*book, number int) error {
	p, err := b.s.editionOf(ctx, n, books, number, n.Language)
	if err != nil {
		return err
	}
	html, err := b.s.mailed(ctx, n, number)
	if err != nil && !errors.Is(err, digest.ErrNotFound) {
		return err
	}
	if err != nil { // every reader wanted text
		c := p.Content.(editionPage)
		c.Mailed = ""
		p.Content = c
	}
	folder := strconv.Itoa(number)
	if err := b.page(path.Join(n.Name, folder, "index.html"), "edition", p); err != nil || html == "" {
		return err
	}
	return b.html(path.Join(n.Name, "mail", folder, "index.html"), []byte(html))
}
