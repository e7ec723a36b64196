package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/zest-digest/zest/digest"
)

// Parse reads a schedule. It takes
//
//   - cron expressions of five fields, or six with seconds first: names of months
//     and weekdays, ranges that wrap ("SAT-MON"), 7 for Sunday, L for the last day
//     of the month, L-2 for the day two before it, 5L or FRIL for the last Friday,
//     MON#1 for the first Monday; @hourly, @daily, @weekly, @monthly, @yearly; a
//     zone in front as TZ=Europe/Paris;
//   - words: "every monday at 8:00", "weekdays at 7:30", "first friday at 9:00",
//     "last day of month at 18:00", "chaque lundi à 8h", "du lundi au vendredi à
//     7h30", "le 1er et le 15 du mois". Without a time it is 8:00.
//
// What can never come, such as 30 February, is refused. Errors are
// [*digest.InvalidError].
func Parse(expr string) (Schedule, error) {
	text := strings.Join(strings.Fields(expr), " ")
	s := Schedule{text: text}
	rest := text
	if zone, after, ok := cutZone(text); ok {
		var err error
		if s.zone, err = time.LoadLocation(zone); err != nil || zone == "" {
			return Schedule{}, invalid(expr, "no time zone is called "+strconv.Quote(zone))
		}
		rest = after
	}
	var err error
	switch {
	case rest == "":
		err = invalid(expr, `it is empty; write "every monday at 8:00" or "0 8 * * 1"`)
	case isCron(rest):
		err = s.parseCron(rest)
	default:
		err = s.parseWords(rest)
	}
	if err != nil {
		return Schedule{}, err
	}
	// Any start will do: whatever can come comes within the horizon.
	if _, err := s.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.UTC); err != nil {
		return Schedule{}, invalid(expr, "that day never comes")
	}
	return s, nil
}

func invalid(expr, reason string) error {
	return &digest.InvalidError{Field: "schedule", Value: expr, Reason: reason}
}

func cutZone(text string) (zone, rest string, ok bool) {
	for _, prefix := range []string{"CRON_TZ=", "TZ="} {
		if after, found := strings.CutPrefix(text, prefix); found {
			zone, rest, _ = strings.Cut(after, " ")
			return zone, rest, true
		}
	}
	return "", text, false
}

var numeric = pattern(`^[0-9*?/,-]+$`)

// isCron reports whether a text is meant as a cron expression.
func isCron(text string) bool {
	fields := strings.Fields(text)
	return strings.HasPrefix(text, "@") || len(fields) >= 2 && numeric().MatchString(fields[0]) && numeric().MatchString(fields[1])
}

// parseCron lets robfig/cron read what it reads right, and reads the rest of
// the two day fields here.
func (s *Schedule) parseCron(text string) error {
	fields := strings.Fields(text)
	if !strings.HasPrefix(text, "@") {
		if len(fields) != 5 && len(fields) != 6 {
			return invalid(s.text, fmt.Sprintf("%d fields; a cron expression has five: minute, hour, day, month, weekday", len(fields)))
		}
		last := len(fields) - 1
		var err error
		if fields[last-2], err = s.days.cutDates(fields[last-2]); err == nil {
			fields[last], err = s.days.cutWeekdays(fields[last])
		}
		if err != nil {
			return invalid(s.text, err.Error())
		}
	}
	parser := cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	parsed, err := parser.Parse(strings.Join(fields, " "))
	if err != nil {
		return invalid(s.text, err.Error())
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return invalid(s.text, `"@every" counts from when the program started; name the hours instead: "0 */6 * * *"`)
	}
	s.take(spec)
	return nil
}

// star is the bit robfig/cron sets for a field that was "*" or "?".
const star = 1 << 63

// none is what a day field becomes when all of it was read here: a day that
// robfig/cron accepts and take removes.
const none = "1"

