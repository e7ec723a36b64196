package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/doctor"
	"github.com/zest-digest/zest/digest/doctor/dnstest"
)

// authority signs the certificates of a world.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t *testing.T, dir string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return authority{cert, key, file}
}

func (a authority) certificate(t *testing.T, name string, until time.Time) tls.Certificate {
	t.Helper()
	form := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Now().AddDate(0, 0, -90), NotAfter: until, DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, form, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// relay is a mail server behind TLS and a login.
type relay struct{}

func (relay) NewSession(*smtp.Conn) (smtp.Session, error) { return relay{}, nil }
func (relay) AuthMechanisms() []string                    { return []string{sasl.Plain} }
func (relay) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "hebdo" || password != "right" {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "authentication failed"}
		}
		return nil
	}), nil
}
func (relay) Mail(string, *smtp.MailOptions) error { return nil }
func (relay) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (relay) Data(r io.Reader) error               { _, err := io.Copy(io.Discard, r); return err }
func (relay) Reset()                               {}
func (relay) Logout() error                        { return nil }

// sickWorld is everything that a newsletter depends on, and what is wrong with it.
type sickWorld struct {
	records  []string  // of the DNS; replaced like in a zone by those of the case
	password string    // that the configuration has
	mailEnd  time.Time // of the mail server's certificate
	pagesEnd time.Time // of the pages'
	deadFeed bool
	noServe  bool
	fullDisk bool
	redirect bool
}

// prescribe builds the world, and lets a process of its own examine it.
func (w sickWorld) prescribe(t *testing.T) (found map[string]doctor.Finding, status int) {
	t.Helper()
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	key, record, err := deliver.NewKey(deliver.KeyEd25519)
	if err != nil {
		t.Fatal(err)
	}
	pages := listen(t)
	config := fmt.Sprintf(`store: %s
public_url: https://news.example.org:%d
smtp: {host: 127.0.0.1, port: %d, tls: starttls, ca_file: ca.pem, user: hebdo, password: %s}
dkim: {domain: example.org, selector: zest, key_file: dkim.pem}
collect: {pause: 0s}
web: {secret: one key for both of them}
newsletters:
  - {name: hebdo, from: Hebdo <hebdo@example.org>, postal_address: "1 quai du Port, Quimper", sources: [blog], bounce_domain: back.example.org}
sources:
  - {name: blog, url: "%s", allow_private: true, full_text: false}
`, filepath.Join(dir, "data", "zest.db"), port(pages), w.mailServer(t, ca), w.password, w.feed(t))
	for name, text := range map[string]string{"zest.yaml": config, "dkim.pem": string(key)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.servePages(t, dir, pages, ca)
	resolver := dnstest.Start(t, zoneWith(w.records, record)...)
	return examineIn(t, dir, w.fullDisk, "doctor", "--json", "--config", filepath.Join(dir, "zest.yaml"), "--resolver", resolver)
}

func zoneWith(changed []string, record string) []string {
	zone := map[string]string{}
	for _, r := range append([]string{
		`back.example.org. TXT "v=spf1 a mx -all"`, `back.example.org. MX 10 back.example.org.`, `back.example.org. A 127.0.0.1`,
		`_dmarc.example.org. TXT "v=DMARC1; p=none"`, `news.example.org. A 127.0.0.1`,
		`zest._domainkey.example.org. TXT ` + doctor.TXT(record),
	}, changed...) {
		f := strings.Fields(r)
		zone[f[0]+f[1]] = r
		if len(f) == 2 {
			delete(zone, f[0]+f[1])
		}
	}
	var out []string
	for _, r := range zone {
		out = append(out, r)
	}
	return out
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

func (w sickWorld) mailServer(t *testing.T, ca authority) int {
	l := listen(t)
	server := smtp.NewServer(relay{})
	server.Domain, server.TLSConfig = "localhost", &tls.Config{Certificates: []tls.Certificate{ca.certificate(t, "localhost", w.mailEnd)}}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return port(l)
}

func (w sickWorld) feed(t *testing.T) string {
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		if w.deadFeed {
			http.Error(rw, "the shop is closed", http.StatusInternalServerError)
			return
		}
		fmt.Fprint(rw, `<rss version="2.0"><channel><title>Blog</title><item><guid>1</guid><title>Le pont rouvre</title><link>https://blog.example/1</link><description>Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi.</description></item></channel></rss>`)
	}))
	t.Cleanup(site.Close)
	return site.URL
}

// servePages runs what `zest serve` runs, behind TLS.
func (w sickWorld) servePages(t *testing.T, dir string, l net.Listener, ca authority) {
	secure := tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{ca.certificate(t, "news.example.org", w.pagesEnd)}})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { stop(); <-done })
	a := newApp(world{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, now: time.Now})
	a.configPath, a.quiet = filepath.Join(dir, "zest.yaml"), true
	ready := make(chan struct{})
	go func() {
		defer close(done)
		switch {
		case w.noServe:
			l.Close()
			close(ready)
		case w.redirect:
			close(ready)
			server := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					http.Redirect(rw, r, "https://www.example.org"+r.URL.Path, http.StatusMovedPermanently)
				}
			})}
			context.AfterFunc(ctx, func() { server.Close() })
			server.Serve(secure)
		default:
			err := a.with(ctx, readWrite, func(ctx context.Context, m *machine) error {
				close(ready)
				return m.serve(ctx, secure)
			})
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
	}()
	<-ready
}

