package render

import (
	"testing"

	"github.com/zest-digest/zest/digest"
)

// Every colour of text on everything it lies on, by day and by night, for
// accents from the whole circle that pass the check.
func TestEveryColourOfTextReadsOnItsGround(t *testing.T) {
	for _, accent := range []string{"", "#0b5c8a", "#a33a22", "#1b5e20", "#5b2a86", "#000000", "#7a4b00", "#b0005a", "#00f", "#123456"} {
		p, err := newPalette(digest.Look{Accent: accent})
		if err != nil {
			t.Errorf("%s: %v", accent, err)
			continue
		}
		for _, dark := range []string{"", "dark-"} {
			for _, ground := range []string{"ground", "paper"} {
				for _, text := range []string{"ink", "quiet", "accent"} {
					c, err := contrast(p[dark+text], p[dark+ground])
					if err != nil || c < readable {
						t.Errorf("accent %q: %s%s on %s: %.2f, %v", accent, dark, text, ground, c, err)
					}
				}
			}
			// The words in the place of a picture that did not load.
			if c, _ := contrast(p[dark+"quiet"], p[dark+"rule"]); c < readable {
				t.Errorf("%squiet on a tile: %.2f", dark, c)
			}
		}
	}
}

func TestStrangersTextIsOneQuietLine(t *testing.T) {
	for in, want := range map[string]string{
		"a\n\tb\u00a0c":        "a b\u00a0c",
		"\u202eevil\u202c":     "evil",
		"a\x00b\x1bc":          "abc",
		"so\u00adft":           "soft",
		"\xff\xfebroken":       "broken",
		"  spaces   between  ": "spaces between",
	} {
		if got := flat(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestNoStrangerHoldsAToken(t *testing.T) {
	for _, in := range []string{"@@email@@", "@@@@email@@@@", "@@@email@@@", "a@@b@@@@"} {
		for i, r := range guard(in) {
			if r == '@' && i > 0 && guard(in)[i-1] == '@' {
				t.Errorf("%q became %q", in, guard(in))
			}
		}
	}
}

func TestOnlyAddressesThatLead(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.org/a?b=c&d=e#f": "https://example.org/a?b=c&d=e#f",
		" https://example.org/ ":          "https://example.org/",
		"javascript:alert(1)":             "",
		"data:text/html,x":                "",
		"https:///nowhere":                "",
		"/relative":                       "",
		"https://a.example/@@email@@":     "https://a.example/%40%40email%40%40",
		"https://a.example/\r\nBcc: x":    "",
		"https://a.example/été":           "https://a.example/été",
		"mailto:a@example.org":            "mailto:a@example.org",
	} {
		if got := address(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestALongSummaryEndsBetweenHeadlines(t *testing.T) {
	for in, want := range map[string]string{
		"one · two":                  "one · two",
		"the first · the second one": "the first",
		"a single long headline":     "a single…",
		"Donaudampfschifffahrt":      "Donaudampfsch…",
	} {
		if got := shorten(in, 13); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestFrenchTypography(t *testing.T) {
	for in, want := range map[string]string{
		"Qui l'a dit ? « Personne ! » : 50 %": "Qui l’a dit\u00a0? «\u00a0Personne\u00a0!\u00a0»\u00a0: 50\u00a0%",
		"les années '90 et 'rock'":            "les années '90 et 'rock'",
	} {
		if got := typeset("fr", in); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := typeset("en", "What's that ?"); got != "What's that ?" {
		t.Errorf("English was touched: %q", got)
	}
}
