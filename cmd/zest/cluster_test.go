package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/store/storetest"
)

// fleet is several machines on one Postgres, with newsletters that are all due.
type fleet struct {
	dir         string
	database    *storetest.Server
	host        *delivertest.Server
	newsletters int
	readers     int
}

func newFleet(t testing.TB, newsletters, readers int, script delivertest.Script) *fleet {
	t.Helper()
	f := &fleet{dir: t.TempDir(), newsletters: newsletters, readers: readers}
	f.database = storetest.StartPostgres(t)
	f.host = delivertest.Start(t, script)
	due := time.Now().UTC().Add(-time.Minute)
	config := fmt.Sprintf("store: %q\npublic_url: http://127.0.0.1:9\nsmtp: {host: 127.0.0.1, port: %d, tls: none, connections: 4}\nlists: [{name: everyone}]\nnewsletters:\n", f.url(), f.host.Port)
	for i := range newsletters {
		config += fmt.Sprintf("  - {name: n%02d, from: n%02d@example.org, postal_address: 1 quai du Port, lists: [everyone], sources: [./feed.xml], zone: UTC, schedule: [\"%d %d * * *\"]}\n", i, i, due.Minute(), due.Hour())
	}
	feed := `<rss version="2.0"><channel><title>Blog</title><item><guid>1</guid><title>Le pont rouvre</title><link>https://blog.example/1</link><description>Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi.</description></item></channel></rss>`
	for name, text := range map[string]string{"feed.xml": feed, "zest.yaml": config} {
		if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := f.open(t)
	defer s.Close()
	if _, err := s.Import(context.Background(), store.ImportOptions{List: "everyone"}, confirmed(readers)); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fleet) url() string { return f.database.URL + "/postgres?sslmode=disable" }

func (f *fleet) open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), f.url(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start runs zest as a process of its own, its output in a file.
func (f *fleet) start(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^TestProcess$")
	cmd.Env = append(os.Environ(), "ZEST_TEST_ARGS="+strings.Join(append([]string{"--config", filepath.Join(f.dir, "zest.yaml")}, args...), "\x1f"))
	log, err := os.OpenFile(filepath.Join(f.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestProcess is not a test: it is the process that others start and kill.
func TestProcess(t *testing.T) {
	args := os.Getenv("ZEST_TEST_ARGS")
	if args == "" {
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
	os.Exit(run(ctx, strings.Split(args, "\x1f"), world{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: environ, now: time.Now}))
}

// unit is a machine as a service manager keeps it: when it ends by itself, it is
// started again.
type unit struct {
	cmd   *exec.Cmd
	ended chan error
}

func (f *fleet) serve(t testing.TB, i int) *unit {
	u := &unit{cmd: f.start(t, fmt.Sprintf("serve%d", i), "serve", "--listen", "127.0.0.1:0"), ended: make(chan error, 1)}
	go func() { u.ended <- u.cmd.Wait() }()
	return u
}

func (u *unit) kill() {
	u.cmd.Process.Kill()
	<-u.ended
}

// failed reports whether the machine ended, as one does that cannot reach its
// store while it starts.
func (u *unit) failed() bool {
	select {
	case <-u.ended:
		return true
	default:
		return false
	}
}

// settled reports whether every newsletter has an edition that is done.
func (f *fleet) settled(t testing.TB) bool {
	s, err := store.Open(context.Background(), f.url(), store.Options{})
	if err != nil {
		return false
	}
	defer s.Close()
	for i := range f.newsletters {
		e, err := s.Edition(context.Background(), fmt.Sprintf("n%02d", i), 1)
		if err != nil || e.State != digest.EditionSent {
			return false
		}
	}
	return true
}

var listID = regexp.MustCompile(`List-Id: [^<]*<(n\d\d)\.`)

// judge compares what arrived with the books.
func (f *fleet) judge(t testing.TB, kills int) {
	t.Helper()
	ctx := context.Background()
	got, ids, repeats := map[string]int{}, map[string]string{}, 0
	for _, m := range f.host.Messages() {
		of := listID.FindStringSubmatch(m.Data)
		if of == nil {
			t.Fatalf("a message of no newsletter:\n%.300s", m.Data)
		}
		key := of[1] + " " + m.To
		id, _, _ := strings.Cut(m.Data, "\r\n")
		if got[key]++; got[key] > 1 {
			repeats++
			if ids[key] != id {
				t.Errorf("%s got two different messages", key)
			}
		}
		ids[key] = id
	}
	s := f.open(t)
	defer s.Close()
	counted := 0
	for i := range f.newsletters {
		editions, err := s.Editions(ctx, fmt.Sprintf("n%02d", i), 10)
		if err != nil || len(editions) != 1 {
			t.Errorf("n%02d has %d editions for one slot: %v", i, len(editions), err)
			continue
		}
		books, err := s.Books(ctx, editions[0].ID)
		if err != nil || books.Sent != f.readers || !books.Closed() {
			t.Errorf("n%02d: %+v %v", i, books, err)
		}
		counted += books.Repeats
	}
	if problems, err := s.Check(ctx, 0); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	t.Logf("%d kills: %d of %d messages arrived, lost %d, %d repeated, %d counted as possible repeats",
		kills, len(got), f.newsletters*f.readers, f.newsletters*f.readers-len(got), repeats, counted)
	if len(got) != f.newsletters*f.readers {
		t.Errorf("%d of %d messages arrived", len(got), f.newsletters*f.readers)
	}
	if repeats > counted {
		t.Errorf("%d messages went twice and only %d were counted", repeats, counted)
	}
	if t.Failed() {
		for _, name := range []string{"serve0", "serve1", "serve2", "cron"} {
			log, _ := os.ReadFile(filepath.Join(f.dir, name+".log"))
			t.Logf("%s:\n%s", name, log[max(0, len(log)-3000):])
		}
	}
}

// Three machines, cron and a person share one Postgres; machines are killed and
// the database crashes while they send. ZEST_TORTURE=1 makes it 20 editions of
// 5,000 readers.
func TestPromiseMachinesOnOnePostgresSendOnce(t *testing.T) {
	newsletters, readers := 4, 400
	if os.Getenv("ZEST_TORTURE") != "" {
		newsletters, readers = 20, 5000
	}
	f := newFleet(t, newsletters, readers, delivertest.Script{Delay: time.Millisecond})
	machines := make([]*unit, 3)
	for i := range machines {
		machines[i] = f.serve(t, i)
	}
	end := time.Now().Add(20 * time.Minute)
	kills, restarts := 0, 0
	for round := 1; !f.settled(t); round++ {
		if time.Now().After(end) {
			t.Fatal("the editions were not sent in time")
		}
		time.Sleep(time.Duration(1000+rand.IntN(1500)) * time.Millisecond)
		for i, m := range machines {
			if m.failed() {
				machines[i] = f.serve(t, i)
			}
		}
		switch {
		case round%7 == 3:
			f.database.Restart(t)
			restarts++
		case round%3 == 0:
			f.start(t, "cron", "send", "--due", "--quiet").Wait()
		case kills < 4+newsletters*readers/2000:
			i := rand.IntN(len(machines))
			machines[i].kill()
			kills++
			machines[i] = f.serve(t, i)
		}
	}
	for _, m := range machines {
		m.cmd.Process.Signal(syscall.SIGTERM)
	}
	for i, m := range machines {
		// One that was asked to end while it was still starting says that it was
		// interrupted, or could not say anything yet.
		err := <-m.ended
		how, _ := m.cmd.ProcessState.Sys().(syscall.WaitStatus)
		if err != nil && how.ExitStatus() != 130 && how.Signal() != syscall.SIGTERM {
			t.Errorf("machine %d did not end well: %v", i, err)
		}
	}
	t.Logf("%d restarts of the database", restarts)
	f.judge(t, kills)
}
