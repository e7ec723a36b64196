package collect

import "os/exec"

// alone leaves a program as it is: what it starts is its own business here.
func alone(*exec.Cmd) {}
