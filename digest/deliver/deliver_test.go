package deliver_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("CET", 3600))

var letter = digest.Letterhead{
	From: digest.Address{Name: "Hebdo, la lettre", Email: "hebdo@example.org"}, ReplyTo: digest.Address{Email: "redaction@example.org"},
	Date: noon, ListID: "hebdo.example.org", ListName: "Actualités du port", ArchiveURL: "https://example.org/hebdo",
	Edition: "hebdo/7", Newsletter: "hebdo", Domain: "example.org", BounceDomain: "bounces.example.org", UnsubMailbox: "unsubscribe",
}

var proof = digest.Proof{
	Variant: digest.Variant{Key: "fr", Language: "fr"},
	Subject: "Le pont rouvre – l’été aussi 🌞, et bien d’autres nouvelles du port et de la rade",
	Text:    "Bonjour @@name@@\n\n.un point au début\n" + strings.Repeat("Une longue ligne à encoder = une ligne. ", 12) + "\n\n@@unsubscribe_url@@\n",
	HTML:    "<!DOCTYPE html>\n<p>@@name@@, voici le port.</p>\n" + strings.Repeat("<p>Été, où <b>es</b>-tu ?</p>", 30) + `<a href="@@unsubscribe_url@@">partir</a> <a href="@@preferences_url@@">choisir</a>`,
}

func reader(i int, name string) digest.Reader {
	return digest.Reader{
		Subscriber: digest.SubscriberID(i), Variant: "fr", Email: fmt.Sprintf("r%d@example.org", i), Name: name,
		MessageID: fmt.Sprintf("id%d@example.org", i), Envelope: fmt.Sprintf("bounce+t%d@bounces.example.org", i),
		OneClick: fmt.Sprintf("https://example.org/u/%d", i), MailUnsub: fmt.Sprintf("unsubscribe+t%d@bounces.example.org", i),
		Choose: fmt.Sprintf("https://example.org/p/%d?a=1&b=é.", i) + strings.Repeat("x.", 90),
	}
}

func compile(t testing.TB, p digest.Proof) *deliver.Message {
	t.Helper()
	m, err := deliver.Compile(letter, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// parts reads a message back as a mail program would.
func parts(t *testing.T, raw []byte) (netmail.Header, []string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%q: %v", m.Header.Get("Content-Type"), err)
	}
	var out []string
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return m.Header, out
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.ReplaceAll(string(b), "\r\n", "\n"))
	}
}

func TestAMessageReadsBackAsItWasWritten(t *testing.T) {
	m := compile(t, proof)
	random := rand.New(rand.NewPCG(1, 2))
	letters := []rune("aZ09 éàœ’«»=.,;:\"'<>&()[]\\@ñ漢🌞\u200fא")
	for i := range 2000 {
		var name []rune
		for range random.IntN(40) {
			name = append(name, letters[random.IntN(len(letters))])
		}
		r := reader(i, strings.TrimSpace(string(name)))
		raw, err := m.Append(nil, &r)
		if err != nil {
			t.Fatal(err)
		}
		header, got := parts(t, raw)
		fill := func(s string, esc func(string) string) string {
			for _, token := range digest.Tokens() {
				s = strings.ReplaceAll(s, string(token), esc(r.Value(token)))
			}
			return s
		}
		escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;").Replace
		want := []string{fill(proof.Text, func(s string) string { return s }), fill(proof.HTML, escape)}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("reader %q: %s", r.Name, d)
		}
		to, err := netmail.ParseAddress(header.Get("To"))
		if err != nil || to.Address != r.Email || to.Name != strings.Join(strings.Fields(r.Name), " ") && to.Name != r.Name {
			t.Fatalf("To: %q: %+v %v", header.Get("To"), to, err)
		}
		for line := range strings.SplitSeq(string(raw), "\r\n") {
			if len(line) > 200 || strings.ContainsAny(line, "\r\n") {
				t.Fatalf("line of %d: %q", len(line), line)
			}
		}
	}
}

