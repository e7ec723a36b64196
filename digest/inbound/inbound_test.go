package inbound_test

import (
	"context"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/bounce"
	"github.com/zest-digest/zest/digest/inbound"
	"github.com/zest-digest/zest/digest/store"
)

var ctx = context.Background()

// house is a store with readers on a list, and an edition that they got.
type house struct {
	t       *testing.T
	store   *store.Store
	keys    digest.Keyring
	in      *inbound.Inbox
	edition digest.EditionID
	ids     []digest.SubscriberID
}

func newHouse(t *testing.T, readers int) *house {
	t.Helper()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "zest.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	h := &house{t: t, store: s, keys: digest.NewKeyring([]byte("a secret of sixteen"))}
	for i := range readers {
		email := fmt.Sprintf("reader%d@example.org", i)
		if _, err := s.Subscribe(ctx, digest.Subscription{List: "l", State: digest.SubConfirmed, Since: time.Now(), Subscriber: digest.Subscriber{Email: email}}, store.SubscribeOptions{}); err != nil {
			t.Fatal(err)
		}
		r, err := s.FindSubscriber(ctx, email)
		if err != nil {
			t.Fatal(err)
		}
		h.ids = append(h.ids, r.ID)
	}
	e, err := s.Freeze(ctx, digest.Frozen{Edition: digest.Edition{Newsletter: "n", Number: 1, Slot: "1", Language: "fr"}, Lists: []string{"l"}, Expires: time.Now().Add(time.Hour),
		Proofs:   []digest.Proof{{Variant: digest.Variant{Key: "fr", Language: "fr"}}},
		Audience: []digest.Served{{AudienceGroup: digest.AudienceGroup{Mark: -1}, Due: true, Variant: "fr"}}})
	if err != nil {
		t.Fatal(err)
	}
	h.edition = e.ID
	h.in = inbound.New(inbound.Options{Store: s, Keys: h.keys, Now: time.Now})
	return h
}

func (h *house) envelope(name string, i int) string {
	return name + "+" + h.keys.SealBounce(h.edition, h.ids[i]) + "@news.example.org"
}

// willing says which readers still get mail.
func (h *house) willing() (out string) {
	h.t.Helper()
	b, err := h.store.Books(ctx, h.edition)
	if err != nil {
		h.t.Fatal(err)
	}
	return fmt.Sprintf("%d of %d", b.Queued, b.Audience)
}

func (h *house) last() digest.Returned {
	h.t.Helper()
	list, err := h.store.Returned(ctx, store.ReturnedFilter{Limit: 1})
	if err != nil || len(list) == 0 {
		h.t.Fatal("nothing came back", err)
	}
	return list[0]
}

// notice is a delivery report (RFC 3464) to an address of ours.
func notice(to, status, said string) string {
	return strings.ReplaceAll(fmt.Sprintf(`From: MAILER-DAEMON@mx.example.com
To: %s
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It did not arrive.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; somebody@example.org
Action: failed
Status: %s
Diagnostic-Code: smtp; %s
--b--
`, to, status, said), "\n", "\r\n")
}

// complaint is a feedback report (RFC 5965) about a message that names us in its
// List-Unsubscribe only.
func complaint(unsubscribe string) string {
	return strings.ReplaceAll(fmt.Sprintf(`From: feedback@provider.example
To: abuse@news.example.org
Subject: FW: Cette semaine
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: text/plain

A reader calls this spam.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Provider/1.0
Version: 1

--b
Content-Type: message/rfc822

From: n@example.org
To: redacted@provider.example
Subject: Cette semaine
List-Unsubscribe: <https://news.example.org/u/x>, <mailto:%s>

Bonjour
--b--
`, unsubscribe), "\n", "\r\n")
}

func (h *house) serve(o inbound.ServerOptions) string {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	o.Name, o.Domains = "news.example.org", []string{"News.example.org"}
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- inbound.NewServer(h.in, o).Serve(running, l) }()
	h.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			h.t.Error(err)
		}
	})
	return l.Addr().String()
}

