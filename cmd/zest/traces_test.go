package main

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

// receiver takes spans as a collector of OpenTelemetry's does.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	raw   bytes.Buffer
	spans []*spans.Span
	about map[string]string // the resource
	wrong []string
}

func startReceiver(t *testing.T, authorization string) *receiver {
	r := &receiver{about: map[string]string{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		var got collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &got)
		}
		if err != nil || req.URL.Path != "/v1/traces" || req.Header.Get("Content-Type") != "application/x-protobuf" || req.Header.Get("Authorization") != authorization {
			r.wrong = append(r.wrong, fmt.Sprint(req.URL, req.Header, err))
		}
		if len(got.ProtoReflect().GetUnknown()) > 0 {
			r.wrong = append(r.wrong, "unknown fields")
		}
		r.raw.Write(body)
		for _, resource := range got.GetResourceSpans() {
			for _, kv := range resource.GetResource().GetAttributes() {
				r.about[kv.GetKey()] = kv.GetValue().GetStringValue()
			}
			for _, scope := range resource.GetScopeSpans() {
				r.spans = append(r.spans, scope.GetSpans()...)
			}
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// find is the first span of a name that has an attribute, and its value as text.
func (r *receiver) find(name, attribute string) (*spans.Span, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		for _, kv := range s.GetAttributes() {
			if v := kv.GetValue(); s.GetName() == name && kv.GetKey() == attribute {
				return s, cmp.Or(v.GetStringValue(), fmt.Sprint(v.GetIntValue()))
			}
		}
	}
	return nil, ""
}

// TestTracesTellWhatTookHowLongAndOfNobody sends an edition with traces on, answers
// readers, and reads what the receiver got: every kind of work, and no word of a
// reader, a password, a link or an address of the web.
func TestTracesTellWhatTookHowLongAndOfNobody(t *testing.T) {
	t.Parallel()
	zest, err := exec.LookPath("zest")
	if err != nil {
		t.Fatal(err)
	}
	mail := delivertest.Start(t, delivertest.Script{Reply: func(s delivertest.Session, verb string) string {
		if verb == "RCPT" && strings.Contains(s.To, "gone") {
			return "550 5.1.1 <" + s.To + "> is not here"
		}
		return ""
	}})
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `<rss version="2.0"><channel><title>Blog</title><item><guid>1</guid><title>Le pont rouvre</title><link>https://blog.example/1</link><description>Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi.</description></item></channel></rss>`)
	}))
	t.Cleanup(feed.Close)
	to := startReceiver(t, "Bearer trace-secret")
	address := freeAddress(t)
	config := fmt.Sprintf(`public_url: http://%s
web: {listen: %q, secret: a-web-secret-of-many-letters}
smtp: {host: 127.0.0.1, port: %d, tls: none}
traces: {endpoint: %q, authorization: Bearer trace-secret}
newsletters:
  - {name: hebdo, from: hebdo@example.org, postal_address: 1 quai du Port, sources: [blog, "http://127.0.0.1:1/private?token=direct-secret"]}
sources:
  - {name: blog, url: "%s/feed?token=feed-secret", allow_private: true, full_text: false}
`, address, address, mail.Port, to.URL, feed.URL)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "zest.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(status int, args ...string) {
		t.Helper()
		cmd := exec.Command(zest, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "ZEST_CONFIG="+filepath.Join(dir, "zest.yaml"))
		if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != status {
			t.Fatalf("%v: status %d\n%s", args, cmd.ProcessState.ExitCode(), out)
		}
	}
	for _, who := range []string{"leo@example.org", "gone@example.net"} {
		do(exitDone, "subscribers", "add", "hebdo", who)
	}
	do(exitPartly, "send", "hebdo")
	for span, attribute := range map[string][2]string{
		"make edition":    {"zest.newsletter", "hebdo"},
		"deliver edition": {"zest.edition", "hebdo/1"},
		"deliver batch":   {"zest.sent", "1"},
	} {
		if _, got := to.find(span, attribute[0]); got != attribute[1] {
			t.Errorf("%s: %s is %q, not %q", span, attribute[0], got, attribute[1])
		}
	}
	if !strings.Contains(to.raw.String(), "127.0.0.1:1/private") || !strings.Contains(to.raw.String(), "blog") {
		t.Error("two sources were read, and not both are told of")
	}
	whole, _ := to.find("deliver edition", "zest.edition")
	batch, _ := to.find("deliver batch", "zest.sent")
	if whole == nil || batch == nil || !bytes.Equal(batch.GetTraceId(), whole.GetTraceId()) || !bytes.Equal(batch.GetParentSpanId(), whole.GetSpanId()) {
		t.Errorf("a batch is no part of its edition: %v, %v", batch, whole)
	} else if took := time.Duration(whole.GetEndTimeUnixNano() - whole.GetStartTimeUnixNano()); took <= 0 || took > time.Minute || len(hex.EncodeToString(whole.GetTraceId())) != 32 {
		t.Errorf("%v", whole)
	}
	if to.about["service.name"] != "zest" || to.about["service.version"] == "" {
		t.Errorf("%v", to.about)
	}

	serve := exec.Command(zest, "serve")
	serve.Dir, serve.Env = dir, append(os.Environ(), "ZEST_CONFIG="+filepath.Join(dir, "zest.yaml"))
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { serve.Process.Kill() })
	waitFor(t, "the page", func() bool { return fetch(http.DefaultClient, "http://"+address+"/subscribe/hebdo") != "" })
	fetch(http.DefaultClient, "http://"+address+"/u/a-ticket-of-somebody")
	serve.Process.Signal(os.Interrupt)
	serve.Wait()
	if _, code := to.find("GET /subscribe/{newsletter}", "http.response.status_code"); code != "200" {
		t.Errorf("the page's span says %q: %v", code, to.spans)
	}
	for _, secret := range []string{"leo@", "gone@", "example.net", "secret", "a-ticket", "/feed", "token", "is not here"} {
		if strings.Contains(to.raw.String(), secret) {
			t.Errorf("%q is in the traces", secret)
		}
	}
	if len(to.wrong) > 0 || to.raw.Len() == 0 {
		t.Errorf("%d bytes, %v", to.raw.Len(), to.wrong)
	}
}
