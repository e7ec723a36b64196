package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
)

// sending starts a send that takes minutes, and returns once messages arrive.
func sending(t *testing.T) (*bench, func() (out string, status int), func(os.Signal)) {
	b := newBench(t, "", 15_000)
	cmd := b.send(t)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	for len(b.host.Messages()) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	return b, func() (string, int) { cmd.Wait(); return out.String(), cmd.ProcessState.ExitCode() }, func(s os.Signal) { cmd.Process.Signal(s) }
}

func TestARunningSendNoticesThatItsEditionIsPaused(t *testing.T) {
	b, wait, _ := sending(t)
	s := b.open(t)
	e, err := s.Edition(context.Background(), "hebdo", 1)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := s.MoveEdition(context.Background(), e.ID, digest.EditionSending, digest.EditionPaused); !ok || err != nil {
		t.Fatal(ok, err)
	}
	out, status := wait()
	if status != exitPartly || !strings.Contains(out, "hebdo/1 paused: ") || !strings.Contains(out, "zest editions resume hebdo/1") {
		t.Errorf("status %d\n%s", status, out)
	}
	if books := b.closed(t); books.Sent != len(b.host.Messages()) || books.Queued != b.readers-books.Sent || books.Repeats != 0 {
		t.Errorf("%+v, %d arrived", books, len(b.host.Messages()))
	}
}

func TestCtrlCEndsWellAndSaysHowToGoOn(t *testing.T) {
	b, wait, signal := sending(t)
	signal(os.Interrupt)
	out, status := wait()
	if status != exitCanceled || !strings.Contains(out, "hebdo/1 under way: ") || !strings.Contains(out, "to go on: zest send hebdo") {
		t.Errorf("status %d\n%s", status, out)
	}
	if books := b.closed(t); books.Sent != len(b.host.Messages()) || books.Queued != b.readers-books.Sent || books.Unknown != 0 {
		t.Errorf("%+v, %d arrived", books, len(b.host.Messages()))
	}
}
