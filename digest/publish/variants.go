package publish

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
	"github.com/zest-digest/zest/digest/segment"
)

// horizon is how far back an edition may reach for readers who are behind: over
// a monthly reader's last edition, and no further. A reader who slept longer is
// told the newest of what they missed. It bounds the number of variants, whatever
// readers do.
const horizon = 40 * 24 * time.Hour

// view is what an edition holds for the readers of some topics who have had the
// editions up to since.
type view struct {
	selection curate.Selection
	since     int
	topics    []string
	name      string // what it adds to the key of a variant; "" for the whole edition
}

// views makes the views of an edition, each once: what two groups of readers
// would read alike is one view, whatever they asked for.
type views struct {
	newsletter digest.Newsletter
	number     int
	now        time.Time
	base       curate.Selection
	told       []digest.Told
	pools      map[int]curate.Pool
	made       map[string]*view // by what was asked
	alike      map[string]*view // by what it holds
	names      map[string]bool
}

func newViews(n digest.Newsletter, number int, base curate.Selection, told []digest.Told, now time.Time) *views {
	vs := &views{newsletter: n, number: number, now: now, base: base, told: told,
		pools: map[int]curate.Pool{}, made: map[string]*view{}, alike: map[string]*view{}, names: map[string]bool{}}
	whole := &view{selection: base, since: number - 1}
	vs.made[vs.asked(number-1, nil)], vs.alike[base.Content()], vs.names[""] = whole, whole, true
	return vs
}

func (vs *views) asked(since int, topics []string) string {
	return fmt.Sprintf("%d\n%s", since, strings.Join(topics, "\n"))
}

// of is the view for readers who have had the editions up to since. A topic that
// the newsletter has no more counts for nothing.
func (vs *views) of(since int, topics []string) (*view, error) {
	known := vs.newsletter.Topics()
	topics = slices.DeleteFunc(slices.Clone(topics), func(t string) bool { return !slices.Contains(known, t) })
	if len(topics) == len(known) && !vs.leftovers() {
		topics = nil
	}
	key := vs.asked(since, topics)
	if v := vs.made[key]; v != nil {
		return v, nil
	}
	v := &view{since: since, topics: topics}
	if since == vs.number-1 {
		v.selection = vs.base.Only(topics)
	} else {
		pool, err := vs.pool(since)
		if err != nil {
			return nil, err
		}
		v.selection = pool.Select(topics)
	}
	content := v.selection.Content()
	if same := vs.alike[content]; same != nil {
		v = same
	} else {
		v.name = vs.nameOf(v)
		vs.alike[content] = v
	}
	vs.made[key] = v
	return v, nil
}

// leftovers reports whether the newsletter has stories outside of its named
// sections, which nobody can choose.
func (vs *views) leftovers() bool {
	return !slices.ContainsFunc(vs.newsletter.Rules.Sections, func(s digest.SectionRule) bool { return s.Match == "" && len(s.Any) == 0 })
}

func (vs *views) pool(since int) (curate.Pool, error) {
	if p, ok := vs.pools[since]; ok {
		return p, nil
	}
	missed := slices.DeleteFunc(slices.Clone(vs.told), func(t digest.Told) bool { return t.Edition <= since })
	p, err := curate.Recall(missed, vs.base, vs.newsletter, vs.now)
	vs.pools[since] = p
	return p, err
}

// nameOf is what a view adds to a variant's key: "+culture@41" for the section
// Culture of what came after edition 41.
func (vs *views) nameOf(v *view) string {
	name := ""
	for _, t := range v.topics {
		name += "+" + slug(t)
	}
	if v.since != vs.number-1 {
		name += fmt.Sprintf("@%d", v.since)
	}
	unique := name
	for i := 2; vs.names[unique]; i++ {
		unique = fmt.Sprintf("%s~%d", name, i)
	}
	vs.names[unique] = true
	return unique
}

// slug is a name as part of a key, and of a file's name.
func slug(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), "-")
}

// readership is what an edition means for its readers.
type readership struct {
	served   []digest.Served
	variants []readVariant // by key
}

type readVariant struct {
	variant digest.Variant
	view    *view
	readers int
}

// members asks who is of a newsletter's segment, once for an edition; nil is
// everybody.
func (p *Publisher) members(ctx context.Context, n digest.Newsletter, now time.Time) (*digest.Members, error) {
	if n.Segment.Match == "" {
		return nil, nil
	}
	s, err := segment.Parse(n.Segment.Match)
	if err != nil {
		return nil, err
	}
	m, err := p.o.Store.Members(ctx, n.Lists, func(r digest.Subscriber, on []digest.Subscription) bool { return s.Holds(r, on, now) })
	if err != nil {
		return nil, fmt.Errorf("asking who is of segment %s: %w", n.Segment.Name, err)
	}
	return m, nil
}

