package lint

import (
	"strings"

	"golang.org/x/net/html"
)

// structural lists the elements that lose content or order where they are not
// known, by their names at caniemail.com. A client without them is a hard gap.
var structural = map[string]string{
	"audio": "html-audio", "video": "html-video", "svg": "html-svg", "form": "html-form", "input": "html-input-text",
	"textarea": "html-textarea", "select": "html-select", "button": "html-button-submit", "object": "html-object",
	"base": "html-base", "link": "html-link", "picture": "html-picture", "dialog": "html-dialog", "marquee": "html-marquee",
	"meter": "html-meter", "progress": "html-progress", "map": "html-image-maps",
}

// never lists what no mail client runs or shows.
var never = map[string]bool{"script": true, "iframe": true, "embed": true, "applet": true, "frameset": true, "canvas": true}

// formats lists image formats by the ending of their address.
var formats = map[string]string{
	".webp": "image-webp", ".avif": "image-avif", ".svg": "image-svg", ".heic": "image-heif", ".mp4": "image-mp4",
	".tiff": "image-tiff", ".tif": "image-tiff", ".bmp": "image-bmp", ".ico": "image-ico",
}

// checkFeatures wants no construct that some well-covered client lacks and
// whose lack costs content or order.
func (p *page) checkFeatures() {
	seen := map[string]bool{}
	gap := func(n *html.Node, what, feature string) {
		if without := p.table.Without(feature); len(without) > 0 && !seen[feature] {
			seen[feature] = true
			p.add(Hard, line(n), "support", "%s is not supported by %s (%s)", what, several(without), feature)
		}
	}
	p.walk(p.root, func(n *html.Node) {
		if never[n.Data] {
			p.add(Hard, line(n), "support", "<%s> has no place in a message", n.Data)
		}
		if feature := structural[n.Data]; feature != "" {
			gap(n, "<"+n.Data+">", feature)
		}
		if n.Data == "img" {
			src, _, _ := strings.Cut(strings.ToLower(attr(n, "src")), "?")
			for ending, feature := range formats {
				if strings.HasSuffix(src, ending) {
					gap(n, "the format "+ending, feature)
				}
			}
			if strings.HasPrefix(src, "data:") {
				gap(n, "an image in a data: address", "image-base64")
			}
		}
		for _, d := range declared(n) {
			if what, feature := lostWithout(d.prop, d.value); feature != "" {
				gap(n, what, feature)
			}
		}
	})
	if strings.Contains(strings.ToLower(p.sheets), "@import") {
		p.add(Hard, 1, "support", "@import is not supported by %s (css-at-import)", several(p.table.Without("css-at-import")))
	}
}

// lostWithout names the feature a declaration needs to keep content in sight or
// in order. What only adorns, and falls back, is no gap.
func lostWithout(prop, value string) (what, feature string) {
	switch {
	case strings.Contains(value, "var("):
		return "var()", "css-variables"
	case prop == "display" && strings.HasSuffix(value, "flex"):
		return "display:" + value, "css-display-flex"
	case prop == "display" && strings.HasSuffix(value, "grid"):
		return "display:" + value, "css-display-grid"
	case prop == "position" && value != "static" && value != "relative":
		return "position:" + value, "css-position"
	case (prop == "background-image" || prop == "background") && strings.Contains(value, "url("):
		return "a background image", "css-background-image"
	case prop == "column-count" || prop == "columns":
		return prop, "css-column-count"
	case prop == "writing-mode":
		return prop, "css-writing-mode"
	case prop == "transform" && value != "none":
		return prop, "css-transform"
	}
	return "", ""
}

// several names up to three clients and counts the rest.
func several(clients []string) string {
	if len(clients) <= 3 {
		return strings.Join(clients, ", ")
	}
	return strings.Join(clients[:3], ", ") + " and others"
}
