package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
)

// waits returns when somebody waits in the queue: they hold the gate.
func waits(t *testing.T, dir string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		gate, err := openLocked(filepath.Join(dir, "gate"), false)
		if errors.Is(err, errLocked) {
			return
		}
		if gate.Close(); time.Now().After(end) {
			t.Fatal("nobody waits")
		}
	}
}

func TestWhoWritesWithoutAPauseLetsWhoWaitsGoFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	busy, patient := &queue{dir: dir}, &queue{dir: dir} // of two processes
	order := make(chan string, 2)
	leave := busy.wait()
	go func() {
		defer patient.wait()()
		order <- "patient"
	}()
	waits(t, dir)
	leave()
	again := busy.wait()
	order <- "busy"
	again()
	if first, second := <-order, <-order; first != "patient" {
		t.Errorf("%s, then %s", first, second)
	}
}

func TestWhoDoesNotMoveInTheQueueIsPassedBy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stopped, q := &queue{dir: dir}, &queue{dir: dir}
	leave := stopped.wait()
	for range 3 {
		q.wait()()
	}
	if !q.lost.Load() {
		t.Error("it did not wait")
	}
	leave()
	for end := time.Now().Add(20 * time.Second); q.lost.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the queue stays given up")
		}
	}
	mine := q.wait()
	if _, err := openLocked(filepath.Join(dir, "floor"), false); !errors.Is(err, errLocked) {
		t.Errorf("it is not in the queue again: %v", err)
	}
	mine()
}

// While a session writes, its log begins anew once it is long.
func TestTheLogOfASessionDoesNotGrowForEver(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "zest.db")
	s, err := Open(ctx, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, end, err := s.Begin(ctx); err != nil { // there is a queue to stand in
		t.Fatal(err)
	} else {
		defer end(true)
	}
	write := func(transactions int) {
		for i := range transactions {
			err := s.promptTx(ctx, func(tx runner) error {
				_, err := s.exec(ctx, tx, `INSERT INTO meta (name, value) VALUES ('filler', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, make([]byte, 100_000+i))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	size := func() int64 {
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	write(sweepMost/25 + 1)
	s.sweepOnce()
	before := size()
	write(sweepMost / 50)
	if after := size(); after != before {
		t.Errorf("%d bytes, then %d", before, after)
	}
	if err := s.LeaveAll(ctx, []digest.Leave{{Subscriber: 1}}); err != nil {
		t.Error(err)
	}
}

// What readers change by one statement waits in the queue like any transaction.
func TestEveryWriterQueues(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "zest.db")
	s, err := Open(ctx, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, end, err := s.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer end(true)
	for name, write := range map[string]func() error{
		"a statement":   func() error { return s.SetReason(ctx, 1, nil, "other") },
		"a transaction": func() error { return s.Expire(ctx, time.Now()) },
		"a session":     func() error { return s.LeaveAll(ctx, []digest.Leave{{Subscriber: 1}}) },
		"a harvest":     func() error { return s.relaxedTx(ctx, func(runner) error { return nil }) },
	} {
		leave := (&queue{dir: s.queue.dir}).wait()
		done := make(chan error, 1)
		go func() { done <- write() }()
		waits(t, s.queue.dir)
		leave()
		if err := <-done; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
