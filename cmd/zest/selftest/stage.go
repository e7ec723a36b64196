package selftest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
	"github.com/zest-digest/zest/digest/store"
)

// connections is how many each process opens.
const connections = 8

// stage is one trial's world: a folder, a store with its readers, a mail server,
// and the processes that are started in it.
type stage struct {
	trial   trial
	options Options
	dir     string
	where   string // of the store
	scratch *scratch
	host    *delivertest.Server
	script  delivertest.Script
	store   *store.Store
	emails  []string
	kills   int
	started []*process

	mu   sync.Mutex
	seen map[string]int // how often a reader was met at a step
}

func newStage(ctx context.Context, o Options, t trial) (s *stage, err error) {
	s = &stage{trial: t, options: o, seen: map[string]int{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.dir, err = os.MkdirTemp("", "zest-selftest-"); err != nil {
		return s, err
	}
	s.where = filepath.Join(s.dir, "zest.db")
	if o.Store != "" {
		if s.scratch, err = newScratch(ctx, o.Store); err != nil {
			return s, err
		}
		s.where = s.scratch.address
	}
	s.script = delivertest.Script{HeaderOnly: true, Delay: t.slowBy}
	if t.script != nil {
		t.script(s)
	}
	if s.host, err = delivertest.Listen(s.script); err != nil {
		return s, err
	}
	timeout := t.commandTimeout
	if timeout == 0 {
		timeout = time.Minute
	}
	if err = s.write(timeout); err != nil {
		return s, err
	}
	if s.store, err = store.Open(ctx, s.where, store.Options{}); err != nil {
		return s, fmt.Errorf("opening the store: %w", err)
	}
	n := t.readers
	if o.Full {
		n = t.full
	}
	return s, s.enlist(ctx, n)
}

// enlist puts the trial's readers on the list.
func (s *stage) enlist(ctx context.Context, n int) error {
	rows := func(yield func(digest.ImportRow, error) bool) {
		for _, email := range s.emails {
			if !yield(digest.ImportRow{State: digest.SubConfirmed, Subscriber: digest.Subscriber{Email: email}}, nil) {
				return
			}
		}
	}
	for i := range n {
		s.emails = append(s.emails, s.trial.email(i))
	}
	if _, err := s.store.Import(ctx, store.ImportOptions{List: "selftest"}, rows); err != nil {
		return fmt.Errorf("enlisting readers: %w", err)
	}
	return nil
}

func (s *stage) close() error {
	for _, p := range s.started { // a trial that was broken off leaves nothing behind
		p.cmd.Process.Kill()
		<-p.done
	}
	var err error
	if s.host != nil {
		s.host.Close()
	}
	if s.store != nil {
		err = s.store.Close()
	}
	if s.scratch != nil {
		err = errors.Join(err, s.scratch.drop())
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

func (s *stage) tick(part float64) {
	if s.options.Tick != nil {
		s.options.Tick(s.trial.name, min(1, part))
	}
}

// met counts how often a reader came to a step, from 1.
func (s *stage) met(step, email string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[step+" "+email]++
	return s.seen[step+" "+email]
}

// process is a `zest send` of its own.
type process struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan struct{}
	err  error
}

// start starts a send; shift moves its clock.
func (s *stage) start(shift time.Duration) (*process, error) {
	return s.launch(exec.Command(s.options.Exe, s.args(shift)...))
}

func (s *stage) args(shift time.Duration) []string {
	args := []string{"--config", filepath.Join(s.dir, "zest.yaml"), "send", "selftest"}
	if shift != 0 {
		args = append(args, "--now", time.Now().Add(shift).Format(time.RFC3339))
	}
	return args
}

func (s *stage) launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	cmd.Env, cmd.Dir = s.options.Environ, s.dir
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	go func() { p.err = cmd.Wait(); close(p.done) }()
	s.started = append(s.started, p)
	return p, nil
}

// kill ends a process as a power cut would.
func (s *stage) kill(p *process) {
	select {
	case <-p.done: // it was faster
		return
	default:
	}
	p.cmd.Process.Kill()
	<-p.done
	s.kills++
}

// status waits for a process: 0 done, 3 not everybody, 4 nothing new, as the
// program documents.
func (p *process) status() int { <-p.done; return p.cmd.ProcessState.ExitCode() }

// taken waits until the mail server took n messages more, or the process ended.
func (s *stage) taken(p *process, n int) {
	for target := s.host.Count() + n; s.host.Count() < target; {
		select {
		case <-p.done:
			return
		case <-time.After(500 * time.Microsecond):
		}
	}
}

// finish sends until nothing is left, each time an hour later, so that every
// retry has its turn.
func (s *stage) finish(ctx context.Context) error {
	for hour := range 12 {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := s.start(time.Duration(hour) * time.Hour)
		if err != nil {
			return err
		}
		status := p.status()
		if status != 0 && status != 3 && status != 4 {
			return fmt.Errorf("zest send ended with status %d: %s", status, strings.TrimSpace(p.out.String()))
		}
		b, err := s.books(ctx)
		if err != nil {
			return err
		}
		if b.Done() {
			s.host.Close()
			s.host.Quiet()
			return nil
		}
		s.tick(float64(b.Audience-b.Queued) / float64(max(1, b.Audience)))
	}
	return errors.New("something is still queued after twelve runs, an hour apart each")
}

func (s *stage) books(ctx context.Context) (digest.Books, error) {
	e, err := s.store.Edition(ctx, "selftest", 1)
	if err != nil {
		return digest.Books{}, fmt.Errorf("reading edition 1: %w", err)
	}
	return s.store.Books(ctx, e.ID)
}

// jitter is a random pause below d.
func jitter(d time.Duration) time.Duration { return rand.N(d + 1) }
