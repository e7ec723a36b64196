package store

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockFile takes a file's lock, which the system drops when the process ends.
func lockFile(path string) (release func(), ok bool, err error) {
	f, err := openLocked(path, false)
	switch {
	case errors.Is(err, errLocked):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	return func() { f.Close(); os.Remove(path) }, true, nil
}

// openLocked opens a file and takes its lock, which closing it lets go. Without
// wait it is errLocked when somebody has it.
func openLocked(path string, wait bool) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	how := uint32(windows.LOCKFILE_EXCLUSIVE_LOCK)
	if !wait {
		how |= windows.LOCKFILE_FAIL_IMMEDIATELY
	}
	if err = windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, &windows.Overlapped{}); err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		err = errLocked
	}
	return nil, err
}
