package deliver

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/zest-digest/zest/digest"
)

// FuzzReply reads whatever a server says: it ends, it is bounded, and what it
// takes for a reply is one.
func FuzzReply(f *testing.F) {
	for _, s := range []string{
		"250 ok\r\n", "250-a\r\n250-b\r\n250 c\r\n", "550 5.1.1 no such user\r\n", "421\r\n", "250 ok\n", "354 go\r\n250 ok\r\n",
		"250-a\r\n550 b\r\n", "hello\r\n", "25", "999 x\r\n", "250+x\r\n", "\r\n", "250-" + strings.Repeat("x", 5000) + "\r\n", strings.Repeat("250-x\r\n", 500), "550-\xff\xfe\r\n550 \x00\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(said), replyLine)
		for range 4 {
			got, err := readReply(r)
			if err != nil {
				if got != (reply{}) {
					t.Fatalf("a reply beside an error: %+v", got)
				}
				if !errors.Is(err, errReply) && !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
				return
			}
			if got.code < 200 || got.code > 599 || len(got.text) > 2*replyText+replyLines {
				t.Fatalf("%+v", got)
			}
			// Whatever the words, a verdict is reached, in one line of bounded length.
			enhanced, words := split(got.text)
			if v := judge(stageRcpt, got.code, enhanced, words).verdict; v == "" || strings.ContainsAny(words, "\r\n") || len([]rune(words)) > 200 {
				t.Fatalf("%q %q", v, words)
			}
		}
	})
}

// FuzzReader composes and signs for any reader: what cannot be written is
// refused, and the rest reads back as it was, with whole lines and nothing added.
func FuzzReader(f *testing.F) {
	for _, s := range [][4]string{
		{"Zoé", "zoe@example.org", "https://example.org/u/1", "bounce+a@b.example"}, {"", "a@b.c", "", ""}, {"...", ".@b", ".", "."}, {"a\r\nBcc: x@y", "a@b.c\r\nRCPT", "x\x00", "a b"},
		{`"quoted" <x@y>`, `"very odd"@example.org`, "https://a/?b=c&d=<e>", "x@y> NOTIFY=NEVER"}, {strings.Repeat("é漢🌞 ", 90), strings.Repeat("l", 64) + "@" + strings.Repeat("d.", 90) + "org", strings.Repeat("u", 900), "v"},
		{"=?utf-8?q?x?=", "用户@例子.example", "=", "="}, {" a  b ", "a@b", "  ", "\t"}, {"\u2028\u202e", "a@[127.0.0.1]", "https://x/\xff", "e"},
	} {
		f.Add(s[0], s[1], s[2], s[3])
	}
	l := digest.Letterhead{From: digest.Address{Email: "hebdo@example.org"}, ListID: "hebdo.example.org", Edition: "hebdo/7", Newsletter: "hebdo", Domain: "example.org"}
	m, err := Compile(l, digest.Proof{Variant: digest.Variant{Key: "fr"}, Subject: "Été", Text: ".@@name@@\n@@email@@.\n.\n@@unsubscribe_url@@", HTML: "<p>@@name@@</p>\n.@@unsubscribe_url@@"})
	if err != nil {
		f.Fatal(err)
	}
	pem, record, err := NewKey(KeyEd25519)
	if err != nil {
		f.Fatal(err)
	}
	d, err := NewDKIM("example.org", "zest", pem)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, email, link, envelope string) {
		r := digest.Reader{Name: name, Email: email, OneClick: link, Envelope: envelope, MessageID: "id@example.org"}
		var mail letter
		if err := m.write(&mail, &r); err != nil {
			var invalid *digest.InvalidError
			if !errors.As(err, &invalid) {
				t.Fatal(err)
			}
			return
		}
		if err := d.sign(m, &mail); err != nil {
			t.Fatal(err)
		}
		raw := mail.appendTo(nil)
		checkWire(t, raw)
		checkEnvelope(t, &r)
		head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		if n := bytes.Count(head, []byte("\r\nTo: ")); n != 1 || bytes.Contains(bytes.ToLower(head), []byte("\r\nbcc:")) {
			t.Fatalf("%q", head)
		}
		if want := html1(name); !strings.Contains(decoded(t, body), want) {
			t.Fatalf("%q is not in the message for %q", want, name)
		}
		v, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(string) ([]string, error) { return []string{record}, nil }})
		if _, readable := netmail.ReadMessage(bytes.NewReader(raw)); readable == nil && (err != nil || len(v) != 1 || v[0].Err != nil) {
			t.Fatalf("%v %+v\n%q", err, v, raw)
		}
	})
}

// checkWire holds what every message on the wire must be: lines that end in CRLF
// and nowhere else, none too long for SMTP, none that begins with a dot.
func checkWire(t *testing.T, raw []byte) {
	t.Helper()
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		t.Fatalf("no end of the last line: %q", raw)
	}
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if bytes.ContainsAny(line, "\r\n\x00") || bytes.HasPrefix(line, []byte(".")) {
			t.Fatalf("%q", line)
		}
	}
}

// checkEnvelope holds that an address ends no command and begins no other.
func checkEnvelope(t *testing.T, r *digest.Reader) {
	t.Helper()
	for _, s := range []*session{{}, {dsn: true, utf8: true}, {chunking: true, utf8: true}} {
		b, err := s.envelope(nil, r)
		if err != nil {
			if said(err) == nil {
				t.Fatal(err)
			}
			continue
		}
		want := 3
		if s.chunking {
			want = 2
		}
		if n := bytes.Count(b, []byte("\r\n")); n != want || bytes.Count(b, []byte("\n")) != want || bytes.Count(b, []byte(">")) != 2 {
			t.Fatalf("%q", b)
		}
	}
}

// html1 is a name as the text part has it after the dot.
func html1(name string) string { return "." + strings.ReplaceAll(name, "\n", "\r\n") }

func decoded(t *testing.T, body []byte) string {
	t.Helper()
	out, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body)))
	if err != nil && !strings.Contains(err.Error(), "quotedprintable") {
		t.Fatal(err)
	}
	return string(out)
}
