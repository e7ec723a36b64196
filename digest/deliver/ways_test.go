package deliver_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

func relayOf(s *delivertest.Server, weight, connections int) deliver.Relay {
	return deliver.Relay{Host: s.Host, Port: s.Port, TLS: deliver.TLSNone, LocalName: "test", Weight: weight, Connections: connections}
}

func send(t *testing.T, n int, o deliver.Options) (*feed, error) {
	t.Helper()
	s, err := deliver.New(o)
	if err != nil {
		t.Fatal(err)
	}
	f := newFeed(n)
	return f, s.Deliver(t.Context(), map[string]*deliver.Message{"fr": compile(t, proof)}, f)
}

func TestSeveralRelaysShareByWeightAndWithinTheirLimits(t *testing.T) {
	slow := delivertest.Script{Delay: time.Millisecond}
	heavy, light := delivertest.Start(t, slow), delivertest.Start(t, slow)
	f, err := send(t, 120, deliver.Options{Relays: []deliver.Relay{relayOf(light, 1, 1), relayOf(heavy, 3, 3)}, Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[digest.Verdict]int{digest.VerdictSent: 120}, f.verdicts()); d != "" {
		t.Error(d)
	}
	if heavy.Connections() != 3 || light.Connections() != 1 {
		t.Errorf("%d and %d connections, want 3 and 1", heavy.Connections(), light.Connections())
	}
	if heavy.Count() <= light.Count() || light.Count() == 0 {
		t.Errorf("%d by the heavy one, %d by the light one", heavy.Count(), light.Count())
	}
}

func TestARelayThatIsDownIsReplacedByAnother(t *testing.T) {
	up := delivertest.Start(t, delivertest.Script{})
	refusing := delivertest.Start(t, delivertest.Script{Banner: "554 5.3.2 not today"})
	gone := delivertest.Start(t, delivertest.Script{})
	gone.Close()
	relays := []deliver.Relay{relayOf(gone, 1, 4), relayOf(refusing, 1, 4), relayOf(up, 1, 4)}
	f, err := send(t, 40, deliver.Options{Relays: relays, Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[digest.Verdict]int{digest.VerdictSent: 40}, f.verdicts()); d != "" || up.Count() != 40 {
		t.Error(up.Count(), d)
	}
	f, err = send(t, 40, deliver.Options{Relays: relays[:2], Connections: 4})
	var relay *digest.SendError
	if !errors.As(err, &relay) || relay.Stage != "connect" || len(f.outcomes) != 0 {
		t.Errorf("all of them down: %v, %d outcomes", err, len(f.outcomes))
	}
}

func TestARelayThatDiesInTheMiddleIsReplaced(t *testing.T) {
	other := delivertest.Start(t, delivertest.Script{})
	dying := delivertest.Start(t, delivertest.Script{Hangup: func(s delivertest.Session, verb string) bool {
		return s.Message >= 5 && verb == "MAIL"
	}})
	f, err := send(t, 60, deliver.Options{Relays: []deliver.Relay{relayOf(dying, 9, 4), relayOf(other, 1, 1)}, Connections: 2})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[digest.Verdict]int{digest.VerdictSent: 60}, f.verdicts()); d != "" || dying.Count()+other.Count() != 60 {
		t.Error(dying.Count(), other.Count(), d)
	}
}

// What a relay says at MAIL is about us: no reader was named yet, and another
// relay may think better of us.
func TestARelayThatRefusesTheSenderIsReplacedAndNobodyIsCharged(t *testing.T) {
	for _, no := range []string{"550 5.7.26 unauthenticated", "452 4.3.1 no space left"} {
		t.Run(no, func(t *testing.T) {
			other := delivertest.Start(t, delivertest.Script{})
			refusing := delivertest.Start(t, refuseAt("MAIL", no))
			s, err := deliver.New(deliver.Options{Relays: []deliver.Relay{relayOf(refusing, 9, 4), relayOf(other, 1, 4)}, Connections: 3})
			if err != nil {
				t.Fatal(err)
			}
			f := newFeed(60)
			if err := s.Deliver(t.Context(), map[string]*deliver.Message{"fr": compile(t, proof)}, f); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(map[digest.Verdict]int{digest.VerdictSent: 60}, f.verdicts()); d != "" || other.Count() != 60 {
				t.Error(other.Count(), d)
			}
			closed := s.Closed()
			if len(closed) != 1 || !closed[0].Relay || !strings.HasSuffix(closed[0].Name, fmt.Sprint(":", refusing.Port)) || !strings.Contains(closed[0].Why, no) {
				t.Errorf("what the operator is told: %+v", closed)
			}
		})
	}
}

func TestRelaysThatAllRefuseTheSenderEndTheRun(t *testing.T) {
	first, second := delivertest.Start(t, refuseAt("MAIL", "550 5.7.1 first")), delivertest.Start(t, refuseAt("MAIL", "550 5.7.26 second"))
	f, err := send(t, 60, deliver.Options{Relays: []deliver.Relay{relayOf(first, 9, 4), relayOf(second, 1, 4)}, Connections: 1})
	var relay *digest.SendError
	if !errors.As(err, &relay) || relay.Stage != "mail" || relay.Enhanced != "5.7.26" {
		t.Errorf("%v", err)
	}
	if d := cmp.Diff(map[digest.Verdict]int{digest.VerdictDefer: 5}, f.verdicts()); d != "" {
		t.Error(d)
	}
}

func TestLMTPIsGreetedAsLMTP(t *testing.T) {
	server := delivertest.Start(t, delivertest.Script{LMTP: true})
	r := relayOf(server, 0, 0)
	r.LMTP = true
	f, err := send(t, 20, deliver.Options{Relay: r, Connections: 2})
	if err != nil || f.verdicts()[digest.VerdictSent] != 20 || server.Count() != 20 {
		t.Errorf("%v %v, %d arrived", err, f.verdicts(), server.Count())
	}
	if _, err := send(t, 1, deliver.Options{Relay: relayOf(server, 0, 0)}); err == nil {
		t.Error("an LMTP server took SMTP")
	}
}

func TestAFolderHoldsEachMessageOnceHoweverOftenItGoes(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		f, err := send(t, 7, deliver.Options{Drop: deliver.Folder(filepath.Join(dir, "out"))})
		if err != nil || f.verdicts()[digest.VerdictSent] != 7 {
			t.Fatal(err, f.verdicts())
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "out", "*"))
	if err != nil || len(files) != 7 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil || !strings.HasSuffix(name, ".eml") || !strings.HasSuffix(string(raw), "\r\n") || strings.HasSuffix(string(raw), "\r\n.\r\n") {
			t.Errorf("%s %v %q", name, err, raw[max(0, len(raw)-20):])
		}
	}
}

