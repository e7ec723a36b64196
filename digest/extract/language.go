package extract

import (
	"strings"

	"github.com/abadojack/whatlanggo"
)

// DetectLanguage is the language of a text as a BCP 47 tag with a lower-case
// primary subtag. What the page declares counts ("fr_FR" and "fr-fr" are
// "fr-FR"), unless a text long enough to tell is plainly in another language:
// templates declare "en" for everything.
func DetectLanguage(declared, text string) string {
	tag := normalTag(declared)
	if len(text) > 1500 {
		text = strings.ToValidUTF8(text[:1500], "")
	}
	primary, _, _ := strings.Cut(tag, "-")
	if text == "" || speaks(primary, text) {
		return tag
	}
	info := whatlanggo.Detect(text)
	found, short := info.Lang.Iso6391(), words(text) < 25
	switch {
	case tag == "" && (info.Confidence >= 0.9 || !short && info.Confidence >= 0.5):
		return found
	case !short && info.Confidence >= 0.9 && found != "" && found != primary && !kin(found, primary):
		return found
	}
	return tag
}

// small are the words that a text cannot do without, and that other languages do
// not have.
var small = map[string]map[string]bool{
	"fr": wordSet("le les des du une et est dans que qui pour sur avec au aux ce cette sont pas plus par ses leur " +
		"leurs elle ils nous vous mais ont été être fait après avant depuis aussi comme très où dont deux sans sous chez ans"),
	"en": wordSet("the and of to is are was were that with for by from this which has have it as be"),
}

func wordSet(list string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		out[w] = true
	}
	return out
}

// speaks reports whether a text is plainly in a language: then nothing need be
// measured. One word in eight being small ones, and hardly any of another
// language's, is nowhere near chance.
func speaks(language, text string) bool {
	if small[language] == nil {
		return false
	}
	n, own, others := 0, 0, 0
	for w := range strings.FieldsSeq(text[:min(len(text), 800)]) {
		n++
		w = strings.ToLower(w)
		for name, list := range small {
			switch {
			case !list[w]:
			case name == language:
				own++
			default:
				others++
			}
		}
	}
	return n >= 25 && own*8 >= n && others*3 < own
}

// kin languages are taken for one another by their trigrams; there the page
// knows better.
func kin(a, b string) bool {
	for _, family := range []string{"no nb nn da sv", "es pt gl ca it", "cs sk", "ru uk bg sr mk be", "hr sr bs sl", "de nl af lb", "id ms", "hi mr ne"} {
		f := " " + family + " "
		if strings.Contains(f, " "+a+" ") && strings.Contains(f, " "+b+" ") {
			return true
		}
	}
	return false
}

// normalTag brings a declared language into shape; "" when it is none.
func normalTag(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), ",")
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '_' })
	if len(parts) == 0 {
		return ""
	}
	primary := strings.ToLower(parts[0])
	switch primary {
	case "french", "français", "francais":
		primary = "fr"
	case "english", "anglais":
		primary = "en"
	case "und", "mul", "zxx":
		return ""
	}
	if len(primary) < 2 || len(primary) > 3 || letters(primary) != primary {
		return ""
	}
	if len(parts) > 1 && len(parts[1]) == 2 && letters(parts[1]) == strings.ToLower(parts[1]) {
		return primary + "-" + strings.ToUpper(parts[1])
	}
	return primary
}
