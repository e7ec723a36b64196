package collect

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

var (
	named   = pattern(`(?i)(?:^|[^\d])(\d{1,2})(?:er|st|nd|rd|th|º|ª)?[\s.-]*(?:de |d’)?(\p{L}{3,12})\.?,?[\s.-]*(?:de )?(\d{4}|\d{2})(?:[^\d:]|$)`) // 23 novembre 2026
	us      = pattern(`(?i)(?:^|[^\p{L}])(\p{L}{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b`)                                                // November 23, 2026
	asctime = pattern(`(?i)\b(\p{L}{3})\s+(\d{1,2})\s+(\d{1,2}:\d{2}(?::\d{2})?(?:\s+[A-Z]{1,5}|\s+[+-]\d{4})?)\s+(\d{4})$`)                         // Mon Nov 23 08:30:00 2026
	ymd     = pattern(`\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})`)                                                                                       // 2026-11-23
	ynd     = pattern(`\b(\d{4})[-/.\s]+(\p{L}{3,12})\.?[-/.\s]+(\d{1,2})`)                                                                          // 2026-nov-23
	cjk     = pattern(`(\d{4})\s*[년年]\s*(\d{1,2})\s*[월月]\s*(\d{1,2})\s*[일日号]`)                                                                       // 2026年11月23日
	dmy     = pattern(`\b(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b`)                                                                                     // 23/11/2026
	compact = pattern(`^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?)?`)                                                                          // 20261123T0830
	ordinal = pattern(`^(\d{4}|\d{2})-?(\d{3})$`)                                                                                                    // 2026-327, ISO 8601
	clock   = pattern(`(?i)(?:^|[^\d:])(\d{1,2})\s?[:h]\s?(\d{2})(?:[:.](\d{2}))?(?:[.,](\d{1,9}))?\s*([ap]\.?m\b)?`)
	hour    = pattern(`^\s*(\d{1,2})(?:Z|[+-]\d{2}:?\d{2}|\s?h)?$`)
	offset  = pattern(`(?i)(?:\s|\d|gmt|utc)([+-])(\d{1,2}):?(\d{2})?\)?$`)
	abbrev  = pattern(`(?i)[\s\d]\(?([a-z]{1,4})\)?$`)
	epoch   = pattern(`^\d{9,13}$`)
	bare    = pattern(`^(\d{4})(?:-(\d{2}))?$`)
)

// ParseDate reads a date as found in the wild, in the languages that
// [monthOf] knows. A time without a zone counts as UTC; the result is in UTC.
func ParseDate(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339Nano, time.RFC1123Z, http.TimeFormat} { // nearly all of them
		if t, err := time.Parse(layout, s); err == nil && plausible(t) {
			return t.UTC(), true
		}
	}
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 100 {
		return time.Time{}, false
	}
	if t, ok := digitsOnly(s); ok {
		return t, plausible(t)
	}
	year, month, day, rest, ok := calendar(s)
	if !ok {
		return time.Time{}, false
	}
	hour, minute, second, nano := wallClock(rest)
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	// The 31st of a month of 30 days is the 1st of the next, as for most programs
	// that reckon so.
	t := time.Date(year, month, day, hour, minute, second, nano, time.UTC)
	t = t.Add(-time.Duration(east(s)) * time.Second)
	return t, plausible(t)
}

// digitsOnly reads seconds and milliseconds since 1970, and what ISO 8601 allows
// without words: a year, a month, a day of the year, a date without hyphens.
func digitsOnly(s string) (time.Time, bool) {
	if m := compact().FindStringSubmatch(s); m != nil && (len(s) == 8 || m[4] != "") {
		month, day := number(m[2]), number(m[3])
		if month < 1 || month > 12 || day < 1 || day > 31 || number(m[4]) > 24 || number(m[5]) > 59 {
			return time.Time{}, false
		}
		t := time.Date(number(m[1]), time.Month(month), day, number(m[4]), number(m[5]), number(m[6]), 0, time.UTC)
		return t.Add(-time.Duration(east(s)) * time.Second), true
	}
	if epoch().MatchString(s) {
		n, _ := strconv.ParseInt(s, 10, 64)
		if len(s) > 11 {
			n /= 1000 // milliseconds
		}
		return time.Unix(n, 0).UTC(), true
	}
	if m := bare().FindStringSubmatch(s); m != nil {
		month := 1
		if m[2] != "" {
			month = number(m[2])
		}
		return time.Date(number(m[1]), time.Month(month), 1, 0, 0, 0, 0, time.UTC), month >= 1 && month <= 12
	}
	if m := ordinal().FindStringSubmatch(s); m != nil {
		day := number(m[2])
		return time.Date(century(m[1]), 1, day, 0, 0, 0, 0, time.UTC), day >= 1 && day <= 366
	}
	return time.Time{}, false
}

