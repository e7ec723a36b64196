package publish

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/lint"
)

// Draft is an edition that could go out: everything that Freeze would store,
// and everything that a person wants to know before it does.
type Draft struct {
	Frozen    digest.Frozen
	Selection curate.Selection
	Sources   []SourceReport // when the draft read them itself
	Variants  []VariantDraft
	Readers   int
	Fitted    string    // what was cut to stay under the clipping size, in words; "" for nothing
	Dropped   []Dropped // pictures that readers would not have seen

	album album
}

// VariantDraft is one variant of a draft, ready to be looked at.
type VariantDraft struct {
	Variant  digest.Variant
	Readers  int
	Proof    digest.Proof
	Message  *deliver.Message
	Bytes    int // of a whole message to a sample reader
	HTML     int // bytes of the HTML part, what clipping counts
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
	var d Draft
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
	audience, err := p.o.Store.Audience(ctx, n.Lists)
	if err != nil {
		return d, err
	}
	return d, p.fit(n, &d, func(n digest.Newsletter, d *Draft) error {
		now := p.o.Now()
		if d.Selection, err = curate.Select(candidates, n, now); err != nil {
			return err
		}
		if d.Selection.Count() < max(1, n.Rules.Min) {
			return digest.ErrNothingNew
		}
		d.Frozen = p.freezable(n, d.Selection, number, o.Slot, now)
		return p.proofs(ctx, n, audience, d)
	})
}

// shortest is the least that a summary is cut to before stories are left out.
const shortest = 120

// fit makes a draft whose every variant stays under the clipping size: shorter
// summaries first, then fewer stories. A story that is left out is not lost, it
// waits for the next edition. The footer, with the way out, is never cut.
func (p *Publisher) fit(n digest.Newsletter, d *Draft, compose func(digest.Newsletter, *Draft) error) error {
	asked, stories := n.Rules.SummaryChars, 0
	for {
		d.Variants, d.Readers, d.Frozen = nil, 0, digest.Frozen{}
		if err := compose(n, d); err != nil {
			return err
		}
		if stories == 0 {
			stories = d.Selection.Count()
		}
		largest := 0
		for _, v := range d.Variants {
			largest = max(largest, v.HTML)
		}
		switch left := d.Selection.Count(); {
		case n.Rules.ClipBytes <= 0 || largest <= n.Rules.ClipBytes || left <= max(1, n.Rules.Min):
			d.Fitted = fitted(asked, n.Rules.SummaryChars, stories, left)
			if over := largest - n.Rules.ClipBytes; n.Rules.ClipBytes > 0 && over > 0 {
				d.Fitted = strings.TrimPrefix(d.Fitted+fmt.Sprintf("; still %d bytes over, with no story left to leave out", over), "; ")
			}
			return nil
		case n.Rules.SummaryChars > shortest:
			n.Rules.SummaryChars = max(shortest, n.Rules.SummaryChars*3/4)
		default:
			n.Rules.Max = min(left-1, left*n.Rules.ClipBytes/largest)
			n.Rules.Max = max(1, n.Rules.Min, n.Rules.Max)
		}
	}
}

func fitted(asked, chars, stories, left int) string {
	var cut []string
	if chars < asked {
		cut = append(cut, fmt.Sprintf("summaries of %d characters instead of %d", chars, asked))
	}
	if left < stories {
		cut = append(cut, fmt.Sprintf("%d stories instead of %d, the others wait", left, stories))
	}
	return strings.Join(cut, "; ")
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
	if n.Zone != nil {
		now = now.In(n.Zone)
	}
	e := digest.Edition{
		Newsletter: n.Name,
		Number:     number,
		Slot:       cmp.Or(slot, "hand/"+now.UTC().Format(time.RFC3339Nano)),
		Date:       now.Truncate(time.Second),
		Language:   n.Language,
		Intro:      n.Intro,
		Sections:   slim(sel.Sections),
		State:      digest.EditionSending,
	}
	e.Subject = subject(n, e)
	e.Summary = headline(e)
	return digest.Frozen{
		Edition:    e,
		Letterhead: letterhead(n, e),
		Lists:      n.Lists,
		Carried:    sel.Carried(),
		Expires:    now.Add(cmp.Or(n.MaxAge, 48*time.Hour)),
	}
}

