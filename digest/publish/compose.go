package publish

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
	"github.com/zest-digest/zest/digest/lint"
)

// Draft is an edition that could go out: everything that Freeze would store,
// and everything that a person wants to know before it does.
type Draft struct {
	Frozen    digest.Frozen
	Selection curate.Selection
	Sources   []SourceReport // when the draft read them itself
	Variants  []VariantDraft
	Readers   int       // who get it
	Resting   int       // who get nothing now: they snooze, or their week or month has not begun
	Without   int       // whose topics it holds nothing of
	Dropped   []Dropped // pictures that readers would not have seen

	album *album
	taste curate.Taste    // of the readers; nothing unless it takes part in the ranking
	links *digest.Keyring // signs what readers are asked; nil where they are not
}

// VariantDraft is one variant of a draft, ready to be looked at.
type VariantDraft struct {
	Variant  digest.Variant
	Readers  int
	Stories  int
	More     int // stories that only the web page shows
	Proof    digest.Proof
	Bytes    int    // of a whole message to a sample reader
	HTML     int    // bytes of the HTML part, what clipping counts
	Fitted   string // what was cut to stay under the clipping size, in words; "" for nothing
	Findings []lint.Finding
}

// ComposeOptions say what to compose from.
type ComposeOptions struct {
	Slot    string
	Collect bool // read the sources and look at what they bring, storing nothing
}

// Compose makes the next edition of n and stores nothing: a preview, a plan and
// a dry run are Compose without what follows. It returns
// [digest.ErrNothingNew], with the decisions, when there are too few articles.
func (p *Publisher) Compose(ctx context.Context, n digest.Newsletter, o ComposeOptions) (Draft, error) {
	d := Draft{album: &album{}}
	if err := sendable(n); err != nil {
		return d, err
	}
	candidates, err := p.candidates(ctx, n, o, &d)
	if err != nil {
		return d, err
	}
	number, err := p.o.Store.NextNumber(ctx, n.Name)
	if err != nil {
		return d, err
	}
	now := p.o.Now()
	if err := p.learn(ctx, n, &d, now); err != nil {
		return d, err
	}
	for i := range candidates {
		candidates[i].Interest = d.taste.Of(candidates[i])
	}
	if d.Selection, err = curate.Select(candidates, n, now); err != nil {
		return d, err
	}
	if d.Selection.Count() < max(1, n.Rules.Min) {
		return d, digest.ErrNothingNew
	}
	return d, p.finish(ctx, n, &d, number, o.Slot, now)
}

// finish makes an edition of what was selected, and renders it for its readers.
func (p *Publisher) finish(ctx context.Context, n digest.Newsletter, d *Draft, number int, slot string, now time.Time) error {
	fresh, err := p.abstracts(ctx, n, &d.Selection)
	if err != nil {
		return err
	}
	d.Frozen = p.freezable(n, d.Selection, number, slot, now)
	d.Frozen.Abstracts = fresh
	if d.links, err = p.linkKeys(ctx, n); err != nil {
		return err
	}
	readers, err := p.serve(ctx, n, d, now)
	if err != nil {
		return err
	}
	return p.proofs(ctx, n, readers, d)
}

// sendable refuses a newsletter that the law or the mail providers would not
// let through (EMAIL: a postal address and a working way out in every message).
func sendable(n digest.Newsletter) error {
	switch {
	case n.From.Email == "":
		return &digest.InvalidError{Field: "newsletter " + n.Name, Reason: "has no from address; set `from: Name <you@your-domain>`"}
	case strings.TrimSpace(n.PostalAddress) == "":
		return &digest.InvalidError{Field: "newsletter " + n.Name, Reason: "has no postal_address; the law asks for one in every message"}
	case n.PublicURL == "":
		return &digest.InvalidError{Field: "public_url", Reason: "is not set; readers must be able to unsubscribe there (`zest serve` answers it)"}
	}
	return nil
}

// candidates are the stored ones, and, for a draft that reads the sources
// itself, what they bring on top, none of it stored.
func (p *Publisher) candidates(ctx context.Context, n digest.Newsletter, o ComposeOptions, d *Draft) ([]digest.Article, error) {
	names := make([]string, len(n.Sources))
	for i, s := range n.Sources {
		names[i] = s.Name
	}
	stored, err := p.o.Store.Candidates(ctx, n.Name, names)
	if err != nil || !o.Collect {
		return stored, err
	}
	next := digest.ArticleID(-1) // not stored: told apart by negative ids
	look := func(ctx context.Context, h digest.Harvest, articles []digest.Article) (digest.Saved, error) {
		var saved digest.Saved
		ids := make([]string, len(articles))
		for i, a := range articles {
			ids[i] = a.Identity
		}
		known, err := p.o.Store.Known(ctx, h.Source.Name, ids)
		if err != nil {
			return saved, err
		}
		for _, a := range articles {
			if _, old := known[a.Identity]; old {
				continue
			}
			a.ID = next
			next--
			saved.Added++
			stored = append(stored, a)
		}
		return saved, nil
	}
	d.Sources, err = p.gather(ctx, n.Sources, look, false)
	return stored, err
}

// freezable puts the edition together.
func (p *Publisher) freezable(n digest.Newsletter, sel curate.Selection, number int, slot string, now time.Time) digest.Frozen {
	zoned := now
	if n.Zone != nil {
		zoned = now.In(n.Zone)
	}
	e := digest.Edition{
		Newsletter: n.Name,
		Number:     number,
		Slot:       cmp.Or(slot, "hand/"+now.UTC().Format(time.RFC3339Nano)),
		Date:       zoned.Truncate(time.Second),
		Language:   n.Language,
		Intro:      n.Intro,
		State:      digest.EditionSending,
	}
	e = titled(n, e, sel.Sections())
	return digest.Frozen{
		Edition:    e,
		Letterhead: letterhead(n, e),
		Lists:      n.Lists,
		Carried:    sel.Carried(),
		Expires:    now.Add(cmp.Or(n.MaxAge, 48*time.Hour)),
		Zone:       n.Zone,
	}
}

func letterhead(n digest.Newsletter, e digest.Edition) digest.Letterhead {
	_, domain, _ := strings.Cut(n.From.Email, "@")
	return digest.Letterhead{
		From: n.From, ReplyTo: n.ReplyTo, Date: e.Date,
		ListID: cmp.Or(n.ListID, n.Name+"."+domain), ListName: n.Title,
		ArchiveURL: n.PublicURL + "/" + n.Name,
		Edition:    e.Ref(), Newsletter: n.Name,
		Domain: domain, BounceDomain: cmp.Or(n.BounceDomain, domain), UnsubMailbox: "unsubscribe",
	}
}

// webURL is the public address of an edition. It carries no personal token, so
// it can be forwarded and printed.
func webURL(n digest.Newsletter, e digest.Edition) string {
	return fmt.Sprintf("%s/%s/%d", n.PublicURL, n.Name, e.Number)
}
