package render

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// The colours of every theme: warm near-white and near-black, never the pure
// ones, and two greys. Only the accent is the operator's. Paper is what lies on
// the ground; it stands further from the ink than the ground does, by day and by
// night, so what reads on the ground is checked and the rest follows.
const (
	lightGround, lightPaper, lightInk, lightQuiet, lightRule = "#f9f7f2", "#fefdfb", "#1f1d1a", "#625d54", "#ded8cc"
	darkGround, darkPaper, darkInk, darkQuiet, darkRule      = "#1b1916", "#24211d", "#ece7de", "#bbb4a7", "#48433b"
	defaultAccent                                            = "#a33a22"
)

// readable is the least contrast of text (WCAG 2.2, 1.4.3).
const readable = 4.5

// palette is the colours of one newsletter, by the names style sheets use.
type palette map[string]string

func newPalette(l digest.Look) (palette, error) {
	accent := cmp.Or(l.Accent, defaultAccent)
	if err := reads("accent", accent, "light", lightGround, "darker"); err != nil {
		return nil, err
	}
	dark := cmp.Or(l.AccentDark, lighten(accent))
	if err := reads("accent_dark", dark, "dark", darkPaper, "lighter"); err != nil {
		return nil, err
	}
	return palette{
		"ground": lightGround, "paper": lightPaper, "ink": lightInk, "quiet": lightQuiet, "rule": lightRule, "accent": accent,
		"dark-ground": darkGround, "dark-paper": darkPaper, "dark-ink": darkInk, "dark-quiet": darkQuiet, "dark-rule": darkRule, "dark-accent": dark,
	}, nil
}

// reads refuses a colour of text that cannot be read on its ground.
func reads(field, colour, ground, on, remedy string) error {
	c, err := contrast(colour, on)
	if err != nil {
		return &digest.InvalidError{Field: field, Value: colour, Reason: err.Error()}
	}
	if c < readable {
		reason := fmt.Sprintf("has a contrast of %.1f on the %s ground; text needs %.1f, so take a %s one", c, ground, readable, remedy)
		return &digest.InvalidError{Field: field, Value: colour, Reason: reason}
	}
	return nil
}

var (
	colourName = regexp.MustCompile(`\$[a-z-]+`)
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
)

// sheet is a style sheet as written, with the name of its file.
type sheet struct{ file, css string }

// paint puts the colours into a style sheet and drops its comments. An error
// names the file and the line.
func (p palette) paint(s sheet) (string, error) {
	css := cssComment.ReplaceAllStringFunc(s.css, func(c string) string { return strings.Repeat("\n", strings.Count(c, "\n")) })
	for at, line := range strings.Split(css, "\n") {
		for _, name := range colourName.FindAllString(line, -1) {
			if p[name[1:]] == "" {
				known := slices.Sorted(maps.Keys(p))
				return "", fmt.Errorf("%s:%d: %s is no colour; there are $%s", s.file, at+1, name, strings.Join(known, ", $"))
			}
		}
	}
	return colourName.ReplaceAllStringFunc(css, func(name string) string { return p[name[1:]] }), nil
}

func rgb(hex string) ([3]float64, error) {
	var out [3]float64
	digits, ok := strings.CutPrefix(hex, "#")
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	if !ok || len(digits) != 6 || err != nil {
		return out, fmt.Errorf("is not a colour such as #a33a22")
	}
	return [3]float64{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}, nil
}

// luminance is WCAG's relative luminance.
func luminance(c [3]float64) float64 {
	for i, v := range c {
		if v <= 0.04045 {
			c[i] = v / 12.92
		} else {
			c[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
}

// contrast is WCAG's ratio of two colours, 1 to 21.
func contrast(a, b string) (float64, error) {
	x, err := rgb(a)
	if err != nil {
		return 0, err
	}
	y, err := rgb(b)
	if err != nil {
		return 0, err
	}
	l, m := luminance(x), luminance(y)
	return (max(l, m) + 0.05) / (min(l, m) + 0.05), nil
}

// lighten moves a colour towards white until it reads well on the dark ground.
func lighten(hex string) string {
	c, err := rgb(hex)
	if err != nil {
		return hex
	}
	for step := range 21 {
		t := float64(step) / 20
		out := "#"
		for _, v := range c {
			out += fmt.Sprintf("%02x", int(math.Round(255*(v+(1-v)*t))))
		}
		if r, _ := contrast(out, darkPaper); r >= 6 {
			return out
		}
	}
	return darkInk
}

// Accents are a newsletter's accent by day and by night, as its messages have
// them, for what else is to look like them.
func Accents(l digest.Look) (day, night string) {
	p, err := newPalette(l)
	if err != nil {
		p, _ = newPalette(digest.Look{})
	}
	return p["accent"], p["dark-accent"]
}
