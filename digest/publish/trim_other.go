//go:build !linux

package publish

import "runtime/debug"

// trim gives memory back before the long part of a run.
func trim() { debug.FreeOSMemory() }
