package extract

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A date as pages write it. Years from 1990 to 2099 only: what looks like a
// date outside them is a product number.
var (
	isoDate     = pattern(`\b((?:19|20)\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?:\b|[T_])`)
	cjkDate     = pattern(`((?:19|20)\d\d)\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]`)
	dayMonth    = pattern(`(?i)\b(\d{1,2})(?:\s*(?:er|st|nd|rd|th|º|°|\.))?[\s-]+(?:de |of )?(\p{L}{3,10})\.?,?[\s-]+(?:de |del )?((?:19|20)\d\d)\b`)
	monthDay    = pattern(`(?i)(\p{L}{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+((?:19|20)\d\d)\b`)
	numericDate = pattern(`\b(\d{1,2})([./-])(\d{1,2})[./-]((?:19|20)\d\d)\b`)
	compactDate = pattern(`^((?:19|20)\d\d)(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?)?Z?$`)
	clock       = pattern(`(?i)(?:\b|T)(\d{1,2})\s?(?:[:h]|\bh\b)\s?(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*([ap]\.?m\b\.?)?`)
	zoneOffset  = pattern(`^\s*(?:(?:UTC|GMT)\s*)?([+-])(\d\d):?(\d\d)?\b`)
	zoneName    = pattern(`^\s*\(?(Z|UTC|GMT|BST|CET|CEST|MEZ|MESZ|MET|MEST|EST|EDT|CST|CDT|MST|MDT|PST|PDT|JST|KST|AEST|AEDT|MSK|EET|EEST)\b`)
)

// parseDate reads a moment from a short text: ISO 8601, RFC 1123, seconds
// since 1970, or a French, English, German, Spanish, Italian, Portuguese,
// Dutch, Norwegian or Turkish date as people write it. Without a zone it is
// taken as UTC. language (BCP 47) settles 03/04/2026: the fourth of March
// where it is American English, the third of April elsewhere.
func parseDate(s, language string) (time.Time, bool) {
	s = softSpaces(s)
	if len(s) < 6 || len(s) > 300 {
		return time.Time{}, false
	}
	if t, ok := epoch(s); ok {
		return t, true
	}
	if m := compactDate().FindStringSubmatch(s); m != nil {
		t, ok := day(m[1], m[2], m[3])
		return t.Add(hours(m[4], m[5], m[6], "")), ok
	}
	for _, read := range []func(string, string) (time.Time, int, bool){readISO, readNamed, readNumeric} {
		if t, end, ok := read(s, language); ok {
			return addClock(t, s, end), true
		}
	}
	return time.Time{}, false
}

