package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
	"github.com/zest-digest/zest/digest/schedule"
)

// newsletter checks one newsletter.
func (v *validator) newsletter(at string, n Newsletter) {
	v.required(at, n)
	v.language(at+".language", n.Language)
	if _, err := loadZone(n.Zone); err != nil {
		v.add(at+".zone", "%q: not a time zone; write one like Europe/Paris", n.Zone)
	}
	for i, s := range n.Sources {
		v.sourceRef(fmt.Sprintf("%s.sources[%d]", at, i), s)
	}
	for i, l := range n.Lists {
		if known := v.c.listNames(); !slices.Contains(known, l) {
			v.add(fmt.Sprintf("%s.lists[%d]", at, i), "list %q: not found%s", l, didYouMean(l, known))
		}
	}
	if known := names(v.c.Segments, func(s Segment) string { return s.Name }); n.Segment != "" && !slices.Contains(known, n.Segment) {
		v.add(at+".segment", "segment %q: not found%s", n.Segment, didYouMean(n.Segment, known))
	}
	v.within(at+".min", n.Min, 0, 1000)
	v.within(at+".max", n.Max, max(1, n.Min), 1000)
	v.within(at+".max_per_source", n.MaxPerSource, 0, 1000)
	v.within(at+".min_words", n.MinWords, 0, 100_000)
	if n.MaxWords != 0 {
		v.within(at+".max_words", n.MaxWords, max(1, n.MinWords), 1_000_000)
	}
	if n.MaxArticleAge < 0 {
		v.add(at+".max_article_age", "must not be negative")
	}
	v.within(at+".summary_chars", n.SummaryChars, 40, 5000)
	v.within(at+".clip_bytes", n.ClipBytes, 20_000, 1_000_000)
	for i, s := range n.Sections {
		if s.Name == "" {
			v.add(itemPath(at+".sections", i, s.Name)+".name", "is missing")
		}
		v.within(itemPath(at+".sections", i, s.Name)+".max", s.Max, 0, 1000)
	}
	v.look(at, n)
	v.calendar(at, n)
	v.oneOf(at+".images", n.Images, string(digest.ImagesLink), string(digest.ImagesEmbed), string(digest.ImagesHost))
	v.positive(at+".max_age", n.MaxAge)
	v.oneOf(at+".on_unknown", n.OnUnknown, string(digest.UnknownResend), string(digest.UnknownLeave))
	v.oneOf(at+".archive", n.Archive, string(digest.ArchivePublic), string(digest.ArchiveUnlisted), string(digest.ArchiveNone))
	v.domain(at+".list_id", n.ListID)
	v.domain(at+".bounce_domain", n.BounceDomain)
}

// required checks what has no default: who writes, from where, out of what.
func (v *validator) required(at string, n Newsletter) {
	if n.From == "" {
		v.add(at+".from", "is missing; write one like \"Hebdo <hebdo@example.org>\"")
	} else {
		v.mailbox(at+".from", n.From)
	}
	if e := n.Summaries; e.URL != "" && !isWeb(e.URL) {
		v.add(at+".summaries.url", "%q: must be a web address, for example http://localhost:11434/v1", e.URL)
	} else if e.URL != "" && e.Model == "" {
		v.add(at+".summaries.model", "is missing; name the model that is to write")
	}
	if f := n.Feedback; f.Rank && !f.Clicks && !f.MoreLess {
		v.add(at+".feedback.rank", "has nothing to rank by; switch on clicks or more_less")
	}
	if n.Summaries.Timeout < 0 {
		v.add(at+".summaries.timeout", "must not be negative")
	}
	if n.Editor != "" {
		v.mailbox(at+".editor", n.Editor)
	}
	if n.ReplyTo != "" {
		v.mailbox(at+".reply_to", n.ReplyTo)
	}
	if strings.TrimSpace(n.PostalAddress) == "" {
		v.add(at+".postal_address", "is missing; the law asks for it in every message")
	}
	if len(n.Sources) == 0 {
		v.add(at+".sources", "is missing; list names of sources, or addresses of feeds")
	}
	for _, line := range []struct{ key, value string }{{"title", n.Title}, {"subject", n.Subject}, {"summary", n.Summary}} {
		if strings.ContainsAny(line.value, "\r\n") {
			v.add(at+"."+line.key, "holds a line break; it stands in a header")
		}
	}
}

// calendar checks when a newsletter goes out: what can never come is refused
// here, not at seven on a Monday.
func (v *validator) calendar(at string, n Newsletter) {
	for i, line := range n.Schedule {
		if _, err := schedule.Parse(line); err != nil {
			v.reason(fmt.Sprintf("%s.schedule[%d]", at, i), err)
		}
	}
	for i, line := range n.Blackout {
		if _, err := schedule.ParseBlackout(line); err != nil {
			v.reason(fmt.Sprintf("%s.blackout[%d]", at, i), err)
		}
	}
	v.oneOf(at+".missed", n.Missed, string(digest.MissedSend), string(digest.MissedSkip), string(digest.MissedAsk))
	v.positive(at+".missed_within", n.MissedWithin)
}

