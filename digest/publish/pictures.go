package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/picture"
	"github.com/zest-digest/zest/digest/render"
)

// Dropped is a picture that readers would not have seen, and why.
type Dropped struct {
	URL    string
	Reason string
}

// album holds the pictures of one draft. Each is fetched once, whatever the
// number of variants and of attempts to fit; nothing of it is stored before the
// edition is.
type album struct {
	mu   sync.Mutex // variants are rendered side by side
	seen map[render.Shown]shot
}

// shot is a picture that was fetched, or the reason why it cannot be shown.
type shot struct {
	picture picture.Picture
	reason  string
}

// fetching is how many pictures are fetched at once.
const fetching = 6

// illustrate fetches the pictures that a variant shows, and gives the newsletter
// and the edition with each where the newsletter wants it: at its source, inside
// the message, or with us. One that cannot be shown is left out.
func (p *Publisher) illustrate(ctx context.Context, n digest.Newsletter, e digest.Edition, v digest.Variant, d *Draft) (digest.Newsletter, digest.Edition, []digest.Embedded, error) {
	list, err := p.o.Renderer.Pictures(n, e, v)
	if err != nil || len(list) == 0 {
		return n, e, nil, err
	}
	d.album.mu.Lock()
	defer d.album.mu.Unlock()
	p.fetchAll(ctx, n, e, list, d)
	if err := ctx.Err(); err != nil {
		return n, e, nil, err
	}
	var inside []digest.Embedded
	place := func(img digest.Image) digest.Image {
		i := slices.IndexFunc(list, func(s render.Shown) bool { return s.URL == img.URL })
		if i < 0 {
			return img // the theme does not show it
		}
		got := d.album.seen[list[i]]
		if got.reason != "" {
			return digest.Image{}
		}
		img.Width, img.Height = got.picture.Width, got.picture.Height
		if n.Images == digest.ImagesLink || n.Images == "" {
			return img
		}
		file := digest.Embedded{ID: got.picture.ID, Type: got.picture.Type, Data: got.picture.Data}
		d.Frozen.Pictures = add(d.Frozen.Pictures, file) // an embedded one too, for the web version
		if n.Images == digest.ImagesHost {
			img.URL = n.PublicURL + "/i/" + file.ID
			return img
		}
		_, domain, _ := strings.Cut(n.From.Email, "@")
		file.ID += "@" + domain
		img.URL = "cid:" + file.ID
		inside = add(inside, file)
		return img
	}
	out := e.Illustrated(place)
	n.Look.Logo = place(digest.Image{URL: n.Look.Logo}).URL
	n.Look.LogoDark = place(digest.Image{URL: n.Look.LogoDark}).URL
	return n, out, inside, nil
}

// add keeps one of each picture.
func add(to []digest.Embedded, f digest.Embedded) []digest.Embedded {
	if slices.ContainsFunc(to, func(o digest.Embedded) bool { return o.ID == f.ID }) {
		return to
	}
	return append(to, f)
}

// fetchAll fetches what the album does not hold yet.
func (p *Publisher) fetchAll(ctx context.Context, n digest.Newsletter, e digest.Edition, list []render.Shown, d *Draft) {
	if d.album.seen == nil {
		d.album.seen = map[render.Shown]shot{}
	}
	from := sourcesOf(n, e)
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, fetching)
	for _, s := range list {
		if _, known := d.album.seen[s]; known {
			continue
		}
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			got := p.fetchPicture(ctx, from[s.URL], n.Images, s)
			mu.Lock()
			defer mu.Unlock()
			d.album.seen[s] = got
			if got.reason != "" {
				d.Dropped = append(d.Dropped, Dropped{s.URL, got.reason})
			}
		})
	}
	wg.Wait()
	slices.SortFunc(d.Dropped, func(a, b Dropped) int { return strings.Compare(a.URL, b.URL) })
}

// sourcesOf says under whose rules each picture is fetched: those of the source
// that brought the article, without its passwords, which are for the source
// alone. What the operator named themselves may be anywhere.
func sourcesOf(n digest.Newsletter, e digest.Edition) map[string]digest.Source {
	rules := map[string]digest.Source{}
	for _, s := range n.Sources {
		rules[s.Name] = digest.Source{Name: s.Name, AllowPrivate: s.AllowPrivate, Proxy: s.Proxy}
	}
	from := map[string]digest.Source{}
	for _, c := range e.Cards() {
		from[c.Article.Image.URL] = rules[c.Article.Source]
	}
	for _, logo := range []string{n.Look.Logo, n.Look.LogoDark} {
		from[logo] = digest.Source{Name: "logo", AllowPrivate: true}
	}
	return from
}

// fetchPicture gets one picture. A linked one is only looked at: whether it is
// there, and how large.
func (p *Publisher) fetchPicture(ctx context.Context, s digest.Source, mode digest.ImageMode, at render.Shown) (out shot) {
	page, err := p.o.Collector.Picture(ctx, s, at.URL)
	if err != nil {
		return shot{reason: err.Error()}
	}
	if mode == digest.ImagesEmbed || mode == digest.ImagesHost {
		out.picture, err = picture.Fit(page.Body, picture.Slot{Width: at.Width, Wide: at.Wide})
	} else if c, e := picture.Check(page.Body); e != nil {
		err = e
	} else {
		out.picture.Width, out.picture.Height = c.Width, c.Height
	}
	if err != nil {
		out.reason = fmt.Sprintf("%s: %v", at.URL, err)
	}
	return out
}
