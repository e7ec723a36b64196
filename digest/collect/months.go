package collect

import (
	"strings"
	"time"
)

// monthNames begin the names of months, whole and short, in English, French,
// German, Spanish, Italian, Portuguese, Dutch, Swedish, Polish, Hungarian,
// Russian and Greek. Where one name begins another, the longer stands first.
var monthNames = [12][]string{
	{"jan", "jän", "ene", "gen", "sty", "янв", "ιαν"},
	{"feb", "fév", "fev", "lut", "фев", "φεβ"},
	{"mar", "mär", "mrz", "maa", "mrt", "már", "мар", "μάρ", "μαρ"},
	{"apr", "avr", "abr", "kwi", "ápr", "апр", "απρ"},
	{"may", "mai", "mag", "mei", "maj", "máj", "mayo", "мая", "май", "μάι", "μαϊ", "μάϊ"},
	{"juin", "jun", "giu", "cze", "jún", "июн", "ιούν", "ιουν"},
	{"juil", "jul", "lug", "lip", "júl", "июл", "ιούλ", "ιουλ"},
	{"aug", "aoû", "aou", "ago", "sie", "авг", "αύγ", "αυγ"},
	{"sep", "set", "wrz", "szept", "сен", "σεπ"},
	{"oct", "okt", "out", "ott", "paź", "окт", "οκτ"},
	{"nov", "lis", "ноя", "νοε", "νοέ"},
	{"dec", "déc", "dez", "dic", "gru", "дек", "δεκ"},
}

// monthOf reads the name of a month.
func monthOf(word string) (time.Month, bool) {
	word = strings.ToLower(word)
	for i, names := range monthNames {
		for _, name := range names {
			if strings.HasPrefix(word, name) {
				return time.Month(i + 1), true
			}
		}
	}
	return 0, false
}

// zones are the abbreviations that feeds use, in seconds east of Greenwich
// (RFC 822 section 5, and the European ones; CT, MT and PT are the winter's).
var zones = map[string]int{
	"z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 3600, "bst": 3600, "cet": 3600, "met": 3600, "mez": 3600, "cest": 7200, "mest": 7200, "mesz": 7200,
	"eet": 7200, "eest": 10800, "msk": 10800, "ist": 19800, "jst": 32400, "kst": 32400, "hkt": 28800, "sgt": 28800, "awst": 28800,
	"acst": 34200, "aest": 36000, "aedt": 39600, "nzst": 43200, "nzdt": 46800,
	"est": -18000, "edt": -14400, "et": -18000, "cst": -21600, "cdt": -18000, "ct": -21600, "mst": -25200, "mdt": -21600, "mt": -25200, "pst": -28800, "pdt": -25200, "pt": -28800,
	"nst": -12600, "ndt": -9000, "ast": -14400, "adt": -10800, "brt": -10800, "art": -10800, "akst": -32400, "akdt": -28800, "hst": -36000,
}
