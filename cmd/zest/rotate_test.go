package main

import (
	"bytes"
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

var envelopeSender = regexp.MustCompile(`MAIL FROM:<([^>]+)>`)

// A key is changed while an edition waits for servers that greylist. They know a
// message that is tried again by its envelope, and others by its Message-ID.
func TestAMessageThatIsTriedAgainIsTheSameUnderANewKey(t *testing.T) {
	var grey atomic.Bool
	grey.Store(true)
	b := newBenchAt(t, "", 5, delivertest.Script{Reply: func(_ delivertest.Session, verb string) string {
		if verb == "RCPT" && grey.Load() {
			return "451 4.7.1 greylisted, come back later"
		}
		return ""
	}})
	at := func(now time.Time, args ...string) {
		t.Helper()
		var out bytes.Buffer
		args = append([]string{"--config", filepath.Join(b.dir, "zest.yaml")}, args...)
		run(context.Background(), args, world{stdin: strings.NewReader(""), stdout: &out, stderr: &out, now: func() time.Time { return now }})
		t.Log(out.String())
	}
	senders := func() (all []string) {
		for _, c := range b.host.Commands() {
			if m := envelopeSender.FindStringSubmatch(c); m != nil {
				all = append(all, m[1])
			}
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	start := time.Now()
	at(start, "send", "hebdo")
	first := senders()
	began, err := b.open(t).Keyring(context.Background())
	if err != nil || len(first) != 5 {
		t.Fatal(first, err)
	}
	at(start.Add(time.Minute), "keys", "rotate", "--keep", "60d")
	grey.Store(false)
	at(start.Add(time.Hour), "send", "hebdo")
	if again := senders(); !slices.Equal(first, again) {
		t.Errorf("tried again from other senders: %v, then %v", first, again)
	}
	messages := b.host.Messages()
	if len(messages) != 5 {
		t.Fatalf("%d messages arrived", len(messages))
	}
	now, err := b.open(t).Keyring(context.Background())
	if err != nil || now.Name() == began.Name() {
		t.Fatal("no new key", err)
	}
	for id := range digest.SubscriberID(5) {
		want := "Message-ID: <" + began.MessageID(1, id+1) + "@example.org>"
		if !slices.ContainsFunc(messages, func(m delivertest.Message) bool { return strings.Contains(m.Data, want) }) {
			t.Errorf("no message has the Message-ID of its first attempt, %s", want)
		}
	}
}
