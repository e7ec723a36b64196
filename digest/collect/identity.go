package collect

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/zest-digest/zest/digest"
)

// What the items of a source can be known by, the best first.
const (
	byGUID = "guid"
	byURL  = "url"
	byText = "text"
)

// identify gives every item a key that stays, and returns by what: the best that
// the whole source uses for one item only. What a source was known by before is
// kept as long as it can be, so that one odd item does not make all of them new.
// Items that have an identity keep it.
func identify(items []digest.Item, before string) string {
	by := before
	if by == "" && len(items) > 0 {
		by = choose(items)
	}
	for i := range items {
		if items[i].Identity == "" {
			items[i].Identity = Identity(items[i], by)
		}
	}
	return by
}

// once keeps one item of each key: the one that was changed last, else the one
// that stands first, since feeds put what is new on top.
func once(items []digest.Item) []digest.Item {
	place := make(map[string]int, len(items))
	out := items[:0]
	for _, it := range items {
		at, twice := place[it.Identity]
		switch {
		case !twice:
			place[it.Identity] = len(out)
			out = append(out, it)
		case changed(it).After(changed(out[at])):
			out[at] = it
		}
	}
	return out
}

func changed(it digest.Item) time.Time {
	if it.Updated.After(it.Published) {
		return it.Updated
	}
	return it.Published
}

// choose looks for what tells items apart: GUIDs, else addresses, else words. A
// few doubles are doubles; more are a source that writes one GUID everywhere.
func choose(items []digest.Item) string {
	guids, links := map[string]bool{}, map[string]bool{}
	for _, it := range items {
		if it.GUID != "" {
			guids[it.GUID] = true
		}
		if it.URL != "" {
			links[digest.CanonicalURL(it.URL)] = true
		}
	}
	enough := len(items) - len(items)/10
	switch {
	case len(guids) >= enough && len(guids) >= len(links):
		return byGUID
	case len(links) >= enough:
		return byURL
	case len(guids) >= enough:
		return byGUID
	case len(guids) == 0 && len(links) > 1:
		return byURL
	}
	return byText
}

// Identity is the key of an item that is known by its GUID, its address or its
// words ("guid", "url", "text"), or by the next of them when it lacks one.
func Identity(it digest.Item, by string) string {
	link := digest.CanonicalURL(it.URL)
	switch {
	case by == byGUID && it.GUID != "":
		return "guid:" + it.GUID
	case by != byText && link != "":
		return "url:" + link
	case it.GUID != "" && link == "" && by == byURL:
		return "guid:" + it.GUID
	}
	sum := sha256.Sum256([]byte(it.Title + "\x00" + it.Summary + "\x00" + it.Content))
	return "text:" + hex.EncodeToString(sum[:16])
}

// newest parts the n newest items from the rest, both in the feed's own order.
func newest(items []digest.Item, n int) (kept, rest []digest.Item) {
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return items[b].Published.Compare(items[a].Published) })
	first := map[int]bool{}
	for _, i := range order[:n] {
		first[i] = true
	}
	for i, it := range items {
		if first[i] {
			kept = append(kept, it)
		} else {
			rest = append(rest, it)
		}
	}
	return kept, rest
}
