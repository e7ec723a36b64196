package storetest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// Server is a Postgres server of a test's own.
type Server struct {
	URL string // without the name of a database

	bin, dir string
	as       *syscall.SysProcAttr
	options  string
}

// Postgres starts a server of the test's own and returns its address, without
// the name of a database. ZEST_TEST_POSTGRES names one to use instead. Where
// there is no Postgres the test is skipped, but not in CI: there it fails.
func Postgres(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("ZEST_TEST_POSTGRES"); given != "" {
		return given
	}
	return StartPostgres(t).URL
}

// StartPostgres starts a server that the test may also stop and restart.
func StartPostgres(t testing.TB) *Server {
	t.Helper()
	s := &Server{bin: postgresBin()}
	if s.bin == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("no Postgres to test with: install the package postgresql")
		}
		t.Skip("no Postgres on this machine; the package postgresql lets this test run")
	}
	var err error
	if s.dir, err = os.MkdirTemp("", "zest-postgres-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(s.dir) })
	s.as = unprivileged(t, s.dir)
	port := freePort(t)
	s.URL = fmt.Sprintf("postgres://zest@127.0.0.1:%d", port)
	s.options = fmt.Sprintf("-p %d -k %s -c listen_addresses=127.0.0.1 -c max_connections=120", port, s.dir)
	s.run(t, "initdb", "-D", s.data(), "-U", "zest", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
	s.start(t)
	t.Cleanup(func() { s.run(t, "pg_ctl", "-D", s.data(), "-m", "immediate", "stop") })
	return s
}

// Restart stops the server as a crash would, without warning to those who are
// connected, and starts it again.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.run(t, "pg_ctl", "-D", s.data(), "-m", "immediate", "stop")
	s.start(t)
}

func (s *Server) start(t testing.TB) {
	t.Helper()
	s.run(t, "pg_ctl", "-D", s.data(), "-w", "-l", filepath.Join(s.dir, "log"), "-o", s.options, "start")
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) run(t testing.TB, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.SysProcAttr, cmd.Dir = s.as, s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func postgresBin() string {
	if p, err := exec.LookPath("pg_ctl"); err == nil {
		return filepath.Dir(p)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl")
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}

// unprivileged is how to start the server: it refuses to run as root.
func unprivileged(t testing.TB, dir string) *syscall.SysProcAttr {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