// examineIn runs zest as a process of its own, which trusts the authority of
// the folder; on a full disk, where it must.
func examineIn(t *testing.T, dir string, full bool, args ...string) (map[string]doctor.Finding, int) {
	t.Helper()
	zest, err := exec.LookPath("zest")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(zest, args...)
	if full {
		cmd = exec.Command("unshare", append([]string{"--user", "--map-root-user", "--mount", "sh", "-c",
			`mount -t tmpfs -o size=1m full "$0" && exec "$@"`, filepath.Join(dir, "data"), zest}, args...)...)
	}
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+filepath.Join(dir, "ca.pem"), "SSL_CERT_DIR="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	found := map[string]doctor.Finding{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var f doctor.Finding
		if err := d.Decode(&f); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err, stderr.String())
		}
		if found[f.Check].Level != doctor.Problem {
			found[f.Check] = f
		}
	}
	return found, cmd.ProcessState.ExitCode()
}

// TestDoctorNamesWhatIsBrokenAndWhatMendsIt examines worlds that are broken in
// one way each, over real DNS, TLS, SMTP and HTTP.
func TestDoctorNamesWhatIsBrokenAndWhatMendsIt(t *testing.T) {
	ago, soon := time.Now().AddDate(0, 0, -3), time.Now().AddDate(0, 0, 5)
	tests := []struct {
		name   string
		sick   func(*sickWorld)
		check  string // "" where nothing is wrong
		level  doctor.Level
		text   string
		remedy string
	}{
		{name: "healthy", sick: func(*sickWorld) {}},
		{"wrong DKIM key", func(w *sickWorld) {
			w.records = []string{`zest._domainkey.example.org. TXT "v=DKIM1; k=ed25519; p=QUJD"`}
		}, "dkim", doctor.Problem, "not ours", `zest._domainkey.example.org. TXT "v=DKIM1; k=ed25519; p=`},
		{"missing SPF", func(w *sickWorld) { w.records = []string{`back.example.org. TXT`} }, "spf", doctor.Problem, "no SPF", `back.example.org. TXT "v=spf1 a mx ~all"`},
		{"expired mail certificate", func(w *sickWorld) { w.mailEnd = ago }, "smtp", doctor.Problem, "expired", "renew"},
		{"expired page certificate", func(w *sickWorld) { w.pagesEnd = ago }, "pages", doctor.Problem, "expired", "renew"},
		{"page certificate ends soon", func(w *sickWorld) { w.pagesEnd = soon }, "pages", doctor.Warning, "days", "renew"},
		{"bad password", func(w *sickWorld) { w.password = "wrong" }, "smtp", doctor.Problem, "login", "smtp.password_file"},
		{"dead feed", func(w *sickWorld) { w.deadFeed = true }, "source", doctor.Problem, "500", "zest source inspect http"},
		{"full disk", func(w *sickWorld) { w.fullDisk = true }, "disk", doctor.Problem, "MB are free", "make room"},
		{"pages not running", func(w *sickWorld) { w.noServe = true }, "pages", doctor.Problem, "refused", "zest serve"},
		{"pages under an unknown name", func(w *sickWorld) { w.records = []string{`news.example.org. A`} }, "pages", doctor.Problem, "does not know", "news.example.org. A"},
		{"one click is redirected", func(w *sickWorld) { w.redirect = true }, "one-click", doctor.Problem, "redirect", "public_url"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := sickWorld{password: "right", mailEnd: time.Now().AddDate(0, 2, 0), pagesEnd: time.Now().AddDate(0, 2, 0)}
			tt.sick(&w)
			if w.fullDisk && !canMount(t) {
				t.Skip("a full disk needs Linux and the right to mount one")
			}
			found, status := w.prescribe(t)
			want := map[bool]int{true: exitFailure, false: exitDone}[tt.level == doctor.Problem]
			if status != want || len(found) < 8 {
				t.Errorf("exit status %d, want %d: %v", status, want, found)
			}
			for check, f := range found {
				if check != tt.check && f.Level == doctor.Problem && !(tt.check == "pages" && check == "one-click") {
					t.Errorf("nothing is wrong with %+v", f)
				}
			}
			f := found[tt.check]
			if tt.check != "" && (f.Level != tt.level || !strings.Contains(f.Text, tt.text) || !strings.Contains(f.Remedy, tt.remedy)) {
				t.Errorf("%+v", f)
			}
		})
	}
}

// canMount reports whether a small disk can be had; in CI it must.
func canMount(t *testing.T) bool {
	if runtime.GOOS != "linux" {
		return false
	}
	err := exec.Command("unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "-o", "size=1m", "full", "/mnt").Run()
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("no disk to fill: %v", err)
	}
	return err == nil
}
