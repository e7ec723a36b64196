package demo

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const hostile = "From: =?utf-8?q?Zo=C3=A9?= <zoe@example.org>\r\nTo: reader@example.net\r\nSubject: =?utf-8?q?D=C3=A9j=C3=A0_vu?=\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=R\r\n\r\n" +
	"--R\r\nContent-Type: multipart/alternative; boundary=A\r\n\r\n" +
	"--A\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nBonjour =C3=A0 tous <b>\r\n" +
	"--A\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><head><title>x</title></head><body><script>alert(1)</script><img src=\"cid:pic@x\"><p>Coucou</p></body></html>\r\n--A--\r\n" +
	"--R\r\nContent-Type: image/png\r\nContent-ID: <pic@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n" +
	"--R\r\nContent-Type: image/svg+xml; name=x.svg\r\nContent-Disposition: attachment; filename=x.svg\r\n\r\n<svg onload=alert(1)/>\r\n--R--\r\n"

func openInbox(t *testing.T, o InboxOptions) *Inbox {
	t.Helper()
	o.SMTPAddr = "127.0.0.1:0"
	i, err := NewInbox(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { i.Close() })
	return i
}

func send(t *testing.T, i *Inbox, raw string, to ...string) error {
	t.Helper()
	return smtp.SendMail(i.SMTPAddr(), nil, "bounce@example.org", to, []byte(raw))
}

func TestWhatIsSentArrivesByteForByte(t *testing.T) {
	told := make(chan Message, 2)
	i := openInbox(t, InboxOptions{OnMessage: func(m Message) { told <- m }})
	if err := send(t, i, hostile, "one@example.net", "Two@example.net"); err != nil {
		t.Fatal(err)
	}
	for k, to := range []string{"one@example.net", "Two@example.net"} {
		if m := <-told; m.Number != k+1 || m.To != to || m.From != "bounce@example.org" || string(m.Raw) != hostile {
			t.Errorf("message %d for %s differs: %s", m.Number, m.To, cmp.Diff(hostile, string(m.Raw)))
		}
	}
	dir := t.TempDir()
	if err := i.WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "inbox", "002-two@example.net.eml"))
	if err != nil || string(raw) != hostile {
		t.Errorf("on disk: %v, %d bytes", err, len(raw))
	}
}

func TestRefusedAddressesBounceAndTheOthersDoNot(t *testing.T) {
	i := openInbox(t, InboxOptions{Refuse: []string{"Gone@example.net"}})
	err := send(t, i, hostile, "gone@EXAMPLE.net")
	var reply *textproto.Error
	if !errors.As(err, &reply) || reply.Code != 550 || !strings.HasPrefix(reply.Msg, "5.1.1 ") {
		t.Errorf("got %v, want 550 5.1.1", err)
	}
	if err := send(t, i, hostile, "here@example.net"); err != nil || len(i.Messages()) != 1 {
		t.Errorf("%v; %d messages", err, len(i.Messages()))
	}
}

func TestAClosedInboxCanStillBeRead(t *testing.T) {
	i := openInbox(t, InboxOptions{})
	if err := send(t, i, hostile, "a@example.net"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(i.Close(), i.Close()); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if err := send(t, i, hostile, "b@example.net"); err == nil || len(i.Messages()) != 1 {
		t.Errorf("a closed inbox took mail: %v, %d messages", err, len(i.Messages()))
	}
}

func TestAddressesBecomeSafeFileNames(t *testing.T) {
	if got := len(fileName(strings.Repeat("a", 300))); got > 100 {
		t.Errorf("a name of %d bytes", got)
	}
	for address, want := range map[string]string{
		"../../etc/passwd@x": "..-..-etc-passwd@x", "Zoé@x.org": "zo-@x.org", `"a b"@x`: "-a-b-@x",
	} {
		if got := fileName(address); got != want {
			t.Errorf("%q became %q, want %q", address, got, want)
		}
	}
}

func TestHostileMailIsShownWithoutPower(t *testing.T) {
	i := openInbox(t, InboxOptions{})
	if err := send(t, i, hostile, "reader@example.net"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(i.Handler())
	defer server.Close()

	page, res := get(t, server, "/messages/1")
	if policy := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("the page's policy is %q", policy)
	}
	if !strings.Contains(page, `sandbox="allow-popups`) || strings.Contains(page, "<script") {
		t.Error("the message is not in a sandboxed frame")
	}
	part, res := get(t, server, "/messages/1/html")
	if policy := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox allow-popups") || strings.Contains(policy, "script") {
		t.Errorf("the part's policy is %q", policy)
	}
	if !strings.Contains(part, `<img src="/messages/1/files/0">`) || !strings.Contains(part, `<head><base target="_blank">`) {
		t.Errorf("cid: picture or link target missing in %s", part)
	}
	if _, res := get(t, server, "/messages/1/html?images=off"); !strings.HasSuffix(res.Header.Get("Content-Security-Policy"), "img-src 'none'") {
		t.Error("pictures are not held back")
	}
	if _, res := get(t, server, "/messages/1/files/0"); res.Header.Get("Content-Type") != "image/png" {
		t.Error("the picture is not served as one")
	}
	if _, res := get(t, server, "/messages/1/files/1"); res.Header.Get("Content-Type") != "application/octet-stream" {
		t.Error("an SVG is served as something that can run")
	}
	for _, path := range []string{"/messages/1/files/2", "/messages/1/files/-1", "/messages/2", "/messages/0", "/messages/x/html"} {
		if _, res := get(t, server, path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}

func TestTheInboxShowsEveryFaceOfAMessage(t *testing.T) {
	i := openInbox(t, InboxOptions{})
	server := httptest.NewServer(i.Handler())
	defer server.Close()
	if page, _ := get(t, server, "/"); !strings.Contains(page, i.SMTPAddr()) {
		t.Error("an empty inbox does not say where to send")
	}
	if err := send(t, i, hostile, "reader@example.net"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/":                        "Déjà vu",
		"/messages/1?view=text":    "Bonjour à tous &lt;b&gt;",
		"/messages/1?view=headers": "Zoé &lt;zoe@example.org&gt;",
		"/messages/1?view=source":  "=?utf-8?q?D=C3=A9j=C3=A0_vu?=",
		"/messages/1?width=phone":  `class="stage phone"`,
	} {
		if page, _ := get(t, server, path); !strings.Contains(page, want) {
			t.Errorf("%s lacks %q", path, want)
		}
	}
	if raw, res := get(t, server, "/messages/1.eml"); raw != hostile || res.Header.Get("Content-Type") != "message/rfc822" {
		t.Error("the raw message is not raw")
	}
	body, _ := get(t, server, "/api/messages")
	var list []map[string]any
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 1 || list[0]["subject"] != "Déjà vu" {
		t.Errorf("%v %v", err, list)
	}
}

func TestTheInboxSpeaksTheReadersLanguage(t *testing.T) {
	if got := wordsFor("fr-FR,fr;q=0.9,en;q=0.8").Inbox; got != "Boîte de réception" {
		t.Error(got)
	}
	if got := wordsFor("en-GB").Inbox; got != "Inbox" {
		t.Error(got)
	}
}

func TestThePreviewIsWords(t *testing.T) {
	l := letter{Text: "Title\n=====\nWeb: https://x.example/1 and -- more"}
	if got := l.Preview(); got != "Title Web: and more" {
		t.Errorf("%q", got)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(hostile))
	f.Add([]byte("Subject: x\r\n\r\n"))
	f.Fuzz(func(_ *testing.T, raw []byte) { l := open(Message{Raw: raw}); l.framed(); l.Preview(); l.Initial() })
}
