package publish

import (
	"fmt"
	"time"

	"github.com/zest-digest/zest/digest"
)

// want is a lane that asks for readers.
type want struct {
	lane  *lane
	again bool // from the beginning: the first pass is over, and the lane has nothing open
	waits bool // it has nothing to do meanwhile
	more  bool // it asked before, and has not got them
}

// desk is where lanes queue for readers. It is the clerk's alone.
type desk struct {
	queue  []want
	urgent bool                // somebody waits
	first  digest.SubscriberID // how far the first pass has come
	again  digest.SubscriberID // how far the present one of the others has come
	dry    time.Time           // until then, a pass from the beginning is not worth its while
	hand   int                 // readers a lane gets at a time
	dealt  time.Time           // when the last hands were dealt
}

// A hand is what a lane sends in a quarter of a second to a second, as far as
// Options.Block allows: who is claimed is out of reach of their own unsubscribing,
// so a slow lane claims few.
const (
	firstHand = 4
	handLeast = time.Second / 4
	handMost  = time.Second
)

// size is how many readers a hand holds now.
func (d *desk) size(now time.Time, most int) int {
	switch gap := now.Sub(d.dealt); {
	case d.hand == 0:
		d.hand = firstHand
	case gap < handLeast:
		d.hand *= 2
	case gap > handMost:
		d.hand /= 2
	}
	d.dealt, d.hand = now, min(max(d.hand, 1), most)
	return d.hand
}

// dryFor is how long nobody looks again for deliveries that could go, once a
// whole pass found none: each lane asks as it ends, and a pass reads every row.
const dryFor = time.Second

func (d *desk) add(w want) {
	for _, q := range d.queue {
		if q.lane == w.lane {
			d.urgent = d.urgent || w.waits
			return
		}
	}
	if w.more {
		return // it was served while it said so
	}
	d.queue = append(d.queue, w)
	d.urgent = d.urgent || w.waits
}

// serve claims readers for the lanes that ask: once somebody waits, or half of
// them ask, for all of them in one go.
func (l *ledger) serve() error {
	d := &l.desk
	for more := true; more; {
		select {
		case w := <-l.wants:
			d.add(w)
		default:
			more = false
		}
	}
	if len(d.queue) == 0 || !d.urgent && 2*len(d.queue) < l.count() {
		return nil
	}
	var onward, again []want
	for _, w := range d.queue {
		if w.again {
			again = append(again, w)
		} else {
			onward = append(onward, w)
		}
	}
	d.queue, d.urgent = d.queue[:0], false
	last, err := l.deal(onward, d.first)
	if err != nil {
		return err
	}
	d.first = max(d.first, last)
	return l.dealAgain(again)
}

// dealAgain serves lanes whose readers may come in any order: those whose time
// has come since the first pass went by.
func (l *ledger) dealAgain(to []want) error {
	d := &l.desk
	if len(to) == 0 {
		return nil
	}
	if l.trail(); len(l.behind) > 0 {
		if err := l.write(); err != nil { // no lane begins again ahead of the store
			return err
		}
	}
	if time.Now().Before(d.dry) {
		give(to, nil)
		return nil
	}
	readers, err := l.claim(to, d.again)
	if err == nil && len(readers) == 0 && d.again > 0 {
		readers, err = l.claim(to, 0)
	}
	if err != nil {
		return err
	}
	if d.again = 0; len(readers) > 0 {
		d.again = readers[len(readers)-1].Subscriber
		d.first = max(d.first, d.again) // what a lane gets next is above what it has
	} else {
		d.dry = time.Now().Add(dryFor)
	}
	give(to, readers)
	return nil
}

// deal claims readers after one, gives each lane its hand, and returns the last
// reader, 0 when there was none.
func (l *ledger) deal(to []want, after digest.SubscriberID) (digest.SubscriberID, error) {
	readers, err := l.claim(to, after)
	if err != nil {
		return 0, err
	}
	give(to, readers)
	if len(readers) == 0 {
		return 0, nil
	}
	return readers[len(readers)-1].Subscriber, nil
}

// claim takes readers for some lanes; none when the run is to stop.
func (l *ledger) claim(to []want, after digest.SubscriberID) ([]digest.Reader, error) {
	if len(to) == 0 || l.run.Err() != nil {
		return nil, nil
	}
	c := digest.Claim{Edition: l.frozen.Edition.ID, Owner: l.owner, After: after, Limit: l.desk.size(time.Now(), l.p.o.Block) * len(to), Now: l.p.o.Now()}
	for _, w := range to {
		c.Lanes = append(c.Lanes, w.lane.n)
	}
	readers, err := l.p.o.Store.Claim(l.store, c)
	if err != nil {
		return nil, fmt.Errorf("claiming deliveries: %w", err)
	}
	return readers, nil
}

// give deals readers as [digest.Claim] says. Every lane gets a hand, if an empty
// one.
func give(to []want, readers []digest.Reader) {
	hands := make([][]digest.Reader, len(to))
	for i := range hands {
		hands[i] = make([]digest.Reader, 0, (len(readers)+len(to)-1)/len(to))
	}
	for i, r := range readers {
		hands[i%len(to)] = append(hands[i%len(to)], r)
	}
	for i, w := range to {
		w.lane.blocks <- hands[i] // there is room: a lane asks for one at a time
	}
}