// calendar finds the day, and gives back what stands around it.
func calendar(s string) (year int, month time.Month, day int, rest string, ok bool) {
	around := func(m []int) string { return s[:m[0]] + " " + strings.TrimPrefix(s[m[1]:], "T") }
	part := func(m []int, i int) string { return s[m[2*i]:m[2*i+1]] }
	for _, form := range []*regexp.Regexp{ymd(), cjk()} {
		if m := form.FindStringSubmatchIndex(s); m != nil {
			return number(part(m, 1)), time.Month(number(part(m, 2))), number(part(m, 3)), around(m), true
		}
	}
	if m := asctime().FindStringSubmatchIndex(s); m != nil {
		month, ok = monthOf(part(m, 1))
		return number(part(m, 4)), month, number(part(m, 2)), " " + part(m, 3), ok
	}
	for _, form := range []struct {
		re               *regexp.Regexp
		day, month, year int
	}{{named(), 1, 2, 3}, {us(), 2, 1, 3}, {ynd(), 3, 2, 1}} {
		m := form.re.FindStringSubmatchIndex(s)
		if m == nil {
			continue
		}
		if month, ok := monthOf(part(m, form.month)); ok {
			return century(part(m, form.year)), month, number(part(m, form.day)), around(m), true
		}
	}
	if m := dmy().FindStringSubmatchIndex(s); m != nil {
		day, month := number(part(m, 1)), number(part(m, 2))
		if month > 12 && day <= 12 {
			day, month = month, day // 11/23/2026 can only be the American order
		}
		return number(part(m, 3)), time.Month(month), day, around(m), true
	}
	return 0, 0, 0, "", false
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

func wallClock(s string) (hours, minute, second, nano int) {
	m := clock().FindStringSubmatch(s)
	if m == nil {
		if m := hour().FindStringSubmatch(s); m != nil { // 2026-11-23T08Z
			return number(m[1]), 0, 0, 0
		}
		return 0, 0, 0, 0
	}
	hours, minute, second = number(m[1]), number(m[2]), number(m[3])
	if m[4] != "" {
		nano = number((m[4] + "000000000")[:9])
	}
	switch half := halfOf(s, m[5]); {
	case half == "pm" && hours < 12:
		hours += 12
	case half == "am" && hours == 12:
		hours = 0
	}
	return hours, minute, second, nano
}

// halfOf is the half of the day: "am", "pm" or none.
func halfOf(s, word string) string {
	switch {
	case strings.Contains(s, "오후"), strings.Contains(s, "下午"), strings.Contains(s, "午後"):
		return "pm"
	case strings.Contains(s, "오전"), strings.Contains(s, "上午"), strings.Contains(s, "午前"):
		return "am"
	}
	return strings.ReplaceAll(strings.ToLower(word), ".", "")
}

// east is the offset of the zone that a date ends with, in seconds.
func east(s string) int {
	if m := offset().FindStringSubmatch(s); m != nil && (clock().MatchString(s) || compact().MatchString(s)) {
		seconds := number(m[2])*3600 + number(m[3])*60
		if m[1] == "-" {
			return -seconds
		}
		return seconds
	}
	if m := abbrev().FindStringSubmatch(s); m != nil {
		return zones[strings.ToLower(m[1])]
	}
	if m := asctime().FindStringSubmatch(s); m != nil {
		return east(m[3])
	}
	if strings.ContainsAny(s, "년월") {
		return zones["kst"] // written in Korean, and in Korea
	}
	return 0
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func plausible(t time.Time) bool { return t.Year() > 1970 && t.Year() < 2200 }

// pattern compiles an expression when it is first used, and keeps it: a program
// that starts for a moment needs few of them.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
