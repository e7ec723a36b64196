package curate

import (
	"slices"
	"strings"
	"unicode"
)

// abbreviations end in a full stop without ending a sentence, in French and in
// English; compared lower-case, without the stop.
var abbreviations = []string{
	"m", "mm", "mme", "mmes", "mlle", "dr", "pr", "me", "st", "ste", "av", "bd", "etc", "cf", "ex", "p", "pp", "vol", "no", "art", "env", "min", "max",
	"mr", "mrs", "ms", "prof", "jr", "sr", "vs", "inc", "ltd", "co", "corp", "dept", "fig", "gen", "gov", "sen", "rep", "e.g", "i.e", "u.s", "u.k", "a.m", "p.m",
	"jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "janv", "févr", "avr", "juil", "déc",
}

// sentences splits prose into sentences. A full stop ends one when a space and
// something that can begin a sentence follow, and the word before it is not an
// abbreviation, an initial or a number of a list.
func sentences(s string) []string {
	var out []string
	runes := []rune(s)
	start := 0
	for i := 0; i < len(runes); i++ {
		if !strings.ContainsRune(".!?…", runes[i]) {
			continue
		}
		end := i + 1
		for end < len(runes) && strings.ContainsRune(".!?…", runes[end]) {
			end++
		}
		end = closing(runes, end)
		if end < len(runes) && !begins(runes, end) || end < len(runes) && abbreviated(runes, start, i) {
			i = end - 1
			continue
		}
		if t := strings.TrimSpace(string(runes[start:end])); t != "" {
			out = append(out, t)
		}
		start, i = end, end-1
	}
	if t := strings.TrimSpace(string(runes[start:])); t != "" {
		out = append(out, t)
	}
	return out
}

// closing passes over quotation marks and brackets that belong to the sentence
// that just ended, with the thin spaces that French puts before them.
func closing(r []rune, i int) int {
	for j := i; j < len(r); j++ {
		switch {
		case strings.ContainsRune("»”\"')’]", r[j]):
			i = j + 1
		case r[j] == '\u00a0' || r[j] == '\u202f' || r[j] == ' ':
			if j+1 < len(r) && strings.ContainsRune("»”", r[j+1]) {
				continue
			}
			return i
		default:
			return i
		}
	}
	return i
}

// begins reports whether a new sentence can begin at i: white space, then a
// capital, a figure or an opening mark.
func begins(r []rune, i int) bool {
	if !unicode.IsSpace(r[i]) {
		return false
	}
	for ; i < len(r); i++ {
		if unicode.IsSpace(r[i]) {
			continue
		}
		return unicode.IsUpper(r[i]) || unicode.IsTitle(r[i]) || unicode.IsDigit(r[i]) ||
			strings.ContainsRune("«“\"([—–-¿¡", r[i]) || !unicode.IsLower(r[i]) && unicode.IsLetter(r[i])
	}
	return true
}

// abbreviated reports whether the word that ends before the stop at i is one
// that carries its stop with it.
func abbreviated(r []rune, start, i int) bool {
	if r[i] != '.' {
		return false
	}
	j := i
	for j > start && !unicode.IsSpace(r[j-1]) && !strings.ContainsRune("«“\"('’", r[j-1]) {
		j--
	}
	word := strings.ToLower(string(r[j:i]))
	if len([]rune(word)) == 1 && unicode.IsLetter(r[j]) && unicode.IsUpper(r[j]) {
		return true // an initial
	}
	return slices.Contains(abbreviations, word)
}
