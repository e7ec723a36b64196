package trace

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/zest-digest/zest/digest/internal/answer"
)

// HTTP tells of the answers of h by route. What a caller says of a trace of its own is not believed.
func (t *Tracer) HTTP(h http.Handler) http.Handler {
	if t == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := t.tracer.Start(r.Context(), "answer", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		route, code := answer.Serve(h, w, r.WithContext(ctx))
		span.SetName(route)
		span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", code))
		if code >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
	})
}
