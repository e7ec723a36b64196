package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
	"github.com/zest-digest/zest/digest/publish"
)

func (a *app) planCmd() *cobra.Command {
	var now, segment, intro string
	var save bool
	c := a.jsonFlag(&cobra.Command{
		Use:   "plan NEWSLETTER",
		Short: "Show what would go out, why, to how many; write nothing",
		Long: `Read the sources and show the edition that ` + "`zest send`" + ` would make now: every
article with the reason it is in or out, how many readers, how big, how long.
Nothing is written: not an article, not a validator, not a row.
` + exitHelp,
		Example: "  zest plan weekly\n  zest plan weekly --json | jq .decisions",
		Args:    exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.setNow(now); err != nil {
				return err
			}
			mode := readOnly
			if save {
				mode = readWrite
			}
			return a.with(c.Context(), mode, func(ctx context.Context, m *machine) error {
				m.segment = segment
				n, err := m.newsletter(args[0])
				if err != nil {
					return err
				}
				if n.Intro, err = textOf(cmp.Or(intro, n.Intro)); err != nil {
					return err
				}
				if save {
					return m.savePlan(ctx, n)
				}
				return m.plan(ctx, n)
			})
		},
	})
	c.Flags().StringVar(&segment, "segment", "", "only the readers of this `segment`")
	c.Flags().BoolVar(&save, "save", false, "keep the plan, and the articles it is made of, for zest send --plan")
	c.Flags().StringVar(&intro, "intro", "", "the `text` above the first story, or @FILE")
	c.Flags().StringVar(&now, "now", "", "take this `time` (RFC 3339) for now")
	return c
}

// draft is the edition as it would go out now, of what the sources hold now.
// Nothing is written.
func (m *machine) draft(ctx context.Context, n digest.Newsletter) (publish.Draft, error) {
	defer m.bars.finish()
	return m.publisher.Compose(ctx, n, publish.ComposeOptions{Collect: true})
}

// plan composes and shows; it is also what a dry run is.
func (m *machine) plan(ctx context.Context, n digest.Newsletter) error {
	d, err := m.draft(ctx, n)
	if err != nil && !errors.Is(err, digest.ErrNothingNew) {
		return err
	}
	if m.a.json {
		return errors.Join(m.a.line(newPlan(n, d, m.rate())), err)
	}
	m.a.showPlan(n, d, m.rate())
	m.a.printf("\nNothing was written.\n")
	return err
}

// savePlan keeps what would go out, so that exactly that can be sent.
func (m *machine) savePlan(ctx context.Context, n digest.Newsletter) error {
	plan, d, err := m.publisher.SavePlan(ctx, n, "")
	m.bars.finish()
	if err != nil && !errors.Is(err, digest.ErrNothingNew) {
		return err
	}
	if m.a.json {
		j := newPlan(n, d, m.rate())
		j.Plan = plan.ID
		return errors.Join(m.a.line(j), err)
	}
	m.a.showPlan(n, d, m.rate())
	if err == nil {
		m.a.printf("Saved as plan %d; `zest send %s --plan %d` sends exactly this.\n", plan.ID, n.Name, plan.ID)
	}
	return err
}

type planJSON struct {
	Plan       digest.PlanID  `json:"plan,omitempty"`
	Newsletter string         `json:"newsletter"`
	Number     int            `json:"number,omitempty"`
	Subject    string         `json:"subject,omitempty"`
	Stories    int            `json:"stories"`
	Readers    int            `json:"readers"`
	Resting    int            `json:"resting,omitempty"` // snoozed, or not due yet
	Without    int            `json:"without,omitempty"` // nothing of their topics
	Seconds    float64        `json:"seconds"`
	Dropped    []string       `json:"pictures_left_out,omitempty"`
	Variants   []variantJSON  `json:"variants"`
	Decisions  []decisionJSON `json:"decisions"`
	Sources    []sourceLine   `json:"sources"`
}

type variantJSON struct {
	Key      string   `json:"key"`
	Language string   `json:"language"`
	TextOnly bool     `json:"text_only,omitempty"`
	Topics   []string `json:"topics,omitempty"`
	Since    int      `json:"since"`
	Readers  int      `json:"readers"`
	Stories  int      `json:"stories"`
	More     int      `json:"more,omitempty"`
	Fitted   string   `json:"fitted,omitempty"`
	Bytes    int      `json:"bytes"`
	HTML     int      `json:"html_bytes"`
	Findings int      `json:"findings"`
}

type decisionJSON struct {
	Newsletter string             `json:"newsletter"`
	Title      string             `json:"title"`
	Source     string             `json:"source"`
	URL        string             `json:"url"`
	In         bool               `json:"in"`
	Reason     string             `json:"reason"`
	Section    string             `json:"section,omitempty"`
	Score      float64            `json:"score,omitempty"`
	Terms      map[string]float64 `json:"terms,omitempty"`
	With       string             `json:"same_story_as,omitempty"`
	Variants   []string           `json:"variants,omitempty"`
}

