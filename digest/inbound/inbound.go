// Package inbound takes what comes back to the addresses that messages name:
// bounces, complaints, mails to leave. It comes by SMTP or LMTP ([Server]), from
// a mailbox ([Poll]), or from a pipe ([Inbox.Take]); whatever the way, each
// message is read once and acted on once.
//
// Only a ticket of our own says whom a message is about: an address in a
// stranger's message proves nothing.
package inbound

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/mail"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/bounce"
)

// MaxMessage is the largest message that is read, in bytes.
const MaxMessage = 10 << 20

// Store is what an Inbox acts on.
type Store interface {
	TakeBack(ctx context.Context, r digest.Returned) (digest.ReturnAction, error)
}

// Options are what an Inbox is made of.
type Options struct {
	Store Store
	Keys  digest.Keyring
	Now   func() time.Time
	// Told hears of everything that came and of everything that went wrong; nil
	// for nobody. It may be called from several goroutines.
	Told func(r digest.Returned, err error)
}

// Inbox takes messages. It is safe for use by several goroutines.
type Inbox struct{ o Options }

// New makes an Inbox.
func New(o Options) *Inbox { return &Inbox{o} }

// Take reads one message and does what it asks for. The recipient is the address
// that it came to, as the envelope says; empty when only its header knows.
func (in *Inbox) Take(ctx context.Context, source, recipient string, raw []byte) (digest.Returned, error) {
	r := in.read(source, recipient, raw)
	var err error
	r.Action, err = in.o.Store.TakeBack(ctx, r)
	if in.o.Told != nil {
		in.o.Told(r, err)
	}
	return r, err
}

// The names before the + of our own addresses.
const (
	nameBounce = "bounce"
	nameLeave  = "unsubscribe"
)

// split parts one of our addresses: the name, the token, the domain.
func split(address string) (name, token, domain string) {
	local, domain, _ := strings.Cut(strings.ToLower(strings.Trim(address, "<> ")), "@")
	name, token, _ = strings.Cut(local, "+")
	return name, token, domain
}

// read understands a message.
func (in *Inbox) read(source, recipient string, raw []byte) digest.Returned {
	r := digest.Returned{At: in.o.Now().UTC(), Source: source, Wish: digest.WishKeep, Kind: string(bounce.KindUnknown), Class: string(bounce.ClassNone), Message: kept(raw)}
	head, _ := mail.ReadMessage(strings.NewReader(string(raw)))
	r.Fingerprint = fingerprint(recipient, head, raw)
	if t, ok := in.leaver(recipient, head); ok {
		r.Subscriber, r.Edition, r.Wish, r.Kind, r.Reason = t.Subscriber, t.Edition, digest.WishLeave, string(bounce.KindComplaint), "opt-out"
		return r
	}
	report, err := bounce.Parse(raw)
	if err != nil {
		return r
	}
	r.Kind, r.Class, r.Status, r.Reason = string(report.Kind), string(report.Class), report.Status, report.Reason
	r.Wish = Wish(report)
	_, token, _ := split(recipient)
	for _, sealed := range []string{token, report.EnvelopeToken, report.EnvelopeID} {
		if t, err := in.o.Keys.OpenBounce(sealed); err == nil {
			r.Subscriber, r.Edition = t.Subscriber, t.Edition
			break
		}
	}
	if r.Subscriber == 0 && r.Kind != string(bounce.KindAutoreply) {
		r.Wish = digest.WishKeep
	}
	return r
}

// leaver reads a message to unsubscribe+TOKEN, the second address of
// List-Unsubscribe.
func (in *Inbox) leaver(recipient string, head *mail.Message) (digest.Ticket, bool) {
	places := []string{recipient}
	if head != nil && recipient == "" {
		for _, field := range []string{"X-Original-To", "Delivered-To", "To"} {
			if list, err := head.Header.AddressList(field); err == nil {
				for _, a := range list {
					places = append(places, a.Address)
				}
			}
		}
	}
	for _, place := range places {
		if name, token, _ := split(place); name == nameLeave {
			if t, err := in.o.Keys.OpenBounce(token); err == nil {
				return t, true
			}
		}
	}
	return digest.Ticket{}, false
}

// Wish is what a report asks for: the same table as for replies of SMTP. Only
// what the server calls lasting counts over time; a message that expired while
// it was retried says nothing of the address.
func Wish(r bounce.Report) digest.ReturnWish {
	switch {
	case r.Kind == bounce.KindComplaint && r.Feedback == "opt-out":
		return digest.WishLeave
	case r.Suppresses():
		return digest.WishSuppress
	case r.Kind == bounce.KindBounce && r.Class == bounce.ClassSoft && lasting(r):
		return digest.WishCount
	case r.Kind == bounce.KindUnknown:
		return digest.WishKeep
	}
	return digest.WishNote
}

func lasting(r bounce.Report) bool {
	if r.Status != "" {
		return strings.HasPrefix(r.Status, "5.")
	}
	for _, f := range r.Failures {
		if f.Class == bounce.ClassSoft && f.Code/100 == 5 {
			return true
		}
	}
	return false
}

// fingerprint is the same for one message, whichever way it comes: servers write
// lines of their own over it, so its Message-ID counts where it has one.
func fingerprint(recipient string, head *mail.Message, raw []byte) string {
	h := sha256.New()
	if head != nil && head.Header.Get("Message-Id") != "" {
		_, token, _ := split(recipient)
		for _, part := range []string{"message-id", token, head.Header.Get("Message-Id"), head.Header.Get("Date"), head.Header.Get("Subject")} {
			h.Write([]byte(part + "\x00"))
		}
	} else {
		h.Write(raw)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// kept is what is stored of a message that nobody can match.
func kept(raw []byte) string {
	const limit = 64 << 10
	if len(raw) > limit {
		raw = raw[:limit]
	}
	return string(raw)
}
