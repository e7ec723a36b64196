//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

// freePorts are ports that nobody listens on.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// bouncer runs a mail server of the test's own on a port of loopback. It takes
// mail for readers.example, whose users nobody knows, and throws away what goes
// to alive.example; what comes back goes to the receiver's port. Where it cannot
// run the test is skipped, but not in CI.
func bouncer(t *testing.T, port, receiver int) (log string) {
	t.Helper()
	missing := func(why string) {
		if os.Getenv("CI") != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	bin, err := exec.LookPath("postfix")
	if err != nil {
		missing("no Postfix to bounce: install the package postfix")
	}
	owner, err := user.Lookup("postfix")
	if err != nil || os.Getuid() != 0 {
		missing("Postfix is run as root here, and has a user of its own")
	}
	dir, err := os.MkdirTemp("", "zest-postfix-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	os.Chmod(dir, 0o755)
	for _, sub := range []string{"etc", "spool", "data"} {
		os.Mkdir(filepath.Join(dir, sub), 0o755)
	}
	uid, _ := strconv.Atoi(owner.Uid)
	os.Chown(filepath.Join(dir, "data"), uid, -1)
	daemons, _ := exec.Command("postconf", "-h", "daemon_directory").Output()
	main := fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/spool
data_directory = %[1]s/data
daemon_directory = %[4]s
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = relay.example
mydestination = readers.example
local_recipient_maps =
alias_maps =
alias_database =
relay_domains = news.example.org
transport_maps = inline:{ { news.example.org = smtp:[127.0.0.1]:%[3]d }, { alive.example = discard: } }
maillog_file = %[1]s/log
maillog_file_prefixes = %[1]s
smtp_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject
`, dir, port, receiver, strings.TrimSpace(string(daemons)))
	master := fmt.Sprintf("127.0.0.1:%d inet n - n - - smtpd\n", port)
	for _, s := range []string{"pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr", "tlsmgr unix - - n 1000? 1 tlsmgr", "rewrite unix - - n - - trivial-rewrite",
		"bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce", "verify unix - - n - 1 verify", "flush unix n - n 1000? 0 flush", "proxymap unix - - n - - proxymap",
		"smtp unix - - n - - smtp", "relay unix - - n - - smtp", "error unix - - n - - error", "retry unix - - n - - error", "discard unix - - n - - discard", "local unix - n n - - local", "anvil unix - - n - 1 anvil",
		"scache unix - - n - 1 scache", "postlog unix-dgram n - n - 1 postlogd"} {
		master += s + "\n"
	}
	etc := filepath.Join(dir, "etc")
	os.WriteFile(filepath.Join(etc, "main.cf"), []byte(main), 0o644)
	os.WriteFile(filepath.Join(etc, "master.cf"), []byte(master), 0o644)
	log = filepath.Join(dir, "log")
	if out, err := exec.Command(bin, "-c", etc, "start").CombinedOutput(); err != nil {
		t.Fatalf("starting Postfix: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		exec.Command(bin, "-c", etc, "stop").Run()
		if t.Failed() {
			said, _ := os.ReadFile(log)
			t.Logf("Postfix says:\n%s", said)
		}
	})
	return log
}

// TestPostfixReallyBounces: a relay takes the mail, finds nobody there, and
// sends a report to the envelope's sender; the receiver of `zest serve` takes it
// and the address is suppressed, while who is there stays.
func TestPostfixReallyBounces(t *testing.T) {
	ports := freePorts(t, 3)
	relay, receiver, pages := ports[0], ports[1], ports[2]
	bouncer(t, relay, receiver)
	b := newBench(t, "", 0)
	config := filepath.Join(b.dir, "zest.yaml")
	text := fmt.Sprintf("store: %q\npublic_url: http://127.0.0.1:9\nsmtp: {host: 127.0.0.1, port: %d, tls: none}\nweb: {listen: \"127.0.0.1:%d\"}\nreceive: {listen: \"127.0.0.1:%d\"}\nnewsletters:\n  - {name: hebdo, from: hebdo@news.example.org, postal_address: 1 quai du Port, sources: [./feed.xml]}\n",
		b.store, relay, pages, receiver)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"nobody-of-that-name@readers.example", "camille@alive.example"} {
		if code, out := b.zest("", "subscribers", "add", "hebdo", email); code != 0 {
			t.Fatal(out)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	var said strings.Builder
	served := make(chan int, 1)
	go func() {
		served <- run(ctx, []string{"--config", config, "--log-json", "serve"}, world{stdin: strings.NewReader(""), stdout: &said, stderr: &said, now: time.Now})
	}()
	waitFor(t, "the receiver", func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", receiver))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	if code, out := b.zest("", "send", "hebdo"); code != 0 {
		t.Fatal(out)
	}
	s := b.open(t)
	waitFor(t, "the bounce", func() bool {
		list, err := s.Returned(ctx, store.ReturnedFilter{Action: digest.ActionSuppressed})
		return err == nil && len(list) == 1
	})
	if x, err := s.SuppressionOf(ctx, "nobody-of-that-name@readers.example"); err != nil || x.Reason != "hard bounce" {
		t.Errorf("%+v %v", x, err)
	}
	if _, err := s.SuppressionOf(ctx, "camille@alive.example"); err == nil {
		t.Error("who is there was suppressed")
	}
	stop()
	if code := <-served; code != 0 && code != exitCanceled {
		t.Errorf("serving ended with %d", code)
	}
	for _, secret := range []string{"nobody-of-that-name", "camille@", "bounce+"} {
		if strings.Contains(said.String(), secret) {
			t.Errorf("the log names %q:\n%s", secret, said.String())
		}
	}
	if !strings.Contains(said.String(), `"action":"suppressed"`) {
		t.Errorf("the log does not tell:\n%s", said.String())
	}
}

// waitFor waits until something is so.
func waitFor(t *testing.T, what string, so func() bool) {
	t.Helper()
	for range 600 {
		if so() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("waiting for %s in vain", what)
}
