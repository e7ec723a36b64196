package publish

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
)

// Editor hears of an edition that is held.
type Editor interface {
	Held(ctx context.Context, n digest.Newsletter, p digest.Plan, d Draft) error
}

// fingerprint is a short fingerprint of anything.
func fingerprint(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		b = fmt.Appendf(nil, "%#v", v)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// articlePrint is the fingerprint of what an edition shows of an article.
func articlePrint(a digest.Article) string {
	return fingerprint([]any{a.URL, a.Title, a.Teaser, a.Text, a.Site, a.Image, a.Language})
}

// settings are the fingerprints of what an edition depends on, by name: a plan
// that is sent later says which of them changed.
func (p *Publisher) settings(n digest.Newsletter) map[string]string {
	out := map[string]string{"templates": p.o.Renderer.Fingerprint(n.Look.Theme)}
	v := reflect.ValueOf(withoutSecrets(n))
	for i := range v.NumField() {
		switch name := v.Type().Field(i).Name; name {
		case "Schedule", "Blackout", "Missed", "MissedWithin", "Sources", "Zone":
		default:
			out[strings.ToLower(name)] = fingerprint(v.Field(i).Interface())
		}
	}
	return out
}

// withoutSecrets is a newsletter without its sources, which may hold passwords,
// and without its zone, which cannot be written down.
func withoutSecrets(n digest.Newsletter) digest.Newsletter {
	n.Sources, n.Zone, n.Endpoint.Key = nil, nil, ""
	return n
}

// PlanOf is the plan that a draft of stored articles comes to.
func (p *Publisher) PlanOf(n digest.Newsletter, d Draft, state digest.PlanState) digest.Plan {
	plan := digest.Plan{
		Newsletter: n.Name, Number: d.Frozen.Edition.Number, Slot: d.Frozen.Edition.Slot, State: state, Made: p.o.Now().UTC(), Settings: p.settings(n),
	}
	for _, c := range d.Selection.Chosen() {
		s := digest.PlannedStory{Section: c.Section, Title: c.Articles[0].Title, URL: c.Articles[0].URL}
		for _, a := range c.Articles {
			s.Articles, s.Prints = append(s.Articles, a.ID), append(s.Prints, articlePrint(a))
		}
		plan.Stories = append(plan.Stories, s)
	}
	return plan
}

// SavePlan collects, makes the next edition and keeps what it came to, without
// freezing it.
func (p *Publisher) SavePlan(ctx context.Context, n digest.Newsletter, slot string) (digest.Plan, Draft, error) {
	sources, err := p.Collect(ctx, n.Sources)
	if err != nil {
		return digest.Plan{}, Draft{}, err
	}
	d, err := p.Compose(ctx, n, ComposeOptions{Slot: slot})
	d.Sources = sources
	if err != nil {
		return digest.Plan{}, d, err
	}
	plan := p.PlanOf(n, d, digest.PlanSaved)
	plan.ID, err = p.o.Store.SavePlan(ctx, plan)
	return plan, d, err
}

// hold keeps an edition for its editor, and tells them.
func (p *Publisher) hold(ctx context.Context, n digest.Newsletter, d Draft) error {
	plan := p.PlanOf(n, d, digest.PlanHeld)
	var err error
	if plan.ID, err = p.o.Store.SavePlan(ctx, plan); err != nil {
		return fmt.Errorf("holding %s: %w", plan.Ref(), err)
	}
	p.o.Log.Info("edition held for approval", "edition", plan.Ref(), "stories", len(plan.Stories))
	if p.o.Editor != nil {
		if err := p.o.Editor.Held(ctx, n, plan, d); err != nil {
			// It is held all the same: `zest editions show` tells of it.
			p.o.Log.Error("editor not told", "edition", plan.Ref(), "error", err)
		}
	}
	return fmt.Errorf("%s: %w; `zest editions approve %s` sends it", plan.Ref(), digest.ErrHeld, plan.Ref())
}

// Follow makes the draft that a plan asks for, for whoever the readers are now,
// or a [*digest.InvalidError] that says what changed since it was made.
func (p *Publisher) Follow(ctx context.Context, n digest.Newsletter, plan digest.Plan) (Draft, error) {
	d := Draft{album: &album{}}
	if err := sendable(n); err != nil {
		return d, err
	}
	if !plan.Open() {
		return d, &digest.InvalidError{Field: "plan", Value: fmt.Sprint(plan.ID), Reason: "was " + string(plan.State) + " already"}
	}
	articles, err := p.o.Store.ArticlesByID(ctx, plannedIDs(plan))
	if err != nil {
		return d, err
	}
	number, err := p.o.Store.NextNumber(ctx, n.Name)
	if err != nil {
		return d, err
	}
	if changed := p.changes(n, plan, articles, number); len(changed) > 0 {
		return d, &digest.InvalidError{Field: "plan", Value: fmt.Sprint(plan.ID), Reason: "cannot be sent as it was made: " + strings.Join(changed, "; ") + ". `zest plan " + n.Name + " --save` makes another"}
	}
	n.Subject, n.Intro = cmp.Or(plan.Subject, n.Subject), cmp.Or(plan.Intro, n.Intro)
	now := p.o.Now()
	if d.Selection, err = curate.Restore(chosen(plan, articles), n, now); err != nil {
		return d, err
	}
	for _, s := range plan.Dropped {
		d.Selection.Drop(s.Articles)
	}
	if err := p.finish(ctx, n, &d, number, plan.Slot, now); err != nil {
		return d, err
	}
	d.Frozen.Plan = plan.ID
	return d, nil
}

func plannedIDs(plan digest.Plan) (ids []digest.ArticleID) {
	for _, s := range plan.Stories {
		ids = append(ids, s.Articles...)
	}
	return ids
}

// chosen gives a plan's stories their articles back.
func chosen(plan digest.Plan, articles []digest.Article) []curate.Chosen {
	byID := map[digest.ArticleID]digest.Article{}
	for _, a := range articles {
		byID[a.ID] = a
	}
	out := make([]curate.Chosen, len(plan.Stories))
	for i, s := range plan.Stories {
		out[i].Section = s.Section
		for _, id := range s.Articles {
			out[i].Articles = append(out[i].Articles, byID[id])
		}
	}
	return out
}

// changes says what a plan depends on that is not as it was.
func (p *Publisher) changes(n digest.Newsletter, plan digest.Plan, articles []digest.Article, number int) (out []string) {
	if number != plan.Number {
		out = append(out, fmt.Sprintf("%s was made meanwhile", plan.Ref()))
	}
	now := p.settings(n)
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if was, kept := plan.Settings[name]; kept && was != now[name] {
			out = append(out, "the newsletter’s "+name+" changed")
		}
	}
	prints := map[digest.ArticleID]string{}
	for _, a := range articles {
		prints[a.ID] = articlePrint(a)
	}
	for _, s := range plan.Stories {
		for i, id := range s.Articles {
			if prints[id] != s.Prints[i] {
				out = append(out, fmt.Sprintf("the article %q changed", s.Title))
			}
		}
	}
	return out
}

