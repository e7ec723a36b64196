package curate

import (
	"math"

	"github.com/zest-digest/zest/digest"
)

// The weight of what readers showed, and its bounds: it tips the scale between
// articles alike, and cannot silence a source.
const (
	clickWeight  = 0.1 // twice the newsletter's own rate of clicks gains this much
	wishWeight   = 0.3
	interestMost = 0.3
	doubts       = 5 // clicks or wishes that stand for knowing nothing yet
)

// Taste is what readers of a newsletter made of its sources and their rubrics.
// The zero Taste has no opinion.
type Taste struct{ sources, sections map[string]float64 }

// NewTaste compares each source, and each rubric, with the whole newsletter.
func NewTaste(past []digest.Taste) Taste {
	t := Taste{map[string]float64{}, map[string]float64{}}
	var all digest.Taste
	sources, sections := map[string]digest.Taste{}, map[string]digest.Taste{}
	for _, p := range past {
		all = together(all, p)
		sources[p.Source] = together(sources[p.Source], p)
		if p.Section != "" {
			sections[p.Section] = together(sections[p.Section], p)
		}
	}
	for name, of := range sources {
		t.sources[name] = interest(of, all)
	}
	for name, of := range sections {
		t.sections[name] = interest(of, all)
	}
	return t
}

func together(a, b digest.Taste) digest.Taste {
	return digest.Taste{Shown: a.Shown + b.Shown, Clicks: a.Clicks + b.Clicks, More: a.More + b.More, Less: a.Less + b.Less}
}

func interest(of, all digest.Taste) float64 {
	expected := 0.0
	if all.Shown > 0 {
		expected = float64(all.Clicks) * float64(of.Shown) / float64(all.Shown)
	}
	clicks := math.Log2((float64(of.Clicks) + doubts) / (expected + doubts))
	return clickWeight*clicks + wishWeight*(liking(of)-liking(all))
}

// liking is between -1, when everybody wants less, and 1.
func liking(t digest.Taste) float64 { return float64(t.More-t.Less) / float64(t.More+t.Less+doubts) }

// Of is what the readers' taste adds to the score of an article, from
// -interestMost to interestMost.
func (t Taste) Of(a digest.Article) float64 {
	sum := t.sources[a.Source] + t.sections[a.Section]
	return max(-interestMost, min(interestMost, sum))
}
