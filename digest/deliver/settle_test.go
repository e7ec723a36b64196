package deliver_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

// feed is a ledger in memory.
type feed struct {
	mu       sync.Mutex
	left     []digest.Reader
	outcomes map[digest.SubscriberID]digest.Outcome
	twice    []digest.SubscriberID
	settled  func()
}

func newFeed(n int) *feed {
	f := &feed{outcomes: map[digest.SubscriberID]digest.Outcome{}}
	for i := range n {
		f.left = append(f.left, reader(i+1, "Zoé"))
	}
	return f
}

func (f *feed) Next(context.Context, int) ([]digest.Reader, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := min(5, len(f.left))
	batch := f.left[:n]
	f.left = f.left[n:]
	return batch, nil
}

func (f *feed) Settle(_ context.Context, _ int, o digest.Outcome) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, done := f.outcomes[o.Subscriber]; done {
		f.twice = append(f.twice, o.Subscriber)
	}
	f.outcomes[o.Subscriber] = o
	if f.settled != nil {
		f.settled()
	}
	return nil
}

func (f *feed) verdicts() map[digest.Verdict]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[digest.Verdict]int{}
	for _, o := range f.outcomes {
		out[o.Verdict]++
	}
	return out
}

func sender(t *testing.T, s *delivertest.Server, change func(*deliver.Options)) *deliver.Sender {
	t.Helper()
	o := deliver.Options{
		Relay: deliver.Relay{Host: s.Host, Port: s.Port, TLS: deliver.TLSNone, LocalName: "test.example"}, Connections: 3,
		Timeouts: deliver.Timeouts{Dial: 2 * time.Second, Command: 2 * time.Second, Data: 2 * time.Second, End: 2 * time.Second},
	}
	if change != nil {
		change(&o)
	}
	out, err := deliver.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEveryReaderIsSettledOnce(t *testing.T) {
	refuse := func(code string) func(delivertest.Session, string) string {
		return func(s delivertest.Session, verb string) string {
			if verb == "RCPT" && strings.HasPrefix(s.To, "<r3@") {
				return code
			}
			return ""
		}
	}
	at := func(verb string) func(delivertest.Session, string) bool {
		return func(s delivertest.Session, v string) bool { return v == verb && s.Connection == 1 && s.Message == 1 }
	}
	for name, c := range map[string]struct {
		script delivertest.Script
		want   map[digest.Verdict]int
	}{
		"honest":              {delivertest.Script{}, map[digest.Verdict]int{digest.VerdictSent: 20}},
		"without pipelining":  {delivertest.Script{Extensions: []string{"8BITMIME"}}, map[digest.Verdict]int{digest.VerdictSent: 20}},
		"one unknown address": {delivertest.Script{Reply: refuse("550 5.1.1 user unknown")}, map[digest.Verdict]int{digest.VerdictSent: 19, digest.VerdictSuppress: 1}},
		"refused one by one":  {delivertest.Script{Extensions: []string{"8BITMIME"}, Reply: refuse("550 5.1.1 user unknown")}, map[digest.Verdict]int{digest.VerdictSent: 19, digest.VerdictSuppress: 1}},
		"policy":              {delivertest.Script{Reply: refuse("550 5.7.1 blocked")}, map[digest.Verdict]int{digest.VerdictSent: 19, digest.VerdictFailed: 1}},
		"greylisting":         {delivertest.Script{Reply: refuse("451 4.7.1 greylisted")}, map[digest.Verdict]int{digest.VerdictSent: 19, digest.VerdictRetry: 1}},
		"hangs up at MAIL":    {delivertest.Script{Hangup: at("MAIL")}, map[digest.Verdict]int{digest.VerdictSent: 20}},
		"hangs up at DATA":    {delivertest.Script{Hangup: at("DATA")}, map[digest.Verdict]int{digest.VerdictSent: 20}},
		"hangs up at the end": {delivertest.Script{Hangup: at(".")}, map[digest.Verdict]int{digest.VerdictSent: 19, digest.VerdictUnknown: 1}},
		"hangs up after 250":  {delivertest.Script{AfterReply: func(s delivertest.Session, v string) bool { return v == "." }}, map[digest.Verdict]int{digest.VerdictSent: 20}},
		"421 in the middle": {delivertest.Script{Reply: func(s delivertest.Session, v string) string {
			return map[bool]string{true: "421 4.3.2 closing"}[at("MAIL")(s, v)]
		}}, map[digest.Verdict]int{digest.VerdictSent: 20}},
		"421 to a message": {delivertest.Script{Reply: func(s delivertest.Session, v string) string {
			return map[bool]string{true: "421 4.3.2 closing"}[at(".")(s, v)]
		}}, map[digest.Verdict]int{digest.VerdictSent: 20}},
		"354 without a reader": {delivertest.Script{Reply: func(s delivertest.Session, v string) string {
			if v == "RCPT" && strings.HasPrefix(s.To, "<r3@") {
				return "550 5.1.1 no"
			}
			if v == "DATA" {
				return "354 whatever"
			}
			return ""
		}}, map[digest.Verdict]int{digest.VerdictSent: 19, digest.VerdictSuppress: 1}},
	} {
		for way, change := range ways(c.script) {
			t.Run(name+way, func(t *testing.T) {
				t.Parallel()
				server := delivertest.Start(t, change)
				f := newFeed(20)
				if err := sender(t, server, nil).Deliver(t.Context(), map[string]*deliver.Message{"fr": compile(t, proof)}, f); err != nil {
					t.Error(err)
				}
				if d := cmp.Diff(c.want, f.verdicts()); d != "" || len(f.twice) > 0 {
					t.Errorf("twice %v\n%s", f.twice, d)
				}
				if got := len(server.Messages()); got != c.want[digest.VerdictSent] {
					t.Errorf("%d messages at the server", got)
				}
			})
		}
	}
}

// ways is a script as near and far servers follow it, under DATA and under BDAT.
// A far server is one that the next envelope is sent to before it has answered.
func ways(script delivertest.Script) map[string]delivertest.Script {
	out := map[string]delivertest.Script{"": script}
	if script.Extensions != nil {
		return out
	}
	far, chunks := script, script
	far.Delay = 6 * time.Millisecond
	out[", far"] = far
	chunks.Extensions = []string{"PIPELINING", "CHUNKING", "8BITMIME"}
	out[", in chunks"] = chunks
	far.Extensions = chunks.Extensions
	out[", in chunks, far"] = far
	return out
}

func TestAStalledServerDoesNotHoldUsForEver(t *testing.T) {
	server := delivertest.Start(t, delivertest.Script{Delay: 3 * time.Second})
	f := newFeed(1)
	begin := time.Now()
	sender(t, server, func(o *deliver.Options) { o.Timeouts.Command = 200 * time.Millisecond }).Deliver(t.Context(), map[string]*deliver.Message{"fr": compile(t, proof)}, f)
	if f.verdicts()[digest.VerdictDefer] != 1 || time.Since(begin) > 10*time.Second {
		t.Errorf("%v after %v", f.verdicts(), time.Since(begin))
	}
}

func TestARelayThatIsDownBlamesNobody(t *testing.T) {
	server := delivertest.Start(t, delivertest.Script{Banner: "554 5.7.1 go away"})
	f := newFeed(20)
	err := sender(t, server, nil).Deliver(t.Context(), map[string]*deliver.Message{"fr": compile(t, proof)}, f)
	var relay *digest.SendError
	if !errors.As(err, &relay) || relay.Verdict != digest.VerdictDefer || len(f.outcomes) != 0 {
		t.Errorf("%v, outcomes %v", err, f.verdicts())
	}
}

func TestNoTLSIsNoMail(t *testing.T) {
	server := delivertest.Start(t, delivertest.Script{})
	f := newFeed(1)
	err := sender(t, server, func(o *deliver.Options) { o.Relay.TLS = deliver.TLSStart }).Deliver(t.Context(), map[string]*deliver.Message{"fr": compile(t, proof)}, f)
	if err == nil || len(server.Messages()) != 0 {
		t.Errorf("%v; %d messages went in the clear", err, len(server.Messages()))
	}
}

// A server that is not up to what it offers refuses whoever takes it at its word.
func TestOneCommandAtATimeWhereTheOperatorWantsThat(t *testing.T) {
	early := func(s delivertest.Session, verb string) string {
		if s.Buffered > 0 {
			return "554 5.5.0 improper command pipelining"
		}
		return ""
	}
	for _, wants := range []bool{false, true} {
		server := delivertest.Start(t, delivertest.Script{Reply: early})
		f := newFeed(20)
		sender(t, server, func(o *deliver.Options) { o.Relay.OneByOne = wants }).Deliver(t.Context(), map[string]*deliver.Message{"fr": compile(t, proof)}, f)
		if n := len(server.Messages()); (n == 20) != wants {
			t.Errorf("one by one %v: %d messages arrived", wants, n)
		}
	}
}

func TestConnectionsAreRenewed(t *testing.T) {
	server := delivertest.Start(t, delivertest.Script{})
	f := newFeed(20)
	sender(t, server, func(o *deliver.Options) { o.Connections, o.PerConnection = 1, 4 }).Deliver(t.Context(), map[string]*deliver.Message{"fr": compile(t, proof)}, f)
	if n := server.Connections(); n != 5 {
		t.Errorf("%d connections", n)
	}
	if quits := len(slices.DeleteFunc(server.Commands(), func(c string) bool { return c != "QUIT" })); quits != 5 {
		t.Errorf("%d goodbyes", quits)
	}
}

func TestStoppingLeavesTheRestUntouched(t *testing.T) {
	server := delivertest.Start(t, delivertest.Script{})
	ctx, stop := context.WithCancel(t.Context())
	f := newFeed(500)
	f.settled = func() {
		if len(f.outcomes) == 40 {
			stop()
		}
	}
	err := sender(t, server, nil).Deliver(ctx, map[string]*deliver.Message{"fr": compile(t, proof)}, f)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if sent := f.verdicts()[digest.VerdictSent]; sent != len(server.Messages()) || sent < 40 || sent > 60 {
		t.Errorf("%v settled, %d at the server", f.verdicts(), len(server.Messages()))
	}
}
