package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
)

// bars draws progress on standard error: bars on a terminal, and elsewhere a line
// now and then, so that a log of a long send says how far it came.
type bars struct {
	a         *app
	draw      *mpb.Progress
	providers func() []deliver.Provider // those being left alone

	mu      sync.Mutex
	sources *mpb.Bar
	sending map[digest.EditionID]*meter
	warned  map[string]time.Time // providers that the log has heard of, until when
	others  []*mpb.Bar           // of [bars.track]
}

// quietLine is the pause between two lines of progress where nobody watches.
const quietLine = 15 * time.Second

// meter is how far one edition has come in this run.
type meter struct {
	bar      *mpb.Bar
	start    time.Time
	told     time.Time // of the last line
	audience int
	already  int // settled by earlier runs
	verdicts map[digest.Verdict]int
	words    atomic.Value // string: what the bar says behind its numbers; it draws from a goroutine of its own
}

// settled counts what this run is done with: what waits for a retry is not.
func (m *meter) settled() int {
	return m.verdicts[digest.VerdictSent] + m.verdicts[digest.VerdictFailed] + m.verdicts[digest.VerdictSuppress]
}

// outcomes says what came of the attempts so far, beside the messages sent.
func (m *meter) outcomes() string {
	var out []string
	for _, x := range []struct {
		n    int
		what string
	}{
		{m.verdicts[digest.VerdictFailed] + m.verdicts[digest.VerdictSuppress], "failed"},
		{m.verdicts[digest.VerdictRetry] + m.verdicts[digest.VerdictDefer], "put off"},
		{m.verdicts[digest.VerdictUnknown], "unknown"},
	} {
		if x.n > 0 {
			out = append(out, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	return strings.Join(out, ", ")
}

// pace is the rate of this run in messages a second, and the time the rest takes
// at that rate.
func (m *meter) pace(now time.Time) (rate float64, left time.Duration) {
	tried := 0
	for _, n := range m.verdicts {
		tried += n
	}
	seconds := now.Sub(m.start).Seconds()
	if tried == 0 || seconds <= 0 {
		return 0, 0
	}
	rate = float64(tried) / seconds
	rest := max(0, m.audience-m.already-m.settled())
	return rate, time.Duration(float64(rest) / rate * float64(time.Second)).Round(time.Second)
}

// progress makes the bars of one command; finish ends them.
func (a *app) progress() *bars {
	b := &bars{a: a, sending: map[digest.EditionID]*meter{}, warned: map[string]time.Time{}}
	if a.terminal.interactive && !a.quiet && !a.json {
		b.draw = mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(48), mpb.WithRefreshRate(120*time.Millisecond))
	}
	return b
}

func (b *bars) bar(name string, total int64, more ...decor.Decorator) *mpb.Bar {
	if b.draw == nil || total == 0 {
		return nil
	}
	return b.draw.New(total, mpb.BarStyle().Lbound(" ").Filler("━").Tip("━").Padding("─").Rbound(" "),
		mpb.PrependDecorators(decor.Name(name, decor.WC{C: decor.DindentRight, W: 22})),
		mpb.AppendDecorators(append([]decor.Decorator{decor.CountersNoUnit("%d/%d  "), decor.AverageSpeed(0, "%.0f/s  "), decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO), "")}, more...)...))
}

// track draws how far something has come: the function is told what is done of
// total.
func (b *bars) track(name string, total int64) func(done int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	bar := b.bar(name, total)
	if bar == nil {
		return func(int64) {}
	}
	b.others = append(b.others, bar)
	return bar.SetCurrent
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
	now := time.Now()
	m := &meter{start: now, told: now, audience: audience, already: already, verdicts: map[digest.Verdict]int{}}
	m.words.Store("")
	if m.bar = b.bar("sending "+e.Ref(), int64(audience), decor.Any(func(decor.Statistics) string { return m.words.Load().(string) })); m.bar != nil {
		m.bar.SetCurrent(int64(already))
	}
	b.sending[e.ID] = m
}

// Delivered counts what the ledger holds.
func (b *bars) Delivered(e digest.Edition, outcomes []digest.Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.sending[e.ID]
	if m == nil {
		return
	}
	for _, o := range outcomes {
		m.verdicts[o.Verdict]++
	}
	b.warn()
	if m.bar != nil {
		m.words.Store(b.told(m))
		m.bar.SetCurrent(int64(m.already + m.settled()))
		return
	}
	now := time.Now()
	if b.a.json || b.a.serving || now.Sub(m.told) < quietLine {
		return
	}
	m.told = now
	rate, left := m.pace(now)
	b.a.notef("%s: %d of %d sent, %.0f/s, about %s left%s", e.Ref(), m.already+m.verdicts[digest.VerdictSent], m.audience, rate, left, b.told(m))
}

// warn logs each provider that is left alone, once. Its words stay out of the
// log: they may name a reader.
func (b *bars) warn() {
	if b.providers == nil {
		return
	}
	for _, p := range b.providers() {
		if b.warned[p.Name].Equal(p.Until) {
			continue
		}
		b.warned[p.Name] = p.Until
		b.a.log.Warn(p.Kind()+" left alone", p.Kind(), p.Name, "until", p.Until.UTC().Format(time.RFC3339), "see", p.Page())
	}
}

// told is what went wrong so far: outcomes, and providers left alone.
func (b *bars) told(m *meter) string {
	out := ""
	if o := m.outcomes(); o != "" {
		out = "; " + o
	}
	if b.providers == nil {
		return out
	}
	for _, p := range b.providers() {
		out += "; " + p.String()
	}
	return out
}

// Recovered says what was taken over from a run that died.
func (b *bars) Recovered(e digest.Edition, r digest.Recovered) {
	if r.Doubtful > 0 {
		b.a.notef("%s: an earlier run ended with %s in flight; they may go out a second time, under the same Message-ID.", e.Ref(), count(r.Doubtful, "message", "messages"))
	}
	if r.Held > 0 && !b.a.serving {
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
	for _, m := range b.sending {
		if m.bar != nil {
			m.bar.Abort(false)
		}
	}
	for _, bar := range b.others {
		bar.Abort(false)
	}
	b.mu.Unlock()
	b.draw.Wait()
}
