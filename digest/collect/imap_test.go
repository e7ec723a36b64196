package collect_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/collect"
)

// dovecot starts a real IMAP server on loopback over a Maildir, and returns its
// address. Where there is none the test is left out, except in CI.
func dovecot(t *testing.T, maildir string) string {
	t.Helper()
	program, err := exec.LookPath("dovecot")
	if err != nil || os.Getuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("CI needs dovecot, which starts as root")
		}
		t.Skip("no dovecot here, or not root")
	}
	dir, err := os.MkdirTemp("", "zest-dovecot") // its sockets' paths must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	for _, path := range []string{dir, maildir, filepath.Join(maildir, "cur"), filepath.Join(maildir, "new"), filepath.Join(maildir, "tmp")} {
		if err := errors.Join(os.Chmod(path, 0o755), os.Chown(path, 65534, 65534)); err != nil {
			t.Fatal(err)
		}
	}
	conf := fmt.Sprintf(`%[5]sbase_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/log
protocols = imap
listen = 127.0.0.1
ssl = no
first_valid_uid = 1
mail_uid = 65534
mail_gid = 65534
%[4]s
service imap-login {
  chroot =
  inet_listener imap {
    port = %[3]d
  }
  inet_listener imaps {
    port = 0
  }
}
`, dir, maildir, port, mailSettings(t, program, maildir, dir), versionLine(t, program))
	path := filepath.Join(dir, "dovecot.conf")
	if err := os.WriteFile(path, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "users"), []byte("quai:{PLAIN}marée::::::\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-F", "-c", path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() })
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("%s", log)
		}
	})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for range 100 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return address
		}
		time.Sleep(50 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	t.Fatalf("dovecot does not answer: %s", log)
	return ""
}

// version24 reports whether it is of the line whose configuration is written in
// another way.
func version24(t *testing.T, program string) bool {
	t.Helper()
	out, err := exec.Command(program, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.HasPrefix(string(out), "2.4")
}

func versionLine(t *testing.T, program string) string {
	if !version24(t, program) {
		return ""
	}
	return "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
}

func mailSettings(t *testing.T, program, maildir, dir string) string {
	if version24(t, program) {
		return fmt.Sprintf("auth_allow_cleartext = yes\nmail_driver = maildir\nmail_path = %s\nmail_home = %s/home\npassdb passwd-file {\n  passwd_file_path = %s/users\n}\nuserdb static {\n  fields {\n    uid = 65534\n    gid = 65534\n    home = %s/home\n  }\n}\n", maildir, dir, dir, dir)
	}
	return fmt.Sprintf("disable_plaintext_auth = no\nmail_location = maildir:%s\npassdb {\n  driver = passwd-file\n  args = %s/users\n}\nuserdb {\n  driver = static\n  args = uid=65534 gid=65534 home=%s/home\n}\n", maildir, dir, dir)
}

func TestAnIMAPMailboxGivesItsLetters(t *testing.T) {
	maildir, err := os.MkdirTemp("", "zest-maildir")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(maildir)
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.Mkdir(filepath.Join(maildir, sub), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, body := range map[string]string{"1.x": letter, "2.x": strings.NewReplacer("<12@", "<13@", "12?=", "13?=").Replace(letter)} {
		if err := os.WriteFile(filepath.Join(maildir, "new", name), []byte(body), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	address := dovecot(t, maildir)
	src := digest.Source{Name: "s", Kind: digest.SourceMailbox, URL: "imap://" + address + "/INBOX", User: "quai", Password: "marée", AllowPrivate: true}
	h, err := collect.New(collect.Options{}).Read(context.Background(), src, digest.SourceState{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, it := range h.Feed.Items {
		got[it.Identity+" "+it.Title+" "+it.URL] = true
	}
	want := map[string]bool{"guid:12@example.org La lettre n° 12 https://t.example/online/12": true, "guid:13@example.org La lettre n° 13 https://t.example/online/12": true}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	// Nothing was marked as read: both letters are still without flags.
	for _, sub := range []string{"new", "cur"} {
		entries, _ := os.ReadDir(filepath.Join(maildir, sub))
		for _, e := range entries {
			if _, flags, ok := strings.Cut(e.Name(), ":2,"); ok && strings.Contains(flags, "S") {
				t.Errorf("%s was marked as read", e.Name())
			}
		}
	}
	src.Password = "wrong"
	if _, err := collect.New(collect.Options{}).Read(context.Background(), src, digest.SourceState{}); err == nil || strings.Contains(err.Error(), "wrong") {
		t.Errorf("a wrong password: %v", err)
	}
	src.AllowPrivate = false
	if _, err := collect.New(collect.Options{}).Read(context.Background(), src, digest.SourceState{}); err == nil || !strings.Contains(err.Error(), "private") {
		t.Errorf("a private mail server: %v", err)
	}
}
