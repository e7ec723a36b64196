package digest_test

import (
	"encoding/base64"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
)

var (
	ring  = digest.NewKeyring([]byte("0123456789abcdef"))
	today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

func TestTicketOpensForItsPurposeOnly(t *testing.T) {
	want := digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: 300, Edition: 7, Newsletter: "hebdo", Request: 1 << 40, Expires: today}
	sealed := ring.Seal(want)
	got, err := ring.Open(digest.PurposeUnsubscribe, sealed, today)
	if err != nil || got != want {
		t.Fatalf("got %+v, %v", got, err)
	}
	for _, p := range "pcbdam" {
		if _, err := ring.Open(digest.Purpose(p), sealed, today); err != digest.ErrBadTicket {
			t.Errorf("a ticket to unsubscribe opened %q: %v", p, err)
		}
	}
	if _, err := digest.NewKeyring([]byte("another secret!!")).Open(digest.PurposeUnsubscribe, sealed, today); err != digest.ErrBadTicket {
		t.Errorf("a ticket opened under another secret: %v", err)
	}
}

func TestTicketExpires(t *testing.T) {
	sealed := ring.Seal(digest.Ticket{Purpose: digest.PurposeConfirm, Subscriber: 1, Newsletter: "n", Expires: today.Add(time.Hour)})
	for after, opens := range map[time.Duration]bool{0: true, time.Hour: true, time.Hour + time.Second: false, 1000 * time.Hour: false} {
		if _, err := ring.Open(digest.PurposeConfirm, sealed, today.Add(after)); (err == nil) != opens {
			t.Errorf("after %v: %v", after, err)
		}
	}
	forever := ring.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: 1, Newsletter: "n"})
	if _, err := ring.Open(digest.PurposeUnsubscribe, forever, today.AddDate(10, 0, 0)); err != nil {
		t.Errorf("leaving must work for ever: %v", err)
	}
}

func TestKeysRotate(t *testing.T) {
	before, after := []byte("the first secret"), []byte("the second secret")
	ticket := digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: 1, Newsletter: "n"}
	old := digest.NewKeyring(before)
	rotated := digest.NewKeyring(after, before)
	if _, err := rotated.Open(digest.PurposeUnsubscribe, old.Seal(ticket), today); err != nil {
		t.Errorf("a link that was mailed before the rotation: %v", err)
	}
	if _, err := rotated.OpenBounce(old.SealBounce(1, 2)); err != nil {
		t.Errorf("a bounce of a message from before the rotation: %v", err)
	}
	if _, err := old.Open(digest.PurposeUnsubscribe, rotated.Seal(ticket), today); err == nil {
		t.Error("the new key signs nothing")
	}
	if _, err := digest.NewKeyring(after).Open(digest.PurposeUnsubscribe, old.Seal(ticket), today); err == nil {
		t.Error("a dropped key still opens")
	}
	if old.KeyID() == rotated.KeyID() {
		t.Error("the keys have one name")
	}
}

func TestTicketRefusesEveryChangedCharacter(t *testing.T) {
	sealed := ring.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: 1, Edition: 1, Newsletter: "n"})
	for i := range sealed {
		for _, c := range []byte{'A', 'z', '-', '='} {
			forged := sealed[:i] + string(c) + sealed[i+1:]
			if _, err := ring.Open(digest.PurposeUnsubscribe, forged, today); err == nil && forged != sealed {
				t.Errorf("forged ticket %q opened", forged)
			}
		}
		if _, err := ring.Open(digest.PurposeUnsubscribe, sealed[:i], today); err == nil {
			t.Errorf("cut ticket %q opened", sealed[:i])
		}
	}
}

// TestTicketsResistGuessing tries 50,000 tickets, or ten million when
// ZEST_TORTURE is set: random ones, and true ones with a few bits changed, cut,
// or put together from two.
func TestTicketsResistGuessing(t *testing.T) {
	tries := 50_000
	if os.Getenv("ZEST_TORTURE") != "" {
		tries = 10_000_000
	}
	workers := runtime.GOMAXPROCS(0)
	var accepted, tried atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			g := guesser{rand.New(rand.NewPCG(1, uint64(w)))}
			for range tries / workers {
				s, p := g.guess()
				tried.Add(1)
				if _, err := ring.Open(p, s, today); err == nil {
					accepted.Add(1)
					t.Errorf("%q opened for %c", s, p)
				}
				if _, err := ring.OpenBounce(strings.ToLower(s)); err == nil {
					t.Errorf("%q opened as a bounce", s)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d tickets tried, %d accepted", tried.Load(), accepted.Load())
}

type guesser struct{ *rand.Rand }

var purposes = []digest.Purpose{digest.PurposeUnsubscribe, digest.PurposePreferences, digest.PurposeConfirm, digest.PurposeData, digest.PurposeMove}

func (g guesser) guess() (string, digest.Purpose) {
	p := purposes[g.IntN(len(purposes))]
	b := g.sealed(p)
	switch g.IntN(5) {
	case 0: // nothing but noise
		b = make([]byte, g.IntN(64))
		for i := range b {
			b[i] = byte(g.Uint32())
		}
	case 1: // a few bits
		for whole := string(b); string(b) == whole; {
			for range 1 + g.IntN(4) {
				b[g.IntN(len(b))] ^= 1 << g.IntN(8)
			}
		}
	case 2: // cut
		b = b[:g.IntN(len(b))]
	case 3: // the words of one, the signature of another
		other := g.sealed(p)
		b = append(b[:len(b)-16], other[len(other)-16:]...)
	case 4: // a true one, for something else
		for other := p; p == other; {
			p = purposes[g.IntN(len(purposes))]
		}
	}
	return base64.RawURLEncoding.EncodeToString(b), p
}

func (g guesser) sealed(p digest.Purpose) []byte {
	s := ring.Seal(digest.Ticket{Purpose: p, Subscriber: digest.SubscriberID(g.Uint32()), Edition: digest.EditionID(g.Uint32()), Newsletter: "hebdo"})
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestBounceTicketSurvivesAnotherCase(t *testing.T) {
	s := ring.SealBounce(1<<40, 1<<50)
	if len("bounce+"+s) > 64 {
		t.Errorf("local part of %d octets", len("bounce+"+s))
	}
	for _, v := range []string{s, strings.ToUpper(s)} {
		got, err := ring.OpenBounce(v)
		if err != nil || got.Edition != 1<<40 || got.Subscriber != 1<<50 {
			t.Errorf("%q: %+v, %v", v, got, err)
		}
	}
}