// reason tells an [*digest.InvalidError] under the key it was written at.
func (v *validator) reason(field string, err error) {
	var invalid *digest.InvalidError
	if errors.As(err, &invalid) {
		v.add(field, "%q: %s", invalid.Value, invalid.Reason)
		return
	}
	v.add(field, "%v", err)
}

func (v *validator) look(at string, n Newsletter) {
	for _, c := range []struct{ key, value string }{{"accent", n.Accent}, {"accent_dark", n.AccentDark}} {
		if c.value != "" && !colour().MatchString(c.value) {
			v.add(at+"."+c.key, "%q: not a colour; write one like \"#0b5c8a\", in quotes", c.value)
		}
	}
	for _, l := range []struct{ key, value string }{{"logo", n.Logo}, {"logo_dark", n.LogoDark}} {
		if l.value != "" && !isWeb(l.value) {
			v.add(at+"."+l.key, "%q: must be a web address, for example https://example.org/logo.png", l.value)
		}
	}
}

func (v *validator) sourceRef(field, ref string) {
	if isDirect(ref) {
		v.location(field, ref)
		return
	}
	if !slices.ContainsFunc(v.c.Sources, func(s Source) bool { return s.Name == ref }) {
		v.add(field, "source %q: not found%s", ref, didYouMean(ref, names(v.c.Sources, func(s Source) string { return s.Name })))
	}
}

