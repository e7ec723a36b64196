package deliver

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/wneessen/go-mail"

	"github.com/zest-digest/zest/digest"
)

// costs are medians over rounds in which every contestant has its turn, so that
// a busy machine is busy for all of them.
func costs(b *testing.B, rounds, turns int, contestants ...func()) []time.Duration {
	all := make([][]time.Duration, len(contestants))
	for range rounds {
		for i, f := range contestants {
			begin := time.Now()
			for range turns {
				f()
			}
			all[i] = append(all[i], time.Since(begin)/time.Duration(turns))
		}
	}
	out := make([]time.Duration, len(all))
	for i := range all {
		slices.Sort(all[i])
		out[i] = all[i][len(all[i])/2]
	}
	b.ReportMetric(0, "ns/op") // one turn means nothing here
	return out
}

// specimen is a message of about 30 KB with its links at the end of both parts.
func specimen(b *testing.B) (*Message, digest.Letterhead, digest.Proof) {
	b.Helper()
	line := "Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi aux piétons et aux cyclistes.\n"
	l := digest.Letterhead{From: digest.Address{Name: "Hebdo", Email: "hebdo@example.org"}, Date: time.Unix(1_800_000_000, 0), ListID: "hebdo.example.org", ListName: "Hebdo",
		ArchiveURL: "https://example.org/hebdo", Edition: "hebdo/7", Newsletter: "hebdo", Domain: "example.org", BounceDomain: "bounces.example.org", UnsubMailbox: "unsubscribe"}
	p := digest.Proof{Variant: digest.Variant{Key: "fr", Language: "fr"}, Subject: "Le pont rouvre",
		Text: "Bonjour @@name@@\n" + strings.Repeat(line, 80) + "@@unsubscribe_url@@\n@@preferences_url@@\n",
		HTML: "<p>Bonjour @@name@@</p>\n" + strings.Repeat("<p>"+strings.TrimSpace(line)+"</p>\n", 160) + `<a href="@@unsubscribe_url@@">partir</a> <a href="@@preferences_url@@">choisir</a>`}
	m, err := Compile(l, p)
	if err != nil {
		b.Fatal(err)
	}
	return m, l, p
}

// address does for one reader what publishing does before a message is composed.
func addressTo(keys digest.Keyring, i int) digest.Reader {
	id := digest.SubscriberID(i)
	bounce := keys.SealBounce(7, id)
	return digest.Reader{
		Subscriber: id, Variant: "fr", Email: "camille@example.net", Name: "Camille Dupré",
		MessageID: keys.MessageID(7, id) + "@example.org", Envelope: "bounce+" + bounce + "@bounces.example.org",
		OneClick:  "https://example.org/u/" + keys.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: id, Edition: 7, Newsletter: "hebdo"}),
		MailUnsub: "unsubscribe+" + bounce + "@bounces.example.org",
		Choose:    "https://example.org/p/" + keys.Seal(digest.Ticket{Purpose: digest.PurposePreferences, Subscriber: id, Edition: 7, Newsletter: "hebdo"}),
	}
}

func verdictOf(met bool) string {
	if met {
		return "ok"
	}
	return "MISSED"
}

// BenchmarkComposing compares a reader's message from a compiled one, links
// sealed and all, with one that go-mail builds and writes.
func BenchmarkComposing(b *testing.B) {
	m, l, p := specimen(b)
	keys := digest.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	var mail1 letter
	var pieces [][]byte
	i := 0
	ours := func() {
		i++
		r := addressTo(keys, i)
		if err := m.write(&mail1, &r); err != nil {
			b.Fatal(err)
		}
		pieces = mail1.data(nil) // as they go to the wire
	}
	theirs := func() {
		i++
		r := addressTo(keys, i)
		fill := strings.NewReplacer("@@name@@", r.Name, "@@unsubscribe_url@@", r.OneClick, "@@preferences_url@@", r.Choose).Replace
		x := mail.NewMsg()
		x.FromFormat(l.From.Name, l.From.Email)
		x.AddToFormat(r.Name, r.Email)
		x.Subject(p.Subject)
		x.SetDateWithValue(l.Date)
		x.SetMessageIDWithValue(r.MessageID)
		x.SetGenHeader("List-Unsubscribe", "<"+r.OneClick+">")
		x.SetBodyString(mail.TypeTextPlain, fill(p.Text))
		x.AddAlternativeString(mail.TypeTextHTML, fill(p.HTML))
		if _, err := x.WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	ours()
	size := octets(pieces)
	got := costs(b, 9, 300, ours, theirs)
	ratio := float64(got[1]) / float64(got[0])
	b.ReportMetric(ratio, "times")
	fmt.Printf("  composing %d octets: %v, go-mail's Msg %v: 1/%.0f   bar 1/40   %s\n", size, got[0], got[1], ratio, verdictOf(ratio >= 40))
}

// BenchmarkSigning says what signatures add to a message of 30 KB.
func BenchmarkSigning(b *testing.B) {
	m, _, _ := specimen(b)
	keys := digest.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	r := addressTo(keys, 1)
	for _, kind := range []KeyKind{KeyEd25519, KeyRSA} {
		pem, _, err := NewKey(kind)
		if err != nil {
			b.Fatal(err)
		}
		d, err := NewDKIM("example.org", "zest", pem)
		if err != nil {
			b.Fatal(err)
		}
		var l letter
		if err := m.write(&l, &r); err != nil {
			b.Fatal(err)
		}
		raw := l.appendTo(nil)
		sum := sha256.Sum256(raw)
		options := crypto.SignerOpts(crypto.SHA256)
		if kind == KeyEd25519 {
			options = crypto.Hash(0)
		}
		must := func(err error) {
			if err != nil {
				b.Fatal(err)
			}
		}
		start := l.start
		got := costs(b, 9, 60,
			func() { l.start = start; must(d.sign(m, &l)) },
			func() { _, err := d.keys[0].signer.Sign(rand.Reader, sum[:], options); must(err) },
			func() {
				must(dkim.Sign(io.Discard, bytes.NewReader(raw), &dkim.SignOptions{Domain: "example.org", Selector: "zest", Signer: d.keys[0].signer, Hash: crypto.SHA256,
					HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed}))
			})
		bare, lib := float64(got[0])/float64(got[1]), float64(got[0])/float64(got[2])
		fmt.Printf("  signing %d octets with %s: %v; the bare signature %v, go-msgauth's Sign %v\n", len(raw), kind, got[0], got[1], got[2])
		if kind == KeyEd25519 {
			fmt.Printf("    ed25519 adds %.1f µs   bar <= 50   %s; of go-msgauth's %.3f   bar <= 0.2   %s\n", got[0].Seconds()*1e6, verdictOf(got[0] <= 50*time.Microsecond), lib, verdictOf(lib <= 0.2))
		} else {
			fmt.Printf("    rsa / the bare signature %.3f   bar <= 1.12   %s\n", bare, verdictOf(bare <= 1.12))
		}
	}
}
