package hooks

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// sns reads Amazon's notices: SES tells SNS, which signs what it posts
// (docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html).
type sns struct {
	o     Options
	mu    sync.Mutex
	certs map[string]*x509.Certificate // by address
}

func newSNS(o Options) *sns { return &sns{o: o, certs: map[string]*x509.Certificate{}} }

type snsMessage struct {
	Type, MessageID, TopicARN, Message, Timestamp, Token, SubscribeURL, SignatureVersion, Signature string

	Subject *string
	CertURL string `json:"SigningCertURL"`
}

// host is where Amazon keeps certificates and confirmations; any other address
// in a message is an attacker's.
var host = regexp.MustCompile(`^sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$`)

func amazon(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && host.MatchString(u.Host) && u.User == nil
}

func (s *sns) read(ctx context.Context, _ *http.Request, body []byte) ([]notice, error) {
	var m snsMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, errMalformed
	}
	if !slices.Contains(s.o.SESTopics, m.TopicARN) {
		return nil, errForged
	}
	if err := s.verify(ctx, m); err != nil {
		return nil, err
	}
	switch m.Type {
	case "SubscriptionConfirmation":
		return nil, s.confirm(ctx, m)
	case "Notification":
		return sesNotices(m)
	}
	return nil, nil
}

// signed is what the signature is over: names and values, a line each, in this
// order.
func (m snsMessage) signed() string {
	fields := []string{"Message", m.Message, "MessageId", m.MessageID}
	if m.Type == "Notification" {
		if m.Subject != nil {
			fields = append(fields, "Subject", *m.Subject)
		}
	} else {
		fields = append(fields, "SubscribeURL", m.SubscribeURL)
	}
	fields = append(fields, "Timestamp", m.Timestamp)
	if m.Type != "Notification" {
		fields = append(fields, "Token", m.Token)
	}
	fields = append(fields, "TopicArn", m.TopicARN, "Type", m.Type)
	return strings.Join(fields, "\n") + "\n"
}

func (s *sns) verify(ctx context.Context, m snsMessage) error {
	at, err := time.Parse(time.RFC3339Nano, m.Timestamp)
	if err != nil || !s.o.fresh(at) {
		return errForged
	}
	signature, err := base64.StdEncoding.DecodeString(m.Signature)
	if err != nil {
		return errForged
	}
	cert, err := s.certificate(ctx, m.CertURL)
	if err != nil {
		return err
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < 2048 {
		return errForged
	}
	switch m.SignatureVersion {
	case "1":
		sum := sha1.Sum([]byte(m.signed()))
		err = rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], signature)
	case "2":
		sum := sha256.Sum256([]byte(m.signed()))
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	default:
		return errForged
	}
	if err != nil {
		return errForged
	}
	return nil
}

// certificate fetches what a message was signed with, from Amazon alone, and
// keeps it while it is valid.
func (s *sns) certificate(ctx context.Context, address string) (*x509.Certificate, error) {
	if !amazon(address) || !strings.HasSuffix(address, ".pem") {
		return nil, errForged
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cert := s.certs[address]
	if cert == nil {
		raw, err := s.get(ctx, address)
		if err != nil {
			return nil, fmt.Errorf("fetching Amazon's certificate: %w", err)
		}
		block, _ := pem.Decode(raw)
		if block == nil {
			return nil, errForged
		}
		if cert, err = x509.ParseCertificate(block.Bytes); err != nil {
			return nil, errForged
		}
		if len(s.certs) > 20 {
			clear(s.certs)
		}
		s.certs[address] = cert
	}
	if now := s.o.Now(); now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		delete(s.certs, address)
		return nil, errForged
	}
	return cert, nil
}

func (s *sns) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.o.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	return io.ReadAll(io.LimitReader(resp.Body, 64<<10))
}

// confirm answers Amazon's question whether we want a topic's notices.
func (s *sns) confirm(ctx context.Context, m snsMessage) error {
	if !amazon(m.SubscribeURL) {
		return errForged
	}
	if _, err := s.get(ctx, m.SubscribeURL); err != nil {
		return fmt.Errorf("confirming the subscription to SNS: %w", err)
	}
	return nil
}

// sesNotices reads what SES says in an SNS message, in the form of identity
// notifications and of configuration sets.
func sesNotices(m snsMessage) ([]notice, error) {
	type recipient struct{ EmailAddress, Action, Status, DiagnosticCode string }
	var in struct {
		NotificationType, EventType string
		Bounce                      struct {
			BounceType, BounceSubType string
			BouncedRecipients         []recipient
		}
		Complaint struct {
			ComplaintFeedbackType string
			ComplainedRecipients  []recipient
		}
		Mail struct{ Source string }
	}
	if err := json.Unmarshal([]byte(m.Message), &in); err != nil {
		return nil, nil // a test message of the console
	}
	var out []notice
	switch in.NotificationType + in.EventType {
	case "Bounce":
		b := in.Bounce
		for _, r := range b.BouncedRecipients {
			out = append(out, notice{
				id: m.MessageID + "\x00" + r.EmailAddress, email: r.EmailAddress, envelope: in.Mail.Source, status: r.Status, diagnostic: r.DiagnosticCode,
				permanent: b.BounceType == "Permanent", lasting: b.BounceSubType == "MailboxFull",
				policy: b.BounceSubType == "ContentRejected" || b.BounceSubType == "AttachmentRejected" || b.BounceSubType == "MessageTooLarge",
			})
		}
	case "Complaint":
		for _, r := range in.Complaint.ComplainedRecipients {
			kind := in.Complaint.ComplaintFeedbackType
			out = append(out, notice{id: m.MessageID + "\x00" + r.EmailAddress, email: r.EmailAddress, envelope: in.Mail.Source,
				complaint: kind != "not-spam" && kind != "auth-failure", note: kind == "not-spam" || kind == "auth-failure"})
		}
	}
	return out, nil
}
