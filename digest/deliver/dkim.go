package deliver

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/zest-digest/zest/digest"
)

// DKIM signs messages (RFC 6376). go-mail's own signer breaks once
// List-Unsubscribe is signed, so go-msgauth does it.
type DKIM struct{ options dkim.SignOptions }

// signed are the fields under the signature. A field named once more than it
// stands cannot be added afterwards (RFC 6376 sections 5.4 and 8.15).
var signed = []string{
	"From", "From", "To", "To", "Cc", "Subject", "Subject", "Date", "Date", "Message-ID", "Message-ID", "Reply-To", "Reply-To", "MIME-Version",
	"Content-Type", "Content-Type", "List-Id", "List-Id", "List-Unsubscribe", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Unsubscribe-Post",
	"List-Archive", "Feedback-ID", "Feedback-ID", "Auto-Submitted", "Precedence",
}

// NewDKIM makes a signer from a private key in PEM: RSA of 1024 bits or more, or
// Ed25519 (RFC 8463).
func NewDKIM(domain, selector string, key []byte) (*DKIM, error) {
	invalid := func(reason string) error { return &digest.InvalidError{Field: "dkim.key", Reason: reason} }
	block, _ := pem.Decode(key)
	if block == nil {
		return nil, invalid("is not a key in PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		if parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return nil, invalid("is neither a PKCS#8 nor an RSA private key")
		}
	}
	switch k := parsed.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < 1024 {
			return nil, invalid("is shorter than the 1024 bits that receivers accept (RFC 8301); use 2048")
		}
	case ed25519.PrivateKey:
	default:
		return nil, invalid("is neither RSA nor Ed25519")
	}
	return &DKIM{dkim.SignOptions{
		Domain: domain, Selector: selector, Signer: parsed.(crypto.Signer), Hash: crypto.SHA256,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed, HeaderKeys: signed,
	}}, nil
}

// sign puts the signature before a message.
func (d *DKIM) sign(message []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(message) + 2048)
	if err := dkim.Sign(&b, bytes.NewReader(message), &d.options); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
