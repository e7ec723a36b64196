package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
)

// remembered is how long what readers showed takes part in the ranking: tastes
// change, and so do sources.
const remembered = 90 * 24 * time.Hour

// learn gives a draft the taste of its readers, where that ranks.
func (p *Publisher) learn(ctx context.Context, n digest.Newsletter, d *Draft, now time.Time) error {
	if !n.Feedback.Rank {
		return nil
	}
	past, err := p.o.Store.Tastes(ctx, n.Name, now.Add(-remembered))
	if err != nil {
		return fmt.Errorf("reading what readers thought of earlier editions: %w", err)
	}
	d.taste = curate.NewTaste(past)
	return nil
}

// linkKeys signs the links by which readers answer; nil where nothing is asked.
func (p *Publisher) linkKeys(ctx context.Context, n digest.Newsletter) (*digest.Keyring, error) {
	if !n.Feedback.Clicks && !n.Feedback.MoreLess {
		return nil, nil
	}
	keys, err := p.o.Store.Keyring(ctx)
	if errors.Is(err, digest.ErrNotFound) { // a plan over a store that has signed nothing yet, and is not written to
		sample := digest.SampleKeyring()
		return &sample, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the signing keys: %w", err)
	}
	return &keys, nil
}

// linked is an edition whose links lead by us and whose stories ask for opinions,
// as far as the newsletter wants it. The links are the same for every reader, and
// the web page has none of them.
func (d *Draft) linked(n digest.Newsletter, e digest.Edition, v digest.Variant) digest.Edition {
	if d.links == nil || v.Key == digest.WebVariant {
		return e
	}
	seal := func(path string, p digest.Purpose, id digest.ArticleID) string {
		return n.PublicURL + path + d.links.SealLink(p, digest.Link{Newsletter: n.Name, Number: e.Number, Article: id})
	}
	by := func(url string, id digest.ArticleID) string {
		if !n.Feedback.Clicks || id <= 0 || !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
			return url
		}
		return seal("/r/", digest.PurposeClick, id)
	}
	e.Sections = slices.Clone(e.Sections)
	for i := range e.Sections {
		e.Sections[i].Cards = slices.Clone(e.Sections[i].Cards)
		for j := range e.Sections[i].Cards {
			c := &e.Sections[i].Cards[j]
			c.Article.URL = by(c.Article.URL, c.Article.ID)
			c.Also = slices.Clone(c.Also)
			for k, other := range c.Also {
				c.Also[k].URL = by(other.URL, other.ID)
			}
			if n.Feedback.MoreLess && c.Article.ID > 0 {
				c.More, c.Less = seal("/more/", digest.PurposeMore, c.Article.ID), seal("/less/", digest.PurposeLess, c.Article.ID)
			}
		}
	}
	return e
}
