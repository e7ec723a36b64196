package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// postoffice is a Postfix and a Dovecot of one test's own, on loopback, with
// their configuration and queues in a folder that goes away: no service of the
// machine is started or touched.
type postoffice struct {
	dir    string
	port   int // submission: STARTTLS and AUTH are required
	policy *policy
}

// The one user who may submit.
const postUser, postPassword = "hebdo", "correct horse battery staple"

func newPostoffice(t *testing.T) *postoffice {
	t.Helper()
	need := func(ok bool, what string) {
		t.Helper()
		switch {
		case ok:
		case os.Getenv("CI") != "":
			t.Fatal("this test needs " + what)
		default:
			t.Skip("this test needs " + what)
		}
	}
	_, err := exec.LookPath("dovecot")
	need(err == nil, "Dovecot: the packages dovecot-core and dovecot-lmtpd")
	_, err = os.Stat("/usr/lib/postfix/sbin/master")
	need(err == nil, "Postfix: the package postfix")
	need(os.Getuid() == 0, "root, for Postfix’s processes change their user")

	dir, err := os.MkdirTemp("", "zest-post-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	os.Chmod(dir, 0o755)
	p := &postoffice{dir: dir, port: freePort(t), policy: newPolicy(t)}
	p.certificates(t)
	p.startDovecot(t)
	p.startPostfix(t)
	return p
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (p *postoffice) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// certificates makes an authority with a certificate for 127.0.0.1, and another
// authority that nobody has asked for anything.
func (p *postoffice) certificates(t *testing.T) {
	t.Helper()
	for _, name := range []string{"ca", "other-ca"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
		der, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		p.write(t, name+".pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
		leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "post"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
		own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if der, err = x509.CreateCertificate(rand.Reader, leaf, ca, &own.PublicKey, key); err != nil {
			t.Fatal(err)
		}
		private, err := x509.MarshalPKCS8PrivateKey(own)
		if err != nil {
			t.Fatal(err)
		}
		p.write(t, name+"-server.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))+
			string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	}
}

// startDovecot runs the part that knows the user, and the part that fills
// mailboxes.
func (p *postoffice) startDovecot(t *testing.T) {
	t.Helper()
	p.write(t, "users", postUser+":{PLAIN}"+postPassword+"\n")
	p.write(t, "dovecot.conf", strings.ReplaceAll(`base_dir = DIR/run
log_path = DIR/dovecot.log
protocols = lmtp
ssl = no
auth_mechanisms = plain login
first_valid_uid = 1
mail_location = maildir:DIR/mail/%u
passdb {
  driver = passwd-file
  args = DIR/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=DIR/mail/%u allow_all_users=yes
}
service auth {
  unix_listener DIR/auth {
    mode = 0666
  }
}
service lmtp {
  unix_listener DIR/lmtp {
    mode = 0666
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
`, "DIR", p.dir))
	os.Mkdir(filepath.Join(p.dir, "mail"), 0o777)
	os.Chmod(filepath.Join(p.dir, "mail"), 0o777)
	cmd := exec.Command("dovecot", "-F", "-c", filepath.Join(p.dir, "dovecot.conf"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() })
	p.await(t, "Dovecot", "dovecot.log", func() bool {
		c, err := net.Dial("unix", filepath.Join(p.dir, "lmtp"))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (p *postoffice) startPostfix(t *testing.T) {
	t.Helper()
	p.write(t, "postfix/main.cf", strings.NewReplacer("DIR", p.dir, "POLICY", p.policy.address).Replace(`compatibility_level = 3.6
myhostname = post.test
queue_directory = DIR/queue
data_directory = DIR/data
maillog_file = DIR/postfix.log
maillog_file_prefixes = DIR
multi_instance_enable = no
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
mydestination =
alias_maps =
virtual_mailbox_domains = readers.test
virtual_transport = lmtp:unix:DIR/lmtp
smtpd_tls_chain_files = DIR/ca-server.pem
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = unix:DIR/auth
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_policy_service inet:POLICY, permit_sasl_authenticated, reject
`))
	master := fmt.Sprintf("127.0.0.1:%d inet n - n - - smtpd\npostlog unix-dgram n - n - 1 postlogd\nqmgr unix n - n 300 1 qmgr\ncleanup unix n - n - 0 cleanup\ntlsmgr unix - - n 1000? 1 tlsmgr\nanvil unix - - n - 1 anvil\nscache unix - - n - 1 scache\n", p.port)
	for _, s := range []string{"rewrite:trivial-rewrite", "bounce:bounce", "defer:bounce", "trace:bounce", "verify:verify", "proxymap:proxymap", "smtp:smtp", "error:error", "retry:error", "discard:discard", "lmtp:lmtp", "showq:showq", "flush:flush"} {
		name, program, _ := strings.Cut(s, ":")
		master += name + " unix - - n - - " + program + "\n"
	}
	p.write(t, "postfix/master.cf", master)
	for _, sub := range []string{"queue", "data"} {
		if err := os.Mkdir(filepath.Join(p.dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	command(t, "chown", "postfix", filepath.Join(p.dir, "data"))
	conf := filepath.Join(p.dir, "postfix")
	command(t, "postfix", "-c", conf, "start")
	t.Cleanup(func() { exec.Command("postfix", "-c", conf, "abort").Run() })
	p.await(t, "Postfix", "postfix.log", func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p.port))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// await waits for something of the post office, and shows its log when it does
// not come.
func (p *postoffice) await(t *testing.T, what, log string, ready func() bool) {
	t.Helper()
	for range 600 {
		if ready() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	text, _ := os.ReadFile(filepath.Join(p.dir, log))
	t.Fatalf("waited for %s in vain\n%s", what, text)
}

// mailbox is what lies in a reader's mailbox.
func (p *postoffice) mailbox(t *testing.T, email string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "mail", email, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(raw))
	}
	return out
}

// policy is a policy server (Postfix SMTPD_POLICY_README): it says once to each
// reader what their name asks for, and nothing afterwards.
type policy struct {
	address string
	mu      sync.Mutex
	asked   map[string]int
}

func newPolicy(t *testing.T) *policy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := &policy{address: l.Addr().String(), asked: map[string]int{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

func (p *policy) serve(c net.Conn) {
	defer c.Close()
	to := ""
	for lines := bufio.NewScanner(c); lines.Scan(); {
		if key, value, _ := strings.Cut(lines.Text(), "="); key == "recipient" {
			to = value
		}
		if lines.Text() == "" {
			fmt.Fprintf(c, "action=%s\n\n", p.action(to))
		}
	}
}

func (p *policy) action(to string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[to]++
	name, _, _ := strings.Cut(to, "@")
	switch {
	case p.asked[to] > 1:
	case name == "grey":
		return "451 4.7.1 greylisted, come back later"
	case name == "busy":
		return "421 4.3.2 shutting down"
	}
	return "dunno"
}
