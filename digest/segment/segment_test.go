package segment_test

import (
	"errors"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/segment"
)

func TestHolds(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	zoe := digest.Subscriber{Email: "zoe@example.org", Name: "Zoé", Language: "fr", Created: now.AddDate(-1, 0, 0),
		Attributes: map[string]any{"city": "Brest", "age": int64(41), "club": true, "tags": []any{"a", "b"}, "born": "1985-03-04"}}
	on := []digest.Subscription{{List: "tech", State: digest.SubConfirmed}, {List: "news", State: digest.SubLeft}, {List: "old", State: digest.SubPending}}
	for expression, want := range map[string]bool{
		`attributes.city == "Brest"`:                     true,
		`attributes.city in ["Brest", "Quimper"]`:        true,
		`attributes.age >= 41 and attributes.age < 42.5`: true,
		`attributes.club`:                                true,
		`"b" in attributes.tags`:                         true,
		`attributes.born < "1990"`:                       true,
		`"tech" in lists and not ("news" in lists)`:      true,
		`"news" in left`:                                 true,
		`"old" in lists`:                                 false,
		`domain == "example.org" && language == "fr"`:    true,
		`now - created > duration("8000h")`:              true,
		`attributes.nothing == "x"`:                      false,
		`attributes.nothing > 3`:                         false, // nobody can say
		`attributes.city > 3`:                            false,
		`attributes.nothing == nil`:                      true,
		`name startsWith "Z"`:                            true,
	} {
		s, err := segment.Parse(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if got := s.Holds(zoe, on, now); got != want {
			t.Errorf("%s: %v", expression, got)
		}
	}
	if s, _ := segment.Parse(`attributes.city == "Brest"`); s.Holds(digest.Subscriber{Email: "a@b.org"}, nil, now) {
		t.Error("a reader without attributes")
	}
}

func TestAMistakeIsFoundBeforeAnythingIsSent(t *testing.T) {
	for _, wrong := range []string{``, `city == "Brest"`, `lists`, `"x" in`, `1 + 1`, `unknown()`} {
		_, err := segment.Parse(wrong)
		var invalid *digest.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
