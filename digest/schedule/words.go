package schedule

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// defaultClock is when a schedule that names no time comes: 8:00.
const defaultClock = 8 * 3600

// plainer takes away what differs between keyboards: accents, apostrophes,
// commas, the space a French typist puts before and after the "h".
var plainer = strings.NewReplacer("à", "a", "â", "a", "é", "e", "è", "e", "ê", "e", "ô", "o", "û", "u", "ù", "u", "ç", "c",
	"’", " ", "'", " ", ",", " ", "\u00a0", " ", "\u202f", " ", "–", "-", "week-end", "weekend", "week end", "weekend", "o'clock", "", "a.m.", "am", "p.m.", "pm")

var (
	clockForm = pattern(`(?:\b(?:at|a)\s+)?\b(\d{1,2})(?:(?:\s*:\s*([0-5]\d)|\s*(?:heures?|h)(?:\s*([0-5]\d))?(?:\s+(\d))?)\s*([ap]m)?\b|\s*([ap]m)\b)`)
	bareForm  = pattern(`\b(?:at|a)\s+(\d{1,2})\b`)
	nameForm  = pattern(`(?:\b(?:at|a)\s+)?\b(noon|midday|midi|midnight|minuit)\b`)
	numbered  = pattern(`^(\d{1,2})(?:st|nd|rd|th|er|re|e|eme)?$`)
)

// words reads a sentence from left to right.
type words struct {
	s        *Schedule
	ordinals []int // said and not yet used: "first and third"
	from     int   // weekday a range begins with, -1 for none
	last     int   // weekday said last, -1 for none
	days     bool  // days were said
}

// parseWords reads English and French, which share no word that means two
// different things here.
func (s *Schedule) parseWords(text string) error {
	plain := plainer.Replace(strings.ToLower(text))
	w := &words{s: s, from: -1, last: -1}
	rest, err := w.clocks(plain)
	if err != nil {
		return invalid(s.text, err.Error())
	}
	tokens := strings.Fields(strings.ReplaceAll(rest, "-", " - "))
	for k := 0; k < len(tokens); k++ {
		next := ""
		if k+1 < len(tokens) {
			next = tokens[k+1]
		}
		used, err := w.word(tokens[k], next)
		if err != nil {
			return invalid(s.text, err.Error())
		}
		if used {
			k++
		}
	}
	if err := w.finish(); err != nil {
		return invalid(s.text, err.Error())
	}
	return nil
}

// clocks takes the times of day out of a sentence.
func (w *words) clocks(text string) (rest string, err error) {
	take := func(form *regexp.Regexp, read func(at []string) (int, error)) {
		for _, at := range form.FindAllStringSubmatch(text, -1) {
			clock, bad := read(at)
			if bad != nil && err == nil {
				err = bad
			}
			w.s.clocks = append(w.s.clocks, clock)
		}
		text = form.ReplaceAllString(text, " ")
	}
	take(clockForm(), func(at []string) (int, error) {
		if at[4] != "" {
			return 0, fmt.Errorf("minutes have two digits: %sh0%s", at[1], at[4])
		}
		return clock(at[1], at[2]+at[3], at[5]+at[6])
	})
	take(bareForm(), func(at []string) (int, error) { return clock(at[1], "", "") })
	take(nameForm(), func(at []string) (int, error) {
		if at[1] == "midnight" || at[1] == "minuit" {
			return 0, nil
		}
		return 12 * 3600, nil
	})
	return text, err
}

func clock(hour, minute, half string) (int, error) {
	h, _ := strconv.Atoi(hour) // one or two digits
	m, _ := strconv.Atoi(minute)
	if half != "" {
		if h < 1 || h > 12 {
			return 0, fmt.Errorf("%d %s is not a time", h, half)
		}
		if h %= 12; half == "pm" {
			h += 12
		}
	}
	if h > 23 {
		return 0, fmt.Errorf("%d is not an hour of the day", h)
	}
	return h*3600 + m*60, nil
}

// word reads one word; used says that it took the next one with it.
func (w *words) word(word, next string) (used bool, err error) {
	if day, ok := weekdayWord(word); ok {
		return false, w.weekday(day)
	}
	if n, ok := ordinalWord(word); ok {
		w.ordinals = append(w.ordinals, n)
		return false, nil
	}
	if month := monthWord(word); month > 0 {
		w.s.days.months |= 1 << uint(month)
		return false, nil
	}
	switch word {
	case "on", "the", "of", "in", "and", "at", "a", "every", "each", "month", "months", "monthly", "week",
		"chaque", "tous", "toutes", "les", "le", "la", "l", "du", "de", "des", "d", "et", "en", "mois", "mensuel":
		if word == "en" && next == "semaine" {
			return true, w.workdays()
		}
		return false, nil
	case "day", "days", "daily", "jour", "jours", "quotidien", "journee":
		if len(w.ordinals) > 0 {
			w.dates()
			return false, nil
		}
		if strings.HasPrefix(next, "ouvr") {
			return true, w.workdays()
		}
		w.days, w.s.days.anyDate, w.s.days.anyWeek = true, true, true
		return false, nil
	case "weekday", "weekdays", "workday", "workdays", "business", "working":
		return next == "day" || next == "days", w.workdays()
	case "weekend", "weekends":
		w.days, w.last = true, -1
		w.s.days.weekdays |= 1<<uint(time.Saturday) | 1<<uint(time.Sunday)
		return false, nil
	case "to", "through", "until", "-", "au", "jusqu":
		if w.last < 0 {
			return false, fmt.Errorf("a range needs a weekday on both sides, as in monday to friday")
		}
		w.from = w.last
		return false, nil
	case "hour", "hours", "hourly", "heure", "heures":
		return false, fmt.Errorf(`write hours as cron does: "0 * * * *"`)
	case "other", "deux", "two", "biweekly", "fortnightly", "quinzaine":
		return false, fmt.Errorf(`every other week has no fixed start; write "first and third monday"`)
	}
	return false, fmt.Errorf(`%q is not known here; write "every monday at 8:00", "chaque lundi à 8h" or a cron expression`, word)
}

