package trace

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
)

// Sender tells of what a Deliverer does, a batch of a lane at a time: how many
// readers, and what came of them.
type Sender struct {
	deliver.Deliverer
	t *Tracer
}

// Sender wraps d.
func (t *Tracer) Sender(d deliver.Deliverer) deliver.Deliverer {
	if t == nil {
		return d
	}
	return Sender{d, t}
}

// Deliver delivers, and tells.
func (s Sender) Deliver(ctx context.Context, messages map[string]*deliver.Message, f deliver.Feed) error {
	b := &batches{Feed: f, t: s.t, open: map[digest.SubscriberID]*batch{}}
	defer b.close()
	return s.Deliverer.Deliver(ctx, messages, b)
}

// batch is what a lane was handed at once.
type batch struct {
	span trace.Span
	left int // readers whose outcome is not known yet
	came map[digest.Verdict]int
}

// batches watch a feed.
type batches struct {
	deliver.Feed
	t    *Tracer
	mu   sync.Mutex
	open map[digest.SubscriberID]*batch
}

// Next hands out readers, and begins a span for them.
func (b *batches) Next(ctx context.Context, lane int) ([]digest.Reader, error) {
	readers, err := b.Feed.Next(ctx, lane)
	if len(readers) == 0 {
		return readers, err
	}
	_, span := b.t.tracer.Start(ctx, "deliver batch", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.Int("zest.lane", lane), attribute.Int("zest.readers", len(readers))))
	one := &batch{span: span, left: len(readers), came: map[digest.Verdict]int{}}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range readers {
		b.open[readers[i].Subscriber] = one
	}
	return readers, err
}

// Settle counts an outcome; the last one of a batch ends its span.
func (b *batches) Settle(ctx context.Context, lane int, o digest.Outcome) error {
	err := b.Feed.Settle(ctx, lane, o)
	b.mu.Lock()
	defer b.mu.Unlock()
	one := b.open[o.Subscriber]
	if one == nil {
		return err
	}
	delete(b.open, o.Subscriber)
	one.came[o.Verdict]++
	if one.left--; one.left == 0 {
		one.end()
	}
	return err
}

// close ends the spans of batches that were not begun or not finished.
func (b *batches) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	ended := map[*batch]bool{}
	for _, one := range b.open {
		if !ended[one] {
			ended[one] = true
			one.span.SetAttributes(attribute.Int("zest.left", one.left))
			one.end()
		}
	}
}

func (b *batch) end() {
	for verdict, n := range b.came {
		b.span.SetAttributes(attribute.Int("zest."+string(verdict), n))
	}
	b.span.End()
}
