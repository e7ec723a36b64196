package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
)

// zest runs a command in this process and returns its exit status and output.
func (b *bench) zest(stdin string, args ...string) (int, string) {
	var out bytes.Buffer
	args = append([]string{"--config", filepath.Join(b.dir, "zest.yaml")}, args...)
	code := run(context.Background(), args, world{stdin: strings.NewReader(stdin), stdout: &out, stderr: &out, now: time.Now})
	return code, out.String()
}

const dsn = `From: MAILER-DAEMON@mx.example.com
To: %[1]s
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

The mailbox does not exist.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; somebody@example.org
Action: failed
Status: %[2]s
Diagnostic-Code: smtp; 550 %[2]s %[3]s
--b--
`

func TestWhatComesBack(t *testing.T) {
	b := newBench(t, "", 4)
	if code, out := b.zest("", "send", "hebdo"); code != 0 {
		t.Fatal(out)
	}
	sent := b.host.Messages()
	envelope := func(i int) string { return strings.Trim(strings.Fields(sent[i].From)[0], "<>") }
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

	if code, out := b.zest(crlf(fmt.Sprintf(dsn, envelope(0), "5.1.1", "user unknown")), "bounce"); code != 0 || !strings.Contains(out, "suppressed") {
		t.Errorf("a dead address: %d %s", code, out)
	}
	if code, out := b.zest(crlf(fmt.Sprintf(dsn, envelope(1), "5.7.1", "blocked by policy")), "bounce"); code != 0 || strings.Contains(out, "suppressed") {
		t.Errorf("a policy bounce: %d %s", code, out)
	}
	forged := strings.Replace(envelope(1), "+a", "+b", 1)
	if code, out := b.zest(crlf(fmt.Sprintf(dsn, forged, "5.1.1", "user unknown")), "bounce"); code != 0 || !strings.Contains(out, "kept for a look") {
		t.Errorf("a forged envelope: %d %s", code, out)
	}
	if code, out := b.zest("", "bounce", "list"); code != 0 || strings.Count(out, "unmatched") != 1 {
		t.Errorf("the list: %d %s", code, out)
	}
	if code, out := b.zest("", "bounce", "show", "3"); code != 0 || !strings.Contains(out, "The mailbox does not exist.") {
		t.Errorf("what was kept: %d %s", code, out)
	}
	if code, out := b.zest("", "bounce", "show", "1"); code != exitMistake {
		t.Errorf("what was not kept: %d %s", code, out)
	}
	leave := strings.Replace(envelope(2), "bounce+", "unsubscribe+", 1)
	if code, out := b.zest("From: x@example.org\r\nTo: "+leave+"\r\nSubject: unsubscribe\r\n\r\n", "bounce"); code != 0 || !strings.Contains(out, "unsubscribed") {
		t.Errorf("leaving by mail: %d %s", code, out)
	}
	groups, err := b.open(t).Audience(context.Background(), digest.AudienceQuery{Newsletter: "hebdo", Lists: []string{"hebdo"}, Now: time.Now()})
	if err != nil || len(groups) != 1 || groups[0].Readers != 2 {
		t.Errorf("who is left: %+v %v", groups, err)
	}
}
