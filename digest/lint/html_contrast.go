package lint

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// minContrast is what text needs (WCAG 2.2, 1.4.3). The exception for large
// text is not made use of: a mail is read in the sun, too.
const minContrast = 4.5

// ground is the colour of text and of what lies behind it; known is false behind
// pictures and where a colour could not be read.
type ground struct {
	text, back   [3]float64
	known, shown bool
}

// checkContrast compares every text with its ground, in light and in dark.
func (p *page) checkContrast() {
	light := ground{text: [3]float64{0, 0, 0}, back: [3]float64{1, 1, 1}, known: true, shown: true}
	p.contrast(p.root, light, false, map[string]bool{})
	if len(p.dark) > 0 {
		p.contrast(p.root, light, true, map[string]bool{})
	}
}

func (p *page) contrast(n *html.Node, g ground, dark bool, seen map[string]bool) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode && strings.TrimSpace(c.Data) != "":
			p.compare(n, g, dark, seen)
		case c.Type == html.ElementNode && c.Data != "style" && c.Data != "head" && c.Data != "script":
			if under := p.ground(c, g, dark); under.shown {
				p.contrast(c, under, dark, seen)
			}
		}
	}
}

// compare reports each pair of colours once.
func (p *page) compare(n *html.Node, g ground, dark bool, seen map[string]bool) {
	ratio := contrast(g.text, g.back)
	if !g.known || ratio >= minContrast-0.005 {
		return
	}
	pair := colorName(g.text) + " on " + colorName(g.back)
	if seen[pair] {
		return
	}
	seen[pair] = true
	mode := ""
	if dark {
		mode = " in the dark"
	}
	p.add(Hard, line(n), "contrast", "%s%s has a contrast of %.1f:1; text needs %.1f:1", pair, mode, ratio, minContrast)
}

// ground applies an element's own colours to those it inherits.
func (p *page) ground(n *html.Node, g ground, dark bool) ground {
	if v := attr(n, "bgcolor"); v != "" {
		g.paint(v)
	}
	if _, ok := lookup(n, "href"); ok && n.Data == "a" {
		g.text, _, _ = color("#0000ee") // the colour of links in browsers
	}
	if v := attr(n, "color"); v != "" && n.Data == "font" {
		g.ink(v)
	}
	g.wear(declared(n))
	if dark {
		for _, r := range p.dark {
			if r.selector.Match(n) {
				g.wear(r.style)
			}
		}
	}
	return g
}

func (g *ground) wear(s style) {
	for _, d := range s {
		switch d.prop {
		case "color":
			g.ink(d.value)
		case "background-color":
			g.paint(d.value)
		case "background":
			g.paint(d.value)
		case "background-image":
			g.known = g.known && d.value == "none"
		case "display":
			g.shown = d.value != "none"
		}
	}
}

func (g *ground) ink(v string) {
	if v == "inherit" || v == "currentcolor" {
		return
	}
	c, alpha, ok := color(v)
	if !ok {
		g.known = false
		return
	}
	g.text = blend(c, g.back, alpha)
}

func (g *ground) paint(v string) {
	if v == "none" || v == "inherit" || v == "initial" {
		return
	}
	c, alpha, ok := color(v)
	if !ok {
		g.known = false
		return
	}
	if alpha == 1 {
		g.known = true // whatever lay below is covered
	}
	g.back = blend(c, g.back, alpha)
}

func blend(top, below [3]float64, alpha float64) (out [3]float64) {
	for i := range out {
		out[i] = top[i]*alpha + below[i]*(1-alpha)
	}
	return out
}

// color reads a CSS colour: #rgb, #rrggbb, rgb(), rgba() and the common names.
func color(v string) (c [3]float64, alpha float64, ok bool) {
	v = strings.ToLower(strings.TrimSpace(v))
	if h, is := strings.CutPrefix(v, "#"); is {
		if len(h) == 3 {
			h = string([]byte{h[0], h[0], h[1], h[1], h[2], h[2]})
		}
		n, err := strconv.ParseUint(h, 16, 32)
		return [3]float64{float64(n>>16&255) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}, 1, err == nil && len(h) == 6
	}
	if args, is := strings.CutPrefix(v, "rgb"); is {
		return rgb(strings.TrimPrefix(args, "a"))
	}
	if v == "transparent" {
		return c, 0, true
	}
	name, known := names[v]
	if !known {
		return c, 0, false
	}
	return color(name)
}

var names = map[string]string{
	"black": "#000", "white": "#fff", "red": "#f00", "green": "#008000", "blue": "#00f", "gray": "#808080",
	"grey": "#808080", "silver": "#c0c0c0", "navy": "#000080", "yellow": "#ff0", "orange": "#ffa500",
	"purple": "#800080", "maroon": "#800000", "teal": "#008080", "lightgray": "#d3d3d3", "darkgray": "#a9a9a9",
}

func rgb(args string) (c [3]float64, alpha float64, ok bool) {
	args = strings.Trim(args, "() ")
	parts := strings.FieldsFunc(args, func(r rune) bool { return r == ',' || r == ' ' || r == '/' })
	if len(parts) != 3 && len(parts) != 4 {
		return c, 0, false
	}
	alpha = 1
	for i, part := range parts {
		n, err := strconv.ParseFloat(strings.TrimSuffix(part, "%"), 64)
		if err != nil {
			return c, 0, false
		}
		switch {
		case strings.HasSuffix(part, "%"):
			n /= 100
		case i < 3:
			n /= 255
		}
		if i == 3 {
			alpha = n
		} else {
			c[i] = n
		}
	}
	return c, alpha, true
}

// contrast is the ratio of two colours (WCAG 2.2, "contrast ratio").
func contrast(a, b [3]float64) float64 {
	la, lb := luminance(a), luminance(b)
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

func luminance(c [3]float64) float64 {
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

func colorName(c [3]float64) string {
	n := 0
	for _, v := range c {
		n = n<<8 | int(math.Round(v*255))
	}
	s := strconv.FormatInt(int64(n), 16)
	return "#" + strings.Repeat("0", max(0, 6-len(s))) + s
}
