package digest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"slices"
	"strings"
	"sync"
	"time"
)

// Purpose says what a ticket is good for; a ticket opens nothing else.
type Purpose byte

// The purposes of tickets. Those of an edition's own links let anybody who has
// the message leave and choose, and nothing else: what a forwarded message must
// not allow takes a ticket that was mailed for it, and soon expires.
const (
	PurposeUnsubscribe Purpose = 'u'
	PurposePreferences Purpose = 'p'
	PurposeConfirm     Purpose = 'c'
	PurposeBounce      Purpose = 'b'
	PurposeData        Purpose = 'd' // export, erase, change the address
	PurposeMove        Purpose = 'a' // confirm a new address
	PurposeClick       Purpose = 'r' // these three are of a [Link], and of nobody
	PurposeMore        Purpose = '+'
	PurposeLess        Purpose = '-'
)

// Ticket is what a signed link says: who, about which newsletter, and from
// which edition. It holds no address, so a forwarded message gives none away.
type Ticket struct {
	Purpose    Purpose
	Subscriber SubscriberID
	Edition    EditionID
	Newsletter string    // the scope: a ticket says nothing about any other newsletter
	Request    int64     // the stored request that it answers, 0 for none
	Expires    time.Time // to the minute, rounded up; zero for never
}

// ErrBadTicket is the one answer to every ticket that was not signed by us for
// this purpose: forged, cut off, expired, or meant for something else.
var ErrBadTicket = errors.New("this link is not valid")

const (
	ticketVersion = 2
	ticketMAC     = 16  // bytes; 128 bits are out of reach of guessing over HTTP
	bounceMAC     = 10  // bytes; must fit a local part of 64 octets (RFC 5321 4.5.3.1.1)
	ticketLength  = 512 // characters at most
)

// lowerBase32 survives mail systems that change the case of a local part.
var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Keyring signs and opens tickets, and derives the identifiers that must be the
// same on every attempt to deliver a message. It signs with its first key and
// opens with every one, so that keys can change while mailed links live.
type Keyring struct{ keys []linkKey }

type linkKey struct {
	id     byte
	secret []byte
	macs   *sync.Pool // of hashes that begin with the secret: a reader's links take four
}

// NewKeyring makes a keyring from a secret of at least 16 bytes, and those that
// were signed with before it.
func NewKeyring(secret []byte, retired ...[]byte) Keyring {
	var k Keyring
	for _, s := range append([][]byte{secret}, retired...) {
		k.keys = append(k.keys, linkKey{keyID(s), s, &sync.Pool{New: func() any { return hmac.New(sha256.New, s) }}})
	}
	return k
}

// keyID says by which key a ticket was signed, so that opening it takes one MAC.
// It is derived, so it needs no book-keeping; two keys may share one.
func keyID(secret []byte) byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("key id"))
	return h.Sum(nil)[0]
}

// KeyID names the key that signs, for people.
func (k Keyring) KeyID() string { return hex.EncodeToString([]byte{k.keys[0].id}) }

// Name tells the key that signs from any other, for [Keyring.Signing], and nothing
// of its secret.
func (k Keyring) Name() string { return k.keys[0].name() }

