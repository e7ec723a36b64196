package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
	"github.com/zest-digest/zest/digest/deliver"
)

// notifier sends short mails to one reader, such as a confirmation, by the same
// way out as editions and with none of the fields of a list.
type notifier struct{ m *machine }

// Notify sends one mail.
func (n notifier) Notify(ctx context.Context, nl digest.Newsletter, to string, p digest.Proof) error {
	letter := digest.Letterhead{From: nl.From, ReplyTo: nl.ReplyTo, Date: n.m.a.now(), Newsletter: nl.Name, Domain: address.Domain(nl.From.Email)}
	message, err := deliver.Compile(letter, p)
	if err != nil {
		return err
	}
	o, err := n.m.options.Sender.SendOne(ctx, message, digest.Reader{Email: to, Envelope: nl.From.Email, MessageID: rand.Text() + "@" + letter.Domain})
	if err != nil {
		return err
	}
	if o.Verdict != digest.VerdictSent {
		return fmt.Errorf("the mail server answered %d %s", o.Code, o.Enhanced) // its words would name the address
	}
	return nil
}
