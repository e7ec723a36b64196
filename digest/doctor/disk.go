package doctor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const (
	needed  = 16 << 20  // a send needs to write down who got what
	roomFor = 512 << 20 // a while
)

// Disk looks whether there is room for a store to grow. The path may be of a
// file that is not there yet. A few bytes are written beside it and taken away
// again: permissions and quotas show in no number.
func Disk(path string) Finding {
	f := Finding{Check: "disk", Subject: path}
	free, err := freeBytes(path)
	switch {
	case err != nil:
		return f.warn("look by hand: df -h "+filepath.Dir(path), "the free space could not be read: %v", err)
	case free < needed:
		return f.wrong("make room on the disk of "+filepath.Dir(path)+": a send must write down who got what", "%d MB are free", free>>20)
	}
	if err := writeBeside(path); err != nil {
		return f.wrong("let the user zest runs as write in "+filepath.Dir(path), "cannot be written beside: %v", err)
	}
	if free < roomFor {
		return f.warn("make room soon", "%d MB are free", free>>20)
	}
	return f.well("%s are free", fmt.Sprintf("%.1f GB", float64(free)/1e9))
}

func writeBeside(path string) error {
	t, err := os.CreateTemp(filepath.Dir(path), ".zest-doctor-*")
	if err != nil {
		return err
	}
	_, err = t.Write(make([]byte, 4096))
	return errors.Join(err, t.Sync(), t.Close(), os.Remove(t.Name()))
}