func (w *words) workdays() error {
	if len(w.ordinals) > 0 {
		return fmt.Errorf("counting working days needs a calendar of holidays; name a weekday or a date")
	}
	w.days = true
	for day := time.Monday; day <= time.Friday; day++ {
		w.s.days.weekdays |= 1 << uint(day)
	}
	return nil
}

func (w *words) weekday(day time.Weekday) error {
	w.days = true
	switch {
	case w.from >= 0:
		for d := w.from; d != int(day); d = (d + 1) % 7 {
			w.s.days.weekdays |= 1 << uint(d)
		}
		w.s.days.weekdays |= 1 << uint(day)
		w.from, w.last = -1, -1
	case len(w.ordinals) > 0:
		for _, n := range w.ordinals {
			if n > 5 {
				return fmt.Errorf("no month has %d of one weekday", n)
			}
			w.s.days.nth = append(w.s.days.nth, nthWeekday{day, n})
		}
		w.ordinals = nil
	default:
		w.s.days.weekdays |= 1 << uint(day)
		w.last = int(day)
	}
	return nil
}

// dates turns the ordinals said so far into days of the month.
func (w *words) dates() {
	w.days = true
	for _, n := range w.ordinals {
		if n < 0 {
			w.s.days.lastDays = append(w.s.days.lastDays, 0)
		} else {
			w.s.days.dates |= 1 << uint(n)
		}
	}
	w.ordinals = nil
}

func (w *words) finish() error {
	if len(w.ordinals) > 0 {
		w.dates()
	}
	if w.from >= 0 {
		return fmt.Errorf("a range of weekdays does not end")
	}
	if !w.days {
		return fmt.Errorf(`no day is named; write "every day at 8:00" or "every monday at 8:00"`)
	}
	if w.s.days.months == 0 {
		w.s.days.months = 1<<13 - 2
	}
	if len(w.s.clocks) == 0 {
		w.s.clocks = []int{defaultClock}
	}
	slices.Sort(w.s.clocks)
	w.s.clocks = slices.Compact(w.s.clocks)
	days := &w.s.days
	days.anyDate = days.anyDate || days.dates == 0 && len(days.lastDays) == 0
	days.anyWeek = days.anyWeek || days.weekdays == 0 && len(days.nth) == 0
	return nil
}

func weekdayWord(word string) (time.Weekday, bool) {
	for day, names := range [][]string{{"sunday", "sun", "dimanche", "dim"}, {"monday", "mon", "lundi", "lun"},
		{"tuesday", "tue", "tues", "mardi"}, {"wednesday", "wed", "mercredi", "mer"}, {"thursday", "thu", "thurs", "jeudi", "jeu"},
		{"friday", "fri", "vendredi", "ven"}, {"saturday", "sat", "samedi", "sam"}} {
		if slices.Contains(names, word) || slices.Contains(names[:len(names)-1], strings.TrimSuffix(word, "s")) {
			return time.Weekday(day), true
		}
	}
	return 0, false
}

// ordinalWord reads "first", "1st", "1er", "15" and "last", which is -1.
func ordinalWord(word string) (int, bool) {
	if at := numbered().FindStringSubmatch(word); at != nil {
		n, _ := strconv.Atoi(at[1])
		return n, n >= 1 && n <= 31
	}
	for n, names := range [][]string{1: {"first", "premier", "premiere", "premiers", "premieres"}, 2: {"second", "deuxieme"},
		3: {"third", "troisieme"}, 4: {"fourth", "quatrieme"}, 5: {"fifth", "cinquieme"}} {
		if slices.Contains(names, word) {
			return n, true
		}
	}
	return -1, slices.Contains([]string{"last", "dernier", "derniere", "derniers", "dernieres"}, word)
}

func monthWord(word string) time.Month {
	for k, names := range [][]string{{"january", "jan", "janvier"}, {"february", "feb", "fevrier"}, {"march", "mars"},
		{"april", "apr", "avril"}, {"may", "mai"}, {"june", "jun", "juin"}, {"july", "jul", "juillet"}, {"august", "aug", "aout"},
		{"september", "sep", "septembre"}, {"october", "oct", "octobre"}, {"november", "nov", "novembre"}, {"december", "dec", "decembre"}} {
		if slices.Contains(names, word) {
			return time.Month(k + 1)
		}
	}
	return 0
}

// pattern compiles an expression when it is first used, and keeps it: a program
// that starts for a moment needs few of them.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
