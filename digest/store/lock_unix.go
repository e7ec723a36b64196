//go:build unix

package store

import (
	"errors"
	"os"
	"syscall"
)

// lockFile takes a file's lock, which the kernel drops when the process ends.
// The file is removed by whoever lets go of it.
func lockFile(path string) (release func(), ok bool, err error) {
	f, err := openLocked(path, false)
	switch {
	case errors.Is(err, errLocked):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	return func() { os.Remove(path); f.Close() }, true, nil
}

// openLocked opens a file and takes its lock, which closing it lets go. Without
// wait it is errLocked when somebody has it.
func openLocked(path string, wait bool) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Flock(int(f.Fd()), how)
	}
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errLocked
	}
	return nil, err
}
