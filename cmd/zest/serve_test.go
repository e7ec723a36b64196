package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"

	"github.com/zest-digest/zest/digest/deliver/delivertest"
	"github.com/zest-digest/zest/digest/doctor/dnstest"
)

// daemonProcess is a `zest serve` of its own.
type daemonProcess struct {
	t      *testing.T
	cmd    *exec.Cmd
	config string
	mu     sync.Mutex
	log    bytes.Buffer
}

// Write collects what the process says on standard error.
func (d *daemonProcess) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.Write(p)
}

func (d *daemonProcess) said() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.String()
}

const daemonConfig = `public_url: %s
smtp: {host: 127.0.0.1, port: 9, tls: none}
web: {listen: "%s"%s}
newsletters:
  - {name: hebdo, title: %s, language: en, from: hebdo@example.org, postal_address: 1 quai du Port, sources: [./feed.xml]}
`

func startDaemon(t *testing.T, config string, with func(*exec.Cmd)) *daemonProcess {
	t.Helper()
	zest, err := exec.LookPath("zest")
	if err != nil {
		t.Fatal(err)
	}
	d := &daemonProcess{t: t, config: filepath.Join(t.TempDir(), "zest.yaml")}
	d.write(config)
	d.cmd = exec.Command(zest, "serve", "--config", d.config)
	d.cmd.Stderr = d
	if with != nil {
		with(d.cmd)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.cmd.Process.Kill() })
	return d
}

func (d *daemonProcess) write(config string) {
	d.t.Helper()
	if err := os.WriteFile(d.config, []byte(config), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// until waits for something that must come.
func (d *daemonProcess) until(what string, come func() bool) {
	d.t.Helper()
	for end := time.Now().Add(30 * time.Second); !come(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatalf("waiting for %s; the daemon said:\n%s", what, d.said())
		}
	}
}

func fetch(client *http.Client, url string) string {
	resp, err := client.Get(url)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.Status + "\n" + string(body)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l := listen(t)
	defer l.Close()
	return l.Addr().String()
}

func TestServeReadsItsConfigurationAgainAndKeepsTheOldOneWhenTheNewIsWrong(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	public := "http://" + address
	good := func(title string) string { return fmt.Sprintf(daemonConfig, public, address, "", title) }
	d := startDaemon(t, good("First"), nil)
	page := func() string { return fetch(http.DefaultClient, public+"/subscribe/hebdo") }
	d.until("the pages", func() bool { return strings.Contains(page(), "First") })
	if got := fetch(http.DefaultClient, public+"/readyz"); !strings.HasPrefix(got, "200") {
		t.Errorf("readiness: %s", got)
	}

	d.write(good("Second"))
	d.cmd.Process.Signal(syscall.SIGHUP)
	d.until("the new title", func() bool { return strings.Contains(page(), "Second") })

	d.write(strings.Replace(good("Third"), "newsletters:", "newslettres:", 1))
	d.cmd.Process.Signal(syscall.SIGHUP)
	d.until("a complaint", func() bool { return strings.Contains(d.said(), "stays as it was") })
	if got := page(); !strings.Contains(got, "Second") {
		t.Errorf("a broken configuration took effect:\n%s", got)
	}

	d.cmd.Process.Signal(syscall.SIGTERM)
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("ending: %v\n%s", err, d.said())
	}
}

func TestServeTakesTheSocketThatSystemdOpened(t *testing.T) {
	t.Parallel()
	l := listen(t)
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	notify := filepath.Join(t.TempDir(), "notify")
	heard, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notify, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer heard.Close()
	public := "http://" + l.Addr().String()
	d := startDaemon(t, fmt.Sprintf(daemonConfig, public, "127.0.0.1:1", "", "Socket"), func(c *exec.Cmd) {
		// The process id is only known to the process: a shell says it.
		c.Args = append([]string{"sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`, c.Path}, c.Args[1:]...)
		c.Path = "/bin/sh"
		c.ExtraFiles = []*os.File{file}
		c.Env = append(os.Environ(), "LISTEN_FDS=1", "NOTIFY_SOCKET="+notify)
	})
	d.until("the pages", func() bool { return strings.Contains(fetch(http.DefaultClient, public+"/subscribe/hebdo"), "Socket") })
	heard.SetReadDeadline(time.Now().Add(30 * time.Second))
	told := make([]byte, 100)
	if n, err := heard.Read(told); err != nil || string(told[:n]) != "READY=1" {
		t.Errorf("systemd was told %q (%v)", told[:n], err)
	}
}

func TestServeGetsItsCertificateByItself(t *testing.T) {
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	address := freeAddress(t)
	_, portText, _ := net.SplitHostPort(address)
	resolver := dnstest.Start(t, "news.example.org. A 127.0.0.1")

	// The authority, with an API under a certificate of its own.
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	signer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {}})
	var tlsPort int
	fmt.Sscan(portText, &tlsPort)
	front := wfe.New(quiet, store, va.New(quiet, 1, tlsPort, false, resolver, store), signer, []string{"ca.example"}, false, false, 1, 1)
	dir := t.TempDir()
	own := newAuthority(t, dir)
	api := httptest.NewUnstartedServer(front.Handler())
	api.TLS = &tls.Config{Certificates: []tls.Certificate{own.certificate(t, "localhost", time.Now().Add(time.Hour))}}
	api.StartTLS()
	defer api.Close()

	acme := fmt.Sprintf(`, https: acme, acme_server: "%s%s", acme_email: ops@example.org`, api.URL, wfe.DirectoryPath)
	d := startDaemon(t, fmt.Sprintf(daemonConfig, "https://news.example.org", address, acme, "Secure"), func(c *exec.Cmd) {
		c.Env = append(os.Environ(), "SSL_CERT_FILE="+own.file, "SSL_CERT_DIR="+dir)
	})
	roots := x509.NewCertPool()
	roots.AddCert(signer.GetRootCert(0).Cert)
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}}
	d.until("a page under a certificate of the authority", func() bool {
		return strings.Contains(fetch(client, "https://news.example.org/subscribe/hebdo"), "Secure")
	})
	if kept, err := filepath.Glob(filepath.Join(filepath.Dir(d.config), "acme", "news.example.org*")); err != nil || len(kept) == 0 {
		t.Errorf("the certificate was not kept: %v", err)
	}
}

