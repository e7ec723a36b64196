package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/zest-digest/zest/digest"
)

// house is a zest with many readers, in a folder of its own.
type house struct {
	zest, dir, smtp string
	used            int // readers whose click was made already
}

const settings = `store: zest.db
public_url: http://127.0.0.1:8080
smtp: {host: 127.0.0.1, port: %s, tls: none, connections: 2}
web: {secret: "%s"}
newsletters:
  - {name: %s, from: Load <load@example.org>, postal_address: nowhere, sources: [./articles], language: en}
`

const article = `<!doctype html><html lang="en"><title>The bridge opens again</title><body><article><h1>The bridge opens again</h1>
<p>The town opens the bridge on Monday, after two years of work and eleven million. The first to cross it are the children of the school on the other side.</p>
<p>Cars follow a week later, and lorries in spring, when the second half of the deck is dry.</p></article></body></html>`

func (h *house) furnish(readers int) error {
	_, port, _ := net.SplitHostPort(h.smtp)
	if err := os.MkdirAll(filepath.Join(h.dir, "articles"), 0o755); err != nil {
		return err
	}
	list, err := os.Create(filepath.Join(h.dir, "readers.csv"))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(list)
	fmt.Fprintln(w, "email")
	for i := range readers {
		fmt.Fprintf(w, "reader%07d@example.org\n", i)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for name, text := range map[string]string{"zest.yaml": fmt.Sprintf(settings, port, secret, newsletter), "articles/bridge.html": article} {
		if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	out, err := h.command("subscribers", "import", newsletter, "readers.csv", "--quiet").CombinedOutput()
	if err != nil {
		return fmt.Errorf("importing: %w: %s", err, out)
	}
	return nil
}

func (h *house) command(args ...string) *exec.Cmd {
	c := exec.Command(h.zest, args...)
	c.Dir = h.dir
	return c
}

// pinned runs a command on one core, where there are two.
func pinned(core int, c *exec.Cmd) *exec.Cmd {
	taskset, err := exec.LookPath("taskset")
	if err != nil || runtime.NumCPU() < 2 {
		return c
	}
	p := exec.Command(taskset, append([]string{"-c", strconv.Itoa(core), c.Path}, c.Args[1:]...)...)
	p.Dir, p.Env = c.Dir, c.Env
	return p
}

var listening = regexp.MustCompile(`listening on (?:http://)?(\S+)`)

// serve starts zest serve on one core, and gives its address.
func (h *house) serve() (*exec.Cmd, string, error) {
	c := h.command("serve", "--listen", "127.0.0.1:0")
	c.Env = append(os.Environ(), "GOMAXPROCS=1")
	c = pinned(0, c)
	pipe, err := c.StderrPipe()
	if err != nil {
		return nil, "", err
	}
	if err := c.Start(); err != nil {
		return nil, "", err
	}
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, pipe)
			return c, "http://" + m[1], nil
		}
	}
	return nil, "", fmt.Errorf("zest serve said nothing of an address: %w", c.Wait())
}

// kill ends a server as a power cut would.
func kill(c *exec.Cmd) error {
	if err := c.Process.Kill(); err != nil {
		return err
	}
	c.Wait() // it was killed: that is its error
	return nil
}

// spent is how long a process that ended has computed.
func spent(c *exec.Cmd) time.Duration {
	return c.ProcessState.UserTime() + c.ProcessState.SystemTime()
}

// send begins an edition to every reader who is left, and returns when the first
// messages have come.
func (h *house) send(sink *sink) (stop func(), err error) {
	c := h.command("send", newsletter, "--quiet")
	c = pinned(1, c)
	if err := c.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(time.Minute); sink.count.Load() == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			kill(c)
			return nil, errors.New("nothing was sent within a minute")
		}
	}
	return func() { kill(c) }, nil
}

// script writes what wrk is to ask for: each reader's one click, once.
func (h *house) script(readers int) (string, error) {
	keys := digest.NewKeyring([]byte(secret))
	var b strings.Builder
	for id := h.used + 1; id <= readers; id++ {
		fmt.Fprintln(&b, keys.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: digest.SubscriberID(id), Edition: 1, Newsletter: newsletter}))
	}
	tickets, lua := filepath.Join(h.dir, "tickets"), filepath.Join(h.dir, "click.lua")
	if err := os.WriteFile(tickets, []byte(b.String()), 0o600); err != nil {
		return "", err
	}
	return lua, os.WriteFile(lua, fmt.Appendf(nil, `local next_ticket = io.lines(%q)
wrk.method, wrk.body = "POST", "List-Unsubscribe=One-Click"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
function request() return wrk.format(nil, "/u/" .. (next_ticket() or "none-left")) end
`, tickets), 0o600)
}

// figures are what wrk measured.
type figures struct {
	requests, written, errors int
	perSecond                 float64
	cpu                       time.Duration // of the server
	p50, p99                  string
}

// String is a line for people.
func (f figures) String() string {
	return fmt.Sprintf("%.0f requests/s on one core, p50 %s, p99 %s; %s of its time each; %d answered, %d written down after kill -9, %d errors",
		f.perSecond, f.p50, f.p99, (f.cpu / time.Duration(max(f.requests, 1))).Round(time.Microsecond), f.requests, f.written, f.errors)
}

func wrk(url, script string, seconds int) (figures, error) {
	c := exec.Command("wrk", "-t1", "-c"+strconv.Itoa(connections), fmt.Sprintf("-d%ds", seconds), "--latency", "-s", script, url)
	out, err := pinned(1, c).CombinedOutput()
	if err != nil {
		return figures{}, fmt.Errorf("wrk (Debian's package wrk): %w: %s", err, out)
	}
	text := string(out)
	var f figures
	fmt.Sscan(match(text, `(\d+) requests in`), &f.requests)
	fmt.Sscan(match(text, `Requests/sec:\s+([\d.]+)`), &f.perSecond)
	fmt.Sscan(match(text, `Non-2xx or 3xx responses: (\d+)`), &f.errors)
	f.p50, f.p99 = match(text, `\n\s+50%\s+(\S+)`), match(text, `\n\s+99%\s+(\S+)`)
	if f.errors > 0 {
		return f, fmt.Errorf("not every click was answered:\n%s", text)
	}
	return f, nil
}

func match(text, pattern string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// sink is a mail server that takes everything and keeps nothing.
type sink struct {
	*smtp.Server
	count atomic.Int64
}

func openSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{}
	s.Server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return session{s}, nil }))
	s.Addr, s.Domain = l.Addr().String(), "127.0.0.1"
	s.ErrorLog = log.New(io.Discard, "", 0) // a sender that is killed hangs up
	go s.Serve(l)
	return s, nil
}

type session struct{ s *sink }

// Mail takes any sender.
func (session) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt takes any reader.
func (session) Rcpt(string, *smtp.RcptOptions) error { return nil }

// Data takes any message, and counts it.
func (x session) Data(r io.Reader) error {
	x.s.count.Add(1)
	_, err := io.Copy(io.Discard, r)
	return err
}

// Reset forgets nothing.
func (session) Reset() {}

// Logout says goodbye.
func (session) Logout() error { return nil }
