package deliver

import (
	"bytes"
	"fmt"
	"html"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/zest-digest/zest/digest"
)

// TestAMessageIsWhatGoMailWouldWrite compares, byte for byte, the message of each
// of 10,000 readers with the one that go-mail composes for that reader alone.
// What may differ is where quoted-printable breaks a line, the space before such
// a break, the dot that is hidden from SMTP at the beginning of a line, and the
// order of the header fields, which go-mail keeps in a map.
func TestAMessageIsWhatGoMailWouldWrite(t *testing.T) {
	l := digest.Letterhead{From: digest.Address{Name: "Hebdo du port", Email: "hebdo@example.org"}, Date: time.Unix(1_800_000_000, 0).UTC(), Domain: "example.org", Edition: "hebdo/7", Newsletter: "hebdo"}
	p := digest.Proof{Variant: digest.Variant{Key: "fr"}, Subject: "Le pont rouvre",
		Text: ".Bonjour @@name@@, " + strings.Repeat("une longue ligne = à encoder. ", 9) + "\n@@email@@ et @@unsubscribe_url@@.\n",
		HTML: "<p>@@name@@</p>\n" + strings.Repeat("<p>Été, où <b>es</b>-tu ?</p>\n", 20) + `<a href="@@unsubscribe_url@@">partir</a><a href="@@preferences_url@@">choisir</a>@@name@@`,
	}
	m, err := Compile(l, p)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(7, 11))
	letters := []rune("abcXYZ019 éàœ’«»=.,;:\"'<>&()[]\\@ñ漢🌞\u200fא-_+~\t")
	word := func(most int) string {
		var b strings.Builder
		for range random.IntN(most) {
			b.WriteRune(letters[random.IntN(len(letters))])
		}
		return b.String()
	}
	var ours letter
	for i := range 10_000 {
		r := digest.Reader{
			Name: strings.Join(strings.Fields(word(60)), " "), Email: fmt.Sprintf("r%d.x@example.org", i), MessageID: fmt.Sprintf("id%d@example.org", i),
			OneClick: fmt.Sprintf("https://example.org/u/%d?%s", i, strings.Repeat("k=v&", random.IntN(40))), Choose: "https://example.org/p/" + strings.Repeat(".", random.IntN(90)),
		}
		if err := m.write(&ours, &r); err != nil {
			t.Fatal(err)
		}
		want := goMail(t, l, p, &r)
		got := ours.appendTo(nil)
		if a, b := unfold(got), unfold(want); a != b {
			t.Fatalf("reader %q:\n%s\n\nwant\n%s", r.Name, a, b)
		}
		for _, field := range []string{"From", "Subject", "Date", "Message-ID", "Content-Type", "MIME-Version"} {
			if a, b := fieldOf(got, field), fieldOf(want, field); a != b || a == "" {
				t.Fatalf("%s: %q, want %q", field, a, b)
			}
		}
	}
}

// goMail has go-mail compose the message for one reader.
func goMail(t *testing.T, l digest.Letterhead, p digest.Proof, r *digest.Reader) []byte {
	t.Helper()
	fill := func(s string, escape func(string) string) string {
		for _, token := range digest.Tokens() {
			s = strings.ReplaceAll(s, string(token), escape(r.Value(token)))
		}
		return s
	}
	x := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP), mail.WithBoundary(boundary(l, p)))
	if err := x.FromFormat(l.From.Name, l.From.Email); err != nil {
		t.Fatal(err)
	}
	x.Subject(p.Subject)
	x.SetDateWithValue(l.Date)
	x.SetMessageIDWithValue(r.MessageID)
	x.SetBodyString(mail.TypeTextPlain, fill(p.Text, func(s string) string { return s }))
	x.AddAlternativeString(mail.TypeTextHTML, fill(p.HTML, html.EscapeString))
	var b bytes.Buffer
	if _, err := x.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unfold takes the soft line breaks out of a body, and shows its spaces and dots.
func unfold(raw []byte) string {
	_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return strings.NewReplacer("=\r\n", "", "=2E", ".", "=20", " ").Replace(string(body))
}

func fieldOf(raw []byte, name string) string {
	for len(raw) > 0 && raw[0] != '\r' {
		end := endOfField(raw)
		if bytes.HasPrefix(raw, []byte(name+":")) {
			return string(raw[:end])
		}
		raw = raw[end:]
	}
	return ""
}