func TestServeSendsWhatIsDueAndCountsItForPrometheus(t *testing.T) {
	t.Parallel()
	mail := delivertest.Start(t, delivertest.Script{})
	address, numbers := freeAddress(t), freeAddress(t)
	config := fmt.Sprintf(daemonConfig, "http://"+address, address, "", "Due")
	config = strings.Replace(config, "port: 9,", fmt.Sprintf("port: %d,", mail.Port), 1)
	config = strings.Replace(config, "sources: [./feed.xml]", fmt.Sprintf(`sources: [./feed.xml], schedule: ["%s"]`, time.Now().UTC().Add(-time.Minute).Format("4 15 * * *")), 1)
	config += fmt.Sprintf("metrics: {listen: %q}\n", numbers)
	d := startDaemon(t, config, func(c *exec.Cmd) {
		dir := filepath.Dir(c.Args[len(c.Args)-1])
		feed := `<rss version="2.0"><channel><title>Blog</title><item><guid>1</guid><title>Le pont rouvre</title><link>https://blog.example/1</link><description>Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi.</description></item></channel></rss>`
		if err := os.WriteFile(filepath.Join(dir, "feed.xml"), []byte(feed), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(c.Path, "subscribers", "add", "hebdo", "leo@gmail.com", "--config", c.Args[len(c.Args)-1]).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	})
	d.until("the edition", func() bool { return len(mail.Messages()) == 1 })
	fetch(http.DefaultClient, "http://"+address+"/subscribe/hebdo")
	fetch(http.DefaultClient, "http://"+address+"/wp-login.php")
	for _, line := range []string{
		`zest_deliveries_total{newsletter="hebdo",outcome="sent",provider="google"} 1`,
		`zest_queue_messages{newsletter="hebdo"} 0`,
		`zest_readers{list="hebdo"} 1`,
		`zest_source_reads_total{outcome="ok",source="feed.xml"} 1`,
		`zest_http_request_duration_seconds_count{code="200",route="GET /subscribe/{newsletter}"} 1`,
		`zest_store_errors 0`,
	} {
		d.until(line, func() bool { return strings.Contains(fetch(http.DefaultClient, "http://"+numbers+"/metrics"), line) })
	}
	if got := fetch(http.DefaultClient, "http://"+numbers+"/metrics"); strings.Contains(got, "wp-login") || strings.Contains(got, "leo@") {
		t.Error("a stranger's path or an address became a label")
	}
}

// TestTheDashboardAsksForWhatIsCounted compares the shipped dashboard with the
// names that exist.
func TestTheDashboardAsksForWhatIsCounted(t *testing.T) {
	raw, err := os.ReadFile("../../config/deploy/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var counted strings.Builder
	for _, file := range []string{"metrics.go", "gauges.go"} {
		source, err := os.ReadFile("../../digest/watch/" + file)
		if err != nil {
			t.Fatal(err)
		}
		counted.Write(source)
	}
	names := regexp.MustCompile(`zest_([a-z_]+)`).FindAllStringSubmatch(string(raw), -1)
	if len(names) < 10 {
		t.Errorf("%d numbers on the dashboard", len(names))
	}
	for _, n := range names {
		name := strings.TrimSuffix(strings.TrimSuffix(n[1], "_bucket"), "_count")
		if !strings.Contains(counted.String(), name+`"`) {
			t.Errorf("the dashboard asks for zest_%s, which nobody counts", name)
		}
	}
}
