package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
)

// deliver sends what is left of a frozen edition, from what was frozen and
// nothing else: the configuration may have changed since.
func (p *Publisher) deliver(ctx context.Context, n digest.Newsletter, e digest.Edition, resumed bool) (report EditionReport, err error) {
	ctx, done := p.o.Span(ctx, "deliver edition", "zest.newsletter", n.Name, "zest.edition", e.Ref())
	defer func() { done(err) }()
	report = EditionReport{Edition: e, Resumed: resumed}
	frozen, err := p.o.Store.Frozen(ctx, e.ID)
	if err != nil {
		return report, fmt.Errorf("reading %s: %w", e.Ref(), err)
	}
	messages := map[string]*deliver.Message{}
	for _, proof := range frozen.Proofs {
		if proof.Variant.Key == digest.WebVariant {
			continue
		}
		if messages[proof.Variant.Key], err = deliver.Compile(frozen.Letterhead, proof); err != nil {
			return report, fmt.Errorf("composing %s: %w", e.Ref(), err)
		}
	}
	var sendErr error
	if !p.quiet() {
		sendErr = p.run(ctx, n, frozen, messages)
	}

	// What happened is told even after Ctrl-C: the books are read without the
	// context that just ended.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if report.Books, err = p.conclude(end, &report.Edition); err != nil {
		return report, errors.Join(sendErr, err)
	}
	if next, waiting, err := p.o.Store.NextTry(end, e.ID); err == nil && waiting {
		report.NextTry = next
	}
	if p.quiet() {
		report.NextTry = p.o.Quiet(p.o.Now())
	}
	p.o.Log.Info("edition delivered", "edition", e.Ref(), "state", report.Edition.State, "audience", report.Books.Audience, "sent", report.Books.Sent,
		"failed", report.Books.Failed, "suppressed", report.Books.Suppressed, "unknown", report.Books.Unknown, "canceled", report.Books.Canceled, "queued", report.Books.Queued)
	return report, sendErr
}

// run claims and sends until nothing is left that can go now.
func (p *Publisher) run(ctx context.Context, n digest.Newsletter, f digest.Frozen, messages map[string]*deliver.Message) (err error) {
	keys, err := p.o.Store.Keyring(ctx)
	if err != nil {
		return fmt.Errorf("reading the signing keys: %w", err)
	}
	// The key may have changed since the edition was frozen, while a message that is
	// tried again must look as it did: servers greylist by its envelope.
	keys, found := keys.Signing(f.Letterhead.Key)
	if !found {
		p.o.Log.Warn("the edition's signing key was forgotten; what is tried again looks like new mail", "edition", f.Edition.Ref())
	}
	trim()
	owner, end, err := p.o.Store.Begin(ctx)
	if err != nil {
		return fmt.Errorf("beginning a run: %w", err)
	}
	clean := true
	defer func() { err = errors.Join(err, end(clean)) }()
	id := f.Edition.ID
	recovered, err := p.o.Store.Recover(ctx, id, cmp.Or(n.OnUnknown, digest.UnknownResend), p.o.Now())
	if err != nil {
		return fmt.Errorf("taking over earlier runs: %w", err)
	}
	if recovered != (digest.Recovered{}) {
		p.o.Progress.Recovered(f.Edition, recovered)
	}
	books, err := p.o.Store.Books(ctx, id)
	if err != nil {
		return err
	}
	p.o.Progress.Deliveries(f.Edition, books.Audience, books.Audience-books.Queued)

	ctx, stop := p.watch(ctx, id)
	defer stop(nil)
	var ration *rationed
	if p.o.Ration > 0 {
		ration = &rationed{Store: p.o.Store, left: p.o.Ration}
		limited := *p
		limited.o.Store, p = ration, &limited
	}
	journal, err := p.o.Store.Journal(owner)
	if err != nil {
		return fmt.Errorf("opening the journal: %w", err)
	}
	for {
		l := newLedger(ctx, p, f, owner, journal, writer{keys: keys, letter: f.Letterhead, newsletter: n})
		l.resend = cmp.Or(n.OnUnknown, digest.UnknownResend) == digest.UnknownResend
		err = p.o.Sender.Deliver(ctx, messages, l)
		if broken := l.close(); broken != nil {
			// What was sent and not written is in doubt: recovery decides, not we.
			clean, err = false, broken
		}
		if err != nil || ration.spent() || !p.soon(ctx, id) {
			break
		}
	}
	if errors.Is(err, errStopped) {
		err = nil
	}
	return errors.Join(err, p.pause(ctx, f.Edition, ration))
}

// writer fills in what only one reader gets.
type writer struct {
	keys       digest.Keyring
	letter     digest.Letterhead
	newsletter digest.Newsletter
}

func (w writer) fill(e digest.EditionID, r *digest.Reader) {
	t := digest.Ticket{Subscriber: r.Subscriber, Edition: e, Newsletter: w.newsletter.Name}
	t.Purpose = digest.PurposeUnsubscribe
	leave := w.keys.Seal(t)
	t.Purpose = digest.PurposePreferences
	choose := w.keys.Seal(t)
	bounce := w.keys.SealBounce(e, r.Subscriber)
	r.MessageID = w.keys.MessageID(e, r.Subscriber) + "@" + w.letter.Domain
	r.Envelope = "bounce+" + bounce + "@" + w.letter.BounceDomain
	r.OneClick = w.newsletter.PublicURL + "/u/" + leave
	r.MailUnsub = w.letter.UnsubMailbox + "+" + bounce + "@" + w.letter.BounceDomain
	r.Choose = w.newsletter.PublicURL + "/p/" + choose
}

// sampleReader is nobody: their links answer that this was a test.
func sampleReader(n digest.Newsletter, l digest.Letterhead, variant string) digest.Reader {
	r := digest.Reader{Variant: variant, Email: "reader@example.org", Name: "Camille Dupré"}
	writer{keys: digest.SampleKeyring(), letter: l, newsletter: n}.fill(0, &r)
	return r
}

// SendTest sends a draft to one address, outside the ledger: no trace remains,
// and the links in it say that it was a test.
func (p *Publisher) SendTest(ctx context.Context, n digest.Newsletter, d Draft, email string) (digest.Outcome, error) {
	v := d.Variants[0]
	for _, o := range d.Variants {
		if o.Variant.Language == n.Language && !o.Variant.TextOnly {
			v = o
		}
	}
	test := v.Proof
	test.Subject = "[test] " + strings.TrimSpace(test.Subject)
	m, err := deliver.Compile(d.Frozen.Letterhead, test)
	if err != nil {
		return digest.Outcome{}, err
	}
	r := sampleReader(n, d.Frozen.Letterhead, v.Variant.Key)
	r.Email, r.Name = email, ""
	r.MessageID = fmt.Sprintf("test-%d@%s", p.o.Now().UnixNano(), d.Frozen.Letterhead.Domain)
	return p.o.Sender.SendOne(ctx, m, r)
}
