package digest

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrHeld says that an edition was made and waits for its editor.
var ErrHeld = errors.New("held for approval")

// PlanID names a saved plan. Zero means "not saved".
type PlanID int64

// PlanState is where a saved plan stands.
type PlanState string

// The states of a plan.
const (
	PlanSaved    PlanState = "saved" // somebody may send it
	PlanHeld     PlanState = "held"  // it waits for the editor
	PlanSent     PlanState = "sent"
	PlanCanceled PlanState = "canceled"
)

// Plan is an edition that was decided and not yet frozen: which stories, in
// which order. It is sent as it is, or not at all.
type Plan struct {
	ID         PlanID
	Newsletter string
	Number     int // of the edition that it will be
	Slot       string
	State      PlanState
	Made       time.Time
	Subject    string // given by the editor; empty for the newsletter's template
	Intro      string
	Stories    []PlannedStory
	Dropped    []PlannedStory    // by the editor; they are never told
	Settings   map[string]string // fingerprints of what the operator had decided, by name
}

// Ref is the name of the edition that a plan will be.
func (p Plan) Ref() string { return Edition{Newsletter: p.Newsletter, Number: p.Number}.Ref() }

// Open reports whether a plan can still be sent.
func (p Plan) Open() bool { return p.State == PlanSaved || p.State == PlanHeld }

// PlannedStory is one story of a plan.
type PlannedStory struct {
	Section  string
	Title    string
	URL      string
	Articles []ArticleID // the one whose card tells it, then the others
	Prints   []string    // fingerprints of their texts
}

// find is the place of the story with an address.
func (p Plan) find(url string) (int, error) {
	i := slices.IndexFunc(p.Stories, func(s PlannedStory) bool { return s.URL == url || s.URL == CanonicalURL(url) })
	if i < 0 {
		return i, &InvalidError{Field: "story", Value: url, Reason: "is not one of " + p.Ref()}
	}
	return i, nil
}

// Drop takes a story out for good: no later edition tells it either.
func (p *Plan) Drop(url string) error {
	i, err := p.find(url)
	if err != nil {
		return err
	}
	if len(p.Stories) == 1 {
		return &InvalidError{Field: "story", Value: url, Reason: "is the only one left; cancel " + p.Ref() + " instead"}
	}
	p.Dropped = append(p.Dropped, p.Stories[i])
	p.Stories = slices.Delete(p.Stories, i, i+1)
	return nil
}

// Move puts a story at a place, from 1; the first one leads. A section other
// than "" takes it there.
func (p *Plan) Move(url string, place int, section string) error {
	i, err := p.find(url)
	if err != nil {
		return err
	}
	if place < 1 || place > len(p.Stories) {
		return &InvalidError{Field: "place", Value: fmt.Sprint(place), Reason: fmt.Sprintf("must be between 1 and %d", len(p.Stories))}
	}
	s := p.Stories[i]
	if section != "" {
		s.Section = section
	}
	p.Stories = slices.Insert(slices.Delete(p.Stories, i, i+1), place-1, s)
	return nil
}

// Inputs are what a proof was rendered from: enough to render it again.
type Inputs struct {
	Newsletter Newsletter // without its sources
	Edition    Edition    // as this variant tells it
	WebURL     string
	Templates  string // fingerprint of the theme's files
}