func TestHeadersOfTheStandards(t *testing.T) {
	r := reader(1, "Zoé")
	raw, err := compile(t, proof).Append(nil, &r)
	if err != nil {
		t.Fatal(err)
	}
	h, _ := parts(t, raw)
	want := map[string]string{
		"Message-Id": "<id1@example.org>", "Precedence": "bulk", "Auto-Submitted": "auto-generated",
		"List-Unsubscribe":      "<https://example.org/u/1>, <mailto:unsubscribe+t1@bounces.example.org?subject=unsubscribe>",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-Archive": "<https://example.org/hebdo>",
		"List-Id": "=?utf-8?q?Actualit=C3=A9s_du_port?= <hebdo.example.org>", "Date": "Mon, 23 Nov 2026 12:00:00 +0100",
	}
	got := map[string]string{}
	for k := range maps.Keys(want) {
		got[k] = h.Get(k)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil || subject != proof.Subject {
		t.Errorf("%q %v", subject, err)
	}
	if got := len(h); got != 15 {
		t.Errorf("%d fields; a new one must be put in order: %v", got, slices.Sorted(maps.Keys(h)))
	}
	for name, values := range h {
		if len(values) > 1 {
			t.Errorf("%s stands %d times", name, len(values))
		}
	}
}

func TestATextOnlyMessageIsOnePart(t *testing.T) {
	p := proof
	p.HTML = ""
	r := reader(1, "Zoé")
	raw, err := compile(t, p).Append(nil, &r)
	if err != nil {
		t.Fatal(err)
	}
	m, err := netmail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if kind := m.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") || m.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
		t.Errorf("%v", m.Header)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("@@name@@", "Zoé", "@@unsubscribe_url@@", r.OneClick).Replace(p.Text)
	if d := cmp.Diff(want, strings.ReplaceAll(string(body), "\r\n", "\n")); d != "" {
		t.Error(d)
	}
}

func TestCompilingIsTheSameEveryTime(t *testing.T) {
	r := reader(1, "Zoé")
	first, _ := compile(t, proof).Append(nil, &r)
	for range 50 {
		if again, _ := compile(t, proof).Append(nil, &r); string(again) != string(first) {
			t.Fatal(cmp.Diff(string(first), string(again)))
		}
	}
}

func TestNothingGetsIntoTheHeaderByALineBreak(t *testing.T) {
	for _, change := range []func(*digest.Reader){
		func(r *digest.Reader) { r.Name = "a\r\nBcc: evil@example.org" },
		func(r *digest.Reader) { r.Email = "a@example.org\nX: y" },
		func(r *digest.Reader) { r.OneClick = "https://a\x00" },
		func(r *digest.Reader) { r.Email = "a@example.org> NOTIFY=NEVER" },
		func(r *digest.Reader) { r.Envelope = "b@example.org>\r\nRCPT TO:<evil@example.org" },
	} {
		r := reader(1, "")
		change(&r)
		if _, err := compile(t, proof).Append(nil, &r); err == nil {
			t.Errorf("%+v passed", r)
		}
	}
	bad := proof
	bad.Subject = "a\r\nBcc: evil@example.org"
	if _, err := deliver.Compile(letter, bad); err == nil {
		t.Error("a subject of two lines passed")
	}
	bad = proof
	bad.HTML = "@@nonsense@@"
	if _, err := deliver.Compile(letter, bad); err == nil {
		t.Error("a token that is none passed")
	}
}

func TestDKIMHoldsAndBreaksWhenAHeaderIsAdded(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := deliver.NewDKIM("example.org", "zest", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	server := delivertest.Start(t, delivertest.Script{})
	f := newFeed(30)
	if err := sender(t, server, func(o *deliver.Options) { o.Signer = signer }).Deliver(t.Context(), map[string]*deliver.Message{"fr": compile(t, proof)}, f); err != nil {
		t.Fatal(err)
	}
	verify := func(raw string) error {
		v, err := dkim.VerifyWithOptions(strings.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(string) ([]string, error) {
			return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)}, nil
		}})
		if err != nil {
			return err
		}
		if len(v) != 1 {
			return fmt.Errorf("%d signatures", len(v))
		}
		return v[0].Err
	}
	for _, m := range server.Messages() {
		if err := verify(m.Data); err != nil {
			t.Fatalf("%v\n%s", err, m.Data)
		}
		for _, added := range []string{"Subject: hello\r\n", "List-Unsubscribe: <https://evil.example>\r\n", "From: evil@example.org\r\n"} {
			if verify(added+m.Data) == nil {
				t.Errorf("the signature held with %q added", added)
			}
		}
	}
}

func TestEnvelopeParameters(t *testing.T) {
	server := delivertest.Start(t, delivertest.Script{Extensions: []string{"PIPELINING", "DSN"}})
	f := newFeed(1)
	f.left = append(f.left, reader(2, ""))
	f.left[1].Email = "zoë@example.org"
	sender(t, server, nil).Deliver(t.Context(), map[string]*deliver.Message{"fr": compile(t, proof)}, f)
	got := server.Messages()
	if len(got) != 1 || got[0].From != "<bounce+t1@bounces.example.org> RET=HDRS ENVID=t1" || got[0].To != "<r1@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;r1@example.org" {
		t.Errorf("%+v", got)
	}
	if o := f.outcomes[2]; o.Verdict != digest.VerdictFailed || o.Enhanced != "5.6.7" {
		t.Errorf("an address that this server cannot take: %+v", o)
	}
}

// A message with pictures is a multipart/related whose first part is the
// alternative, each with a boundary of its own (RFC 2046, section 5.1.2; RFC
// 2387, section 3.2).
func TestPicturesTravelBesideTheAlternative(t *testing.T) {
	p := digest.Proof{Variant: digest.Variant{Key: "fr"}, Subject: "Image", Text: "texte\n@@unsubscribe_url@@\n", HTML: `<p><img src="cid:0a@lettre.example" alt="">@@unsubscribe_url@@</p>`,
		Embedded: []digest.Embedded{{ID: "0a@lettre.example", Type: "image/png", Data: []byte("\x89PNG")}}}
	m, err := deliver.Compile(digest.Letterhead{From: digest.Address{Email: "a@lettre.example"}, Domain: "lettre.example"}, p)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := m.Append(nil, &digest.Reader{Email: "b@lettre.example", OneClick: "https://lettre.example/u/1"})
	if err != nil {
		t.Fatal(err)
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	var walk func(kind string, body io.Reader)
	walk = func(kind string, body io.Reader) {
		media, params, err := mime.ParseMediaType(kind)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, media)
		if params["boundary"] == "" {
			return
		}
		for r := multipart.NewReader(body, params["boundary"]); ; {
			part, err := r.NextPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			walk(part.Header.Get("Content-Type"), part)
			if id := part.Header.Get("Content-Id"); (id == "<0a@lettre.example>") != strings.HasPrefix(part.Header.Get("Content-Type"), "image/") {
				t.Errorf("Content-ID %q on %s", id, part.Header.Get("Content-Type"))
			}
		}
	}
	walk(msg.Header.Get("Content-Type"), msg.Body)
	if got := strings.Join(kinds, " "); got != "multipart/related multipart/alternative text/plain text/html image/png" {
		t.Error(got)
	}
	if n := strings.Count(string(raw), "https://lettre.example/u/1"); n != 3 {
		t.Errorf("the link to leave stands %d times", n)
	}
}
