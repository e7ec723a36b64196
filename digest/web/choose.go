package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/zest-digest/zest/digest"
)

// choiceForm is what can be chosen about a newsletter, and what is.
type choiceForm struct {
	Topics    []option
	Cadences  []option
	Languages []option
	Hours     []option
	Snoozes   []option
	TextOnly  bool
	Zone      string // whose hours they are
	Snoozed   string // until which day, in words; empty when not
}

// option is one thing to choose.
type option struct {
	Value, Words, Lang string
	Chosen             bool
}

// snoozes are the pauses a reader may take, in days.
var snoozes = []int{14, 30, 90}

// choices are the options of a newsletter's form, with what was chosen.
func choices(p *page, n digest.Newsletter, c digest.Choice) choiceForm {
	f := choiceForm{TextOnly: c.TextOnly, Zone: zoneOf(n, c)}
	for _, topic := range n.Topics() {
		f.Topics = append(f.Topics, option{Value: topic, Words: topic, Chosen: slices.Contains(c.Topics, topic)})
	}
	for _, cadence := range digest.Cadences() {
		f.Cadences = append(f.Cadences, option{Value: cadence.String(), Words: p.T("cadence_" + cadence.String()), Chosen: c.Cadence == cadence})
	}
	f.Languages = append(f.Languages, option{Words: p.T("choose_default"), Chosen: c.Language == ""})
	for _, lang := range p.Languages() {
		f.Languages = append(f.Languages, option{Value: lang, Words: p.LanguageName(lang), Lang: lang, Chosen: c.Language == lang})
	}
	f.Hours = append(f.Hours, option{Words: p.T("choose_hour_none"), Chosen: c.Hour == ""})
	for hour := range 24 {
		value := fmt.Sprintf("%02d:00", hour)
		f.Hours = append(f.Hours, option{Value: value, Words: value, Chosen: c.Hour == value})
	}
	if c.Hour != "" && c.Hour[2:] != ":00" {
		f.Hours = append(f.Hours, option{Value: c.Hour, Words: c.Hour, Chosen: true})
	}
	f.Snoozes = append(f.Snoozes, option{Value: "none", Words: p.T("snooze_none"), Chosen: c.Snooze.IsZero()})
	if !c.Snooze.IsZero() {
		f.Snoozed = p.Day(c.Snooze.In(location(n, c)))
		f.Snoozes = append(f.Snoozes, option{Value: "keep", Words: p.Put("Day", f.Snoozed).T("snooze_keep"), Chosen: true})
	}
	for _, days := range snoozes {
		f.Snoozes = append(f.Snoozes, option{Value: fmt.Sprint(days), Words: p.T(fmt.Sprintf("snooze_%d", days))})
	}
	return f
}

func zoneOf(n digest.Newsletter, c digest.Choice) string { return location(n, c).String() }

func location(n digest.Newsletter, c digest.Choice) *time.Location {
	if zone, err := time.LoadLocation(c.Zone); err == nil && c.Zone != "" {
		return zone
	}
	if n.Zone != nil {
		return n.Zone
	}
	return time.UTC
}

// readChoice reads a form about a newsletter. Whatever the newsletter does not
// offer is a [*digest.InvalidError].
func readChoice(n digest.Newsletter, form url.Values, now time.Time) (digest.Choice, error) {
	var c digest.Choice
	for _, topic := range form["topic"] {
		if !slices.Contains(n.Topics(), topic) {
			return c, &digest.InvalidError{Field: "topic", Value: topic, Reason: "is not one of the newsletter's"}
		}
		c.Topics = append(c.Topics, topic)
	}
	if len(c.Topics) == len(n.Topics()) {
		c.Topics = nil // all of them are all, also those that come later
	}
	c.Cadence, c.Hour = digest.Cadence(form.Get("cadence")), form.Get("hour")
	c.Language, c.TextOnly = form.Get("edition_language"), form.Get("text_only") == "yes"
	for _, days := range snoozes {
		if form.Get("snooze") == fmt.Sprint(days) {
			c.Snooze = now.AddDate(0, 0, days)
		}
	}
	return c.Clean()
}