func newPlan(n digest.Newsletter, d publish.Draft, rate float64) planJSON {
	p := planJSON{
		Newsletter: n.Name, Number: d.Frozen.Edition.Number, Subject: d.Frozen.Edition.Subject,
		Stories: d.Selection.Count(), Readers: d.Readers, Resting: d.Resting, Without: d.Without, Seconds: float64(d.Readers) / rate,
	}
	for _, x := range d.Dropped {
		p.Dropped = append(p.Dropped, x.Reason)
	}
	for _, v := range d.Variants {
		p.Variants = append(p.Variants, variantJSON{
			v.Variant.Key, v.Variant.Language, v.Variant.TextOnly, v.Variant.Topics, v.Variant.Since,
			v.Readers, v.Stories, v.More, v.Fitted, v.Bytes, v.HTML, len(v.Findings),
		})
	}
	for _, x := range d.Selection.Decisions {
		p.Decisions = append(p.Decisions, newDecision(n.Name, x))
	}
	for _, r := range d.Sources {
		l := sourceLine{Source: r.Source.Name, Items: r.Items, New: r.New, Held: r.Held, NotModified: r.NotModified}
		if r.Err != nil {
			l.Error = r.Err.Error()
		}
		p.Sources = append(p.Sources, l)
	}
	return p
}

func (a *app) showPlan(n digest.Newsletter, d publish.Draft, rate float64) {
	for _, r := range d.Sources {
		if r.Err != nil {
			a.notef("%s %s: %v", a.paint(yellow, "source"), r.Source.Name, r.Err)
		}
	}
	e := d.Frozen.Edition
	if e.Number == 0 {
		a.printf("%s: %s to send; the newsletter wants %d at least. What there is waits for the next time.\n",
			a.paint(bold, n.Name), count(d.Selection.Count(), "story", "stories"), max(1, n.Rules.Min))
	} else {
		a.printf("%s  %s  (%d characters)\n", a.paint(bold, e.Ref()), e.Subject, utf8.RuneCountInString(e.Subject))
		a.printf("%s, %s\n", count(d.Selection.Count(), "story", "stories"), a.audience(d, rate))
		for _, x := range d.Dropped {
			a.printf("picture left out: %s\n", x.Reason)
		}
		a.showVariants(n, d)
	}
	a.printf("\n")
	a.showDecisions(d.Selection.Decisions)
}

// mostVariants is how many variants a person is shown; --json has them all.
const mostVariants = 12

// showVariants lists the variants, those that most readers get first.
func (a *app) showVariants(n digest.Newsletter, d publish.Draft) {
	if d.Resting > 0 {
		a.printf("%s nothing now: they snooze, or their day, week or month has not begun\n", count(d.Resting, "reader gets", "readers get"))
	}
	if d.Without > 0 {
		a.printf("%s nothing: it holds nothing of their topics\n", count(d.Without, "reader gets", "readers get"))
	}
	list := slices.Clone(d.Variants)
	slices.SortStableFunc(list, func(x, y publish.VariantDraft) int { return cmp.Compare(y.Readers, x.Readers) })
	for _, v := range list[:min(len(list), mostVariants)] {
		a.printf("  %-8s %s, %s, message %s, HTML %s of %s%s\n", v.Variant.Key, count(v.Readers, "reader", "readers"), count(v.Stories, "story", "stories"),
			bytesize(v.Bytes), bytesize(v.HTML), bytesize(n.Rules.ClipBytes), a.findings(v))
		if v.Variant.Since < d.Frozen.Edition.Number-1 {
			a.printf("           what came after edition %d\n", v.Variant.Since)
		}
		switch {
		case v.Fitted != "":
			a.printf("           cut to stay under %s: %s\n", bytesize(n.Rules.ClipBytes), v.Fitted)
		case v.More > 0:
			a.printf("           %d more on the web page\n", v.More)
		}
	}
	if hidden := len(list) - mostVariants; hidden > 0 {
		a.printf("  and %s (--json lists them)\n", count(hidden, "variant more", "variants more"))
	}
}

func (a *app) findings(v publish.VariantDraft) string {
	if len(v.Findings) == 0 {
		return ""
	}
	return ", " + a.paint(yellow, count(len(v.Findings), "finding", "findings")+fmt.Sprintf(" (%s)", v.Findings[0].Reason))
}

func (a *app) audience(d publish.Draft, rate float64) string {
	if d.Readers == 0 {
		return "no readers yet (`zest subscribers add`)"
	}
	took := time.Duration(float64(d.Readers) / rate * float64(time.Second)).Round(time.Second)
	if took < time.Second {
		return count(d.Readers, "reader", "readers") + ", about a second"
	}
	return fmt.Sprintf("%s, about %s at %.0f a second", count(d.Readers, "reader", "readers"), took, rate)
}

func (a *app) showDecisions(decisions []curate.Decision) {
	var in, out [][]string
	for _, d := range decisions {
		row := []string{fmt.Sprintf("%.2f", d.Score), d.Article.Source, d.Article.Title + a.paint(faint, "  "+d.Reason)}
		switch {
		case d.In && d.Story == nil:
			row[2] = d.Article.Title + a.paint(faint, "  "+terms(d.Terms))
			in = append(in, row)
		case d.In:
			row[0] = ""
			in = append(in, row)
		default:
			out = append(out, row)
		}
	}
	if len(in) > 0 {
		a.table([]string{"in", "source", "article"}, in)
	}
	if len(out) > 0 {
		a.printf("\n")
		a.table([]string{"out", "source", "article"}, out)
	}
}

func terms(list []curate.Term) string {
	var parts []string
	for _, t := range list {
		if t.Name == "weight" && t.Value == 1 || t.Value == 0 {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %.2f", t.Name, t.Value))
	}
	return strings.Join(parts, ", ")
}
