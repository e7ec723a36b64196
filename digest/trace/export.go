package trace

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// exporter posts spans in OTLP over HTTP, as protobuf (OpenTelemetry protocol 1.x,
// section OTLP/HTTP). The project's own exporter does the same with gRPC and the
// descriptors of everything behind it, which every start of the program would pay
// for with 3 ms and 4 MB, traced or not.
type exporter struct {
	url           string
	authorization string
	lost          func(error)
	client        *http.Client
}

func newExporter(o Options) *exporter {
	e := &exporter{url: strings.TrimRight(o.Endpoint, "/"), authorization: o.Authorization, lost: o.Lost, client: &http.Client{Timeout: patience}}
	if !strings.HasSuffix(e.url, "/v1/traces") {
		e.url += "/v1/traces"
	}
	if e.lost == nil {
		e.lost = func(error) {}
	}
	return e
}

// ExportSpans hands over spans. A receiver that is away loses them: work never
// waits for it. The error is told to who opened the Tracer, and to nobody else.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := e.post(ctx, encode(spans)); err != nil {
		e.lost(fmt.Errorf("handing over %d spans: %w", len(spans), err))
	}
	return nil
}

func (e *exporter) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	if e.authorization != "" {
		req.Header.Set("Authorization", e.authorization)
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the receiver answered %s", resp.Status)
	}
	return nil
}

// Shutdown has nothing to wait for.
func (e *exporter) Shutdown(context.Context) error {
	e.client.CloseIdleConnections()
	return nil
}

// message is a protobuf message that is being written. The numbers of fields are
// those of opentelemetry/proto/trace/v1/trace.proto and the files it imports.
type message []byte

func (m *message) bytes(field int, b []byte) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3|2)
	*m = binary.AppendUvarint(*m, uint64(len(b)))
	*m = append(*m, b...)
}

func (m *message) varint(field int, n uint64) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3)
	*m = binary.AppendUvarint(*m, n)
}

func (m *message) fixed64(field int, n uint64) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3|1)
	*m = binary.LittleEndian.AppendUint64(*m, n)
}

// encode writes an ExportTraceServiceRequest of one resource and one scope: all
// spans are this program's.
func encode(spans []sdk.ReadOnlySpan) []byte {
	var about, name, scoped, resourced, request message
	for _, kv := range spans[0].Resource().Attributes() {
		about.bytes(1, keyValue(kv))
	}
	name.bytes(1, []byte(scope))
	scoped.bytes(1, name)
	for _, s := range spans {
		scoped.bytes(2, encodeSpan(s))
	}
	resourced.bytes(1, about)
	resourced.bytes(2, scoped)
	request.bytes(1, resourced)
	return request
}

func encodeSpan(s sdk.ReadOnlySpan) []byte {
	var m message
	trace, span, parent := s.SpanContext().TraceID(), s.SpanContext().SpanID(), s.Parent()
	m.bytes(1, trace[:])
	m.bytes(2, span[:])
	if id := parent.SpanID(); id.IsValid() {
		m.bytes(4, id[:])
	}
	m.bytes(5, []byte(s.Name()))
	m.varint(6, uint64(s.SpanKind())) // numbered alike
	m.fixed64(7, uint64(s.StartTime().UnixNano()))
	m.fixed64(8, uint64(s.EndTime().UnixNano()))
	for _, kv := range s.Attributes() {
		m.bytes(9, keyValue(kv))
	}
	if s.Status().Code == codes.Error {
		var status message
		status.varint(3, 2) // STATUS_CODE_ERROR
		m.bytes(15, status)
	}
	return m
}

func keyValue(kv attribute.KeyValue) []byte {
	var m, value message
	switch kv.Value.Type() {
	case attribute.BOOL:
		n := uint64(0)
		if kv.Value.AsBool() {
			n = 1
		}
		value.varint(2, n)
	case attribute.INT64:
		value.varint(3, uint64(kv.Value.AsInt64()))
	default:
		value.bytes(1, []byte(kv.Value.String()))
	}
	m.bytes(1, []byte(kv.Key))
	m.bytes(2, value)
	return m
}