// SendPlan sends an edition exactly as a plan has it.
func (p *Publisher) SendPlan(ctx context.Context, n digest.Newsletter, plan digest.Plan) (Report, error) {
	report, err := p.Resume(ctx, n)
	if err != nil {
		return report, err
	}
	d, err := p.Follow(ctx, n, plan)
	if err != nil {
		return report, err
	}
	edition, err := p.freeze(ctx, d)
	if err != nil {
		return report, err
	}
	done, err := p.deliver(ctx, n, edition, false)
	report.Editions = append(report.Editions, done)
	return report, err
}

// Replayed is one proof of an edition, rendered again.
type Replayed struct {
	Variant string
	Same    bool
	Bytes   int
	Print   string // SHA-256 of the HTML and the text
	Why     string // why it is not the same, when that is known
}

// ErrNoInputs says that an edition is from before its inputs were kept.
var ErrNoInputs = errors.New("what it was rendered from was not kept")

// Replay renders an edition again from what was frozen with it, and compares.
func (p *Publisher) Replay(ctx context.Context, id digest.EditionID) ([]Replayed, error) {
	f, err := p.o.Store.Frozen(ctx, id)
	if err != nil {
		return nil, err
	}
	inputs, err := p.o.Store.Inputs(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []Replayed
	for _, was := range f.Proofs {
		in, kept := inputs[was.Variant.Key]
		if !kept {
			return out, fmt.Errorf("%s (%s): %w", f.Edition.Ref(), was.Variant.Key, ErrNoInputs)
		}
		now, err := p.o.Renderer.Render(in.Newsletter, in.Edition, was.Variant, in.WebURL)
		if err != nil {
			return out, fmt.Errorf("rendering %s (%s) again: %w", f.Edition.Ref(), was.Variant.Key, err)
		}
		sum := sha256.Sum256([]byte(now.Subject + "\x00" + now.HTML + "\x00" + now.Text))
		r := Replayed{Variant: was.Variant.Key, Bytes: len(now.HTML) + len(now.Text), Print: hex.EncodeToString(sum[:])}
		r.Same = now.Subject == was.Subject && now.HTML == was.HTML && now.Text == was.Text
		if have := p.o.Renderer.Fingerprint(in.Newsletter.Look.Theme); !r.Same && have != in.Templates {
			r.Why = fmt.Sprintf("theme %s was %s when it was frozen and is %s now", in.Newsletter.Look.Theme, in.Templates, have)
		}
		out = append(out, r)
	}
	return out, nil
}

// inputs are what a proof is rendered from.
func (p *Publisher) inputs(n digest.Newsletter, e digest.Edition, url string) digest.Inputs {
	e.Date = e.Date.Truncate(time.Second)
	return digest.Inputs{Newsletter: withoutSecrets(n), Edition: e, WebURL: url, Templates: p.o.Renderer.Fingerprint(n.Look.Theme)}
}
