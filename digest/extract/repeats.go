package extract

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"strings"

	"golang.org/x/net/html"

	"github.com/zest-digest/zest/digest"
)

// Habits are what the last pages of a site were made of, block by block. What
// stands on many of them is furniture.
type Habits struct {
	pages []habit
}

// habit is one page: its address, and its blocks.
type habit struct {
	url    uint32
	blocks []uint32
}

const (
	// habitPages is of how many pages Habits are.
	habitPages = 8
	// habitBlocks bounds what is kept of one page.
	habitBlocks = 300
)

// ReadHabits reads what [Habits.String] wrote. What it cannot read it forgets.
func ReadHabits(s string) *Habits {
	h := &Habits{}
	b, err := base64.RawStdEncoding.DecodeString(s)
	for err == nil && len(b) >= 8 && len(h.pages) < habitPages {
		one := habit{url: binary.LittleEndian.Uint32(b)}
		n := int(binary.LittleEndian.Uint32(b[4:]))
		if b = b[8:]; n > habitBlocks || len(b) < 4*n {
			break
		}
		for ; n > 0; n-- {
			one.blocks = append(one.blocks, binary.LittleEndian.Uint32(b))
			b = b[4:]
		}
		h.pages = append(h.pages, one)
	}
	return h
}

// String is the habits as text, of a few KiB.
func (h *Habits) String() string {
	var b []byte
	for _, p := range h.pages {
		b = binary.LittleEndian.AppendUint32(b, p.url)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p.blocks)))
		for _, k := range p.blocks {
			b = binary.LittleEndian.AppendUint32(b, k)
		}
	}
	return base64.RawStdEncoding.EncodeToString(b)
}

// Learn adds a page of the site, and drops the oldest one beyond the last few. A
// page that is there already, by its address or by most of what it says, teaches
// nothing: it would make furniture of its own words.
func (h *Habits) Learn(p digest.Page) {
	text := decode(head(p.Body, Options{}.maxBytes()), p.ContentType)
	one := habit{url: blockKey(digest.CanonicalURL(p.URL))}
	mine := map[uint32]bool{}
	for _, block := range textBlocks(p, text) {
		if k := blockKey(block); !mine[k] && len(one.blocks) < habitBlocks {
			mine[k] = true
			one.blocks = append(one.blocks, k)
		}
	}
	for _, other := range h.pages {
		same := 0
		for _, k := range other.blocks {
			if mine[k] {
				same++
			}
		}
		if other.url == one.url || 2*same > len(one.blocks) {
			return
		}
	}
	h.pages = append(h.pages, one)
	h.pages = h.pages[max(0, len(h.pages)-habitPages):]
}

func textBlocks(p digest.Page, text string) (out []string) {
	var found []block
	if isPlain(p, text) {
		found = plainBlocks(text)
	} else if doc, err := html.Parse(strings.NewReader(text)); err == nil {
		prune(doc, maxDepth)
		found = blocks(doc)
	}
	for _, b := range found {
		out = append(out, b.text)
	}
	return out
}

// Repeated finds the blocks that stand word for word on at least half of the
// pages, and on three at least: two reports of the same event may well share a
// paragraph.
func (h *Habits) Repeated() *Repeated {
	r := &Repeated{blocks: map[uint32]bool{}}
	seen := map[uint32]int{}
	for _, p := range h.pages {
		for _, k := range p.blocks {
			seen[k]++
		}
	}
	need := max(3, (len(h.pages)+1)/2)
	for k, n := range seen {
		if n >= need {
			r.blocks[k] = true
		}
	}
	return r
}

// Repeated is what several pages of a site share: their furniture.
type Repeated struct {
	blocks map[uint32]bool
}

// has reports whether a block stands on other pages of the site too. A nil
// Repeated knows nothing.
func (r *Repeated) has(text string) bool {
	return r != nil && len(r.blocks) > 0 && r.blocks[blockKey(text)]
}

// blockKey folds case, spaces and digits, so that "12 comments" and "3
// comments" are one block.
func blockKey(text string) uint32 {
	h := fnv.New32a()
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
	return h.Sum32()
}
