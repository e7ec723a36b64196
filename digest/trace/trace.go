// Package trace tells a collector of traces (OpenTelemetry's, Jaeger, Tempo…) how
// long each piece of work took: a source read, an edition made, a batch delivered,
// a page answered.
//
// Nothing personal is told: no address, no path that a stranger wrote, no text of
// an error, because a mail server's answer repeats the address it is about.
package trace

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/zest-digest/zest/digest"
)

// Options say where spans go.
type Options struct {
	// Endpoint is the base address of an OTLP/HTTP receiver, such as
	// http://127.0.0.1:4318; spans are posted to /v1/traces below it.
	Endpoint      string
	Authorization string  // the header of that name; empty for none
	Share         float64 // of the pieces of work that are told, 0 to 1
	Version       string  // of the program
	// Lost hears that spans could not be handed over. It may be nil.
	Lost func(error)
}

// Tracer begins spans. A nil Tracer begins none, and its methods may be called.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

const scope = "github.com/zest-digest/zest"

// Open makes a Tracer. Nothing is connected to before the first spans end.
func Open(o Options) *Tracer {
	about := resource.NewSchemaless(attribute.String("service.name", "zest"), attribute.String("service.version", o.Version))
	provider := sdk.NewTracerProvider(
		sdk.WithResource(about),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(o.Share))),
		sdk.WithBatcher(newExporter(o), sdk.WithExportTimeout(patience)),
	)
	return &Tracer{provider, provider.Tracer(scope)}
}

// Close hands over what is left, for as long as ctx lasts.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Span begins a piece of work. About are names and values by turns, none of them
// personal. The function that comes back ends it.
func (t *Tracer) Span(ctx context.Context, name string, about ...string) (context.Context, func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(attributes(about)...))
	return ctx, func(err error) { end(span, err) }
}

func attributes(about []string) (out []attribute.KeyValue) {
	for i := 0; i+1 < len(about); i += 2 {
		out = append(out, attribute.String(about[i], about[i+1]))
	}
	return out
}

// Source begins the reading of a source.
func (t *Tracer) Source(ctx context.Context, s digest.Source) (context.Context, func(digest.Harvest, error)) {
	if t == nil {
		return ctx, func(digest.Harvest, error) {}
	}
	name, _, _ := strings.Cut(s.Name, "?") // one that was given by its address may end in a token
	ctx, span := t.tracer.Start(ctx, "read source", trace.WithAttributes(attribute.String("zest.source", name)))
	return ctx, func(h digest.Harvest, err error) {
		span.SetAttributes(attribute.Int("zest.items", len(h.Feed.Items)), attribute.Bool("zest.not_modified", h.NotModified))
		end(span, err)
	}
}

// end ends a span. Having nothing to do is no failure, and of a failure only the
// kind is told.
func end(span trace.Span, err error) {
	switch {
	case errors.Is(err, digest.ErrNothingNew), errors.Is(err, digest.ErrAlreadyFrozen), errors.Is(err, digest.ErrHeld), errors.Is(err, digest.ErrResting):
		span.SetAttributes(attribute.Bool("zest.nothing_done", true))
	case err != nil:
		span.SetStatus(codes.Error, "")
		span.SetAttributes(attribute.String("error.type", kind(err)))
	}
	span.End()
}

// kind names an error without repeating a word of it.
func kind(err error) string {
	var send *digest.SendError
	var invalid *digest.InvalidError
	switch {
	case errors.As(err, &send):
		return "mail server"
	case errors.As(err, &invalid):
		return "configuration"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return fmt.Sprintf("%T", err)
}

// patience is how long a receiver may take to answer.
const patience = 5 * time.Second
