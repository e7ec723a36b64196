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
// trying the alternatives costs.
type opener struct {
	re     *regexp.Regexp
	begins map[string]bool // the first letters of what can match; nil when that may be any
}

// beginLetters is how many letters are looked at.
const beginLetters = 5

// openerOf makes an opener, compiled when it is first used, as by [pattern].
func openerOf(expr string) func() *opener {
	return sync.OnceValue(func() *opener {
		return &opener{re: regexp.MustCompile(expr), begins: beginnings(expr)}
	})
}

// MatchString is the pattern's own.
func (o *opener) MatchString(s string) bool {
	return (o.begins == nil || o.mayBegin(s)) && o.re.MatchString(s)
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
// matches: fewer where a class or the match's end follows. Nil when a match may
// begin with anything.
func beginnings(expr string) map[string]bool {
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil || prog.StartCond()&syntax.EmptyBeginText == 0 {
		return nil
	}
	type place struct {
		pc    uint32
		after string
	}
	out, seen := map[string]bool{}, map[place]bool{}
	todo := []place{{pc: uint32(prog.Start)}}
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[p] {
			continue
		}
		seen[p] = true
		switch in := prog.Inst[p.pc]; in.Op {
		case syntax.InstFail:
		case syntax.InstAlt, syntax.InstAltMatch:
			todo = append(todo, place{in.Out, p.after}, place{in.Arg, p.after})
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			todo = append(todo, place{in.Out, p.after})
		default:
			runes := single(in)
			if runes == nil || utf8.RuneCountInString(p.after) == beginLetters {
				out[p.after] = true
				continue
			}
			for _, r := range runes {
				todo = append(todo, place{in.Out, p.after + string(r)})
			}
		}
	}
	if out[""] {
		return nil
	}
	return out
}

// single is what an instruction matches, where that is a letter or a few; nil
// for a class, and at the match's end.
func single(in syntax.Inst) []rune {
	if in.Op != syntax.InstRune && in.Op != syntax.InstRune1 || syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
		return nil
	}
	if len(in.Rune) == 1 {
		return in.Rune
	}
	var out []rune
	for pair := range slices.Chunk(in.Rune, 2) {
		for r := pair[0]; r <= pair[1]; r++ {
			if out = append(out, r); len(out) > 4 {
				return nil
			}
		}
	}
	return out
}
