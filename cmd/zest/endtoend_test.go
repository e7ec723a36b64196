package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/zest-digest/zest/digest/deliver"
)

// TestPostfixAndDovecotEndToEnd sends an edition by a real mail server into real
// mailboxes: STARTTLS with a verified certificate, AUTH, a signature that is
// still valid there, greylisting, a 421 in the middle.
func TestPostfixAndDovecotEndToEnd(t *testing.T) {
	post := newPostoffice(t)
	dir := t.TempDir()
	private, record, err := deliver.NewKey(deliver.KeyRSA)
	if err != nil {
		t.Fatal(err)
	}
	config := func(ca, password string) string {
		return fmt.Sprintf(`public_url: https://news.example.org
smtp: {host: 127.0.0.1, port: %d, tls: starttls, ca_file: %s, user: %s, password: %s, connections: 2}
dkim: {domain: example.org, selector: zest, key_file: dkim.pem}
newsletters:
  - {name: hebdo, language: fr, from: Hebdo <hebdo@example.org>, postal_address: 1 quai du Port, sources: [./feed.xml]}
`, post.port, filepath.Join(post.dir, ca+".pem"), postUser, password)
	}
	for name, text := range map[string]string{
		"feed.xml": feedOfBridge, "dkim.pem": string(private), "readers.csv": "email\nplain@readers.test\ngrey@readers.test\nbusy@readers.test\n",
		"zest.yaml": config("ca", postPassword), "other.yaml": config("other-ca", postPassword), "wrong.yaml": config("ca", "guess"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	zest := func(config string, args ...string) (string, int) {
		var out bytes.Buffer
		t.Chdir(dir)
		status := run(t.Context(), append([]string{"--config", filepath.Join(dir, config)}, args...), world{stdin: strings.NewReader(""), stdout: &out, stderr: &out, now: time.Now})
		return out.String(), status
	}
	expect := func(wantStatus int, wantWords, config string, args ...string) {
		t.Helper()
		if out, status := zest(config, args...); status != wantStatus || !strings.Contains(out, wantWords) {
			t.Fatalf("zest %s: status %d, want %d and %q:\n%s", strings.Join(args, " "), status, wantStatus, wantWords, out)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, log := range []string{"postfix.log", "dovecot.log"} {
				text, _ := os.ReadFile(filepath.Join(post.dir, log))
				t.Logf("%s\n%s", log, text)
			}
		}
	})
	expect(exitDone, "", "zest.yaml", "subscribers", "import", "hebdo", "readers.csv")
	expect(exitFailure, "certificate signed by unknown authority", "other.yaml", "send", "hebdo")
	expect(exitFailure, "authentication failed", "wrong.yaml", "send", "hebdo")

	// One reader gets it, one is greylisted; the 421 closes a connection and costs
	// its reader nothing.
	expect(exitPartly, "hebdo/1 under way: ", "zest.yaml", "send", "hebdo")
	for _, email := range []string{"plain@readers.test", "grey@readers.test", "busy@readers.test"} {
		if email == "grey@readers.test" {
			if n := len(post.mailbox(t, email)); n != 0 {
				t.Errorf("a greylisted reader has %d messages", n)
			}
			expect(exitDone, "hebdo/1 finished: 3 of 3 sent", "zest.yaml", "send", "hebdo", "--now", time.Now().Add(20*time.Minute).Format(time.RFC3339))
		}
		post.await(t, "the message of "+email, "postfix.log", func() bool { return len(post.mailbox(t, email)) > 0 })
	}
	expect(exitDone, "the books close", "zest.yaml", "verify")
	for _, email := range []string{"plain@readers.test", "grey@readers.test", "busy@readers.test"} {
		box := post.mailbox(t, email)
		if len(box) != 1 {
			t.Errorf("%s has %d messages", email, len(box))
		}
		stillSigned(t, email, box[0], record)
	}
}

// stillSigned verifies the signature of a message as its reader's mailbox holds
// it, and that the message was under TLS and AUTH as it came in.
func stillSigned(t *testing.T, email, raw, record string) {
	t.Helper()
	lookup := func(name string) ([]string, error) {
		if name != "zest._domainkey.example.org" {
			return nil, fmt.Errorf("no such record: %s", name)
		}
		return []string{record}, nil
	}
	wire := strings.ReplaceAll(raw, "\n", "\r\n")
	got, err := dkim.VerifyWithOptions(strings.NewReader(wire), &dkim.VerifyOptions{LookupTXT: lookup})
	if err != nil || len(got) != 1 || got[0].Err != nil {
		t.Errorf("the signature of %s in the mailbox: %+v %v", email, got, err)
	}
	if !strings.Contains(raw, "ESMTPSA") { // RFC 3848: SMTP with TLS and AUTH
		t.Errorf("%s came in without TLS or AUTH", email)
	}
	if !strings.Contains(raw, "Delivered-To: "+email) {
		t.Errorf("not the mailbox of %s", email)
	}
}

const feedOfBridge = `<rss version="2.0"><channel><title>Blog</title><item><guid>1</guid><title>Le pont rouvre</title><link>https://blog.example/1</link><description>Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi.</description></item></channel></rss>`
