// Package hooks takes the notices that mail providers send about what came back:
// Amazon SES (by SNS), Mailgun, SendGrid, Postmark, Brevo.
//
// A notice is believed only when its signature, or the secret it must carry
// where the provider signs nothing, is right; it counts once, however often it
// is sent; and it is stored before it is acknowledged, so that a provider sends
// again what we could not keep.
package hooks

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/bounce"
)

// Store is what a notice changes.
type Store interface {
	TakeBack(ctx context.Context, r digest.Returned) (digest.ReturnAction, error)
}

// Options say which providers are listened to, and what their notices are
// verified with. A provider whose part is empty is not.
type Options struct {
	Store Store
	Keys  digest.Keyring
	Now   func() time.Time
	Told  func(r digest.Returned, err error) // hears of everything; nil for nobody

	SESTopics         []string // ARNs of SNS topics
	MailgunKey        string
	SendGridPublicKey string // DER in base64
	PostmarkUser      string
	PostmarkPassword  string
	BrevoToken        string

	Client *http.Client // fetches SNS certificates and confirms its subscriptions; one with a timeout of its own when nil
}

// maxBody is the largest notice that is read: SendGrid sends many in one.
const maxBody = 4 << 20

// maxAge is how old a signed notice may be. Providers try again for a day.
const maxAge = 25 * time.Hour

// errForged is the one answer to every notice that cannot be believed.
var errForged = errors.New("the signature does not fit")

// errMalformed is the answer to what is not a notice at all.
var errMalformed = errors.New("the notice cannot be read")

// notice is what every provider's words come to.
type notice struct {
	id         string // of the provider, for counting it once
	complaint  bool
	leave      bool // the reader left by the provider's own means
	note       bool // nothing to be done: a delay, a click
	permanent  bool // as the provider judges
	policy     bool // it speaks of us
	lasting    bool // not for good, but no passing trouble: a full mailbox
	status     string
	diagnostic string
	email      string
	envelope   string // the sender of the message's envelope, with our ticket
}

// provider verifies a request and reads its notices.
type provider func(ctx context.Context, r *http.Request, body []byte) ([]notice, error)

// New makes the handler of /hooks/PROVIDER.
func New(o Options) (http.Handler, error) {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second}
	}
	mux := http.NewServeMux()
	add := func(name string, p provider) {
		mux.HandleFunc("POST /hooks/"+name, func(w http.ResponseWriter, r *http.Request) { take(o, name, p, w, r) })
	}
	if len(o.SESTopics) > 0 {
		add("ses", newSNS(o).read)
	}
	if o.MailgunKey != "" {
		add("mailgun", mailgun{o}.read)
	}
	if o.SendGridPublicKey != "" {
		s, err := newSendGrid(o)
		if err != nil {
			return nil, err
		}
		add("sendgrid", s.read)
	}
	if o.PostmarkPassword != "" {
		add("postmark", postmark{o}.read)
	}
	if o.BrevoToken != "" {
		add("brevo", brevo{o}.read)
	}
	return mux, nil
}

func take(o Options, name string, p provider, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the notice is too large", http.StatusRequestEntityTooLarge)
		return
	}
	notices, err := p(r.Context(), r, body)
	switch {
	case errors.Is(err, errForged):
		told(o, name, err)
		http.Error(w, "not signed as it should be", http.StatusForbidden)
		return
	case err != nil:
		told(o, name, err)
		http.Error(w, "the notice cannot be read", http.StatusBadRequest)
		return
	}
	for _, n := range notices {
		back := o.returned(name, n)
		back.Action, err = o.Store.TakeBack(context.WithoutCancel(r.Context()), back)
		if o.Told != nil {
			o.Told(back, err)
		}
		if err != nil {
			http.Error(w, "it could not be stored; send it again", http.StatusServiceUnavailable)
			return
		}
	}
	w.WriteHeader(http.StatusOK)
}

func told(o Options, name string, err error) {
	if o.Told != nil {
		o.Told(digest.Returned{Source: name}, err)
	}
}

// returned makes of a notice what a bounce message would have come to.
func (o Options) returned(name string, n notice) digest.Returned {
	sum := sha256.Sum256([]byte(name + "\x00" + n.id))
	r := digest.Returned{Fingerprint: hex.EncodeToString(sum[:]), At: o.Now().UTC(), Source: name, Status: n.status, Email: n.email}
	if local, _, ok := strings.Cut(n.envelope, "@"); ok {
		_, token, _ := strings.Cut(local, "+")
		if t, err := o.Keys.OpenBounce(token); err == nil {
			r.Subscriber, r.Edition = t.Subscriber, t.Edition
		}
	}
	r.Kind, r.Class = string(bounce.KindBounce), string(bounce.ClassNone)
	switch {
	case n.leave:
		r.Kind, r.Reason, r.Wish = string(bounce.KindComplaint), "opt-out", digest.WishLeave
	case n.complaint:
		r.Kind, r.Reason, r.Wish = string(bounce.KindComplaint), "abuse", digest.WishSuppress
	case n.note:
		r.Kind, r.Wish = string(bounce.KindDelayed), digest.WishNote
	default:
		class, reason := n.class()
		r.Class, r.Reason = string(class), reason
		r.Wish = map[bounce.Class]digest.ReturnWish{bounce.ClassHard: digest.WishSuppress, bounce.ClassPolicy: digest.WishNote}[class]
		if class == bounce.ClassSoft && (n.lasting || strings.HasPrefix(n.status, "5.")) {
			r.Wish = digest.WishCount
		}
		r.Wish = cmp.Or(r.Wish, digest.WishNote)
	}
	return r
}

// class judges a bounce. The server's own words go before the provider's: they
// call permanent what speaks of us, or of a mailbox that is full. Words that
// nobody knows leave it to the provider.
func (n notice) class() (bounce.Class, string) {
	judged := bounce.Failure{}
	if n.status != "" || n.diagnostic != "" {
		judged = bounce.Judge(n.status, n.diagnostic)
	}
	known := judged.Class == bounce.ClassSoft && judged.Reason != "" && judged.Reason != "no such mailbox"
	switch {
	case n.policy:
		return bounce.ClassPolicy, cmp.Or(judged.Reason, "policy")
	case judged.Class == bounce.ClassPolicy, known:
		return judged.Class, judged.Reason
	case n.permanent:
		return bounce.ClassHard, cmp.Or(judged.Reason, "permanent, says the provider")
	}
	return bounce.ClassSoft, judged.Reason
}

// fresh reports whether a signed time is neither too old nor in the future.
func (o Options) fresh(at time.Time) bool {
	age := o.Now().Sub(at)
	return age < maxAge && age > -10*time.Minute
}
