package main

import (
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
)

// serving is a newsletter whose pages answer while its mail arrives.
func serving(t *testing.T, readers int) *bench {
	t.Helper()
	b := newBench(t, "", readers)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	file := filepath.Join(b.dir, "zest.yaml")
	config, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	config = []byte(strings.Replace(string(config), "http://127.0.0.1:9", "http://"+l.Addr().String(), 1))
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := b.zest("", "send", "hebdo"); code != 0 {
		t.Fatal(out)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"--config", file, "--quiet", "serve", "--listen", l.Addr().String()}, world{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, now: time.Now})
	}()
	t.Cleanup(func() { stop(); <-done })
	for range 500 {
		if resp, err := http.Get("http://" + l.Addr().String() + "/healthz"); err == nil {
			resp.Body.Close()
			return b
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("zest serve does not answer")
	return nil
}

// parts are the decoded parts of a message, one after the other.
func parts(t *testing.T, m *mail.Message) string {
	t.Helper()
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return all.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, quotedprintable.NewReader(p)); err != nil {
			t.Fatal(err)
		}
	}
}

var (
	ourLinks = regexp.MustCompile(`http://127\.0\.0\.1:\d+/[\w/.-]*`)
	inAngles = regexp.MustCompile(`<(https?://[^>]+)>`)
)

// followers are people's browsers, and the programs that follow links of mail
// before a person does.
var followers = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36", "Mozilla/5.0 (compatible; BarracudaCentral)",
	"Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "Microsoft Office/16.0", "YahooMailProxy; https://help.yahoo.com/", "curl/8.5.0", "python-requests/2.32", "",
}

// A mail is delivered for real, and everything in it that leads to us is
// fetched, ten times, by GET and HEAD, by scanners and browsers. Then what its
// header alone says unsubscribes its reader, and nobody else.
func TestFollowingEveryLinkOfAMailChangesNothing(t *testing.T) {
	b := serving(t, 3)
	message, err := mail.ReadMessage(strings.NewReader(b.host.Messages()[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	header := message.Header.Get("List-Unsubscribe")
	links := map[string]bool{}
	for _, link := range ourLinks.FindAllString(parts(t, message)+" "+header, -1) {
		links[strings.TrimRight(link, ".")] = true
	}
	if len(links) < 3 { // to leave, to choose, the archive
		t.Fatalf("the mail leads to %v", links)
	}
	dump := func() string {
		s, err := b.open(t).Dump(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := dump()
	for link := range links {
		for i := range 10 {
			for _, method := range []string{"GET", "HEAD"} {
				req, err := http.NewRequest(method, link, nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("User-Agent", followers[i%len(followers)])
				if i%2 == 1 {
					req.Header.Set("Sec-Purpose", "prefetch;prerender")
				}
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					t.Errorf("%s %s: %s", method, link, resp.Status)
				}
			}
		}
	}
	if d := cmp.Diff(before, dump()); d != "" {
		t.Errorf("following links changed the store: %s", d)
	}
	oneClick(t, header, message.Header.Get("List-Unsubscribe-Post"))
	groups, err := b.open(t).Audience(context.Background(), digest.AudienceQuery{Newsletter: "hebdo", Lists: []string{"hebdo"}, Now: time.Now()})
	if err != nil || len(groups) != 1 || groups[0].Readers != 2 {
		t.Errorf("after one click: %+v %v", groups, err)
	}
}

// oneClick does what a mail program does (RFC 8058 section 3.2): it posts the
// one header to the other.
func oneClick(t *testing.T, header, post string) {
	t.Helper()
	m := inAngles.FindStringSubmatch(header)
	if m == nil || post != "List-Unsubscribe=One-Click" {
		t.Fatalf("List-Unsubscribe: %s, List-Unsubscribe-Post: %s", header, post)
	}
	client := &http.Client{CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		return fmt.Errorf("redirected to %s", r.URL.Host)
	}}
	resp, err := client.Post(m[1], "application/x-www-form-urlencoded", strings.NewReader(post))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || len(resp.Cookies()) > 0 {
		t.Errorf("one click: %s, %v", resp.Status, resp.Cookies())
	}
}
