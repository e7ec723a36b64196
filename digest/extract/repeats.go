package extract

import (
	"hash/fnv"
	"strings"

	"golang.org/x/net/html"

	"github.com/zest-digest/zest/digest"
)

// Repeated is what several pages of a site share: their furniture.
type Repeated struct {
	blocks map[uint64]bool
}

// has reports whether a block stands on other pages of the site too. A nil
// Repeated knows nothing.
func (r *Repeated) has(text string) bool {
	return r != nil && r.blocks[blockKey(text)]
}

// Len is how many repeating blocks are known.
func (r *Repeated) Len() int {
	if r == nil {
		return 0
	}
	return len(r.blocks)
}

// Repeats finds the blocks of text that stand word for word on at least half
// of the pages, and on three at least. Give it pages of one site. With fewer
// than three pages it knows nothing: two reports of the same event may well
// share a paragraph.
func Repeats(pages []digest.Page) *Repeated {
	r := &Repeated{blocks: map[uint64]bool{}}
	seen := map[uint64]int{}
	for _, p := range pages {
		mine := map[uint64]bool{}
		text := decode(p.Body, p.ContentType)
		if isPlain(p, text) {
			for _, b := range plainBlocks(text) {
				mine[blockKey(b.text)] = true
			}
		} else if doc, err := html.Parse(strings.NewReader(text)); err == nil {
			prune(doc, maxDepth)
			for _, b := range blocks(doc) {
				mine[blockKey(b.text)] = true
			}
		}
		for k := range mine {
			seen[k]++
		}
	}
	need := max(3, (len(pages)+1)/2)
	for k, n := range seen {
		if n >= need {
			r.blocks[k] = true
		}
	}
	return r
}

// blockKey folds case, spaces and digits, so that "12 comments" and "3
// comments" are one block.
func blockKey(text string) uint64 {
	h := fnv.New64a()
	for _, w := range strings.Fields(strings.ToLower(text)) {
		w = strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return '0'
			}
			return r
		}, w)
		h.Write([]byte(w))
		h.Write([]byte{' '})
	}
	return h.Sum64()
}
