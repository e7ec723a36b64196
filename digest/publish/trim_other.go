//go:build !linux

package publish

import "runtime/debug"

// trim gives memory back before each part of a run.
func trim() { debug.FreeOSMemory() }
