// Package ease lets the first collection of garbage wait. Most commands end before
// they have used 16 MiB, and what a collection finds until then, tables that
// libraries make when the program starts, is no garbage; yet it costs a command
// of 15 ms two of them.
//
// It is a package of its own because main would be too late: packages begin in the
// order of their paths, as far as their imports allow, so this one, which imports
// next to nothing, begins before most.
package ease

import (
	"os"
	"runtime"
	"runtime/debug"
)

// The one thing in this program that happens because something is imported.
var _ = first()

// first makes the heap grow to four times Go's own 4 MiB before it is collected for
// the first time. From then on it goes as usual, and GOGC has the last word.
func first() struct{} {
	if os.Getenv("GOGC") == "" {
		usual := debug.SetGCPercent(400)
		collected := new([64]byte)
		runtime.AddCleanup(collected, func(percent int) { debug.SetGCPercent(percent) }, usual)
	}
	return struct{}{}
}
