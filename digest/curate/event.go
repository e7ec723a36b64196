package curate

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/zest-digest/zest/digest"
)

// Two articles tell of one event when they share what is rare: the names, the
// numbers and the seldom words that few of the other candidates use. Names and
// numbers are the same in French and in English, so an event is found across
// languages too.
const (
	eventWindow = 72 * time.Hour // an event is told within days
	leadChars   = 1500           // what an article is about stands at its beginning
	rareIn      = 8              // a term that more candidates use says little,
	rarePart    = 20             // or more than one in so many,
	rareMost    = 60             // and never more than this: the work stays linear
	nameWeight  = 2.0            // a name or a number against a word
	sameEvent   = 0.30           // cosine, where the titles share something rare
	sameAnyway  = 0.40           // cosine, where they do not
	sharedNames = 2              // at the least, whatever the cosine
)

// facts are the terms of an article, by weight once the candidates are counted.
type facts map[string]float64

// isName reports whether a term is a name or a number: marked when it was found.
func isName(term string) bool { return term[0] == '^' }

// sameEvents joins the articles of different sources that tell of one event.
func sameEvents(articles []digest.Article, s *sets) {
	terms, df := make([]facts, len(articles)), map[string]int{}
	each(len(articles), func(i int) { terms[i] = factsOf(articles[i]) })
	for i := range articles {
		for t := range terms[i] {
			df[t]++
		}
	}
	limit := min(max(rareIn, len(articles)/rarePart), rareMost)
	total := math.Log(float64(max(len(articles), 50)))
	users := map[string][]int{}
	for i := range articles {
		for t := range terms[i] {
			switch {
			case df[t] > limit:
				delete(terms[i], t)
			case df[t] > 1:
				users[t] = append(users[t], i)
			}
		}
		for t := range terms[i] {
			terms[i][t] *= total - math.Log(float64(df[t]))
		}
	}
	for i, a := range articles {
		for _, j := range neighbours(terms[i], users, i) {
			if s.find(i) != s.find(j) && alike(a, articles[j], terms[i], terms[j]) {
				s.join(i, j)
			}
		}
	}
}

// neighbours are the later articles that share a rare name or number, in order.
func neighbours(f facts, users map[string][]int, i int) []int {
	shared := map[int]int{}
	for t := range f {
		if !isName(t) {
			continue
		}
		for _, j := range users[t] {
			if j > i {
				shared[j]++
			}
		}
	}
	var out []int
	for j, n := range shared {
		if n >= sharedNames {
			out = append(out, j)
		}
	}
	slices.Sort(out)
	return out
}

func alike(a, b digest.Article, x, y facts) bool {
	gap := a.When().Sub(b.When())
	if a.Source == b.Source || a.Title == "" || b.Title == "" || gap > eventWindow || gap < -eventWindow {
		return false
	}
	counts := func(string) bool { return true }
	if a.Language != "" && b.Language != "" && a.Language[:min(2, len(a.Language))] != b.Language[:min(2, len(b.Language))] {
		counts = isName
	}
	if titlesMeet(a, b, x, y) {
		return cosine(x, y, counts) >= sameEvent
	}
	return cosine(x, y, counts) >= sameAnyway
}

// titlesMeet reports whether the titles share a rare term. What an article is
// about stands there.
func titlesMeet(a, b digest.Article, x, y facts) bool {
	other := titleFacts(b)
	for t := range titleFacts(a) {
		if other[t] && (x[t] > 0 && y[t] > 0 || x["^"+t] > 0 && y["^"+t] > 0) {
			return true
		}
	}
	return false
}

// titleFacts are the words of a title. In a title a capital says little: some
// papers give one to every word.
func titleFacts(a digest.Article) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(a.Title), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' }) {
		out[w] = true
	}
	return out
}

func cosine(x, y facts, counts func(string) bool) float64 {
	var dot, xx, yy float64
	for _, t := range sorted(x) {
		if counts(t) {
			dot += x[t] * y[t]
			xx += x[t] * x[t]
		}
	}
	for _, t := range sorted(y) {
		if counts(t) {
			yy += y[t] * y[t]
		}
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return dot / math.Sqrt(xx*yy)
}

// sorted makes sums the same on every run: adding in another order rounds
// otherwise.
func sorted(f facts) []string {
	out := make([]string, 0, len(f))
	for t := range f {
		out = append(out, t)
	}
	slices.SortFunc(out, cmp.Compare[string])
	return out
}

// factsOf reads the terms of an article's title and opening. A capital inside a
// sentence makes a name; one at its beginning says nothing.
func factsOf(a digest.Article) facts {
	f := facts{}
	lead := []rune(a.Text)
	text := a.Title + ".\n" + string(lead[:min(len(lead), leadChars)])
	begin, word := true, []rune{}
	end := func(next rune) {
		if len(word) > 0 {
			addFact(f, string(word), begin)
			begin, word = false, word[:0]
		}
		if strings.ContainsRune(".!?\n:«“\"", next) {
			begin = true
		}
	}
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' && len(word) > 0 {
			word = append(word, r)
			continue
		}
		end(r)
	}
	end('.')
	return f
}

func addFact(f facts, word string, begin bool) {
	word = strings.TrimRight(word, "-")
	runes := []rune(word)
	low := strings.ToLower(word)
	switch {
	case unicode.IsDigit(runes[0]):
		if len(runes) > 1 {
			f["^"+low] = nameWeight
		}
	case unicode.IsUpper(runes[0]) && len(runes) > 2 && !begin:
		f["^"+low] = nameWeight
	case len(runes) > 4:
		if _, known := f["^"+low]; !known {
			f[low] = 1
		}
	}
}
