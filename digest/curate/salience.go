package curate

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/french"
)

// A sentence matters when it shares its words with others that matter (TextRank,
// Mihalcea and Tarau, 2004), when it stands early, as news put first what counts,
// and when it says what the sentences already chosen do not.
const (
	rankSteps   = 20 // the walk has settled by then
	rankDamping = 0.85
	laterness   = 0.2 // what each place further down costs
	dangling    = 0.5 // what a sentence keeps that leans on one left out
	tersest     = 30  // characters; less is a heading or a cry
)

// leaners begin a sentence that leans on the one before it.
var leaners = strings.Fields(`il elle c'est c’est ils elles lui cela ça ceci celui-ci celle-ci ce cet cette ces mais et or car ainsi donc cependant toutefois
 pourtant puis ensuite enfin aussi autre he she it they this that these those but and so however then also yet his her their its`)

// gist picks the sentences that together say most within the budget, in
// characters, and gives them in the order of the text.
func gist(list []string, language string, budget int) []string {
	words := make([]map[string]bool, len(list))
	for i, s := range list {
		words[i] = stems(s, language)
	}
	rank := textRank(words)
	chosen, said, left := []int{}, map[string]bool{}, budget
	for {
		best, most := -1, 0.0
		for i, s := range list {
			if n := utf8.RuneCountInString(s); slices.Contains(chosen, i) || n > left || n < tersest || !whole(s) {
				continue
			}
			if v := worth(i, s, words[i], said, chosen) * rank[i]; v > most {
				best, most = i, v
			}
		}
		if best < 0 {
			break
		}
		chosen = append(chosen, best)
		left -= utf8.RuneCountInString(list[best]) + 1
		for w := range words[best] {
			said[w] = true
		}
	}
	slices.Sort(chosen)
	out := make([]string, len(chosen))
	for k, i := range chosen {
		out[k] = list[i]
	}
	return out
}

// worth is what a sentence would add to those chosen, for its length and place.
func worth(i int, s string, words, said map[string]bool, chosen []int) float64 {
	fresh := 0
	for w := range words {
		if !said[w] {
			fresh++
		}
	}
	v := float64(fresh) / math.Sqrt(float64(utf8.RuneCountInString(s))) / (1 + laterness*float64(i))
	if leans(s) && !slices.Contains(chosen, i-1) {
		v *= dangling
	}
	return v
}

// whole reports whether a sentence stands by itself: it ends, it is not a
// truncated one, and no quotation or bracket of it stays open.
func whole(s string) bool {
	return ends(s) && balanced(s) && !strings.HasSuffix(s, "…") && !strings.HasSuffix(s, "...") && !strings.HasSuffix(s, "[…]")
}

func leans(s string) bool {
	first, _, _ := strings.Cut(strings.ToLower(s), " ")
	return slices.Contains(leaners, strings.Trim(first, ",;:"))
}

// textRank gives each sentence, as the set of its words, its rank; the mean is
// about 1.
func textRank(words []map[string]bool) []float64 {
	n := len(words)
	weights, sums := make([][]float64, n), make([]float64, n)
	for i := range weights {
		weights[i] = make([]float64, n)
	}
	for i := range n {
		for j := i + 1; j < n; j++ {
			w := overlap(words[i], words[j])
			weights[i][j], weights[j][i] = w, w
			sums[i] += w
			sums[j] += w
		}
	}
	rank := slices.Repeat([]float64{1}, n)
	for range rankSteps {
		next := slices.Repeat([]float64{1 - rankDamping}, n)
		for i := range n {
			for j := range n {
				if weights[j][i] > 0 {
					next[i] += rankDamping * rank[j] * weights[j][i] / sums[j]
				}
			}
		}
		rank = next
	}
	return rank
}

// overlap is how much two sentences have in common. Logarithms of their lengths
// keep long ones from winning by length alone.
func overlap(a, b map[string]bool) float64 {
	if len(a) < 2 || len(b) < 2 {
		return 0
	}
	if len(b) < len(a) {
		a, b = b, a
	}
	common := 0
	for w := range a {
		if b[w] {
			common++
		}
	}
	return float64(common) / (math.Log(float64(len(a))) + math.Log(float64(len(b))))
}

// stems are the words of a sentence that carry meaning, without their endings.
func stems(s, language string) map[string]bool {
	stem := english.Stem
	if strings.HasPrefix(language, "fr") {
		stem = french.Stem
	}
	out := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if utf8.RuneCountInString(w) < 3 || slices.Contains(empty, w) {
			continue
		}
		env := snowballstem.NewEnv(w)
		stem(env)
		out[env.Current()] = true
	}
	return out
}

// empty words of three letters and more join others and say nothing themselves.
var empty = strings.Fields(`alors après aussi autre autres aux avaient avait avant avec avoir bien car cela celle celui ces cet cette ceux chez comme
 comment contre dans des deux depuis doit donc dont elle elles encore entre est étaient était étant été être eux faire fait font ici ils jour jours les leur
 leurs lors lorsque lui mais même mêmes moins nos notre nous ont par parce pas pendant peu peut peuvent plus plusieurs pour pourquoi quand que quel quelle
 quelles quels qui sans selon sera serait seront ses sont sous sur tandis toujours tous tout toute toutes très trop une vers vos votre vous ans année années
 about after again all also and any are because been before being between both but can could did does doing down during each few for from further had has
 have having her here hers him his how into its itself just more most not now off once only other our out over own said same she should some such than that
 the their them then there these they this those through too under until very was were what when where which while who why will with would you your`)
