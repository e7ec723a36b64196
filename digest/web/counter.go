package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
)

// burst is for how long what one network does with one edition is looked at
// together, and remembered at all. One network counts once for an article
// meanwhile; one that opens a whole edition counts for nothing.
const burst = 30 * time.Second

const (
	burstLeast = 3      // a person opens two articles at once
	burstMost  = 8      // nobody opens so many, however long the edition
	visitsMost = 50_000 // networks and editions at a time; more is an attack, and not counted
)

// counter counts reactions without knowing whose. A network is a hash under a key
// that this process made up and never writes down.
type counter struct {
	key    [32]byte
	mu     sync.Mutex
	visits map[visit]*visited
	ready  map[digest.Reaction]int // by a reaction without its count
}

type visit struct {
	network [16]byte
	edition digest.EditionID
}

type visited struct {
	first time.Time
	links int // of the edition
	seen  map[digest.Reaction]bool
}

func newCounter() *counter {
	c := &counter{visits: map[visit]*visited{}, ready: map[digest.Reaction]int{}}
	rand.Read(c.key[:]) // never fails
	return c
}

func (c *counter) add(from netip.Prefix, e digest.EditionID, a digest.ArticleID, kind digest.ReactionKind, links int, now time.Time) {
	h := hmac.New(sha256.New, c.key[:])
	h.Write([]byte(from.String()))
	v := visit{network: [16]byte(h.Sum(nil)), edition: e}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.visits[v]; old != nil && now.Sub(old.first) >= burst {
		c.settle(v)
	}
	if c.visits[v] == nil {
		if len(c.visits) >= visitsMost {
			return
		}
		c.visits[v] = &visited{first: now, links: links, seen: map[digest.Reaction]bool{}}
	}
	c.visits[v].seen[digest.Reaction{Edition: e, Article: a, Kind: kind, Day: now.UTC().Format(time.DateOnly)}] = true
}

// settle takes a visit for a person's, or its clicks for a machine's, and forgets
// whose it was.
func (c *counter) settle(v visit) {
	old := c.visits[v]
	delete(c.visits, v)
	clicks := 0
	for r := range old.seen {
		if r.Kind == digest.ReactionClick {
			clicks++
		}
	}
	machine := clicks >= min(max(old.links, burstLeast), burstMost)
	for r := range old.seen {
		if r.Kind != digest.ReactionClick || !machine {
			c.ready[r]++
		}
	}
}

// write stores the visits that began a burst ago or longer. What cannot be
// stored waits for the next time.
func (c *counter) write(ctx context.Context, s Store, now time.Time) error {
	c.mu.Lock()
	for v, old := range c.visits {
		if now.Sub(old.first) >= burst {
			c.settle(v)
		}
	}
	list := make([]digest.Reaction, 0, len(c.ready))
	for r, n := range c.ready {
		r.Count = n
		list = append(list, r)
	}
	c.ready = map[digest.Reaction]int{}
	c.mu.Unlock()
	if len(list) == 0 {
		return nil
	}
	err := s.AddReactions(ctx, list)
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, r := range list {
			n := r.Count
			r.Count = 0
			c.ready[r] += n
		}
	}
	return err
}
