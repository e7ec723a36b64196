package studio

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Run makes the edition anew when a file it is made of changes, until ctx ends.
// It asks the files instead of the system: editors replace, networks share, and
// a handful of files costs nothing to look at.
func (s *Server) Run(ctx context.Context) {
	seen := state(s.o.Watch())
	tick := time.NewTicker(s.o.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now := state(s.o.Watch()); now != seen {
			s.renew(ctx)
			seen = now
		}
	}
}

// limit of the files looked at, so that a folder named by mistake does not keep
// the machine busy.
const limit = 5000

// state is a line for each file: where, how large, when changed.
func state(paths []string) string {
	var b strings.Builder
	n := 0
	for _, root := range paths {
		filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if n++; n > limit {
				return filepath.SkipAll
			}
			if err != nil || d.IsDir() {
				return nil // gone, or a folder: what is in it counts
			}
			if info, err := os.Stat(path); err == nil {
				fmt.Fprintln(&b, path, info.Size(), info.ModTime().UnixNano())
			}
			return nil
		})
	}
	return b.String()
}
