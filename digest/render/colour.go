package render

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// The colours of every theme: warm near-white and near-black, never the pure
// ones, and two greys. Only the accent is the operator's.
const (
	lightGround, lightInk, lightQuiet, lightRule = "#fbf9f5", "#1f1d1a", "#625d54", "#ddd7cb"
	darkGround, darkInk, darkQuiet, darkRule     = "#1c1a17", "#ece7de", "#b0a99c", "#45403a"
	defaultAccent                                = "#a33a22"
)

// readable is the least contrast of text (WCAG 2.2, 1.4.3).
const readable = 4.5

// palette is the colours of one newsletter.
type palette struct {
	ground             string
	accent, accentDark string
}

func newPalette(l digest.Look) (palette, error) {
	p := palette{ground: lightGround, accent: cmp.Or(l.Accent, defaultAccent), accentDark: l.AccentDark}
	c, err := contrast(p.accent, lightGround)
	if err != nil {
		return p, &digest.InvalidError{Field: "accent", Value: p.accent, Reason: err.Error()}
	}
	if c < readable {
		return p, &digest.InvalidError{Field: "accent", Value: p.accent, Reason: fmt.Sprintf("has a contrast of %.1f on the light ground; text needs 4.5, so take a darker one", c)}
	}
	if p.accentDark == "" {
		p.accentDark = lighten(p.accent)
	}
	if c, err = contrast(p.accentDark, darkGround); err != nil {
		return p, &digest.InvalidError{Field: "accent_dark", Value: p.accentDark, Reason: err.Error()}
	} else if c < readable {
		return p, &digest.InvalidError{Field: "accent_dark", Value: p.accentDark, Reason: fmt.Sprintf("has a contrast of %.1f on the dark ground; text needs 4.5, so take a lighter one", c)}
	}
	return p, nil
}

// paint puts the colours into a style sheet. The longer names come first: each
// begins where a shorter one could.
func (p palette) paint(css string) string {
	return strings.NewReplacer(
		"DARKGROUND", darkGround, "DARKINK", darkInk, "DARKQUIET", darkQuiet, "DARKRULE", darkRule, "DARKACCENT", p.accentDark,
		"GROUND", lightGround, "INK", lightInk, "QUIET", lightQuiet, "RULE", lightRule, "ACCENT", p.accent,
	).Replace(css)
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
		if r, _ := contrast(out, darkGround); r >= 6 {
			return out
		}
	}
	return darkInk
}
