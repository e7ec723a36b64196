package collect

import (
	"regexp"
	"strings"
	"time"

	"github.com/goodsign/monday"
)

// layouts are forms that feeds use beyond what gofeed reads.
var layouts = []string{
	time.RFC3339, time.RFC1123Z, time.RFC1123, time.RFC822Z, time.RFC822, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
	"02/01/2006 15:04:05", "02/01/2006 15:04", "02/01/2006", "02.01.2006 15:04", "02.01.2006", "2 January 2006 15:04", "2 January 2006", "January 2, 2006",
}

var french = []string{"2 January 2006 15:04:05 -0700", "2 January 2006 15:04:05", "2 January 2006 15:04", "2 January 2006", "2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "2 Jan 2006"}

var (
	weekday = regexp.MustCompile(`(?i)^(lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lun|mar|mer|jeu|ven|sam|dim)\.?,?\s+`)
	ordinal = regexp.MustCompile(`\b1er\b`)
	dotted  = regexp.MustCompile(`(\p{L})\.`)
	hours   = regexp.MustCompile(`\b(\d{1,2})\s?h\s?(\d{2})\b`)
)

// ParseDate reads a date as found in the wild, English or French. The result is
// in UTC.
func ParseDate(s string) (time.Time, bool) {
	s = strings.Join(strings.Fields(s), " ")
	if s == "" {
		return time.Time{}, false
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil && plausible(t) {
			return t.UTC(), true
		}
	}
	s = strings.ToLower(s)
	s = weekday.ReplaceAllString(s, "")
	s = ordinal.ReplaceAllString(s, "1")
	s = hours.ReplaceAllString(s, "$1:$2")
	s = strings.NewReplacer(" à ", " ", ",", "").Replace(dotted.ReplaceAllString(s, "$1"))
	for _, l := range french {
		if t, err := monday.ParseInLocation(l, s, time.UTC, monday.LocaleFrFR); err == nil && plausible(t) {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func plausible(t time.Time) bool { return t.Year() > 1970 && t.Year() < 2200 }