func (k linkKey) name() string {
	h := hmac.New(sha256.New, k.secret)
	h.Write([]byte("key name"))
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// Signing is the keyring with another of its keys signing, and whether it has the
// key of this name. The empty name is the key that signs now.
func (k Keyring) Signing(name string) (Keyring, bool) {
	for i, key := range k.keys {
		if name == "" || key.name() == name {
			return Keyring{slices.Concat(k.keys[i:i+1], k.keys[:i], k.keys[i+1:])}, true
		}
	}
	return k, false
}

// Derive makes a secret of its own for something else that must be signed.
func (k Keyring) Derive(what string) []byte {
	h := hmac.New(sha256.New, k.keys[0].secret)
	h.Write([]byte("derive\x00" + what))
	return h.Sum(nil)
}

// Seal signs a ticket for use in a URL.
func (k Keyring) Seal(t Ticket) string {
	b := k.keys[0].payload(t)
	return base64.RawURLEncoding.EncodeToString(append(b, k.keys[0].mac(b, ticketMAC)...))
}

// Open verifies a ticket of this purpose. The comparison takes constant time.
func (k Keyring) Open(p Purpose, s string, now time.Time) (Ticket, error) {
	if len(s) > ticketLength {
		return Ticket{}, ErrBadTicket
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return Ticket{}, ErrBadTicket
	}
	t, err := k.open(p, b, ticketMAC)
	if err != nil || !t.Expires.IsZero() && now.After(t.Expires) {
		return Ticket{}, ErrBadTicket
	}
	return t, nil
}

// SealBounce signs the variable part of an envelope sender.
func (k Keyring) SealBounce(e EditionID, s SubscriberID) string {
	b := k.keys[0].payload(Ticket{Purpose: PurposeBounce, Edition: e, Subscriber: s})
	return lowerBase32.EncodeToString(append(b, k.keys[0].mac(b, bounceMAC)...))
}

// OpenBounce reads what [Keyring.SealBounce] made, in any case.
func (k Keyring) OpenBounce(s string) (Ticket, error) {
	b, err := lowerBase32.DecodeString(strings.ToLower(s))
	if err != nil {
		return Ticket{}, ErrBadTicket
	}
	return k.open(PurposeBounce, b, bounceMAC)
}

// MessageID is the left side of the Message-ID of one delivery: the same on
// every attempt, and no hint of who reads it.
func (k Keyring) MessageID(e EditionID, s SubscriberID) string {
	b := k.keys[0].payload(Ticket{Purpose: 'm', Edition: e, Subscriber: s})
	return hex.EncodeToString(k.keys[0].mac(b, 16))
}

// payload is what is signed: three bytes, four numbers, and the scope.
func (k linkKey) payload(t Ticket) []byte {
	b := make([]byte, 0, 80)
	b = append(b, ticketVersion, byte(t.Purpose), k.id)
	expires := uint64(0)
	if !t.Expires.IsZero() {
		expires = uint64(t.Expires.Unix()+59) / 60
	}
	for _, n := range []uint64{uint64(t.Subscriber), uint64(t.Edition), uint64(t.Request), expires} {
		b = binary.AppendUvarint(b, n)
	}
	return append(b, t.Newsletter...)
}

func (k linkKey) mac(payload []byte, size int) []byte {
	h := k.macs.Get().(hash.Hash)
	defer k.macs.Put(h)
	h.Reset()
	h.Write(payload)
	return h.Sum(nil)[:size]
}

// ticketHead is the least a payload holds: version, purpose, key, four numbers.
const ticketHead = 7

func (k Keyring) open(p Purpose, b []byte, size int) (Ticket, error) {
	if len(b) < size+ticketHead {
		return Ticket{}, ErrBadTicket
	}
	payload, mac := b[:len(b)-size], b[len(b)-size:]
	if !k.signed(payload, mac) || payload[0] != ticketVersion || payload[1] != byte(p) {
		return Ticket{}, ErrBadTicket
	}
	rest := payload[3:]
	var n [4]uint64
	for i := range n {
		v, size := binary.Uvarint(rest)
		if size <= 0 {
			return Ticket{}, ErrBadTicket
		}
		n[i], rest = v, rest[size:]
	}
	t := Ticket{Purpose: p, Subscriber: SubscriberID(n[0]), Edition: EditionID(n[1]), Request: int64(n[2]), Newsletter: string(rest)}
	if n[3] > 0 {
		t.Expires = time.Unix(int64(n[3])*60, 0).UTC()
	}
	return t, nil
}

// signed tries the keys that the payload names. When it names none of ours a MAC
// is computed all the same: how long the answer takes does not say which key ids
// there are.
func (k Keyring) signed(payload, mac []byte) bool {
	tried, good := false, false
	for _, key := range k.keys {
		if key.id == payload[2] {
			tried = true
			good = good || hmac.Equal(mac, key.mac(payload, len(mac)))
		}
	}
	if !tried {
		hmac.Equal(mac, k.keys[0].mac(payload, len(mac)))
	}
	return good
}

// SampleKeyring signs the links of previews and test messages. Its secret is no
// secret: what it signs opens nothing, and says that it was a sample.
func SampleKeyring() Keyring { return NewKeyring([]byte("a sample, not a secret")) }
