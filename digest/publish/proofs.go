package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/lint"
)

// proofs renders every variant that has readers, the newsletter's own where
// nobody is subscribed yet, and what the web page shows.
func (p *Publisher) proofs(ctx context.Context, n digest.Newsletter, r readership, d *Draft) error {
	d.Frozen.Audience = r.served
	for _, g := range r.served {
		switch {
		case !g.Due:
			d.Resting += g.Readers
		case g.Variant == "":
			d.Without += g.Readers
		default:
			d.Readers += g.Readers
		}
	}
	d.Variants = make([]VariantDraft, len(r.variants))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, v := range r.variants {
		work.Go(func() error {
			var err error
			if d.Variants[i], err = p.fit(ctx, n, d, v); err != nil {
				return fmt.Errorf("rendering %s (%s): %w", d.Frozen.Edition.Ref(), v.variant.Key, err)
			}
			return nil
		})
	}
	web := digest.Variant{Key: digest.WebVariant, Language: n.Language, Since: d.Frozen.Edition.Number - 1}
	page, err := p.render(ctx, n, d, d.Frozen.Edition, web)
	if err := errors.Join(work.Wait(), err); err != nil {
		return err
	}
	for i := range d.Variants {
		d.Frozen.Proofs = append(d.Frozen.Proofs, d.Variants[i].Proof)
	}
	d.Frozen.Proofs = append(d.Frozen.Proofs, page)
	slices.SortFunc(d.Frozen.Pictures, func(a, b digest.Embedded) int { return cmp.Compare(a.ID, b.ID) })
	d.whoHolds(r)
	return nil
}

// whoHolds tells each decision which variants hold its article.
func (d *Draft) whoHolds(r readership) {
	keys := map[digest.ArticleID][]string{}
	for i, v := range r.variants {
		for _, a := range v.view.selection.Articles()[:d.Variants[i].Stories] {
			keys[a.ID] = append(keys[a.ID], v.variant.Key)
		}
	}
	for i := range d.Selection.Decisions {
		x := &d.Selection.Decisions[i]
		switch {
		case x.In && x.Story == nil:
			x.Variants = keys[x.Article.ID]
		case x.In:
			x.Variants = keys[x.Story.ID]
		}
	}
}

// shortest is the least that a summary is cut to before stories are left out.
const shortest = 120

// fit makes a variant that stays under the clipping size: shorter summaries
// first, then fewer stories in the message, with the rest on the web page. The
// footer, with the way out, is never cut.
func (p *Publisher) fit(ctx context.Context, n digest.Newsletter, d *Draft, v readVariant) (VariantDraft, error) {
	sel := v.view.selection
	chars, stories, limit := n.Rules.SummaryChars, sel.Count(), n.Rules.ClipBytes
	for {
		out, err := p.variant(ctx, n, d, v, chars, stories)
		switch {
		case err != nil:
			return out, err
		case limit <= 0 || out.HTML <= limit || stories == 1 && chars <= shortest:
			out.Fitted = fitted(n.Rules.SummaryChars, chars, sel.Count(), stories)
			if over := out.HTML - limit; limit > 0 && over > 0 {
				out.Fitted = strings.TrimPrefix(out.Fitted+fmt.Sprintf("; still %d bytes over, with no story left to leave out", over), "; ")
			}
			return out, nil
		case chars > shortest:
			chars = max(shortest, chars*3/4)
		default:
			stories = max(1, min(stories-1, stories*limit/out.HTML))
		}
	}
}

func fitted(asked, chars, all, stories int) string {
	var cut []string
	if chars < asked {
		cut = append(cut, fmt.Sprintf("summaries of %d characters instead of %d", chars, asked))
	}
	if stories < all {
		cut = append(cut, fmt.Sprintf("%d of %d stories, %d more on the web page", stories, all, all-stories))
	}
	return strings.Join(cut, "; ")
}

// variant renders a variant with summaries and stories of so many.
func (p *Publisher) variant(ctx context.Context, n digest.Newsletter, d *Draft, v readVariant, chars, stories int) (VariantDraft, error) {
	e := titled(n, d.Frozen.Edition, v.view.selection.Cut(chars, stories))
	e.More, e.MoreURL = v.view.selection.Count()-stories, webURL(n, e)
	if v.variant.Since != e.Number-1 {
		// What earlier editions told stands on their pages: the archive lists them.
		e.More, e.MoreURL = e.More+v.view.selection.More, d.Frozen.Letterhead.ArchiveURL
	}
	proof, err := p.render(ctx, n, d, e, v.variant)
	if err != nil {
		return VariantDraft{}, err
	}
	out := VariantDraft{Variant: v.variant, Readers: v.readers, Stories: stories, More: e.More, Proof: proof, HTML: len(proof.HTML)}
	if n.Rules.ClipBytes > 0 && out.HTML > n.Rules.ClipBytes && (stories > 1 || chars > shortest) {
		return out, nil // it will be cut further: nobody will see this one
	}
	eml, err := out.Sample(n, d.Frozen.Letterhead)
	if err != nil {
		return VariantDraft{}, err
	}
	out.Bytes = len(eml)
	out.Findings = append(lint.Message(eml), lint.HTML(proof.HTML)...)
	return out, nil
}

// render renders an edition for a variant, with its pictures where the newsletter
// wants them.
func (p *Publisher) render(ctx context.Context, n digest.Newsletter, d *Draft, e digest.Edition, v digest.Variant) (digest.Proof, error) {
	shown, illustrated, inside, err := p.illustrate(ctx, n, e, v, d)
	if err != nil {
		return digest.Proof{}, err
	}
	illustrated = d.linked(n, illustrated, v)
	proof, err := p.o.Renderer.Render(shown, illustrated, v, webURL(n, e))
	proof.Embedded = inside
	d.album.mu.Lock()
	defer d.album.mu.Unlock()
	if d.Frozen.Inputs == nil {
		d.Frozen.Inputs = map[string]digest.Inputs{}
	}
	d.Frozen.Inputs[v.Key] = p.inputs(shown, illustrated, webURL(n, e))
	return proof, err
}

// Sample is the whole message of a variant, to nobody: its links answer that
// they were a sample.
func (v VariantDraft) Sample(n digest.Newsletter, l digest.Letterhead) ([]byte, error) {
	m, err := deliver.Compile(l, v.Proof)
	if err != nil {
		return nil, err
	}
	r := sampleReader(n, l, v.Variant.Key)
	return m.Append(nil, &r)
}

// titled gives an edition its stories, and the subject and summary line that
// follow from them.
func titled(n digest.Newsletter, e digest.Edition, sections []digest.Section) digest.Edition {
	e.Sections = sections
	lead, others := "", []string{}
	cards := e.Cards()
	for _, c := range cards {
		switch {
		case c.Lead:
			lead = c.Article.Title
		case len(others) < 3:
			others = append(others, c.Article.Title)
		}
	}
	say := strings.NewReplacer(
		"{title}", n.Title, "{number}", fmt.Sprint(e.Number), "{lead}", lead, "{stories}", fmt.Sprint(len(cards)), "{others}", strings.Join(others, " · "),
	).Replace
	e.Subject, e.Summary = cmp.Or(strings.TrimSpace(say(n.Subject)), lead), say(cmp.Or(n.Summary, "{others}"))
	return e
}
