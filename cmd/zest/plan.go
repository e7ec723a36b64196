package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
	"github.com/zest-digest/zest/digest/publish"
)

func (a *app) planCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "plan NEWSLETTER",
		Short: "Show what would go out, why, to how many; write nothing",
		Long: `Read the sources and show the edition that ` + "`zest send`" + ` would make now: every
article with the reason it is in or out, how many readers, how big, how long.
Nothing is written: not an article, not a validator, not a row.
` + exitHelp,
		Example: "  zest plan weekly\n  zest plan weekly --json | jq .decisions",
		Args:    exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				n, err := m.newsletter(args[0])
				if err != nil {
					return err
				}
				return m.plan(ctx, n)
			})
		},
	})
}

// plan composes and shows; it is also what a dry run is.
func (m *machine) plan(ctx context.Context, n digest.Newsletter) error {
	d, err := m.publisher.Compose(ctx, n, publish.ComposeOptions{Collect: true})
	m.bars.finish()
	if err != nil && !errors.Is(err, digest.ErrNothingNew) {
		return err
	}
	if m.a.json {
		return errors.Join(m.a.line(newPlan(n, d, m.rate())), err)
	}
	m.a.showPlan(n, d, m.rate())
	return err
}

type planJSON struct {
	Newsletter string         `json:"newsletter"`
	Number     int            `json:"number,omitempty"`
	Subject    string         `json:"subject,omitempty"`
	Stories    int            `json:"stories"`
	Readers    int            `json:"readers"`
	Seconds    float64        `json:"seconds"`
	Fitted     string         `json:"fitted,omitempty"`
	Dropped    []string       `json:"pictures_left_out,omitempty"`
	Variants   []variantJSON  `json:"variants"`
	Decisions  []decisionJSON `json:"decisions"`
	Sources    []sourceLine   `json:"sources"`
}

type variantJSON struct {
	Key      string `json:"key"`
	Readers  int    `json:"readers"`
	Bytes    int    `json:"bytes"`
	HTML     int    `json:"html_bytes"`
	Findings int    `json:"findings"`
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
}

func newPlan(n digest.Newsletter, d publish.Draft, rate float64) planJSON {
	p := planJSON{
		Newsletter: n.Name, Number: d.Frozen.Edition.Number, Subject: d.Frozen.Edition.Subject,
		Stories: d.Selection.Count(), Readers: d.Readers, Fitted: d.Fitted, Seconds: float64(d.Readers) / rate,
	}
	for _, x := range d.Dropped {
		p.Dropped = append(p.Dropped, x.Reason)
	}
	for _, v := range d.Variants {
		p.Variants = append(p.Variants, variantJSON{v.Variant.Key, v.Readers, v.Bytes, v.HTML, len(v.Findings)})
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
		a.printf("%s  %s\n", a.paint(bold, e.Ref()), e.Subject)
		a.printf("%s, %s\n", count(d.Selection.Count(), "story", "stories"), a.audience(d, rate))
		if d.Fitted != "" {
			a.printf("cut to stay under %s: %s\n", bytesize(n.Rules.ClipBytes), d.Fitted)
		}
		for _, x := range d.Dropped {
			a.printf("picture left out: %s\n", x.Reason)
		}
		for _, v := range d.Variants {
			a.printf("  %-8s %s, message %s, HTML %s of %s%s\n", v.Variant.Key, count(v.Readers, "reader", "readers"),
				bytesize(v.Bytes), bytesize(v.HTML), bytesize(n.Rules.ClipBytes), a.findings(v))
		}
	}
	a.printf("\n")
	a.showDecisions(d.Selection.Decisions)
	a.printf("\nNothing was written.\n")
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
