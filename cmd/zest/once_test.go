package main

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/store/storetest"
)

// bench is a newsletter with many readers and a slow mail server.
type bench struct {
	dir, store string
	host       *delivertest.Server
	readers    int
}

func newBench(t *testing.T, where string, readers int) *bench {
	t.Helper()
	return newBenchAt(t, where, readers, delivertest.Script{Delay: time.Millisecond / 2})
}

// newBenchAt is a newBench whose mail server follows a script.
func newBenchAt(t *testing.T, where string, readers int, script delivertest.Script) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir(), store: where, readers: readers}
	if where == "" {
		b.store = filepath.Join(b.dir, "zest.db")
	}
	b.host = delivertest.Start(t, script)
	feed := `<rss version="2.0"><channel><title>Blog</title><item><guid>1</guid><title>Le pont rouvre</title><link>https://blog.example/1</link><description>Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi.</description></item></channel></rss>`
	config := fmt.Sprintf("store: %q\npublic_url: http://127.0.0.1:9\nsmtp: {host: 127.0.0.1, port: %d, tls: none, connections: 8}\nnewsletters:\n  - {name: hebdo, from: hebdo@example.org, postal_address: 1 quai du Port, sources: [./feed.xml]}\n", b.store, b.host.Port)
	for name, text := range map[string]string{"feed.xml": feed, "zest.yaml": config} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := b.open(t)
	if _, err := s.Import(context.Background(), store.ImportOptions{List: "hebdo"}, confirmed(readers)); err != nil {
		t.Fatal(err)
	}
	return b
}

// confirmed are readers who want mail.
func confirmed(readers int) iter.Seq2[digest.ImportRow, error] {
	return func(yield func(digest.ImportRow, error) bool) {
		for i := range readers {
			if !yield(digest.ImportRow{State: digest.SubConfirmed, Subscriber: digest.Subscriber{Email: fmt.Sprintf("reader%05d@example.org", i)}}, nil) {
				return
			}
		}
	}
}

func (b *bench) open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), b.store, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// send runs `zest send` as a process of its own.
func (b *bench) send(t *testing.T) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^TestSendProcess$")
	cmd.Env = append(os.Environ(), "ZEST_TEST_CONFIG="+filepath.Join(b.dir, "zest.yaml"))
	return cmd
}

// TestSendProcess is not a test: it is the process that the others start and
// kill.
func TestSendProcess(t *testing.T) {
	path := os.Getenv("ZEST_TEST_CONFIG")
	if path == "" {
		return
	}
	var environ []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "ZEST_") {
			environ = append(environ, kv)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, []string{"--config", path, "send", "hebdo"}, world{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: environ, now: time.Now}))
}

// copies counts the messages that each reader got, and checks that repeated ones
// are the same message.
func (b *bench) copies(t *testing.T) (got map[string]int, repeats int) {
	t.Helper()
	got = map[string]int{}
	ids := map[string]string{}
	for _, m := range b.host.Messages() {
		id, _, _ := strings.Cut(m.Data, "\r\n")
		if first, again := ids[m.To]; again {
			repeats++
			if first != id {
				t.Errorf("%s got two different messages: %s and %s", m.To, first, id)
			}
		}
		ids[m.To] = id
		got[m.To]++
	}
	return got, repeats
}

func (b *bench) closed(t *testing.T) digest.Books {
	t.Helper()
	s := b.open(t)
	if problems, err := s.Check(context.Background(), 0); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	e, err := s.Edition(context.Background(), "hebdo", 1)
	if err != nil {
		t.Fatal(err)
	}
	books, err := s.Books(context.Background(), e.ID)
	if err != nil {
		t.Fatal(err)
	}
	return books
}

// onBoth runs a test on SQLite and on Postgres.
func onBoth(t *testing.T, test func(t *testing.T, where string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, "") })
	t.Run("Postgres", func(t *testing.T) { test(t, storetest.Postgres(t)+"/postgres?sslmode=disable") })
}

func TestPromiseOnceEachThroughKills(t *testing.T) {
	onBoth(t, func(t *testing.T, where string) {
		b := newBench(t, where, 1500)
		kills := 0
		for range 40 {
			cmd := b.send(t)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			before := len(b.host.Messages())
			timer := time.AfterFunc(time.Duration(60+rand.IntN(120))*time.Millisecond, func() { cmd.Process.Kill() })
			err := cmd.Wait()
			if timer.Stop() {
				t.Logf("ended by itself: %v", err)
				break
			}
			kills++
			if len(b.host.Messages()) == before {
				// Killed before its first message: give the next one longer.
				cmd = b.send(t)
				cmd.Start()
				time.AfterFunc(400*time.Millisecond, func() { cmd.Process.Kill() })
				cmd.Wait()
				kills++
			}
		}
		if out, err := b.send(t).CombinedOutput(); err != nil && !strings.Contains(string(out), "nothing new") {
			t.Fatalf("%v\n%s", err, out)
		}
		time.Sleep(50 * time.Millisecond)
		got, repeats := b.copies(t)
		books := b.closed(t)
		t.Logf("%d kills, %d repeated messages, books %+v", kills, repeats, books)
		if len(got) != b.readers || books.Sent != b.readers {
			t.Errorf("%d of %d readers got it; books %+v", len(got), b.readers, books)
		}
		if repeats > books.Repeats {
			t.Errorf("%d messages went twice and only %d were counted", repeats, books.Repeats)
		}
		// At most three of each connection can be in flight at a kill.
		if repeats > kills*8*(digest.RunAhead+1) {
			t.Errorf("%d messages went twice in %d kills", repeats, kills)
		}
	})
}

func TestPromiseTwoSendersShareTheWork(t *testing.T) {
	onBoth(t, func(t *testing.T, where string) {
		b := newBench(t, where, 800)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if out, err := b.send(t).CombinedOutput(); err != nil && !strings.Contains(string(out), "nothing new") && !strings.Contains(string(out), "under way") {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
		wg.Wait()
		got, repeats := b.copies(t)
		if books := b.closed(t); len(got) != b.readers || repeats != 0 || books.Sent != b.readers || books.Repeats != 0 {
			t.Errorf("%d readers, %d repeats, books %+v", len(got), repeats, books)
		}
	})
}
