package main

import "syscall"

// reloadSignal never comes on Windows: a restart takes its place.
const reloadSignal = syscall.SIGHUP
