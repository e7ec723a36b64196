package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in the configuration. Its text is safe to show.
type Problem struct {
	File   string // path of the file, or "environment"
	Line   int    // from 1; 0 when there is none
	Field  string // "smtp.port", "newsletters.hebdo.zone"
	Reason string
}

func (p Problem) String() string {
	at := p.File
	if p.Line > 0 {
		at = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Field == "" {
		return at + ": " + p.Reason
	}
	return at + ": " + p.Field + ": " + p.Reason
}

func (p Problem) Error() string { return p.String() }

// Problems are all mistakes of one configuration, by line.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// err is the sorted list as an error, or nil when it is empty: a nil Problems
// in an error would not be nil.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return p
}

// At is a problem with a field of this configuration, found by a part of the
// program that knows more about the value: an expression, a schedule, a theme.
// Fields are named as in [Problem]; of an unknown field the nearest known part
// gives the line.
func (c *Config) At(field, reason string) Problem {
	return Problem{File: c.file, Line: lineOf(c.lines, field), Field: field, Reason: reason}
}

// lineOf finds the line of a field, or of the nearest thing it is part of: a
// missing key has no line of its own.
func lineOf(lines map[string]int, field string) int {
	for field != "" {
		if line, ok := lines[field]; ok {
			return line
		}
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
	}
	return 0
}

// didYouMean is "; did you mean …?" when one of the known words is near enough
// to be what was meant, and empty otherwise.
func didYouMean(word string, known []string) string {
	if best := nearest(word, known); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return ""
}

// nearest is the known word that a word was probably meant to be, or empty.
func nearest(word string, known []string) string {
	best, distance := "", max(1, (len(word)+1)/3)+1
	for _, k := range known {
		if d := editDistance(strings.ToLower(word), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// editDistance counts insertions, deletions, replacements and swaps of
// neighbours (optimal string alignment).
func editDistance(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	var before, row []int
	for j := range len(rb) + 1 {
		row = append(row, j)
	}
	for i := range ra {
		next := make([]int, len(rb)+1)
		next[0] = i + 1
		for j := range rb {
			cost := 1
			if ra[i] == rb[j] {
				cost = 0
			}
			next[j+1] = min(row[j+1]+1, next[j]+1, row[j]+cost)
			if i > 0 && j > 0 && ra[i] == rb[j-1] && ra[i-1] == rb[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(rb)]
}
