package main

import (
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/zest-digest/zest/digest"
)

// bars draws progress on standard error, on a terminal only.
type bars struct {
	a    *app
	draw *mpb.Progress

	mu      sync.Mutex
	sources *mpb.Bar
	sending map[digest.EditionID]*mpb.Bar
}

// progress makes the bars of one command; finish ends them.
func (a *app) progress() *bars {
	b := &bars{a: a, sending: map[digest.EditionID]*mpb.Bar{}}
	if a.terminal.interactive && !a.quiet && !a.json {
		b.draw = mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(48), mpb.WithRefreshRate(120*time.Millisecond))
	}
	return b
}

func (b *bars) bar(name string, total int64) *mpb.Bar {
	if b.draw == nil || total == 0 {
		return nil
	}
	return b.draw.New(total, mpb.BarStyle().Lbound(" ").Filler("━").Tip("━").Padding("─").Rbound(" "),
		mpb.PrependDecorators(decor.Name(name, decor.WC{C: decor.DindentRight, W: 22})),
		mpb.AppendDecorators(decor.CountersNoUnit("%d/%d  "), decor.AverageSpeed(0, "%.0f/s  "), decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO), "")))
}

// Sources begins the bar of collecting.
func (b *bars) Sources(total int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sources = b.bar("collecting", int64(total))
}

// Source counts one source that ended.
func (b *bars) Source(string, int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sources != nil {
		b.sources.Increment()
	}
}

// Deliveries begins the bar of an edition.
func (b *bars) Deliveries(e digest.Edition, audience, already int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bar := b.bar("sending "+e.Ref(), int64(audience)); bar != nil {
		bar.SetCurrent(int64(already))
		b.sending[e.ID] = bar
	}
}

// Delivered counts what the ledger holds.
func (b *bars) Delivered(e digest.Edition, outcomes []digest.Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bar := b.sending[e.ID]; bar != nil {
		bar.IncrBy(len(outcomes))
	}
}

// Recovered says what was taken over from a run that died.
func (b *bars) Recovered(e digest.Edition, r digest.Recovered) {
	if r.Doubtful > 0 {
		b.a.notef("%s: an earlier run ended with %s in flight; they may go out a second time, under the same Message-ID.", e.Ref(), count(r.Doubtful, "message", "messages"))
	}
	if r.Held > 0 {
		b.a.notef("%s: another run is sending %s of it right now.", e.Ref(), count(r.Held, "message", "messages"))
	}
}

// finish takes the bars off the screen.
func (b *bars) finish() {
	if b.draw == nil {
		return
	}
	b.mu.Lock()
	if b.sources != nil {
		b.sources.Abort(false)
	}
	for _, bar := range b.sending {
		bar.Abort(false)
	}
	b.mu.Unlock()
	b.draw.Wait()
}
