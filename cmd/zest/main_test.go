package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/zest-digest/zest/digest/deliver/delivertest"
	"github.com/zest-digest/zest/digest/store"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"zest": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(run(ctx, os.Args[1:], world{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ(), now: time.Now}))
	}})
}

// mailhost is the mail server of a script; `mail` changes how it behaves.
type mailhost struct {
	*delivertest.Server
	mu   sync.Mutex
	mode string
	arg  string
}

func (h *mailhost) is(mode string) (string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.arg, h.mode == mode
}

func startMail(t *testing.T) *mailhost {
	h := &mailhost{}
	h.Server = delivertest.Start(t, delivertest.Script{
		Reply: func(s delivertest.Session, verb string) string {
			if who, on := h.is("refuse"); on && verb == "RCPT" && strings.Contains(s.To, who) {
				return "550 5.1.1 no such user"
			}
			if who, on := h.is("policy"); on && verb == "RCPT" && strings.Contains(s.To, who) {
				return "550 5.7.1 blocked"
			}
			if who, on := h.is("policy"); on && verb == "RCPT" && strings.Contains(s.To, who) {
				return "550 5.7.1 refused by policy"
			}
			if who, on := h.is("greylist"); on && verb == "RCPT" && strings.Contains(s.To, who) {
				return "451 4.7.1 come back later"
			}
			if _, on := h.is("overloaded"); on && verb == "MAIL" {
				return "451 4.3.2 try again later"
			}
			return ""
		},
		Hangup:     func(_ delivertest.Session, verb string) bool { _, on := h.is("vanish"); return on && verb == "." },
		AfterReply: func(_ delivertest.Session, verb string) bool { _, on := h.is("hangup"); return on && verb == "." },
	})
	return h
}

const scriptConfig = `public_url: http://127.0.0.1:9
smtp: {host: 127.0.0.1, port: %d, tls: none}
collect: {pause: 0s}
newsletters:
  - name: hebdo
    language: fr
    from: Hebdo <hebdo@example.org>
    postal_address: 1 quai du Port, 29000 Quimper
    sources: [blog]
sources:
  - {name: blog, url: "%s/feed.xml", allow_private: true, full_text: false}
`

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			host := startMail(t)
			files := http.FileServer(http.Dir(filepath.Join(e.WorkDir, "www")))
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del("If-Modified-Since") // scripts change files faster than its seconds tell
				files.ServeHTTP(w, r)
			}))
			e.Defer(site.Close)
			e.Values["mail"] = host
			e.Setenv("WEB", site.URL)
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("SMTP_PORT", strconv.Itoa(host.Port))
			return os.WriteFile(filepath.Join(e.WorkDir, "zest.yaml"), fmt.Appendf(nil, scriptConfig, host.Port, site.URL), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"mail": func(ts *testscript.TestScript, _ bool, args []string) {
				h := ts.Value("mail").(*mailhost)
				h.mu.Lock()
				defer h.mu.Unlock()
				h.mode, h.arg = args[0], strings.Join(args[1:], " ")
			},
			"inbox":      inboxHolds,
			"dump":       dump,
			"picture":    drawPicture,
			"newsletter": setNewsletter,
			"feed":       publishItem,
			"got":        got,
		},
	})
}

// inboxHolds N [TO] checks how many messages arrived, in all or for one reader.
func inboxHolds(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	for _, m := range ts.Value("mail").(*mailhost).Messages() {
		if len(args) > 1 && !strings.Contains(m.To, args[1]) {
			continue
		}
		got++
	}
	if got != want {
		ts.Fatalf("%d messages arrived, not %d", got, want)
	}
}

// drawPicture FILE WIDTH HEIGHT makes a JPEG.
func drawPicture(ts *testscript.TestScript, _ bool, args []string) {
	w, err := strconv.Atoi(args[1])
	ts.Check(err)
	h, err := strconv.Atoi(args[2])
	ts.Check(err)
	var b bytes.Buffer
	ts.Check(jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
}

// setNewsletter 'KEY: VALUE'... adds settings of the newsletter to the
// configuration.
func setNewsletter(ts *testscript.TestScript, _ bool, args []string) {
	const after = "    sources: [blog]\n"
	file := ts.MkAbs("zest.yaml")
	before, rest, _ := strings.Cut(ts.ReadFile(file), after)
	for _, line := range args {
		before += "    " + line + "\n"
	}
	ts.Check(os.WriteFile(file, []byte(before+after+rest), 0o600))
}

// dump FILE writes the content of the store, to compare with another moment.
func dump(ts *testscript.TestScript, _ bool, args []string) {
	s, err := store.Open(context.Background(), ts.MkAbs("zest.db"), store.Options{ReadOnly: true})
	ts.Check(err)
	defer s.Close()
	text, err := s.Dump(context.Background())
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
