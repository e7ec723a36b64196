package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

// TestAnImportThatWasKilledGoesOn kills the process itself, more than once, while
// it writes; the same command finishes the job with nothing doubled or lost.
func TestAnImportThatWasKilledGoesOn(t *testing.T) {
	b := newBench(t, "", 0)
	const n = 150_000
	var file bytes.Buffer
	fmt.Fprintln(&file, "email,name")
	for i := range n {
		fmt.Fprintf(&file, "r%06d@example.org,\"Zoé \"\"%d\"\"\"\n", i*7919%n, i)
		if i%1000 == 0 {
			fmt.Fprintf(&file, "bad row %d,x\n", i)
		}
	}
	path := filepath.Join(b.dir, "readers.csv")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := b.open(t)
	readers := func() (got int) {
		if err := s.Subscriptions(context.Background(), store.SubscriptionFilter{List: "hebdo"}, func(digest.Subscription) error { got++; return nil }); err != nil {
			t.Fatal(err)
		}
		return got
	}
	begin := func() *exec.Cmd {
		cmd := exec.Command(exe, "-test.run=^TestProcess$")
		cmd.Env = append(os.Environ(), "ZEST_TEST_ARGS="+strings.Join([]string{"--config", filepath.Join(b.dir, "zest.yaml"), "--quiet", "subscribers", "import", "hebdo", path}, "\x1f"))
		return cmd
	}
	killed := 0
	for before := 0; killed < 2; {
		cmd := begin()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "the import to write", func() bool { return readers() > before })
		cmd.Process.Kill()
		cmd.Wait()
		before = readers()
		if killed++; before == n {
			break // it was faster than we are
		}
	}
	out, err := begin().CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := readers(); got != n {
		t.Errorf("%d readers of %d", got, n)
	}
	list, err := s.Imports(context.Background()) // the older one is the bench's own, of nobody
	if err != nil || len(list) != 2 || list[0].Sums.Added != n || list[0].Finished.IsZero() {
		t.Errorf("%+v %v", list, err)
	}
	left, _ := filepath.Glob(filepath.Join(b.dir, "zest-import-*"))
	if len(left) > 0 {
		t.Errorf("files with addresses are left: %v", left)
	}
}