func (s *Schedule) take(spec *cron.SpecSchedule) {
	s.everyHour = spec.Hour&^uint64(star) == 1<<24-1
	for hour := range 24 {
		for minute := range 60 {
			for second := range 60 {
				if spec.Hour>>hour&1 == 1 && spec.Minute>>minute&1 == 1 && spec.Second>>second&1 == 1 {
					s.clocks = append(s.clocks, hour*3600+minute*60+second)
				}
			}
		}
	}
	s.days.months = spec.Month &^ star
	s.days.anyDate, s.days.anyWeek = spec.Dom&star != 0, spec.Dow&star != 0
	s.days.dates |= spec.Dom &^ star
	s.days.weekdays |= spec.Dow &^ star
	if len(s.days.lastDays) > 0 && s.days.dates&1 == 1 {
		s.days.dates = 0
	}
	if len(s.days.nth) > 0 && s.days.weekdays&(1<<7) != 0 {
		s.days.weekdays = 0
	}
}

// cutDates takes L and L-n out of a day-of-month field and returns what is left.
func (r *dayRule) cutDates(f string) (string, error) {
	var rest []string
	for item := range strings.SplitSeq(f, ",") {
		before, ok := strings.CutPrefix(strings.ToUpper(item), "L")
		if !ok {
			rest = append(rest, item)
			continue
		}
		n := 0
		if before != "" {
			var err error
			if n, err = strconv.Atoi(strings.TrimPrefix(before, "-")); err != nil || before[0] != '-' || n < 0 || n > 30 {
				return "", fmt.Errorf("%q is not a day of the month; L is the last, L-2 two days before", item)
			}
		}
		r.lastDays = append(r.lastDays, n)
	}
	if len(rest) == 0 {
		r.dates |= 1 // bit 0 is no day: it tells take that none was asked for
		return none, nil
	}
	return strings.Join(rest, ","), nil
}

// cutWeekdays takes MON#1 and FRIL out of a weekday field, and writes what is
// left as single days from 0 to 6.
func (r *dayRule) cutWeekdays(f string) (string, error) {
	var rest []string
	for item := range strings.SplitSeq(f, ",") {
		upper := strings.ToUpper(item)
		name, number, isNth := strings.Cut(upper, "#")
		bare, isLast := strings.CutSuffix(upper, "L")
		switch {
		case strings.HasPrefix(item, "*") || item == "?":
			rest = append(rest, item)
		case isNth:
			day, ok := weekday(name)
			n, err := strconv.Atoi(number)
			if !ok || err != nil || n < 1 || n > 5 {
				return "", fmt.Errorf("%q is not a weekday and its number, as MON#1", item)
			}
			r.nth = append(r.nth, nthWeekday{day, n})
		case isLast:
			day, ok := weekday(bare)
			if !ok {
				return "", fmt.Errorf("%q is not a last weekday, as FRIL", item)
			}
			r.nth = append(r.nth, nthWeekday{day, -1})
		default:
			days, err := weekdayRange(upper)
			if err != nil {
				return "", err
			}
			rest = append(rest, days...)
		}
	}
	if len(rest) == 0 {
		r.weekdays |= 1 << 7 // no weekday: see cutDates
		return none, nil
	}
	return strings.Join(rest, ","), nil
}

// weekday reads 0 to 7 and the English names, three letters.
func weekday(name string) (time.Weekday, bool) {
	if n, err := strconv.Atoi(name); err == nil {
		return time.Weekday(n % 7), n >= 0 && n <= 7
	}
	k := slices.Index([]string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}, name)
	return time.Weekday(k), k >= 0
}

// weekdayRange spells out "FRI-MON", "1-7/2", "3/2".
func weekdayRange(item string) ([]string, error) {
	span, stepText, stepped := strings.Cut(item, "/")
	fromText, toText, isRange := strings.Cut(span, "-")
	from, ok := weekday(fromText)
	step, err := strconv.Atoi(stepText)
	if !stepped {
		step, err = 1, nil
	}
	if !ok || err != nil || step < 1 {
		return nil, fmt.Errorf("%q is not a weekday", item)
	}
	to := from
	switch {
	case isRange:
		if to, ok = weekday(toText); !ok {
			return nil, fmt.Errorf("%q is not a weekday", toText)
		}
	case stepped:
		to = time.Saturday
	}
	length := (int(to) - int(from) + 7) % 7
	if isRange && (fromText == "0" && toText == "7") {
		length = 6
	}
	var days []string
	for k := 0; k <= length; k += step {
		days = append(days, strconv.Itoa((int(from)+k)%7))
	}
	return days, nil
}
