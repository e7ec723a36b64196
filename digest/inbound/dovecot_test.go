package inbound_test

import (
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
	"testing"
	"time"

	"github.com/zest-digest/zest/digest/inbound"
)

// certificate makes one for 127.0.0.1, and writes it and its key into a folder.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP("127.0.0.1")}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
	os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), 0o600)
	pool := x509.NewCertPool()
	made, _ := x509.ParseCertificate(der)
	pool.AddCert(made)
	return pool
}

// dovecot runs a mailbox server of the test's own: user zest, password "secret
// word". Where there is none, or no way to run it, the test is skipped, but not
// in CI.
func dovecot(t *testing.T) (mail string, ports map[string]int, roots *x509.CertPool) {
	t.Helper()
	missing := func(why string) {
		if os.Getenv("CI") != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	if os.Getuid() != 0 {
		missing("Dovecot is run as root here")
	}
	bin, err := exec.LookPath("dovecot")
	if err != nil {
		missing("no Dovecot to poll: install the packages dovecot-imapd and dovecot-pop3d")
	}
	dir, err := os.MkdirTemp("", "zest-dovecot-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	os.Chmod(dir, 0o755)
	roots = certificate(t, dir)
	mail = filepath.Join(dir, "mail")
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(mail, sub), 0o777); err != nil {
			t.Fatal(err)
		}
		os.Chmod(filepath.Join(mail, sub), 0o777) // Dovecot reads mail as nobody
	}
	os.Chmod(mail, 0o777)
	ports = map[string]int{}
	var held []net.Listener // all at once, so that no two are the same
	for _, name := range []string{"imap", "imaps", "pop3", "pop3s"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports[name] = l.Addr().(*net.TCPAddr).Port
		held = append(held, l)
	}
	for _, l := range held {
		l.Close()
	}
	version, _ := exec.Command(bin, "--version").Output()
	listener := func(protocol string) string {
		return fmt.Sprintf("service %[1]s-login {\n chroot =\n inet_listener %[1]s {\n address = 127.0.0.1\n port = %[2]d\n }\n inet_listener %[1]ss {\n address = 127.0.0.1\n port = %[3]d\n ssl = yes\n }\n}\n", protocol, ports[protocol], ports[protocol+"s"])
	}
	config := "base_dir = " + dir + "/run\nstate_dir = " + dir + "/state\nlog_path = " + dir + "/log\nprotocols = imap pop3\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n" +
		listener("imap") + listener("pop3") + "service anvil {\n chroot =\n}\nservice stats {\n}\nssl = yes\n"
	if strings.HasPrefix(string(version), "2.4") {
		config = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n" + config + fmt.Sprintf("ssl_server_cert_file = %[1]s/cert.pem\nssl_server_key_file = %[1]s/key.pem\nmail_driver = maildir\nmail_path = %[2]s\nmail_uid = nobody\nmail_gid = nogroup\nauth_allow_cleartext = yes\n"+
			"passdb static {\n password = secretword\n}\nuserdb static {\n fields {\n home = %[1]s\n }\n}\n", dir, mail)
	} else {
		config += fmt.Sprintf("ssl_cert = <%[1]s/cert.pem\nssl_key = <%[1]s/key.pem\nmail_location = maildir:%[2]s\nmail_uid = nobody\nmail_gid = nogroup\ndisable_plaintext_auth = no\nmail_access_groups =\n"+
			"passdb {\n driver = static\n args = password={PLAIN}secretword\n}\nuserdb {\n driver = static\n args = home=%[1]s\n}\n", dir, mail)
	}
	path := filepath.Join(dir, "dovecot.conf")
	if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "-F", "-c", path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("Dovecot says:\n%s", log)
		}
	})
	for i := 0; ; i++ {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", ports["pop3s"]))
		if err == nil {
			c.Close()
			return mail, ports, roots
		}
		if i > 100 {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("Dovecot does not come up: %v\n%s", err, log)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func TestMailboxesOfDovecotArePolled(t *testing.T) {
	mail, ports, roots := dovecot(t)
	for _, c := range []struct {
		scheme string
		take   bool
		again  int // messages that the second visit reads
		left   int
	}{
		{"imaps", false, 0, 2}, {"imap", true, 0, 0}, {"pop3s", false, 2, 2}, {"pop3", true, 0, 0},
	} {
		t.Run(c.scheme, func(t *testing.T) {
			h := newHouse(t, 2)
			for _, sub := range []string{"new", "cur"} {
				old, _ := filepath.Glob(filepath.Join(mail, sub, "*"))
				for _, path := range old {
					os.Remove(path)
				}
			}
			for i, status := range []string{"5.1.1", "5.7.1"} {
				text := strings.Replace(notice(h.envelope("bounce", i), status, "550 "+status+" as it says"), "It did not arrive.", "It did not arrive.\r\n.\r\n..", 1)
				if err := os.WriteFile(filepath.Join(mail, "new", fmt.Sprintf("%d.%d.x", time.Now().UnixNano(), i)), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			p := inbound.Poll{URL: fmt.Sprintf("%s://127.0.0.1:%d", c.scheme, ports[c.scheme]), User: "zest", Password: "secretword", Delete: c.take, Roots: roots, Timeout: 20 * time.Second}
			for _, want := range []int{2, c.again} {
				if n, err := p.Once(ctx, h.in); err != nil || n != want {
					t.Fatalf("%d %v, want %d", n, err, want)
				}
			}
			if h.willing() != "1 of 2" {
				t.Errorf("%s get mail", h.willing())
			}
			files, _ := filepath.Glob(filepath.Join(mail, "[cn]*", "*"))
			if len(files) != c.left {
				t.Errorf("%d messages are left, want %d", len(files), c.left)
			}
			wrong := p
			wrong.Password = "guessed"
			if _, err := wrong.Once(ctx, h.in); err == nil || !strings.Contains(err.Error(), "check user and password") || strings.Contains(err.Error(), "guessed") {
				t.Errorf("a wrong password: %v", err)
			}
		})
	}
	if _, err := (&inbound.Poll{URL: fmt.Sprintf("imaps://127.0.0.1:%d", ports["imaps"]), User: "zest", Password: "secretword"}).Once(ctx, newHouse(t, 1).in); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown certificate: %v", err)
	}
}

func TestAPasswordStaysOffAnOpenLine(t *testing.T) {
	_, err := (&inbound.Poll{URL: "pop3://mail.example.org", User: "zest", Password: "x"}).Once(ctx, newHouse(t, 1).in)
	if err == nil || !strings.Contains(err.Error(), "pop3s") {
		t.Error(err)
	}
}
