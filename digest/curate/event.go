package curate

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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

// facts are the terms of an article, by weight.
type facts map[string]float64

// isName reports whether a term is a name or a number: marked when it was found.
func isName(term string) bool { return term[0] == '^' }

// profile is what of an article's facts can be compared: the terms that another
// candidate uses too and few do, and how much it says in all, with the terms that
// are its alone. Sums are of whole numbers, so that no order of adding rounds
// them otherwise.
type profile struct {
	shared     facts
	all, names int64 // squared lengths
}

const unit = 1e6 // of the sums

// sameEvents joins the articles of different sources that tell of one event.
func sameEvents(articles []digest.Article, s *sets) {
	profiles := profilesOf(articles)
	users := map[string][]int{}
	for i := range profiles {
		for t := range profiles[i].shared {
			if isName(t) {
				users[t] = append(users[t], i)
			}
		}
	}
	same := make([][]int, len(articles))
	each(len(articles), func(i int) {
		for _, j := range neighbours(profiles[i].shared, users, i) {
			if alike(articles[i], articles[j], profiles[i], profiles[j]) {
				same[i] = append(same[i], j)
			}
		}
	})
	for i, list := range same {
		for _, j := range list {
			s.join(i, j)
		}
	}
}

// profilesOf reads every article twice, first to count who uses which term: the
// facts of all of them at once would take more memory than the articles.
func profilesOf(articles []digest.Article) []profile {
	terms := make([][]uint64, len(articles))
	each(len(articles), func(i int) {
		for t := range factsOf(articles[i]) {
			terms[i] = append(terms[i], fnv(t))
		}
	})
	df := map[uint64]int32{}
	for i := range terms {
		for _, t := range terms[i] {
			df[t]++
		}
		terms[i] = nil
	}
	limit := int32(min(max(rareIn, len(articles)/rarePart), rareMost))
	total := math.Log(float64(max(len(articles), 50)))
	out := make([]profile, len(articles))
	each(len(articles), func(i int) {
		p := profile{shared: facts{}}
		for t, w := range factsOf(articles[i]) {
			n := df[fnv(t)]
			if n > limit {
				continue
			}
			w *= total - math.Log(float64(n))
			p.all += int64(w * w * unit)
			if isName(t) {
				p.names += int64(w * w * unit)
			}
			if n > 1 {
				p.shared[t] = w
			}
		}
		out[i] = p
	})
	return out
}

// neighbours are the later articles that share rare names or numbers, in order.
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

func alike(a, b digest.Article, x, y profile) bool {
	gap := a.When().Sub(b.When())
	if a.Source == b.Source || a.Title == "" || b.Title == "" || gap > eventWindow || gap < -eventWindow {
		return false
	}
	namesOnly := a.Language != "" && b.Language != "" && a.Language[:min(2, len(a.Language))] != b.Language[:min(2, len(b.Language))]
	if titlesMeet(a, b, x.shared, y.shared) {
		return cosine(x, y, namesOnly) >= sameEvent
	}
	return cosine(x, y, namesOnly) >= sameAnyway
}

func cosine(x, y profile, namesOnly bool) float64 {
	var dot int64
	for t, w := range x.shared {
		if v, both := y.shared[t]; both && (!namesOnly || isName(t)) {
			dot += int64(w * v * unit)
		}
	}
	xx, yy := x.all, y.all
	if namesOnly {
		xx, yy = x.names, y.names
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return float64(dot) / math.Sqrt(float64(xx)*float64(yy))
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

// factsOf reads the terms of an article's title and opening. A capital inside a
// sentence makes a name; one at its beginning says nothing.
func factsOf(a digest.Article) facts {
	f := facts{}
	text := a.Title + ".\n" + opening(a.Text)
	begin, from := true, -1 // where the word that is being read began
	for i, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' && from >= 0 {
			if from < 0 {
				from = i
			}
			continue
		}
		if from >= 0 {
			addFact(f, text[from:i], begin)
			begin, from = false, -1
		}
		if strings.ContainsRune(".!?\n:«“\"", r) {
			begin = true
		}
	}
	if from >= 0 {
		addFact(f, text[from:], begin)
	}
	return f
}

// opening is the beginning of a text, leadChars characters of it.
func opening(text string) string {
	n := 0
	for i := range text {
		if n == leadChars {
			return text[:i]
		}
		n++
	}
	return text
}

func addFact(f facts, word string, begin bool) {
	word = strings.TrimRight(word, "-")
	first, _ := utf8.DecodeRuneInString(word)
	n := utf8.RuneCountInString(word)
	switch {
	case unicode.IsDigit(first):
		if n > 1 {
			f["^"+strings.ToLower(word)] = nameWeight
		}
	case unicode.IsUpper(first) && n > 2 && !begin:
		f["^"+strings.ToLower(word)] = nameWeight
	case n > 4:
		low := strings.ToLower(word)
		if _, known := f["^"+low]; !known {
			f[low] = 1
		}
	}
}
