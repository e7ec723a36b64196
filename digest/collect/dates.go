package collect

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// months are the names of months in English and French, whole and short, as
// their first letters tell them apart.
var months = []struct {
	prefix string
	month  time.Month
}{
	{"jan", 1}, {"feb", 2}, {"fév", 2}, {"fev", 2}, {"mar", 3}, {"apr", 4}, {"avr", 4}, {"may", 5}, {"mai", 5}, {"juin", 6}, {"jun", 6},
	{"juil", 7}, {"jul", 7}, {"aug", 8}, {"aoû", 8}, {"aou", 8}, {"sep", 9}, {"oct", 10}, {"nov", 11}, {"dec", 12}, {"déc", 12},
}

// zones are the abbreviations that feeds use, in seconds east of Greenwich
// (RFC 822 section 5, and the European ones; CT, MT and PT are the winter's).
var zones = map[string]int{
	"z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 3600, "bst": 3600, "cet": 3600, "met": 3600, "mez": 3600, "cest": 7200, "mest": 7200, "mesz": 7200,
	"eet": 7200, "eest": 10800, "msk": 10800, "ist": 19800, "jst": 32400, "aest": 36000, "aedt": 39600,
	"est": -18000, "edt": -14400, "et": -18000, "cst": -21600, "cdt": -18000, "ct": -21600, "mst": -25200, "mdt": -21600, "mt": -25200, "pst": -28800, "pdt": -25200, "pt": -28800,
	"ast": -14400, "adt": -10800, "akst": -32400, "akdt": -28800, "hst": -36000,
}

var (
	named  = regexp.MustCompile(`(?i)\b(\d{1,2})(?:er|st|nd|rd|th)?[\s.-]+(\p{L}{3,9})\.?,?[\s.-]+(\d{4}|\d{2})\b`) // 23 novembre 2026
	us     = regexp.MustCompile(`(?i)\b(\p{L}{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b`)                  // November 23, 2026
	ymd    = regexp.MustCompile(`\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})`)                                            // 2026-11-23
	dmy    = regexp.MustCompile(`\b(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b`)                                            // 23/11/2026
	clock  = regexp.MustCompile(`(?i)(?:^|[^\d:])(\d{1,2})\s?[:h]\s?(\d{2})(?:[:.](\d{2}))?(?:[.,](\d{1,9}))?\s*([ap]m\b)?`)
	offset = regexp.MustCompile(`(?i)(?:\s|\d|gmt|utc)([+-])(\d{2}):?(\d{2})\)?$`)
	abbrev = regexp.MustCompile(`(?i)[\s\d]\(?([a-z]{1,4})\)?$`)
	epoch  = regexp.MustCompile(`^\d{9,13}$`)
	bare   = regexp.MustCompile(`^(\d{4})(?:-(\d{2}))?$`)
)

// ParseDate reads a date as found in the wild, English or French. A time without
// a zone counts as UTC; the result is in UTC.
func ParseDate(s string) (time.Time, bool) {
	s = strings.Join(strings.Fields(s), " ")
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil && plausible(t) {
		return t.UTC(), true
	}
	if epoch.MatchString(s) {
		n, _ := strconv.ParseInt(s, 10, 64)
		if len(s) > 11 {
			n /= 1000 // milliseconds
		}
		t := time.Unix(n, 0).UTC()
		return t, plausible(t)
	}
	if m := bare.FindStringSubmatch(s); m != nil {
		month := 1
		if m[2] != "" {
			month = number(m[2])
		}
		t := time.Date(number(m[1]), time.Month(month), 1, 0, 0, 0, 0, time.UTC)
		return t, plausible(t) && month <= 12
	}
	year, month, day, rest, ok := calendar(s)
	if !ok {
		return time.Time{}, false
	}
	hour, minute, second, nano := wallClock(rest)
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	t := time.Date(year, month, day, hour, minute, second, nano, time.UTC)
	if t.Day() != day && hour < 24 {
		return time.Time{}, false // the 31st of a month of 30 days
	}
	t = t.Add(-time.Duration(east(s)) * time.Second)
	return t, plausible(t)
}

// calendar finds the day, and gives back what stands around it.
func calendar(s string) (year int, month time.Month, day int, rest string, ok bool) {
	if m := ymd.FindStringSubmatchIndex(s); m != nil {
		return number(s[m[2]:m[3]]), time.Month(number(s[m[4]:m[5]])), number(s[m[6]:m[7]]), s[:m[0]] + " " + strings.TrimPrefix(s[m[1]:], "T"), true
	}
	if m := named.FindStringSubmatchIndex(s); m != nil {
		if month, ok := monthOf(s[m[4]:m[5]]); ok {
			return century(s[m[6]:m[7]]), month, number(s[m[2]:m[3]]), s[:m[0]] + " " + s[m[1]:], true
		}
	}
	if m := us.FindStringSubmatchIndex(s); m != nil {
		if month, ok := monthOf(s[m[2]:m[3]]); ok {
			return number(s[m[6]:m[7]]), month, number(s[m[4]:m[5]]), s[:m[0]] + " " + s[m[1]:], true
		}
	}
	if m := dmy.FindStringSubmatchIndex(s); m != nil {
		return number(s[m[6]:m[7]]), time.Month(number(s[m[4]:m[5]])), number(s[m[2]:m[3]]), s[:m[0]] + " " + s[m[1]:], true
	}
	return 0, 0, 0, "", false
}

func monthOf(word string) (time.Month, bool) {
	word = strings.ToLower(word)
	for _, m := range months {
		if strings.HasPrefix(word, m.prefix) {
			return m.month, true
		}
	}
	return 0, false
}

// century reads a year of two digits as RFC 2822 section 4.3 does.
func century(s string) int {
	y := number(s)
	switch {
	case len(s) > 2:
	case y < 50:
		y += 2000
	default:
		y += 1900
	}
	return y
}

func wallClock(s string) (hour, minute, second, nano int) {
	m := clock.FindStringSubmatch(s)
	if m == nil {
		return 0, 0, 0, 0
	}
	hour, minute, second = number(m[1]), number(m[2]), number(m[3])
	if m[4] != "" {
		nano = number((m[4] + "000000000")[:9])
	}
	switch half := strings.ToLower(m[5]); {
	case half == "pm" && hour < 12:
		hour += 12
	case half == "am" && hour == 12:
		hour = 0
	}
	return hour, minute, second, nano
}

// east is the offset of the zone that a date ends with, in seconds.
func east(s string) int {
	if m := offset.FindStringSubmatch(s); m != nil && clock.MatchString(s) {
		seconds := number(m[2])*3600 + number(m[3])*60
		if m[1] == "-" {
			return -seconds
		}
		return seconds
	}
	if m := abbrev.FindStringSubmatch(s); m != nil {
		return zones[strings.ToLower(m[1])]
	}
	return 0
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func plausible(t time.Time) bool { return t.Year() > 1970 && t.Year() < 2200 }