// slim drops the bodies: an edition shows summaries, and the articles
// themselves stay where they are stored.
func slim(sections []digest.Section) []digest.Section {
	out := slices.Clone(sections)
	for i := range out {
		out[i].Cards = slices.Clone(out[i].Cards)
		for j := range out[i].Cards {
			out[i].Cards[j].Article.HTML, out[i].Cards[j].Article.Text = "", ""
		}
	}
	return out
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

// proofs renders every variant that has readers, and the newsletter's own
// where nobody is subscribed yet, so that there is always something to look at.
func (p *Publisher) proofs(ctx context.Context, n digest.Newsletter, audience []digest.AudienceGroup, d *Draft) error {
	readers := map[string]int{}
	variants := map[string]digest.Variant{}
	for _, g := range audience {
		v := digest.Variant{Language: cmp.Or(g.Language, n.Language), TextOnly: g.TextOnly}
		v.Key = digest.VariantKey(v.Language, v.TextOnly)
		variants[v.Key] = v
		readers[v.Key] += g.Readers
		d.Readers += g.Readers
	}
	own := digest.Variant{Key: digest.VariantKey(n.Language, false), Language: n.Language}
	variants[own.Key] = own
	keys := make([]string, 0, len(variants))
	for k := range variants {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		v, err := p.variant(ctx, n, d, variants[k])
		if err != nil {
			return fmt.Errorf("rendering %s (%s): %w", d.Frozen.Edition.Ref(), k, err)
		}
		v.Readers = readers[k]
		d.Variants = append(d.Variants, v)
		d.Frozen.Proofs = append(d.Frozen.Proofs, v.Proof)
	}
	return nil
}

func (p *Publisher) variant(ctx context.Context, n digest.Newsletter, d *Draft, v digest.Variant) (VariantDraft, error) {
	f := d.Frozen
	shown, e, inside, err := p.illustrate(ctx, n, f.Edition, v, d)
	if err != nil {
		return VariantDraft{}, err
	}
	proof, err := p.o.Renderer.Render(shown, e, v, webURL(n, f.Edition))
	if err != nil {
		return VariantDraft{}, err
	}
	proof.Embedded = inside
	m, err := deliver.Compile(f.Letterhead, proof)
	if err != nil {
		return VariantDraft{}, err
	}
	sample := sampleReader(n, f.Letterhead, v.Key)
	eml, err := m.Append(nil, &sample)
	if err != nil {
		return VariantDraft{}, err
	}
	out := VariantDraft{Variant: v, Proof: proof, Message: m, Bytes: len(eml), HTML: len(proof.HTML)}
	out.Findings = append(lint.Message(eml), lint.HTML(proof.HTML)...)
	return out, nil
}

// webURL is the public address of an edition. It carries no personal token, so
// it can be forwarded and printed.
func webURL(n digest.Newsletter, e digest.Edition) string {
	return fmt.Sprintf("%s/%s/%d", n.PublicURL, n.Name, e.Number)
}

// subject is the operator's template, or the lead story's title.
func subject(n digest.Newsletter, e digest.Edition) string {
	cards := e.Cards()
	lead := ""
	if len(cards) > 0 {
		lead = cards[0].Article.Title
	}
	if n.Subject == "" {
		return lead
	}
	return strings.NewReplacer(
		"{title}", n.Title, "{number}", fmt.Sprint(e.Number), "{lead}", lead, "{stories}", fmt.Sprint(len(cards)),
	).Replace(n.Subject)
}

// headline is the visible line under the masthead: what else is inside.
func headline(e digest.Edition) string {
	var titles []string
	for _, c := range e.Cards() {
		if !c.Lead && len(titles) < 3 {
			titles = append(titles, c.Article.Title)
		}
	}
	return strings.Join(titles, " · ")
}

// Sample is the whole message of a variant, to nobody: its links answer that
// they were a sample.
func (v VariantDraft) Sample(n digest.Newsletter, l digest.Letterhead) ([]byte, error) {
	r := sampleReader(n, l, v.Variant.Key)
	return v.Message.Append(nil, &r)
}
