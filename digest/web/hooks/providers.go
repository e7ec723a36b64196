package hooks

import (
	"context"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// same compares secrets in constant time, whatever their lengths.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// seconds reads a Unix time.
func seconds(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err == nil
}

// mailgun reads Mailgun's webhooks (documentation.mailgun.com, "Securing
// webhooks"). Its signature is over a token and a time, not over the notice:
// the token must therefore count once.
type mailgun struct{ o Options }

func (p mailgun) read(_ context.Context, _ *http.Request, body []byte) ([]notice, error) {
	var in struct {
		Signature struct{ Timestamp, Token, Signature string }
		Event     struct {
			Event, Severity, Reason, Recipient string
			Envelope                           struct{ Sender string }
			DeliveryStatus                     struct {
				Code                 int
				EnhancedCode         string `json:"enhanced-code"`
				Message, Description string
			} `json:"delivery-status"`
		} `json:"event-data"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, errMalformed
	}
	s, e := in.Signature, in.Event
	at, ok := seconds(s.Timestamp)
	mac := hmac.New(sha256.New, []byte(p.o.MailgunKey))
	mac.Write([]byte(s.Timestamp + s.Token))
	given, err := hex.DecodeString(s.Signature)
	if !ok || err != nil || s.Token == "" || !hmac.Equal(given, mac.Sum(nil)) || !p.o.fresh(at) {
		return nil, errForged
	}
	d := e.DeliveryStatus
	n := notice{id: s.Token, email: e.Recipient, envelope: e.Envelope.Sender}
	switch e.Event {
	case "complained":
		n.complaint = true
	case "unsubscribed":
		n.leave = true
	case "failed":
		n.permanent, n.status = e.Severity == "permanent", d.EnhancedCode
		n.diagnostic = strings.TrimSpace(d.Message + " " + d.Description)
		if n.diagnostic != "" && d.Code > 0 {
			n.diagnostic = fmt.Sprintf("%d %s", d.Code, n.diagnostic)
		}
		n.note = !n.permanent
		if strings.HasPrefix(e.Reason, "suppress-") { // Mailgun did not even try: it knew
			n.diagnostic, n.leave, n.complaint = "", e.Reason == "suppress-unsubscribe", e.Reason == "suppress-complaint"
		}
	default:
		n.note = true
	}
	return []notice{n}, nil
}

// sendGrid reads Twilio SendGrid's signed event webhook: ECDSA over the time and
// the raw body.
type sendGrid struct {
	o   Options
	key *ecdsa.PublicKey
}

func newSendGrid(o Options) (sendGrid, error) {
	der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(o.SendGridPublicKey))
	if err == nil {
		var key any
		if key, err = x509.ParsePKIXPublicKey(der); err == nil {
			if ec, ok := key.(*ecdsa.PublicKey); ok {
				return sendGrid{o, ec}, nil
			}
		}
	}
	return sendGrid{}, &digest.InvalidError{Field: "receive.hooks.sendgrid.public_key", Reason: "is not the verification key that SendGrid shows"}
}

func (p sendGrid) read(_ context.Context, r *http.Request, body []byte) ([]notice, error) {
	stamp := r.Header.Get("X-Twilio-Email-Event-Webhook-Timestamp")
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Twilio-Email-Event-Webhook-Signature"))
	at, ok := seconds(stamp)
	sum := sha256.Sum256(append([]byte(stamp), body...))
	if err != nil || !ok || !ecdsa.VerifyASN1(p.key, sum[:], signature) || !p.o.fresh(at) {
		return nil, errForged
	}
	var events []struct {
		Email, Event, Type, Reason, Status string
		ID                                 string `json:"sg_event_id"`
	}
	if err := json.Unmarshal(body, &events); err != nil {
		return nil, errMalformed
	}
	var out []notice
	for _, e := range events {
		n := notice{id: e.ID, email: e.Email, status: e.Status, diagnostic: e.Reason}
		switch e.Event {
		case "bounce":
			n.permanent, n.policy = e.Type != "blocked", e.Type == "blocked"
		case "dropped":
			n.permanent = e.Reason == "Bounced Address" || e.Reason == "Invalid"
			n.complaint, n.leave = e.Reason == "Spam Reporting Address", e.Reason == "Unsubscribed Address"
			n.note, n.diagnostic = !n.permanent && !n.complaint && !n.leave, ""
		case "spamreport":
			n.complaint = true
		case "unsubscribe", "group_unsubscribe":
			n.leave = true
		default:
			continue // sent, opened, clicked: nothing comes back by them
		}
		out = append(out, n)
	}
	return out, nil
}

// postmark reads Postmark's webhooks, which carry a user and a password instead
// of a signature.
type postmark struct{ o Options }

func (p postmark) read(_ context.Context, r *http.Request, body []byte) ([]notice, error) {
	user, password, ok := r.BasicAuth()
	if rightUser, rightPassword := same(user, p.o.PostmarkUser), same(password, p.o.PostmarkPassword); !ok || !rightUser || !rightPassword {
		return nil, errForged
	}
	var in struct {
		RecordType, Type, Email, Details, Description string
		Recipient, SuppressionReason, ChangedAt       string
		MessageID                                     string
		ID                                            int64
		SuppressSending                               bool
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, errMalformed
	}
	n := notice{id: fmt.Sprintf("%s %d %s %s", in.RecordType, in.ID, in.MessageID, in.ChangedAt), email: in.Email, diagnostic: in.Details}
	switch {
	case in.RecordType == "SpamComplaint", in.RecordType == "Bounce" && in.Type == "SpamComplaint":
		n.complaint = true
	case in.RecordType == "SubscriptionChange":
		n.email, n.leave = in.Recipient, in.SuppressSending && in.SuppressionReason == "ManualSuppression"
		n.note = !n.leave
	case in.RecordType != "Bounce":
		n.note = true
	default:
		switch in.Type {
		case "HardBounce", "BadEmailAddress", "ManuallyDeactivated", "InboundError":
			n.permanent = true
		case "SpamNotification", "Blocked", "DMARCPolicy", "VirusNotification", "ChallengeVerification", "TemplateRenderingFailed":
			n.policy = true
		case "Unsubscribe":
			n.leave = true
		case "AutoResponder", "AddressChange", "Subscribe", "OpenRelayTest", "DnsError":
			n.note = true
		}
	}
	return []notice{n}, nil
}

// brevo reads Brevo's webhooks, which carry a bearer token instead of a
// signature.
type brevo struct{ o Options }

func (p brevo) read(_ context.Context, r *http.Request, body []byte) ([]notice, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !same(token, p.o.BrevoToken) || !ok {
		return nil, errForged
	}
	var in struct {
		Event, Email, Reason string
		MessageID            string          `json:"message-id"`
		At                   json.RawMessage `json:"ts_event"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, errMalformed
	}
	n := notice{id: strings.Join([]string{in.Event, in.MessageID, in.Email, string(in.At)}, "\x00"), email: in.Email, diagnostic: in.Reason}
	switch in.Event {
	case "hard_bounce", "hardBounce", "invalid_email", "invalid":
		n.permanent = true
	case "soft_bounce", "softBounce":
	case "blocked":
		n.policy = true
	case "spam", "complaint":
		n.complaint = true
	case "unsubscribed", "unsubscribe":
		n.leave = true
	default:
		n.note = true
	}
	return []notice{n}, nil
}