// isDirect tells an address or a path from the name of a source.
func isDirect(ref string) bool {
	return strings.ContainsAny(ref, `/\`) || ref == "." || ref == ".."
}

// unused finds sources that no newsletter names: a typing error in one of the
// two, or a forgotten line.
func (v *validator) unused() {
	used := map[string]bool{}
	for _, n := range v.c.Newsletters {
		for _, s := range n.Sources {
			used[s] = true
		}
	}
	for i, s := range v.c.Sources {
		if s.Name != "" && !used[s.Name] {
			v.add(itemPath("sources", i, s.Name), "no newsletter names it; add it to the sources of one, or remove it")
		}
	}
}

func (c *Config) listNames() []string {
	known := names(c.Lists, func(l List) string { return l.Name })
	for _, n := range c.Newsletters {
		known = append(known, n.Name)
	}
	return known
}

// AllLists are the lists declared, and those that newsletters have without
// declaring them: one named like the newsletter, and public.
func (c *Config) AllLists() []List {
	lists := slices.Clone(c.Lists)
	for i := range lists {
		if lists[i].Title == "" {
			lists[i].Title = titleOf(lists[i].Name)
		}
	}
	for _, n := range c.Newsletters {
		declared := slices.ContainsFunc(lists, func(l List) bool { return l.Name == n.Name })
		if !declared && slices.Contains(n.Lists, n.Name) {
			implied := defaultList()
			implied.Name, implied.Title = n.Name, n.Title
			lists = append(lists, implied)
		}
	}
	return lists
}

// Newsletter resolves the newsletter of this name: its sources, its zone and
// what depends on other parts of the file. The error wraps
// [digest.ErrNotFound] when there is none.
func (c *Config) Newsletter(name string) (digest.Newsletter, error) {
	i := slices.IndexFunc(c.Newsletters, func(n Newsletter) bool { return n.Name == name })
	if i < 0 {
		known := names(c.Newsletters, func(n Newsletter) string { return n.Name })
		return digest.Newsletter{}, fmt.Errorf("newsletter %q: %w%s", name, digest.ErrNotFound, didYouMean(name, known))
	}
	n := c.Newsletters[i]
	from, err := address.ParseMailbox(n.From)
	if err != nil {
		return digest.Newsletter{}, fmt.Errorf("reading the sender of %s: %w", name, err)
	}
	if from.Name == "" {
		from.Name = n.Title
	}
	var reply digest.Address
	if n.ReplyTo != "" {
		if reply, err = address.ParseMailbox(n.ReplyTo); err != nil {
			return digest.Newsletter{}, fmt.Errorf("reading the reply address of %s: %w", name, err)
		}
	}
	var editor digest.Address
	if n.Editor != "" {
		if editor, err = address.ParseMailbox(n.Editor); err != nil {
			return digest.Newsletter{}, fmt.Errorf("reading the editor of %s: %w", name, err)
		}
	}
	zone, err := loadZone(n.Zone)
	if err != nil {
		return digest.Newsletter{}, fmt.Errorf("reading the zone of %s: %w", name, err)
	}
	sources := c.sourcesOf(n)
	return digest.Newsletter{
		Name: n.Name, Title: n.Title, Description: n.Description,
		Language: languageOf(n, sources), From: from, ReplyTo: reply,
		PostalAddress: strings.TrimSpace(n.PostalAddress), PublicURL: c.PublicURL,
		ListID:       orElse(n.ListID, n.Name+"."+address.Domain(from.Email)),
		BounceDomain: n.BounceDomain, Sources: sources, Lists: slices.Clone(n.Lists), Segment: c.segment(n.Segment),
		Zone: zone, Schedule: slices.Clone(n.Schedule), Blackout: slices.Clone(n.Blackout),
		Missed: digest.MissedPolicy(n.Missed), MissedWithin: n.MissedWithin, Rules: rulesOf(n),
		Look: digest.Look{Theme: n.Theme, Accent: n.Accent, AccentDark: n.AccentDark,
			Logo: n.Logo, LogoDark: n.LogoDark, Footer: n.Footer},
		Images:   digest.ImageMode(n.Images),
		Joinable: c.joinable(n.Lists), Subject: n.Subject, Summary: n.Summary, Intro: n.Intro, Approve: n.Approve, Editor: editor.Email,
		Endpoint: digest.Endpoint{URL: n.Summaries.URL, Model: n.Summaries.Model, Key: string(n.Summaries.Key), Timeout: n.Summaries.Timeout}, Feedback: digest.Feedback(n.Feedback), MaxAge: n.MaxAge,
		OnUnknown: digest.UnknownPolicy(n.OnUnknown), Archive: digest.ArchivePolicy(n.Archive),
	}, nil
}

func (c *Config) segment(name string) digest.Segment {
	for _, s := range c.Segments {
		if s.Name == name {
			return digest.Segment(s)
		}
	}
	return digest.Segment{}
}

// Segment finds a segment by its name; [digest.ErrNotFound] when there is none.
func (c *Config) Segment(name string) (digest.Segment, error) {
	if s := c.segment(name); s.Name != "" {
		return s, nil
	}
	return digest.Segment{}, fmt.Errorf("segment %q: %w%s", name, digest.ErrNotFound, didYouMean(name, names(c.Segments, func(s Segment) string { return s.Name })))
}

func rulesOf(n Newsletter) digest.Rules {
	r := digest.Rules{Min: n.Min, Max: n.Max, MaxPerSource: n.MaxPerSource,
		MinWords: n.MinWords, MaxWords: n.MaxWords, MaxAge: n.MaxArticleAge,
		SummaryChars: n.SummaryChars, ClipBytes: n.ClipBytes,
		Include: slices.Clone(n.Include), Exclude: slices.Clone(n.Exclude), Pins: slices.Clone(n.Pins)}
	for _, b := range n.Boosts {
		r.Boosts = append(r.Boosts, digest.Boost(b))
	}
	for _, s := range n.Sections {
		r.Sections = append(r.Sections, digest.SectionRule(s))
	}
	return r
}

// languageOf is the newsletter's language, else the one that all its sources
// have, else English.
func languageOf(n Newsletter, sources []digest.Source) string {
	if n.Language != "" {
		return n.Language
	}
	common := ""
	for _, s := range sources {
		if s.Language == "" || common != "" && s.Language != common {
			return "en"
		}
		common = s.Language
	}
	return orElse(common, "en")
}

// sourcesOf resolves the sources of a newsletter, in its order.
func (c *Config) sourcesOf(n Newsletter) (out []digest.Source) {
	declared := make(map[string]Source, len(c.Sources))
	for _, s := range c.Sources {
		declared[s.Name] = s
	}
	dir := filepath.Dir(c.resolve(filepath.Base(c.file)))
	for _, ref := range n.Sources {
		s := defaultSource()
		s.Name, s.URL = directName(ref), ref
		if !isWeb(ref) {
			s.URL = c.resolve(ref)
		}
		if d, named := declared[ref]; named {
			s = d
		}
		out = append(out, s.resolved(dir))
	}
	return out
}

// directName names a source that was given by its address. Two newsletters
// that name one address share the source; http or https is the same one.
func directName(ref string) string {
	_, rest, found := strings.Cut(ref, "://")
	if !found {
		return filepath.ToSlash(filepath.Clean(ref))
	}
	if user, after, found := strings.Cut(rest, "@"); found && !strings.Contains(user, "/") {
		rest = after // what is stored and shown holds no password
	}
	return strings.TrimSuffix(rest, "/")
}

// loadZone refuses the zone of the machine: a newsletter goes out at the same
// hour wherever it runs.
func loadZone(name string) (*time.Location, error) {
	if name == "Local" {
		return nil, fmt.Errorf("zone %q: name one, like Europe/Paris", name)
	}
	return time.LoadLocation(name)
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// joinable are the lists that strangers may join.
func (c *Config) joinable(lists []string) []string {
	var out []string
	for _, l := range c.AllLists() {
		if l.Public && slices.Contains(lists, l.Name) {
			out = append(out, l.Name)
		}
	}
	return out
}
