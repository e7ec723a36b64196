package curate

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/zest-digest/zest/digest"
)

// story is what one or several articles tell.
type story struct {
	best   digest.Article
	others []digest.Article
}

// sources counts the different sources that tell the story.
func (s story) sources() int {
	seen := map[string]bool{s.best.Source: true}
	for _, o := range s.others {
		seen[o.Source] = true
	}
	return len(seen)
}

// Near-duplicates are found by MinHash over word bigrams and LSH: 64 bands of
// 2 rows bring pairs of Jaccard 0.35 together nearly always, and the estimate
// then decides. Work grows with the articles, not with pairs.
const (
	hashes      = 128
	families    = 8                 // of hashes; each deals shingles to bins and keeps the least of each bin
	bins        = hashes / families // so a shingle is hashed eight times instead of 128, at hardly a loss
	bands       = 64
	rows        = hashes / bands
	sameStory   = 0.35 // estimated Jaccard of two versions of one text
	minShingles = 8    // under this there is too little to compare
)

// merge brings the versions of one story together. The order of stories follows
// the order of articles.
func merge(articles []digest.Article, weight map[string]float64) []story {
	stories := make([]story, len(articles))
	for i, a := range articles {
		stories[i].best = a
	}
	return mergeStories(stories, weight)
}

// mergeStories makes one of the stories whose best versions tell the same.
func mergeStories(stories []story, weight map[string]float64) []story {
	articles := make([]digest.Article, len(stories))
	for i, st := range stories {
		articles[i] = st.best
	}
	return gather(stories, related(articles), weight)
}

// related finds the articles that tell one story: same canonical address, nearly
// the same text, or the same event in other words.
func related(articles []digest.Article) *sets {
	sets := newSets(len(articles))
	byURL := map[string]int{}
	for i, a := range articles {
		if a.URL == "" {
			continue
		}
		if j, ok := byURL[a.URL]; ok {
			sets.join(i, j)
		} else {
			byURL[a.URL] = i
		}
	}
	prints := make([][]uint64, len(articles))
	each(len(articles), func(i int) { prints[i] = fingerprint(articles[i]) })
	pairs := make([][][2]int, bands)
	each(bands, func(b int) { pairs[b] = nearPairs(prints, b) })
	for _, list := range pairs {
		for _, p := range list {
			sets.join(p[0], p[1])
		}
	}
	sameEvents(articles, sets)
	return sets
}

// nearPairs finds the pairs that one band brings together and that are alike.
// Bands are looked at one by one, so that only one's buckets are kept at a time.
func nearPairs(prints [][]uint64, b int) (out [][2]int) {
	buckets := map[uint64][]int32{}
	for i, p := range prints {
		if p == nil {
			continue
		}
		key := bandKey(p[b*rows : (b+1)*rows])
		for _, j := range buckets[key] {
			if similarity(p, prints[j]) >= sameStory {
				out = append(out, [2]int{i, int(j)})
			}
		}
		if len(buckets[key]) < 8 { // boilerplate shared by hundreds must not make this quadratic
			buckets[key] = append(buckets[key], int32(i))
		}
	}
	return out
}

func gather(stories []story, s *sets, weight map[string]float64) []story {
	groups := map[int][]digest.Article{}
	var order []int
	for i, st := range stories {
		root := s.find(i)
		if groups[root] == nil {
			order = append(order, root)
		}
		groups[root] = append(append(groups[root], st.best), st.others...)
	}
	out := make([]story, 0, len(order))
	for _, root := range order {
		g := groups[root]
		slices.SortStableFunc(g, func(a, b digest.Article) int { return better(a, b, weight) })
		out = append(out, story{best: g[0], others: g[1:]})
	}
	return out
}

// better orders the versions of one story: the trusted source, then the fuller
// text, then the earlier one.
func better(a, b digest.Article, weight map[string]float64) int {
	full := func(x digest.Article) int { return min(x.Words, 800) / 100 }
	return cmp.Or(
		cmp.Compare(cmp.Or(weight[b.Source], 1), cmp.Or(weight[a.Source], 1)),
		cmp.Compare(full(b), full(a)),
		a.When().Compare(b.When()),
		cmp.Compare(a.Source, b.Source),
	)
}

// fingerprint is the MinHash of an article's word bigrams, nil when the text is
// too short to say anything.
func fingerprint(a digest.Article) []uint64 {
	words := tokens(a.Title + " " + a.Text)
	if len(words) <= minShingles {
		return nil
	}
	mins := make([]uint64, hashes)
	for i := range mins {
		mins[i] = math.MaxUint64
	}
	before := fnv(words[0])
	for _, w := range words[1:] {
		word := fnv(w)
		h := before*31 + word
		before = word
		for k := range families {
			v := mix(h, uint64(k))
			if at := k*bins + int(v%bins); v < mins[at] {
				mins[at] = v
			}
		}
	}
	for k := range families {
		fill(mins[k*bins : (k+1)*bins])
	}
	return mins
}

// fill gives an empty bin what the next one holds, told apart by the distance
// (Shrivastava and Li, 2014).
func fill(bin []uint64) {
	full := slices.Clone(bin)
	for i := range bin {
		for d := uint64(0); bin[i] == math.MaxUint64 && d < uint64(len(bin)); d++ {
			if v := full[(i+int(d))%len(bin)]; v != math.MaxUint64 {
				bin[i] = mix(v, d)
			}
		}
	}
}

// each runs f for every number below n, on every processor. What f writes has a
// place of its own for each number, so that nothing depends on the order.
func each(n int, f func(int)) {
	var work sync.WaitGroup
	parts := runtime.GOMAXPROCS(0)
	for part := range parts {
		work.Go(func() {
			for i := part; i < n; i += parts {
				f(i)
			}
		})
	}
	work.Wait()
}

func tokens(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// fnv is FNV-1a: a seedless hash, so that an edition is the same on every run.
func fnv(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// mix derives the k-th hash of h (the finaliser of SplitMix64).
func mix(h, k uint64) uint64 {
	h += (k + 1) * 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func bandKey(band []uint64) uint64 {
	h := uint64(14695981039346656037)
	for _, v := range band {
		h = mix(h^v, 1)
	}
	return h
}

func similarity(a, b []uint64) float64 {
	same := 0
	for i := range a {
		if a[i] == b[i] {
			same++
		}
	}
	return float64(same) / float64(len(a))
}

// sets is union-find with path halving.
type sets struct{ parent []int }

func newSets(n int) *sets {
	s := &sets{parent: make([]int, n)}
	for i := range s.parent {
		s.parent[i] = i
	}
	return s
}

func (s *sets) find(i int) int {
	for s.parent[i] != i {
		s.parent[i] = s.parent[s.parent[i]]
		i = s.parent[i]
	}
	return i
}

// join keeps the smaller root, so that a story stands where its first version
// stood.
func (s *sets) join(i, j int) {
	a, b := s.find(i), s.find(j)
	s.parent[max(a, b)] = min(a, b)
}