// serve decides for each group of readers whether their time has come, and which
// variant they get.
func (p *Publisher) serve(ctx context.Context, n digest.Newsletter, d *Draft, now time.Time) (readership, error) {
	var out readership
	number := d.Frozen.Edition.Number
	members, err := p.members(ctx, n, now)
	if err != nil {
		return out, err
	}
	d.Frozen.Members = members
	audience, err := p.o.Store.Audience(ctx, digest.AudienceQuery{Newsletter: n.Name, Lists: n.Lists, Members: members, Now: now})
	if err != nil {
		return out, fmt.Errorf("counting the readers: %w", err)
	}
	appeared, err := p.o.Store.Appearances(ctx, n.Name, now.Add(-horizon))
	if err != nil {
		return out, err
	}
	floor := number - 1
	for k := range appeared {
		floor = min(floor, k-1)
	}
	told, err := p.told(ctx, n, audience, floor, number)
	if err != nil {
		return out, err
	}
	for i := range told {
		told[i].Interest = d.taste.Of(told[i].Article)
	}
	vs := newViews(n, number, d.Selection, told, now)
	variants := map[string]*readVariant{}
	add := func(v *view, language string, textOnly bool, readers int) string {
		variant := digest.Variant{Key: digest.VariantKey(language, textOnly) + v.name, Language: language, TextOnly: textOnly, Topics: v.topics, Since: v.since}
		if variants[variant.Key] == nil {
			variants[variant.Key] = &readVariant{variant: variant, view: v}
		}
		variants[variant.Key].readers += readers
		return variant.Key
	}
	add(vs.made[vs.asked(number-1, nil)], n.Language, false, 0) // always, so that there is something to look at
	for _, g := range inGroups(audience) {
		served := digest.Served{AudienceGroup: g}
		mark := g.Mark
		if mark < 0 {
			mark = number - 1
		}
		served.Due = isDue(g, appeared[mark], now, cmp.Or(n.Zone, time.UTC))
		if served.Due {
			v, err := vs.of(max(mark, floor), g.Topics)
			if err != nil {
				return out, err
			}
			if v.selection.Count() > 0 {
				served.Variant = add(v, cmp.Or(g.Language, n.Language), g.TextOnly, g.Readers)
			}
		}
		out.served = append(out.served, served)
	}
	for _, v := range variants {
		out.variants = append(out.variants, *v)
	}
	slices.SortFunc(out.variants, func(a, b readVariant) int { return cmp.Compare(a.variant.Key, b.variant.Key) })
	return out, nil
}

// isDue reports whether the time of a group has come, by the newsletter's
// calendar. A last edition of which nothing is known any more is long ago.
func isDue(g digest.AudienceGroup, last, now time.Time, zone *time.Location) bool {
	if !last.IsZero() {
		last = last.In(zone)
	}
	return !g.Snoozed && g.Cadence.Due(last, now.In(zone))
}

// told are the articles that readers who are behind may have missed.
func (p *Publisher) told(ctx context.Context, n digest.Newsletter, audience []digest.AudienceGroup, floor, number int) ([]digest.Told, error) {
	oldest := number - 1
	for _, g := range audience {
		if g.Mark >= 0 && !g.Snoozed {
			oldest = min(oldest, max(g.Mark, floor))
		}
	}
	if oldest == number-1 {
		return nil, nil
	}
	told, err := p.o.Store.Told(ctx, n.Name, oldest)
	if err != nil {
		return nil, fmt.Errorf("reading what earlier editions told: %w", err)
	}
	return told, nil
}

// inGroups puts the readers who are up to date and want everything first: they
// name the views that others share. The order owes nothing to the database.
func inGroups(audience []digest.AudienceGroup) []digest.AudienceGroup {
	out := slices.Clone(audience)
	slices.SortFunc(out, func(a, b digest.AudienceGroup) int {
		upToDate := func(m int) int {
			if m < 0 {
				return -1 << 30
			}
			return -m
		}
		return cmp.Or(
			cmp.Compare(upToDate(a.Mark), upToDate(b.Mark)), cmp.Compare(len(a.Topics), len(b.Topics)), slices.Compare(a.Topics, b.Topics),
			cmp.Compare(a.Language, b.Language), cmp.Compare(a.Cadence, b.Cadence), cmp.Compare(bit(a.TextOnly), bit(b.TextOnly)), cmp.Compare(bit(a.Snoozed), bit(b.Snoozed)),
		)
	})
	return out
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
