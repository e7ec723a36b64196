package digest_test

import (
	"testing"

	"github.com/zest-digest/zest/digest"
)

func TestTicketOpensForItsPurposeOnly(t *testing.T) {
	k := digest.NewKeyring([]byte("0123456789abcdef"))
	want := digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: 300, Edition: 7, Newsletter: "hebdo"}
	sealed := k.Seal(want)
	got, err := k.Open(digest.PurposeUnsubscribe, sealed)
	if err != nil || got != want {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := k.Open(digest.PurposePreferences, sealed); err != digest.ErrBadTicket {
		t.Errorf("a ticket to unsubscribe opened the preferences: %v", err)
	}
	if _, err := digest.NewKeyring([]byte("another secret!!")).Open(digest.PurposeUnsubscribe, sealed); err != digest.ErrBadTicket {
		t.Errorf("a ticket opened under another secret: %v", err)
	}
}

func TestTicketRefusesEveryChangedCharacter(t *testing.T) {
	k := digest.NewKeyring([]byte("0123456789abcdef"))
	sealed := k.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: 1, Edition: 1, Newsletter: "n"})
	for i := range sealed {
		for _, c := range []byte{'A', 'z', '-', '='} {
			forged := sealed[:i] + string(c) + sealed[i+1:]
			if _, err := k.Open(digest.PurposeUnsubscribe, forged); err == nil && forged != sealed {
				t.Errorf("forged ticket %q opened", forged)
			}
		}
		if _, err := k.Open(digest.PurposeUnsubscribe, sealed[:i]); err == nil {
			t.Errorf("cut ticket %q opened", sealed[:i])
		}
	}
}

func TestBounceTicketSurvivesAnotherCase(t *testing.T) {
	k := digest.NewKeyring([]byte("0123456789abcdef"))
	s := k.SealBounce(12, 1_000_000)
	if len("bounce+"+s) > 64 {
		t.Errorf("local part of %d octets", len("bounce+"+s))
	}
	for _, v := range []string{s, string(upper(s))} {
		got, err := k.OpenBounce(v)
		if err != nil || got.Edition != 12 || got.Subscriber != 1_000_000 {
			t.Errorf("%q: %+v, %v", v, got, err)
		}
	}
}

func upper(s string) []byte {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 32
		}
	}
	return b
}
