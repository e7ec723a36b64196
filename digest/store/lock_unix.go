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
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, false, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		f.Close()
		return nil, false, nil
	}
	if err != nil {
		f.Close()
		return nil, false, err
	}
	return func() { os.Remove(path); f.Close() }, true, nil
}
