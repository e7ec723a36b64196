package selftest

import (
	"context"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

func trials() []trial {
	return []trial{
		{name: "faults", readers: 400, full: 2000, script: faults, run: nothing, address: faulty, expect: afterFaults, mayRepeat: true, commandTimeout: time.Second},
		{name: "kills", readers: 1500, full: 10_000, script: lookingUp, run: kills},
		{name: "two senders", readers: 1000, full: 4000, run: twoSenders, slowBy: time.Millisecond / 4},
		{name: "clock jumps", readers: 300, full: 1500, script: greylisting, run: clockJumps, slowBy: time.Millisecond / 4},
		{name: "disk full", only: "sqlite", readers: 800, full: 4000, run: diskFull},
		{name: "database restart", only: "postgres", readers: 1500, full: 6000, run: databaseRestart, slowBy: time.Millisecond},
	}
}

// email is the address of a trial's reader.
func (t trial) email(i int) string {
	if t.address != nil {
		return t.address(i)
	}
	return fmt.Sprintf("reader%05d@d%02d.example.org", i, i%50)
}

// nothing is broken from outside: the mail server does it all.
func nothing(context.Context, *stage) error { return nil }

// lookingUp is a mail server that looks recipients up, as all do that are worth
// sending to. How many messages are in doubt at a kill depends on how much of
// the time a message is on its way to the ledger: with a server that takes no
// time at all it is up to [digest.RunAhead] and one more for each connection.
func lookingUp(s *stage) {
	s.script.Wait = func(_ delivertest.Session, verb string) time.Duration {
		if verb == "RCPT" {
			return 5*time.Millisecond + jitter(25*time.Millisecond) // or all connections would keep step
		}
		return 0
	}
}

// kills ends processes by kill -9: most at a random number of messages, so that
// the kills are spread over the edition, some while they start, the very first
// while the edition is made.
func kills(ctx context.Context, s *stage) error {
	want := 8
	if s.options.Full {
		want = 52
	}
	for s.kills < want && ctx.Err() == nil {
		p, err := s.start(0)
		if err != nil {
			return err
		}
		if s.kills%6 == 0 {
			time.Sleep(20*time.Millisecond + jitter(150*time.Millisecond))
		} else {
			left := len(s.emails) - s.host.Count()
			s.taken(p, 1+int(jitter(time.Duration(2*left/(want-s.kills+1)))))
			time.Sleep(jitter(60 * time.Millisecond)) // away from the message that was counted: a random moment
		}
		s.kill(p)
		s.tick(float64(s.kills) / float64(want))
		if p.status() == 0 {
			return fmt.Errorf("the edition was over after %d kills of %d: the mail server is too fast for this machine", s.kills, want)
		}
	}
	return ctx.Err()
}

// twoSenders has cron and a person send at once, and a third take over when one
// of them is killed.
func twoSenders(_ context.Context, s *stage) error {
	a, err := s.start(0)
	if err != nil {
		return err
	}
	b, err := s.start(0)
	if err != nil {
		return err
	}
	s.taken(a, len(s.emails)/3)
	c, err := s.start(0)
	if err != nil {
		return err
	}
	s.kill(a)
	for i, p := range []*process{b, c} {
		if status := p.status(); status != 0 && status != 3 && status != 4 {
			return fmt.Errorf("a second send ended with status %d: %s", status, strings.TrimSpace(p.out.String()))
		}
		s.tick(float64(i+1) / 2)
	}
	return nil
}

// clockJumps has every run live in another time, far back and far ahead, and
// kills most of them.
func clockJumps(_ context.Context, s *stage) error {
	shifts := []time.Duration{0, -48 * time.Hour, 3 * time.Hour, -8760 * time.Hour, time.Minute, -time.Hour}
	for i, shift := range shifts {
		p, err := s.start(shift)
		if err != nil {
			return err
		}
		if i < 4 {
			s.taken(p, len(s.emails)/8)
			s.kill(p)
		}
		if status := p.status(); status != 0 && status != 3 && status != 4 && status != -1 {
			return fmt.Errorf("a send at %s ended with status %d: %s", shift, status, strings.TrimSpace(p.out.String()))
		}
		s.tick(float64(i+1) / float64(len(shifts)))
	}
	return nil
}

// greylisting puts every third reader off at their first try.
func greylisting(s *stage) {
	s.script.Reply = func(st delivertest.Session, verb string) string {
		if email := address(st.To); verb == "RCPT" && crc32.ChecksumIEEE([]byte(email))%3 == 0 && s.met("greylist", email) == 1 {
			return "451 4.7.1 greylisted, come back later"
		}
		return ""
	}
}

// diskFull lets the store's files grow no further in the middle of a send. The
// limit is of the process (POSIX ulimit -f, in blocks of 512 bytes), which a
// database meets like a full disk: the write fails.
func diskFull(_ context.Context, s *stage) error {
	shell, err := exec.LookPath("sh")
	if err != nil {
		return fmt.Errorf("limiting the size of files: %w", err)
	}
	for i, extra := range []int64{300 << 10, 120 << 10, 700 << 10} {
		info, err := os.Stat(filepath.Join(s.dir, "zest.db"))
		if err != nil {
			return err
		}
		// The write-ahead log grows from nothing in each run, the file itself hardly
		// ever: the log is what meets the limit.
		limit := extra
		if i == 2 {
			limit = info.Size() + extra
		}
		command := fmt.Sprintf(`ulimit -f %d && exec "$0" "$@"`, limit/512)
		p, err := s.launch(exec.Command(shell, append([]string{"-c", command, s.options.Exe}, s.args(0)...)...))
		if err != nil {
			return err
		}
		if status := p.status(); status == 1 {
			s.kills++ // what was in flight is in doubt, as after a kill
		} else if i == 0 {
			return fmt.Errorf("a send on a full disk ended with status %d: %s", status, strings.TrimSpace(p.out.String()))
		}
		s.tick(float64(i+1) / 3)
	}
	return nil
}
