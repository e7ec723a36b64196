package hooks_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/web/hooks"
)

var (
	ctx  = context.Background()
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

const topic = "arn:aws:sns:eu-west-3:123456789012:bounces"

// house is a store with readers, and the hooks in front of it.
type house struct {
	t        *testing.T
	store    *store.Store
	keys     digest.Keyring
	handler  http.Handler
	edition  digest.EditionID
	ids      []digest.SubscriberID
	amazon   *rsa.PrivateKey
	sendgrid *ecdsa.PrivateKey
	asked    []string // addresses of Amazon's that were fetched
	now      time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, keys: digest.NewKeyring([]byte("a secret of sixteen")), now: noon}
	var err error
	h.store, err = store.Open(ctx, filepath.Join(t.TempDir(), "zest.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	for i := range 4 {
		email := fmt.Sprintf("reader%d@example.org", i)
		if _, err := h.store.Subscribe(ctx, digest.Subscription{List: "l", State: digest.SubConfirmed, Since: noon, Subscriber: digest.Subscriber{Email: email}}, store.SubscribeOptions{}); err != nil {
			t.Fatal(err)
		}
		r, err := h.store.FindSubscriber(ctx, email)
		if err != nil {
			t.Fatal(err)
		}
		h.ids = append(h.ids, r.ID)
	}
	e, err := h.store.Freeze(ctx, digest.Frozen{Edition: digest.Edition{Newsletter: "n", Number: 1, Slot: "1", Language: "fr"}, Lists: []string{"l"}, Expires: noon.Add(time.Hour),
		Proofs: []digest.Proof{{Variant: digest.Variant{Key: "fr", Language: "fr"}}}})
	if err != nil {
		t.Fatal(err)
	}
	h.edition = e.ID
	h.sendgrid, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	h.amazon, _ = rsa.GenerateKey(rand.Reader, 2048)
	der, _ := x509.MarshalPKIXPublicKey(&h.sendgrid.PublicKey)
	h.handler, err = hooks.New(hooks.Options{Store: h.store, Keys: h.keys, Now: func() time.Time { return h.now }, SESTopics: []string{topic}, MailgunKey: "mailgun key", SendGridPublicKey: base64.StdEncoding.EncodeToString(der),
		PostmarkUser: "zest", PostmarkPassword: "postmark word", BrevoToken: "brevo token", Client: &http.Client{Transport: h}})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// RoundTrip stands in for Amazon, which no test may ask: it hands out the
// certificate that the test signs with.
func (h *house) RoundTrip(r *http.Request) (*http.Response, error) {
	h.asked = append(h.asked, r.URL.String())
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sns.amazonaws.com"}, NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(48 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &h.amazon.PublicKey, h.amazon)
	if err != nil {
		return nil, err
	}
	body := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return &http.Response{StatusCode: 200, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

func (h *house) post(path, body string, change func(*http.Request)) int {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w.Code
}

// willing says which readers still get mail: "0123" are all.
func (h *house) willing() (out string) {
	h.t.Helper()
	if err := h.store.Subscriptions(ctx, store.SubscriptionFilter{List: "l", State: digest.SubConfirmed}, func(s digest.Subscription) error {
		if _, err := h.store.SuppressionOf(ctx, s.Subscriber.Email); err != nil {
			out += strings.TrimSuffix(strings.TrimPrefix(s.Subscriber.Email, "reader"), "@example.org")
		}
		return nil
	}); err != nil {
		h.t.Fatal(err)
	}
	return out
}

// sns is a signed message of Amazon's.
func (h *house) sns(kind, message string, change func(map[string]string)) string {
	m := map[string]string{"Type": kind, "MessageId": "m-" + message, "TopicArn": topic, "Message": message, "Timestamp": h.now.Format("2006-01-02T15:04:05.000Z"), "SignatureVersion": "2",
		"SigningCertURL": "https://sns.eu-west-3.amazonaws.com/SimpleNotificationService-1.pem"}
	signed := "Message\n" + message + "\nMessageId\n" + m["MessageId"] + "\n"
	if kind == "SubscriptionConfirmation" {
		m["Token"], m["SubscribeURL"] = "tok", "https://sns.eu-west-3.amazonaws.com/?Action=ConfirmSubscription&Token=tok"
		signed += "SubscribeURL\n" + m["SubscribeURL"] + "\nTimestamp\n" + m["Timestamp"] + "\nToken\ntok\n"
	} else {
		m["Subject"] = "Amazon SES"
		signed += "Subject\nAmazon SES\nTimestamp\n" + m["Timestamp"] + "\n"
	}
	signed += "TopicArn\n" + topic + "\nType\n" + kind + "\n"
	sum := sha256.Sum256([]byte(signed))
	signature, _ := rsa.SignPKCS1v15(rand.Reader, h.amazon, crypto.SHA256, sum[:])
	m["Signature"] = base64.StdEncoding.EncodeToString(signature)
	if change != nil {
		change(m)
	}
	if m["SignatureVersion"] == "1" {
		sum := sha1.Sum([]byte(signed))
		signature, _ := rsa.SignPKCS1v15(rand.Reader, h.amazon, crypto.SHA1, sum[:])
		m["Signature"] = base64.StdEncoding.EncodeToString(signature)
	}
	body, _ := json.Marshal(m)
	return string(body)
}

func sesBounce(kind, sub, email, source, status, said string) string {
	return fmt.Sprintf(`{"notificationType":"Bounce","bounce":{"bounceType":%q,"bounceSubType":%q,"bouncedRecipients":[{"emailAddress":%q,"status":%q,"diagnosticCode":%q}]},"mail":{"source":%q}}`, kind, sub, email, status, said, source)
}

func TestAmazonIsBelievedWhenItSigned(t *testing.T) {
	h := newHouse(t)
	verp := "bounce+" + h.keys.SealBounce(h.edition, h.ids[0]) + "@news.example.org"
	dead := sesBounce("Permanent", "General", "other@forwarded.example", verp, "5.1.1", "smtp; 550 5.1.1 user unknown")
	for name, change := range map[string]func(map[string]string){
		"another message": func(m map[string]string) { m["Message"] = strings.Replace(dead, "other@", "victim@", 1) },
		"another topic":   func(m map[string]string) { m["TopicArn"] = topic + "2" },
		"a certificate of evil": func(m map[string]string) {
			m["SigningCertURL"] = "https://sns.eu-west-3.amazonaws.com.evil.example/a.pem"
		},
		"plain http":         func(m map[string]string) { m["SigningCertURL"] = "http://sns.eu-west-3.amazonaws.com/a.pem" },
		"an old time":        func(m map[string]string) { m["Timestamp"] = "2026-11-20T12:00:00.000Z" },
		"no signature":       func(m map[string]string) { m["Signature"] = "" },
		"an unknown version": func(m map[string]string) { m["SignatureVersion"] = "3" },
	} {
		if code := h.post("/hooks/ses", h.sns("Notification", dead, change), nil); code != http.StatusForbidden {
			t.Errorf("%s: %d", name, code)
		}
	}
	for _, address := range h.asked {
		if !strings.HasPrefix(address, "https://sns.eu-west-3.amazonaws.com/") {
			t.Errorf("%s was fetched", address)
		}
	}
	if h.willing() != "0123" {
		t.Fatalf("a forged notice did something: %s", h.willing())
	}
	for _, c := range []struct{ message, willing string }{
		{dead, "123"},
		{sesBounce("Permanent", "General", "reader1@example.org", "x@y.example", "5.7.1", "smtp; 550 5.7.1 message refused by policy"), "123"},
		{sesBounce("Transient", "MailboxFull", "reader1@example.org", "x@y.example", "5.2.2", "smtp; 552 mailbox full"), "123"},
		{sesBounce("Transient", "General", "reader1@example.org", "x@y.example", "4.4.7", "smtp; 550 4.4.7 expired"), "123"},
		{`{"notificationType":"Complaint","complaint":{"complaintFeedbackType":"not-spam","complainedRecipients":[{"emailAddress":"reader1@example.org"}]}}`, "123"},
		{`{"eventType":"Complaint","complaint":{"complaintFeedbackType":"abuse","complainedRecipients":[{"emailAddress":"Reader1@Example.org"}]}}`, "23"},
		{sesBounce("Permanent", "OnAccountSuppressionList", "reader2@example.org", "x@y.example", "", ""), "3"},
		{`{"notificationType":"Delivery"}`, "3"},
		{`Successfully validated SNS topic`, "3"},
	} {
		if code := h.post("/hooks/ses", h.sns("Notification", c.message, nil), nil); code != 200 || h.willing() != c.willing {
			t.Errorf("%s: %d, %s get mail, want %s", c.message, code, h.willing(), c.willing)
		}
	}
	if code := h.post("/hooks/ses", h.sns("Notification", dead, func(m map[string]string) { m["SignatureVersion"] = "1" }), nil); code != 200 {
		t.Errorf("a signature of version 1: %d", code)
	}
	if code := h.post("/hooks/ses", h.sns("SubscriptionConfirmation", "hello", nil), nil); code != 200 || !strings.Contains(h.asked[len(h.asked)-1], "ConfirmSubscription") {
		t.Errorf("confirming: %d %v", code, h.asked)
	}
}

// TestAReplayDoesNothing: whoever caught a notice cannot use it again, not even
// for another reader.
func TestAReplayDoesNothing(t *testing.T) {
	h := newHouse(t)
	stamp := strconv.FormatInt(noon.Unix(), 10)
	signed := func(event, email string) string {
		mac := hmac.New(sha256.New, []byte("mailgun key"))
		mac.Write([]byte(stamp + "tokentoken"))
		return fmt.Sprintf(`{"signature":{"timestamp":%q,"token":"tokentoken","signature":%q},"event-data":{"event":%q,"severity":"permanent","recipient":%q,"delivery-status":{"code":550,"message":"no such user"}}}`,
			stamp, hex.EncodeToString(mac.Sum(nil)), event, email)
	}
	for _, c := range []struct {
		email   string
		after   time.Duration
		code    int
		willing string
	}{{"reader0@example.org", 0, 200, "123"}, {"reader1@example.org", time.Hour, 200, "123"}, {"reader2@example.org", 30 * time.Hour, 403, "123"}} {
		h.now = noon.Add(c.after)
		if code := h.post("/hooks/mailgun", signed("failed", c.email), nil); code != c.code || h.willing() != c.willing {
			t.Errorf("%s: %d, %s", c.email, code, h.willing())
		}
	}
	if code := h.post("/hooks/mailgun", strings.Replace(signed("failed", "reader3@example.org"), "tokentoken", "othertoken", 1), nil); code != 403 {
		t.Errorf("another token under the same signature: %d", code)
	}
}

func TestMailgunSendGridPostmarkAndBrevo(t *testing.T) {
	h := newHouse(t)
	n := 0
	mailgun := func(event string) int {
		n++
		stamp, token := strconv.FormatInt(h.now.Unix(), 10), fmt.Sprint("token", n)
		mac := hmac.New(sha256.New, []byte("mailgun key"))
		mac.Write([]byte(stamp + token))
		return h.post("/hooks/mailgun", fmt.Sprintf(`{"signature":{"timestamp":%q,"token":%q,"signature":%q},"event-data":%s}`, stamp, token, hex.EncodeToString(mac.Sum(nil)), event), nil)
	}
	sendgrid := func(events string) int {
		stamp := strconv.FormatInt(h.now.Unix(), 10)
		sum := sha256.Sum256([]byte(stamp + events))
		signature, _ := ecdsa.SignASN1(rand.Reader, h.sendgrid, sum[:])
		return h.post("/hooks/sendgrid", events, func(r *http.Request) {
			r.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", stamp)
			r.Header.Set("X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature))
		})
	}
	postmark := func(body string) int {
		return h.post("/hooks/postmark", body, func(r *http.Request) { r.SetBasicAuth("zest", "postmark word") })
	}
	brevo := func(body string) int {
		return h.post("/hooks/brevo", body, func(r *http.Request) { r.Header.Set("Authorization", "Bearer brevo token") })
	}
	for _, c := range []struct {
		by            func(string) int
		body, willing string
	}{
		{mailgun, `{"event":"failed","severity":"temporary","recipient":"reader0@example.org","delivery-status":{"code":451,"message":"greylisted"}}`, "0123"},
		{mailgun, `{"event":"failed","severity":"permanent","recipient":"reader0@example.org","delivery-status":{"code":550,"message":"5.7.26 This mail has been blocked because the sender is unauthenticated."}}`, "0123"},
		{mailgun, `{"event":"failed","severity":"permanent","recipient":"reader0@example.org","delivery-status":{"code":550,"message":"5.1.1 The email account that you tried to reach does not exist."}}`, "123"},
		{sendgrid, `[{"email":"reader1@example.org","event":"delivered","sg_event_id":"1"},{"email":"reader1@example.org","event":"bounce","type":"blocked","reason":"550 spam","sg_event_id":"2"},{"email":"reader1@example.org","event":"deferred","sg_event_id":"3"}]`, "123"},
		{sendgrid, `[{"email":"reader1@example.org","event":"spamreport","sg_event_id":"4"}]`, "23"},
		{postmark, `{"RecordType":"Bounce","ID":1,"Type":"SoftBounce","Email":"reader2@example.org","Details":"452 over quota"}`, "23"},
		{postmark, `{"RecordType":"Bounce","ID":2,"Type":"Blocked","Email":"reader2@example.org"}`, "23"},
		{postmark, `{"RecordType":"Bounce","ID":3,"Type":"HardBounce","Email":"reader2@example.org","Details":"smtp;550 5.1.1 unknown"}`, "3"},
		{brevo, `{"event":"soft_bounce","email":"reader3@example.org","message-id":"<a>","ts_event":1}`, "3"},
		{brevo, `{"event":"unsubscribed","email":"reader3@example.org","message-id":"<a>","ts_event":2}`, ""},
	} {
		if code := c.by(c.body); code != 200 || h.willing() != c.willing {
			t.Errorf("%s: %d, %q get mail, want %q", c.body, code, h.willing(), c.willing)
		}
	}
	for name, code := range map[string]int{
		"postmark without a password":     h.post("/hooks/postmark", `{}`, nil),
		"postmark with a wrong one":       h.post("/hooks/postmark", `{}`, func(r *http.Request) { r.SetBasicAuth("zest", "postmark word2") }),
		"brevo without a token":           h.post("/hooks/brevo", `{}`, nil),
		"brevo with a wrong one":          h.post("/hooks/brevo", `{}`, func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }),
		"sendgrid without a signature":    h.post("/hooks/sendgrid", `[]`, nil),
		"mailgun without a signature":     h.post("/hooks/mailgun", `{}`, nil),
		"mailgun with an empty signature": h.post("/hooks/mailgun", fmt.Sprintf(`{"signature":{"timestamp":"%d","token":"x","signature":""}}`, noon.Unix()), nil),
	} {
		if code != http.StatusForbidden {
			t.Errorf("%s: %d", name, code)
		}
	}
	if code := postmark(`{"RecordType":`); code != http.StatusBadRequest {
		t.Errorf("half a notice: %d", code)
	}
	if code := postmark(strings.Repeat(" ", 5<<20)); code != http.StatusRequestEntityTooLarge {
		t.Errorf("a notice of 5 MiB: %d", code)
	}
	r := httptest.NewRequest("GET", "/hooks/postmark", nil)
	w := httptest.NewRecorder()
	if h.handler.ServeHTTP(w, r); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
}

func TestAProviderNobodyNamedIsNotListenedTo(t *testing.T) {
	handler, err := hooks.New(hooks.Options{BrevoToken: "x"})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if handler.ServeHTTP(w, httptest.NewRequest("POST", "/hooks/postmark", nil)); w.Code != http.StatusNotFound {
		t.Error(w.Code)
	}
	if _, err := hooks.New(hooks.Options{SendGridPublicKey: "bm90IGEga2V5"}); err == nil {
		t.Error("what is no key was taken for one")
	}
}
