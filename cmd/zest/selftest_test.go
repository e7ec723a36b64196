package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/zest-digest/zest/cmd/zest/selftest"
)

// TestASelftestFindsWhatIsBroken gives the selftest a program that does not keep
// its promises: one that says it is done and sends nothing.
func TestASelftestFindsWhatIsBroken(t *testing.T) {
	liar, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := selftest.Run(t.Context(), selftest.Options{Exe: liar, Only: "faults"}); err == nil {
		t.Error("a program that sends nothing passed")
	}
}

// TestFaultsOfAMailServerLoseNothing is the first trial of `zest selftest`; the
// others take longer and run by `make selftest`.
func TestFaultsOfAMailServerLoseNothing(t *testing.T) {
	exe, err := exec.LookPath("zest") // put there for the scripts
	if err != nil {
		t.Fatal(err)
	}
	results, err := selftest.Run(t.Context(), selftest.Options{Exe: exe, Only: "faults", Environ: selftest.Clean(os.Environ())})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if !r.OK() || r.Readers == 0 {
			t.Errorf("%+v", r)
		}
	}
}