// preferencesPage is what the page of preferences has of its own.
type preferencesPage struct {
	Choice  choiceForm
	Leave   string // address of the page to leave
	Waiting bool   // asked, and not confirmed
	Left    bool
	Saved   bool
}

func (s *Server) preferences(w http.ResponseWriter, r *http.Request) {
	v, ok := s.admit(w, r, digest.PurposePreferences)
	if !ok {
		return
	}
	if err := s.showPreferences(w, r, v, false); err != nil {
		s.broken(w, r, err)
	}
}

// chosen is what a reader asked for on the first of a newsletter's lists that
// they are on: its form sets them all alike.
func (s *Server) chosen(ctx context.Context, v visitor) (digest.Choice, []string, error) {
	states, err := s.o.Store.States(ctx, v.reader.ID, v.newsletter.Lists)
	if err != nil {
		return digest.Choice{}, nil, err
	}
	var on []string
	for _, list := range v.newsletter.Lists {
		if _, known := states[list]; known {
			on = append(on, list)
		}
	}
	if len(on) == 0 {
		return digest.Choice{}, nil, nil
	}
	for _, list := range on {
		if states[list] == digest.SubConfirmed {
			c, err := s.o.Store.Choice(ctx, v.reader.ID, list)
			return c, on, err
		}
	}
	c, err := s.o.Store.Choice(ctx, v.reader.ID, on[0])
	return c, on, err
}

func (s *Server) showPreferences(w http.ResponseWriter, r *http.Request, v visitor, saved bool) error {
	c, _, err := s.chosen(r.Context(), v)
	if err != nil {
		return err
	}
	states, err := s.o.Store.States(r.Context(), v.reader.ID, v.newsletter.Lists)
	if err != nil {
		return err
	}
	if !c.Snooze.After(s.o.Now()) {
		c.Snooze = time.Time{}
	}
	p := s.visit(r, v, "choose_title")
	if c.Language != "" && r.URL.Query().Get("lang") == "" {
		p.Lang = s.site.words.Spoken(c.Language)
	}
	content := preferencesPage{Choice: choices(p, v.newsletter, c), Saved: saved, Left: true}
	for _, state := range states {
		content.Left = content.Left && state == digest.SubLeft
		content.Waiting = content.Waiting || state == digest.SubPending
	}
	leave := v.ticket
	leave.Purpose, leave.Expires = digest.PurposeUnsubscribe, time.Time{}
	content.Leave = p.Link("u/" + s.keys.ring().Seal(leave))
	p.Content = content
	s.render(w, r, http.StatusOK, "choose", p)
	return nil
}

func (s *Server) choose(w http.ResponseWriter, r *http.Request) {
	v, ok := s.admit(w, r, digest.PurposePreferences)
	if !ok {
		return
	}
	form, ok := s.form(w, r)
	if !ok {
		return
	}
	if form.Get("data") == "yes" {
		s.sendData(w, r, v)
		return
	}
	if err := s.saveChoice(r.Context(), v, form); err != nil {
		var invalid *digest.InvalidError
		if errors.As(err, &invalid) {
			s.notice(w, r, v.newsletter, http.StatusUnprocessableEntity, "unreadable")
			return
		}
		s.broken(w, r, err)
		return
	}
	if err := s.showPreferences(w, r, v, true); err != nil {
		s.broken(w, r, err)
	}
}

func (s *Server) saveChoice(ctx context.Context, v visitor, form url.Values) error {
	before, on, err := s.chosen(ctx, v)
	if err != nil {
		return err
	}
	after, err := readChoice(v.newsletter, form, s.o.Now())
	if err != nil {
		return err
	}
	if after.Language != "" && !s.site.words.Speaks(after.Language) {
		return &digest.InvalidError{Field: "language", Value: after.Language, Reason: "is not one that we speak"}
	}
	after.Zone = before.Zone
	if form.Get("snooze") == "keep" {
		after.Snooze = before.Snooze
	}
	for _, list := range on {
		if err := s.o.Store.SetChoice(ctx, v.reader.ID, list, after); err != nil {
			return err
		}
	}
	return nil
}
