package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zest-digest/zest/digest/store/storetest"
)

// movedRows counts what came of a move, from outside: 0 while there is no table.
func movedRows(db *sql.DB) (n int) {
	if db.QueryRow(`SELECT (SELECT COUNT(*) FROM subscribers) + (SELECT COUNT(*) FROM consents) + (SELECT COUNT(*) FROM subscriptions)`).Scan(&n) != nil {
		return 0
	}
	return n
}

// TestPromiseAKilledMoveGoesOn kills `zest store move` with SIGKILL as often as it
// can, and begins it again: nothing is copied twice or lost, and what is half there
// is not used.
func TestPromiseAKilledMoveGoesOn(t *testing.T) {
	t.Parallel()
	const readers = 30_000
	zest, err := exec.LookPath("zest")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	to := storetest.Postgres(t) + "/postgres?sslmode=disable"
	var list bytes.Buffer
	list.WriteString("email\n")
	for i := range readers {
		fmt.Fprintf(&list, "r%05d@example.org\n", i)
	}
	config := `public_url: http://127.0.0.1:9
smtp: {host: 127.0.0.1, port: 9, tls: none}
newsletters:
  - {name: hebdo, from: hebdo@example.org, postal_address: 1 quai du Port, sources: [./articles]}
`
	for name, text := range map[string]string{"zest.yaml": config, "list.csv": list.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := func(store string, args ...string) *exec.Cmd {
		cmd := exec.Command(zest, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "ZEST_STORE="+store, "ZEST_CONFIG="+filepath.Join(dir, "zest.yaml"))
		return cmd
	}
	if out, err := command("zest.db", "subscribers", "import", "hebdo", "list.csv").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	there, err := sql.Open("pgx", to)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()

	killed, before := 0, 0
	for killed < 4 {
		var said bytes.Buffer
		cmd := command("zest.db", "store", "move", "zest.db", to)
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		waitFor(t, "rows to arrive", func() bool { return movedRows(there) > before || len(ended) > 0 })
		cmd.Process.Kill()
		if err := <-ended; err == nil {
			break // it was faster than we are
		} else if cmd.ProcessState.Exited() {
			t.Fatalf("%v\n%s", err, &said)
		}
		now := movedRows(there)
		if now < before {
			t.Fatalf("%d rows were there, and now %d", before, now)
		}
		before, killed = now, killed+1
		if out, err := command(to, "verify").CombinedOutput(); err == nil || !strings.Contains(string(out), "half of a move") {
			t.Fatalf("half a store was used: %v\n%s", err, out)
		}
	}
	if killed < 2 {
		t.Errorf("killed only %d times", killed)
	}
	if out, err := command("zest.db", "store", "move", "zest.db", to).CombinedOutput(); err != nil || !strings.Contains(string(out), "the same in both stores") {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := command(to, "verify").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	var n int
	if err := there.QueryRow(`SELECT COUNT(*) FROM subscribers`).Scan(&n); err != nil || n != readers {
		t.Errorf("%d readers of %d: %v", n, readers, err)
	}
}
