package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncData brings a file's content to the disk, and of what the file system knows
// of it only what reading needs.
func syncData(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); err != unix.EINTR {
			return err
		}
	}
}
