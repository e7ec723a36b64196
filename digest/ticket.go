package digest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
)

// Purpose says what a ticket is good for; a ticket opens nothing else.
type Purpose byte

// The purposes of tickets.
const (
	PurposeUnsubscribe Purpose = 'u'
	PurposePreferences Purpose = 'p'
	PurposeConfirm     Purpose = 'c'
	PurposeBounce      Purpose = 'b'
)

// Ticket is what a signed link says: who, about which newsletter, and from
// which edition. It holds no address, so a forwarded message gives none away.
type Ticket struct {
	Purpose    Purpose
	Subscriber SubscriberID
	Edition    EditionID
	Newsletter string
}

// ErrBadTicket is the one answer to every ticket that was not signed by us for
// this purpose: forged, cut off, or meant for something else.
var ErrBadTicket = errors.New("this link is not valid")

const (
	ticketVersion = 1
	ticketMAC     = 16 // bytes; 128 bits are out of reach of guessing over HTTP
	bounceMAC     = 10 // bytes; must fit a local part of 64 octets (RFC 5321 4.5.3.1.1)
)

// lowerBase32 survives mail systems that change the case of a local part.
var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Keyring signs and opens tickets, and derives the identifiers that must be the
// same on every attempt to deliver a message.
type Keyring struct{ secret []byte }

// NewKeyring makes a keyring from a secret of at least 16 bytes.
func NewKeyring(secret []byte) Keyring { return Keyring{secret: secret} }

// Seal signs a ticket for use in a URL.
func (k Keyring) Seal(t Ticket) string {
	b := t.payload()
	return base64.RawURLEncoding.EncodeToString(append(b, k.mac(b, ticketMAC)...))
}

// Open verifies a ticket of this purpose. The comparison takes constant time.
func (k Keyring) Open(p Purpose, s string) (Ticket, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) > 512 {
		return Ticket{}, ErrBadTicket
	}
	return k.open(p, b, ticketMAC)
}

// SealBounce signs the variable part of an envelope sender.
func (k Keyring) SealBounce(e EditionID, s SubscriberID) string {
	b := Ticket{Purpose: PurposeBounce, Edition: e, Subscriber: s}.payload()
	return lowerBase32.EncodeToString(append(b, k.mac(b, bounceMAC)...))
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
	b := Ticket{Purpose: 'm', Edition: e, Subscriber: s}.payload()
	return hex.EncodeToString(k.mac(b, 16))
}

func (t Ticket) payload() []byte {
	b := make([]byte, 0, 64)
	b = append(b, ticketVersion, byte(t.Purpose))
	b = binary.AppendUvarint(b, uint64(t.Subscriber))
	b = binary.AppendUvarint(b, uint64(t.Edition))
	return append(b, t.Newsletter...)
}

func (k Keyring) mac(payload []byte, size int) []byte {
	h := hmac.New(sha256.New, k.secret)
	h.Write(payload)
	return h.Sum(nil)[:size]
}

func (k Keyring) open(p Purpose, b []byte, size int) (Ticket, error) {
	if len(b) < size+4 {
		return Ticket{}, ErrBadTicket
	}
	payload, mac := b[:len(b)-size], b[len(b)-size:]
	if !hmac.Equal(mac, k.mac(payload, size)) || payload[0] != ticketVersion || payload[1] != byte(p) {
		return Ticket{}, ErrBadTicket
	}
	sub, n := binary.Uvarint(payload[2:])
	if n <= 0 {
		return Ticket{}, ErrBadTicket
	}
	ed, m := binary.Uvarint(payload[2+n:])
	if m <= 0 {
		return Ticket{}, ErrBadTicket
	}
	return Ticket{Purpose: p, Subscriber: SubscriberID(sub), Edition: EditionID(ed), Newsletter: string(payload[2+n+m:])}, nil
}

// SampleKeyring signs the links of previews and test messages. Its secret is no
// secret: what it signs opens nothing, and says that it was a sample.
func SampleKeyring() Keyring { return NewKeyring([]byte("a sample, not a secret")) }
