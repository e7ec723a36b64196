package extract

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"sync"
	"unicode/utf8"
)

// opener is a pattern for how a text begins. Nearly every paragraph begins like
// none of them, and a look at its first letters says so at a fraction of what
// trying the alternatives costs, and of what compiling them does.
type opener struct {
	re     func() *regexp.Regexp
	begins map[string]bool // the first letters of what can match; nil when that may be any
}

// beginLetters is how many letters are looked at.
const beginLetters = 8

// openerOf makes an opener when it is first used. Its pattern is compiled when a
// text begins as it does.
func openerOf(expr string) func() *opener {
	return sync.OnceValue(func() *opener { return &opener{re: pattern(expr), begins: beginnings(expr)} })
}

// MatchString is the pattern's own.
func (o *opener) MatchString(s string) bool {
	return (o.begins == nil || o.mayBegin(s)) && o.re().MatchString(s)
}

func (o *opener) mayBegin(s string) bool {
	end := 0
	for range beginLetters {
		_, size := utf8.DecodeRuneInString(s[end:])
		if size == 0 {
			return false
		}
		end += size
		if o.begins[s[:end]] {
			return true
		}
	}
	return false
}

// beginnings are the first letters of everything that an anchored pattern
// matches: fewer where a class, a repetition or the match's end follows. Nil when
// a match may begin with anything.
func beginnings(expr string) map[string]bool {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil || re.Op != syntax.OpConcat || re.Sub[0].Op != syntax.OpBeginText {
		return nil
	}
	b := begun{}
	b.end(b.then(re, []string{""}))
	if b[""] {
		return nil
	}
	return b
}

// begun holds beginnings after which anything may come.
type begun map[string]bool

func (b begun) end(open []string) {
	for _, s := range open {
		b[s] = true
	}
}

// then reads re behind each of the open beginnings, and gives those that are open
// behind it.
func (b begun) then(re *syntax.Regexp, open []string) []string {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return open
	case syntax.OpLiteral, syntax.OpCharClass:
		return b.letters(re, open)
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			open = b.then(sub, open)
		}
		return open
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			all = append(all, b.then(sub, open)...)
		}
		slices.Sort(all)
		return slices.Compact(all)
	case syntax.OpQuest:
		return append(b.then(re.Sub[0], open), open...)
	case syntax.OpStar:
		b.end(b.then(re.Sub[0], open))
		return open
	case syntax.OpPlus:
		b.end(b.then(re.Sub[0], open))
		return nil
	}
	b.end(open) // whatever it is
	return nil
}

// letters reads a literal, or a class of few letters.
func (b begun) letters(re *syntax.Regexp, open []string) []string {
	if re.Flags&syntax.FoldCase != 0 {
		b.end(open)
		return nil
	}
	if re.Op == syntax.OpCharClass {
		return b.one(few(re.Rune), open)
	}
	for i := range re.Rune {
		open = b.one(re.Rune[i:i+1], open)
	}
	return open
}

// one reads one letter, which is one of these.
func (b begun) one(letters []rune, open []string) (longer []string) {
	if letters == nil {
		b.end(open)
	}
	for _, s := range open {
		for _, r := range letters {
			if t := s + string(r); utf8.RuneCountInString(t) < beginLetters {
				longer = append(longer, t)
			} else {
				b[t] = true
			}
		}
	}
	return longer
}

// few are the letters of a class, given as its ranges; nil when they are many.
func few(ranges []rune) (out []rune) {
	for pair := range slices.Chunk(ranges, 2) {
		for r := pair[0]; r <= pair[1]; r++ {
			if out = append(out, r); len(out) > 4 {
				return nil
			}
		}
	}
	return out
}
