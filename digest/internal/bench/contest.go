package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sample is one run of a program.
type sample struct {
	messages int
	wall     time.Duration
	cpu      time.Duration // user and system
	peak     float64       // MiB
}

func (s sample) rate() float64      { return float64(s.messages) / s.wall.Seconds() }
func (s sample) cpuPer10k() float64 { return s.cpu.Seconds() / float64(s.messages) * 10_000 }

// contestant is a way to send, and what it took, round by round.
type contestant struct {
	name    string
	run     func(port int) (sample, error)
	samples []sample
}

func (c *contestant) median(of func(sample) float64) float64 {
	var v []float64
	for _, s := range c.samples {
		v = append(v, of(s))
	}
	return median(v)
}

// against is the median, over the rounds, of how this contestant compares with
// another in the same round.
func (c *contestant) against(o *contestant, of func(sample) float64) float64 {
	var v []float64
	for i := range c.samples {
		v = append(v, of(c.samples[i])/of(o.samples[i]))
	}
	return median(v)
}

// contest lets every contestant run in each of some rounds, one after another.
func contest(rounds int, s server, all ...*contestant) error {
	for range rounds {
		for _, c := range all {
			port, stop, err := s.start()
			if err != nil {
				return err
			}
			got, err := c.run(port)
			stop()
			if err != nil {
				return fmt.Errorf("%s into %s: %w", c.name, s.name, err)
			}
			c.samples = append(c.samples, got)
		}
	}
	return nil
}

// measure runs a program and says what it took.
func measure(messages int, name string, args ...string) (sample, error) {
	cmd := exec.Command(name, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, err
	}
	peak, stop := make(chan float64, 1), make(chan struct{})
	go func() { peak <- watch(cmd.Process.Pid, stop) }()
	err := cmd.Wait()
	wall := time.Since(begin)
	close(stop)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w: %s", filepath.Base(name), err, strings.TrimSpace(errs.String()))
	}
	return sample{messages, wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), <-peak}, nil
}

// watch follows the high-water mark of a process's memory, in MiB. The kernel's
// own figure at the end also counts what we were when we started it.
func watch(pid int, stop <-chan struct{}) (peak float64) {
	for {
		if f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
			for lines := bufio.NewScanner(f); lines.Scan(); {
				if kb, found := strings.CutPrefix(lines.Text(), "VmHWM:"); found {
					n, _ := strconv.Atoi(strings.Fields(kb)[0])
					peak = max(peak, float64(n)/1024)
				}
			}
			f.Close()
		}
		select {
		case <-stop:
			return peak
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// server is a mail server that takes everything.
type server struct {
	name  string
	start func() (port int, stop func(), err error)
}

// smtpSink is Postfix's.
func (p *plan) smtpSink() server {
	return server{"smtp-sink", func() (int, func(), error) {
		port := freePort()
		var args []string
		if os.Getuid() == 0 {
			args = append(args, "-u", "nobody")
		}
		return p.background(port, filepath.Join(p.tools, "smtp-sink"), append(args, fmt.Sprintf("127.0.0.1:%d", port), "1000")...)
	}}
}

// fastSink is our own, as far away as asked.
func (p *plan) fastSink(args ...string) server {
	return server{"fast sink", func() (int, func(), error) {
		self, err := os.Executable()
		if err != nil {
			return 0, nil, err
		}
		port := freePort()
		return p.background(port, self, append([]string{"sink", strconv.Itoa(port)}, args...)...)
	}}
}

// background starts a server, and waits until it answers.
func (p *plan) background(port int, name string, args ...string) (int, func(), error) {
	if !strings.ContainsRune(name, '/') {
		found, err := exec.LookPath(name)
		if err != nil {
			return 0, nil, fmt.Errorf("%w: Debian has it in the package postfix", err)
		}
		name = found
	}
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	if runtime.GOOS == "linux" {
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	}
	if err := cmd.Start(); err != nil {
		return 0, nil, err
	}
	stop := func() {
		cmd.Process.Kill()
		cmd.Wait()
	}
	for range 200 {
		if answers(port) {
			return port, stop, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	return 0, nil, errors.New(name + " does not answer")
}
