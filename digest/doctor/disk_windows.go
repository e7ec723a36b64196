package doctor

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// freeBytes is what this user may still write beside a file.
func freeBytes(path string) (uint64, error) {
	dir, err := windows.UTF16PtrFromString(filepath.Dir(path))
	if err != nil {
		return 0, err
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(dir, &free, nil, nil)
	return free, err
}