func send(t *testing.T, addr, to, message string) int {
	t.Helper()
	err := smtp.SendMail(addr, nil, "", []string{to}, []byte(message))
	if err == nil {
		return 250
	}
	if reply, ok := err.(*textproto.Error); ok {
		return reply.Code
	}
	t.Fatal(err)
	return 0
}

func TestTheReceiverActsOnWhatComesBack(t *testing.T) {
	h := newHouse(t, 6)
	box := filepath.Join(t.TempDir(), "box")
	addr := h.serve(inbound.ServerOptions{Mailboxes: map[string]string{"Digest@other.example": box}})
	dead := notice("x", "5.1.1", "550 5.1.1 user unknown")
	for _, c := range []struct {
		to, message string
		code        int
		action      digest.ReturnAction
		willing     string
	}{
		{h.envelope("bounce", 0), dead, 250, digest.ActionSuppressed, "5 of 6"},
		{h.envelope("bounce", 0), dead, 250, digest.ActionSuppressed, "5 of 6"}, // the same again: seen, and not noted twice
		{h.envelope("bounce", 1), notice("x", "5.7.1", "550 5.7.1 blocked by policy"), 250, digest.ActionNoted, "5 of 6"},
		{h.envelope("bounce", 1), notice("x", "4.4.1", "connection timed out"), 250, digest.ActionNoted, "5 of 6"},
		{h.envelope("bounce", 1), notice("x", "5.2.2", "552 5.2.2 mailbox full"), 250, digest.ActionCounted, "5 of 6"},
		{strings.ToUpper(h.envelope("unsubscribe", 2)), "From: x@example.com\r\nSubject: whatever\r\n\r\n", 250, digest.ActionLeft, "4 of 6"},
		{"abuse@news.example.org", complaint(h.envelope("unsubscribe", 3)), 250, digest.ActionSuppressed, "3 of 6"},
		{"postmaster@news.example.org", "From: a@example.com\r\nSubject: hello\r\n\r\nIs anybody there?\r\n", 250, digest.ActionUnmatched, "3 of 6"},
		{h.envelope("bounce", 4), "From: a@example.com\r\nSubject: Absence du bureau\r\nAuto-Submitted: auto-replied\r\n\r\nJe reviens lundi.\r\n", 250, digest.ActionNoted, "3 of 6"},
		{"digest@OTHER.example", "From: a@example.com\r\nSubject: an edition\r\n\r\nfor a source\r\n", 250, digest.ActionNoted, "3 of 6"},
		{"bounce+forged@news.example.org", dead, 550, digest.ActionNoted, "3 of 6"},
		{"somebody@news.example.org", dead, 550, digest.ActionNoted, "3 of 6"},
		{"somebody@elsewhere.example", dead, 550, digest.ActionNoted, "3 of 6"},
		{h.envelope("bounce", 5), "Subject: big\r\n\r\n" + strings.Repeat(strings.Repeat("x", 98)+"\r\n", inbound.MaxMessage/90), 552, digest.ActionNoted, "3 of 6"},
	} {
		if code := send(t, addr, c.to, c.message); code != c.code {
			t.Errorf("to %s: %d, want %d", c.to, code, c.code)
		}
		if got := h.last(); got.Action != c.action {
			t.Errorf("to %s: %+v, want %s", c.to, got, c.action)
		}
		if got := h.willing(); got != c.willing {
			t.Errorf("to %s: %s get mail, want %s", c.to, got, c.willing)
		}
	}
	kept, err := os.ReadDir(filepath.Join(box, "new"))
	if err != nil || len(kept) != 1 {
		t.Errorf("the mailbox holds %v, %v", kept, err)
	}
}

