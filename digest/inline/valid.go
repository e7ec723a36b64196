package inline

import (
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// certain says that every browser takes this declaration, so that an earlier
// one of the same property is of no use. It errs on the side of no.
func (d decl) certain() bool {
	v := strings.ToLower(d.value)
	if strings.HasPrefix(d.prop, "mso-") || strings.HasPrefix(d.prop, "-webkit-") || strings.HasPrefix(d.prop, "-ms-") {
		return true // read by one engine only
	}
	if v == "inherit" || v == "initial" {
		return true
	}
	for _, k := range keywords[d.prop] {
		if v == k {
			return true
		}
	}
	switch {
	case d.prop == "color" || d.prop == "background-color" || d.prop == "background" || strings.HasPrefix(d.prop, "border-") && strings.HasSuffix(d.prop, "-color"):
		return isColor(v)
	case d.prop == "font-family":
		return isFamily(v)
	case d.prop == "font-weight":
		n, err := strconv.Atoi(v)
		return err == nil && n >= 100 && n <= 900
	case d.prop == "line-height":
		return isLength(v, false) || isNumber(v)
	}
	if kind, ok := lengths[d.prop]; ok {
		parts := strings.Fields(v)
		for _, p := range parts {
			if !isLength(p, kind.negative) && (p != "auto" || !kind.auto) {
				return false
			}
		}
		return len(parts) > 0 && len(parts) <= kind.max
	}
	return false
}

var keywords = map[string][]string{
	"display":         {"none", "block", "inline", "inline-block", "table", "table-row", "table-cell"},
	"text-align":      {"left", "right", "center", "justify"},
	"text-decoration": {"none", "underline", "line-through"},
	"text-transform":  {"none", "uppercase", "lowercase", "capitalize"},
	"font-weight":     {"normal", "bold"},
	"font-style":      {"normal", "italic"},
	"vertical-align":  {"top", "middle", "bottom", "baseline"},
	"white-space":     {"normal", "nowrap", "pre"},
	"border":          {"0", "none"},
	"border-top":      {"0", "none"},
	"border-bottom":   {"0", "none"},
	"border-left":     {"0", "none"},
	"border-right":    {"0", "none"},
	"border-collapse": {"collapse", "separate"},
	"background":      {"none"},
	"float":           {"none", "left", "right"},
	"line-height":     {"normal"},
	"outline":         {"none", "0"},
	"height":          {"auto"}, "width": {"auto"}, "max-width": {"none"}, "max-height": {"none"},
	"overflow": {"hidden", "visible", "auto"}, "list-style": {"none"}, "list-style-type": {"none", "disc", "decimal"},
}

type lengthKind struct {
	max            int
	negative, auto bool
}

var lengths = map[string]lengthKind{
	"margin": {4, true, true}, "margin-top": {1, true, true}, "margin-right": {1, true, true},
	"margin-bottom": {1, true, true}, "margin-left": {1, true, true},
	"padding": {4, false, false}, "padding-top": {1, false, false}, "padding-right": {1, false, false},
	"padding-bottom": {1, false, false}, "padding-left": {1, false, false},
	"width": {1, false, true}, "height": {1, false, true}, "max-width": {1, false, false},
	"min-width": {1, false, true}, "max-height": {1, false, false}, "min-height": {1, false, true},
	"font-size": {1, false, false}, "border-radius": {4, false, false}, "text-indent": {1, true, false},
}

func isNumber(v string) bool {
	n, err := strconv.ParseFloat(v, 64)
	return err == nil && n >= 0 && !strings.ContainsAny(v, "einx")
}

func isLength(v string, negative bool) bool {
	if v == "0" {
		return true
	}
	for _, unit := range []string{"px", "em", "rem", "pt", "%"} {
		if n, ok := strings.CutSuffix(v, unit); ok {
			if negative {
				n = strings.TrimPrefix(n, "-")
			}
			if isNumber(n) {
				return true
			}
		}
	}
	return false
}

func isColor(v string) bool {
	if hex, ok := strings.CutPrefix(v, "#"); ok {
		return (len(hex) == 3 || len(hex) == 6) && strings.Trim(hex, "0123456789abcdef") == ""
	}
	switch v {
	case "black", "white", "red", "green", "blue", "gray", "grey", "silver", "transparent", "yellow", "orange", "purple", "navy":
		return true
	}
	return false
}

// isFamily admits lists of strings and plain names.
func isFamily(v string) bool {
	for _, part := range splitCommas(tokens(v, 0)) {
		part = trimSpace(part)
		if len(part) == 0 {
			return false
		}
		for _, t := range part {
			if t.kind != css.IdentToken && !isSpace(t) && (t.kind != css.StringToken || len(part) > 1) {
				return false
			}
		}
	}
	return true
}

// plain says that premailer's scanner gives this declaration back unchanged. A list
// or a function it reads token by token, and not always right.
func (d decl) plain() bool {
	for i := range len(d.prop) {
		if c := d.prop[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	for i := range len(d.value) {
		switch c := d.value[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte(" .#%-", c) >= 0:
		default:
			return false
		}
	}
	return !d.important && !strings.Contains(d.value, "--") && !strings.Contains(d.value, "url") && !strings.Contains(strings.ToLower(d.value), "important")
}