func TestAMaildirHoldsWholeMessages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "Maildir")
	f, err := send(t, 3, deliver.Options{Drop: deliver.Maildir(dir)})
	if err != nil || f.verdicts()[digest.VerdictSent] != 3 {
		t.Fatal(err, f.verdicts())
	}
	left, _ := filepath.Glob(filepath.Join(dir, "tmp", "*"))
	files, err := filepath.Glob(filepath.Join(dir, "new", "*"))
	if err != nil || len(files) != 3 || len(left) != 0 {
		t.Fatal(files, left, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil || strings.Contains(string(raw), "\r") || !strings.HasPrefix(string(raw), "Return-Path: <bounce+") {
		t.Errorf("%v %.80q", err, raw)
	}
}

func TestADiskThatTakesNothingEndsTheRunAndChargesNobody(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := send(t, 3, deliver.Options{Drop: deliver.Folder(filepath.Join(file, "below"))})
	var relay *digest.SendError
	if !errors.As(err, &relay) || len(f.outcomes) != 0 {
		t.Errorf("%v, %d outcomes", err, len(f.outcomes))
	}
}

// program is a sendmail that keeps what it was given and ends as it is told.
func program(t *testing.T, status int) (path, kept string) {
	t.Helper()
	dir := t.TempDir()
	path, kept = filepath.Join(dir, "sendmail"), filepath.Join(dir, "kept")
	script := fmt.Sprintf("#!/bin/sh\n{ echo \"$@\"; cat; } >> %s.$$\necho 'said on the way' >&2\nexit %d\n", kept, status)
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path, kept
}

func TestSendmailIsGivenEnvelopeAndMessage(t *testing.T) {
	path, kept := program(t, 0)
	f, err := send(t, 2, deliver.Options{Drop: deliver.Sendmail([]string{path, "-v"}), Connections: 2})
	if err != nil || f.verdicts()[digest.VerdictSent] != 2 {
		t.Fatal(err, f.verdicts())
	}
	files, _ := filepath.Glob(kept + ".*")
	if len(files) != 2 {
		t.Fatal(files)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	args, message, _ := strings.Cut(string(raw), "\n")
	if !strings.HasPrefix(args, "-v -i -f bounce+") || !strings.Contains(args, " -- ") || strings.Contains(message, "\r") || !strings.HasPrefix(message, "Message-ID: <") {
		t.Errorf("%q\n%.200q", args, message)
	}
}

func TestWhatSendmailsExitStatusMeans(t *testing.T) {
	for status, want := range map[int]digest.Verdict{67: digest.VerdictFailed, 65: digest.VerdictFailed, 75: digest.VerdictRetry, 70: digest.VerdictRetry} {
		path, _ := program(t, status)
		f, err := send(t, 1, deliver.Options{Drop: deliver.Sendmail([]string{path})})
		if err != nil || f.verdicts()[want] != 1 {
			t.Errorf("status %d: %v, %v, want %s", status, f.verdicts(), err, want)
		}
	}
	path, _ := program(t, 78)
	for _, command := range []string{path, filepath.Join(t.TempDir(), "absent")} {
		f, err := send(t, 3, deliver.Options{Drop: deliver.Sendmail([]string{command})})
		var relay *digest.SendError
		if !errors.As(err, &relay) || len(f.outcomes) != 0 {
			t.Errorf("%s: %v, %d outcomes", command, err, len(f.outcomes))
		}
	}
}