func epoch(s string) (time.Time, bool) {
	if len(s) != 10 && len(s) != 13 {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 631152000 {
		return time.Time{}, false
	}
	if len(s) == 13 {
		return time.UnixMilli(n).UTC(), true
	}
	return time.Unix(n, 0).UTC(), true
}

// readISO and its siblings give the day, and where in s its text ends.
func readISO(s, _ string) (time.Time, int, bool) {
	for _, re := range []*regexp.Regexp{isoDate(), cjkDate()} {
		if m := re.FindStringSubmatchIndex(s); m != nil {
			if t, ok := day(s[m[2]:m[3]], s[m[4]:m[5]], s[m[6]:m[7]]); ok {
				return t, m[7], true
			}
		}
	}
	return time.Time{}, 0, false
}

func readNamed(s, _ string) (time.Time, int, bool) {
	if m := dayMonth().FindStringSubmatchIndex(s); m != nil {
		if t, ok := day(s[m[6]:m[7]], monthNumber(s[m[4]:m[5]]), s[m[2]:m[3]]); ok {
			return t, m[1], true
		}
	}
	for _, m := range monthDay().FindAllStringSubmatchIndex(s, 4) {
		if t, ok := day(s[m[6]:m[7]], monthNumber(s[m[2]:m[3]]), s[m[4]:m[5]]); ok {
			return t, m[1], true
		}
	}
	return time.Time{}, 0, false
}

func readNumeric(s, language string) (time.Time, int, bool) {
	m := numericDate().FindStringSubmatchIndex(s)
	if m == nil {
		return time.Time{}, 0, false
	}
	a, b, year := s[m[2]:m[3]], s[m[6]:m[7]], s[m[8]:m[9]]
	american := strings.HasPrefix(language, "en") && !strings.HasSuffix(language, "GB") && s[m[4]:m[5]] == "/"
	if american {
		a, b = b, a
	}
	t, ok := day(year, b, a)
	if !ok {
		t, ok = day(year, a, b)
	}
	return t, m[1], ok
}

func day(year, month, d string) (time.Time, bool) {
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	n, _ := strconv.Atoi(d)
	t := time.Date(y, time.Month(m), n, 0, 0, 0, 0, time.UTC)
	return t, y >= 1990 && y < 2100 && m >= 1 && m <= 12 && n >= 1 && t.Day() == n
}

// addClock adds the time of day that follows (or, in American bylines, comes
// before) the date, in its zone.
func addClock(t time.Time, s string, end int) time.Time {
	rest := s[end:]
	m := clock().FindStringSubmatchIndex(rest)
	if m == nil || m[0] > 24 {
		rest = s[:end]
		if m = clock().FindStringSubmatchIndex(rest); m == nil {
			return t
		}
	}
	sub := func(i int) string {
		if m[2*i] < 0 {
			return ""
		}
		return rest[m[2*i]:m[2*i+1]]
	}
	t = t.Add(hours(sub(1), sub(2), sub(3), sub(4)))
	return t.Add(-offset(rest[m[1]:]))
}

func hours(h, m, s, half string) time.Duration {
	hh, _ := strconv.Atoi(h)
	mm, _ := strconv.Atoi(m)
	ss, _ := strconv.Atoi(s)
	if hh > 24 || mm > 59 || ss > 60 {
		return 0
	}
	switch {
	case half == "":
	case half[0] == 'p' || half[0] == 'P':
		hh = hh%12 + 12
	default:
		hh %= 12
	}
	return time.Duration(hh)*time.Hour + time.Duration(mm)*time.Minute + time.Duration(ss)*time.Second
}

// offset is the zone at the start of s, east of UTC.
func offset(s string) time.Duration {
	if m := zoneOffset().FindStringSubmatch(s); m != nil {
		d := hours(m[2], m[3], "", "")
		if m[1] == "-" {
			return -d
		}
		return d
	}
	m := zoneName().FindStringSubmatch(s)
	if m == nil {
		return 0
	}
	h := 0
	switch m[1] {
	case "BST", "CET", "MEZ", "MET":
		h = 1
	case "CEST", "MESZ", "MEST", "EET":
		h = 2
	case "EEST", "MSK":
		h = 3
	case "JST", "KST":
		h = 9
	case "AEST":
		h = 10
	case "AEDT":
		h = 11
	case "EDT":
		h = -4
	case "EST", "CDT":
		h = -5
	case "CST", "MDT":
		h = -6
	case "MST", "PDT":
		h = -7
	case "PST":
		h = -8
	}
	return time.Duration(h) * time.Hour
}

// monthNumber is the month a word names, "0" for none. The words of the
// languages we meet do not collide beyond their first letters, so prefixes do.
func monthNumber(word string) string {
	w := fold(word)
	for _, m := range []struct{ number, prefixes string }{
		{"1", "janv jan jän gen ene oca"},
		{"2", "fevr fev feb feve sub"},
		{"3", "mars mar mär mrt maa maerz"},
		{"4", "avr apr abr nis"},
		{"5", "mai may mag maj mei mayo"},
		{"6", "juin jun giu haz"},
		{"7", "juil jul lug tem"},
		{"8", "aout aug ago agu"},
		{"9", "sept sep set eyl"},
		{"10", "oct okt ott out eki"},
		{"11", "nov kas"},
		{"12", "dec dez dic des ara"},
	} {
		for _, p := range strings.Fields(m.prefixes) {
			if strings.HasPrefix(w, p) && isMonth(w) {
				return m.number
			}
		}
	}
	return "0"
}

// isMonth keeps out the words that start like a month and are none.
func isMonth(w string) bool {
	switch w {
	case "mardi", "market", "marketing", "mariage", "march’s", "general", "december’s", "second", "autour", "juillet’s":
		return false
	}
	return len(w) <= 10
}

// fold lower-cases s and takes the French accents off, so that "Août" and
// "aout" are one.
func fold(s string) string {
	return strings.NewReplacer("é", "e", "è", "e", "ê", "e", "à", "a", "â", "a", "û", "u", "ù", "u", "ô", "o", "î", "i", "ï", "i", "ç", "c",
		"ü", "u", "ş", "s", "ğ", "g", "ı", "i").Replace(strings.ToLower(s))
}
