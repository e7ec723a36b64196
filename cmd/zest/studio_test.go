package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

// console is an output that is read while it is written to.
type console struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.Write(p)
}

func (c *console) find(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for range 600 {
		c.mu.Lock()
		found := re.FindString(c.b.String())
		c.mu.Unlock()
		if found != "" {
			return found
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s never came: %s", pattern, c.b.String())
	return ""
}

const studioFeed = `<rss version="2.0"><channel><title>Blog</title><item><guid>1</guid><title>%s</title><link>https://blog.example/1</link><description>Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi.</description></item></channel></rss>`

// bench of one studio.
type studioBench struct {
	dir, url string
	host     *delivertest.Server
	browser  context.Context
}

func (b *studioBench) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func openStudio(t *testing.T) *studioBench {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("no chromium here")
	}
	b := &studioBench{dir: t.TempDir(), host: delivertest.Start(t, delivertest.Script{})}
	b.write(t, "feed.xml", fmt.Sprintf(studioFeed, "Le pont rouvre"))
	b.write(t, "own/email/gazette/closing.tmpl", `{{define "closing"}}{{end}}`)
	b.write(t, "zest.yaml", fmt.Sprintf("templates: own\npublic_url: http://127.0.0.1:9\nsmtp: {host: 127.0.0.1, port: %d, tls: none}\nnewsletters:\n  - {name: hebdo, language: fr, from: Hebdo <hebdo@example.org>, postal_address: 1 quai du Port, sources: [./feed.xml]}\n", b.host.Port))
	out := &console{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"--config", filepath.Join(b.dir, "zest.yaml"), "preview", "hebdo", "--serve"}, world{stdout: out, stderr: out, now: time.Now})
	}()
	t.Cleanup(func() { cancel(); <-done })
	b.url = out.find(t, `http://127\.0\.0\.1:\d+`)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU)...)
	t.Cleanup(stop)
	browser, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	b.browser = browser
	if err := chromedp.Do(browser, chromedp.Navigate(b.url+"/")); err != nil {
		t.Fatal(err)
	}
	return b
}

// shows waits until the page shows a text.
func (b *studioBench) shows(t *testing.T, text string) {
	t.Helper()
	page := ""
	for range 300 {
		var err error
		if page, err = chromedp.Run(b.browser, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`)); err == nil && strings.Contains(page, text) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%q never came:\n%s", text, page)
}

func (b *studioBench) get(t *testing.T, path string) (int, string) {
	t.Helper()
	res, err := http.Get(b.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// The page follows what is written, without a key pressed in the browser.
func TestTheStudioFollowsEveryChange(t *testing.T) {
	b := openStudio(t)
	b.shows(t, "Le pont rouvre")
	b.shows(t, "subject of 14 characters")

	b.write(t, "feed.xml", fmt.Sprintf(studioFeed, "La digue tient"))
	b.shows(t, "La digue tient")

	b.write(t, "own/email/gazette/closing.tmpl", "{{define \"closing\"}}\n{{.Nothing}}{{end}}")
	b.shows(t, "email/gazette/closing.tmpl:2")
	b.write(t, "own/email/gazette/closing.tmpl", `{{define "closing"}}<tr><td class="closing ink">Au large.</td></tr>{{end}}`)
	b.shows(t, "La digue tient")
	if _, html := b.get(t, "/message?variant=fr"); !strings.Contains(html, "Au large.") {
		t.Error("the template that was mended is not in the message")
	}

	config, err := os.ReadFile(filepath.Join(b.dir, "zest.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	b.write(t, "zest.yaml", strings.Replace(string(config), "language: fr", "language: fr, subject: \"{title} {number} : {lead}\"", 1))
	b.shows(t, "Hebdo 1\u00a0: La digue tient")
}

func TestTheStudioShowsEverySide(t *testing.T) {
	b := openStudio(t)
	if _, html := b.get(t, "/message?variant=fr&dark=on"); strings.Contains(html, "prefers-color-scheme") || !strings.Contains(html, "@media (min-width: 0)") {
		t.Error("by night the message does not show its night")
	}
	if _, html := b.get(t, "/message?variant=fr"); !strings.Contains(html, "@media (max-width: 0)") {
		t.Error("by day the message may show its night")
	}
	for tab, want := range map[string]string{"text": "LE PONT ROUVRE", "source": "&lt;!DOCTYPE html&gt;", "headers": "List-Unsubscribe-Post"} {
		if _, page := b.get(t, "/?tab="+tab); !strings.Contains(strings.ToUpper(page), strings.ToUpper(want)) {
			t.Errorf("%s does not show %s", tab, want)
		}
	}
	if code, _ := b.get(t, "/message?variant=nobody"); code != http.StatusNotFound {
		t.Errorf("a variant that is not there: %d", code)
	}
}

func TestTheStudioSendsATestAndNothingElse(t *testing.T) {
	b := openStudio(t)
	b.shows(t, "Send test")
	if err := chromedp.Do(b.browser, chromedp.SendKeys(chromedp.CSS("#to"), "editor@example.org"), chromedp.Click(chromedp.CSS("form button"))); err != nil {
		t.Fatal(err)
	}
	b.shows(t, "test sent to editor@example.org")
	if got := b.host.Messages(); len(got) != 1 || !strings.Contains(string(got[0].Data), "[test]") {
		t.Errorf("%d messages", len(got))
	}
	if _, err := os.Stat(filepath.Join(b.dir, "zest.db")); err == nil {
		t.Error("the studio left a store behind")
	}
	// What another page could try.
	res, err := http.PostForm(b.url+"/test", map[string][]string{"to": {"victim@example.org"}, "token": {"guess"}})
	if err != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("a form of somebody else: %v, %v", res, err)
	}
	req, _ := http.NewRequest(http.MethodGet, b.url+"/", nil)
	req.Host = "evil.example"
	if res, err := http.DefaultClient.Do(req); err != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("under another name: %v, %v", res, err)
	}
}