func TestLMTPAnswersForEachRecipient(t *testing.T) {
	h := newHouse(t, 1)
	addr := h.serve(inbound.ServerOptions{LMTP: true})
	c, err := textproto.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.ReadResponse(220)
	for _, step := range []struct {
		say  string
		code int
	}{{"LHLO relay.example", 250}, {"MAIL FROM:<>", 250}, {"RCPT TO:<" + h.envelope("bounce", 0) + ">", 250}, {"RCPT TO:<nobody@news.example.org>", 550}, {"DATA", 354},
		{strings.TrimSuffix(notice("x", "5.1.1", "550 5.1.1 user unknown"), "\r\n") + "\r\n.", 250}, {"QUIT", 221}} {
		c.PrintfLine("%s", step.say)
		if _, text, err := c.ReadResponse(step.code); err != nil {
			t.Fatalf("%.40s: %s %v", step.say, text, err)
		}
	}
	if h.willing() != "0 of 1" || h.last().Source != "lmtp" {
		t.Errorf("%s %+v", h.willing(), h.last())
	}
}

func TestAMaildirIsTakenOnce(t *testing.T) {
	for _, take := range []bool{false, true} {
		h := newHouse(t, 2)
		dir := t.TempDir()
		for _, sub := range []string{"tmp", "new", "cur"} {
			os.Mkdir(filepath.Join(dir, sub), 0o700)
		}
		os.WriteFile(filepath.Join(dir, "new", "1.a"), []byte(notice(h.envelope("bounce", 0), "5.1.1", "550 5.1.1 user unknown")), 0o600)
		os.WriteFile(filepath.Join(dir, "new", "2.b"), []byte(notice(h.envelope("bounce", 1), "5.7.1", "550 5.7.1 policy")), 0o600)
		p := inbound.Poll{URL: dir, Delete: take}
		for _, want := range []int{2, 0} {
			if n, err := p.Once(ctx, h.in); err != nil || n != want {
				t.Errorf("%d %v, want %d", n, err, want)
			}
		}
		left, _ := os.ReadDir(filepath.Join(dir, "cur"))
		if h.willing() != "1 of 2" || len(left) != map[bool]int{false: 2, true: 0}[take] {
			t.Errorf("%s, %v", h.willing(), left)
		}
	}
}

func TestOnlyOurTicketsCount(t *testing.T) {
	h := newHouse(t, 1)
	for name, raw := range map[string]string{
		"a forged token":       notice("bounce+"+digest.NewKeyring([]byte("another secret of 16")).SealBounce(h.edition, h.ids[0])+"@news.example.org", "5.1.1", "550 user unknown"),
		"an address alone":     notice("bounce@news.example.org", "5.1.1", "550 5.1.1 <reader0@example.org> user unknown"),
		"no message at all":    "",
		"a complaint, forged":  complaint("unsubscribe+zzzz@news.example.org"),
		"leave, with no token": "To: unsubscribe@news.example.org\r\nSubject: unsubscribe\r\n\r\n",
	} {
		if r, err := h.in.Take(ctx, "pipe", "", []byte(raw)); err != nil || r.Action != digest.ActionUnmatched {
			t.Errorf("%s: %+v %v", name, r.Action, err)
		}
	}
	if h.willing() != "1 of 1" {
		t.Error(h.willing())
	}
}

// TestExpiredAndPolicySuppressNobody: over any number of editions.
func TestExpiredAndPolicySuppressNobody(t *testing.T) {
	for status, said := range map[string]string{"4.4.7": "delivery time expired", "4.7.650": "rate limited", "4.2.2": "mailbox full", "5.7.1": "550 5.7.1 blocked", "5.7.26": "550-5.7.26 unauthenticated", "4.1.1": "user unknown"} {
		r, err := bounce.Parse([]byte(notice("x@y.example", status, said)))
		if err != nil {
			t.Fatal(err)
		}
		if w := inbound.Wish(r); w != digest.WishNote {
			t.Errorf("%s %s: %s", status, said, w)
		}
	}
}
