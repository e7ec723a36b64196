//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peak is the most memory that a process held, in bytes. On Linux a child begins
// with the peak of the process it was forked from (exec(2) keeps it), which is
// why this is a small program of its own and not a benchmark in a test: there,
// the test's memory would be measured.
func peak(p *os.ProcessState) int64 {
	most := p.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(most) // bytes there, KiB elsewhere
	}
	return int64(most) * 1024
}
