package deliver

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"

	"github.com/zest-digest/zest/digest"
)

// DKIM signs messages (RFC 6376).
type DKIM struct{ keys []signingKey }

// signingKey is a key and the name that it is published under.
type signingKey struct {
	domain, selector string
	signer           crypto.Signer
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
	return &DKIM{[]signingKey{{domain, selector, parsed.(crypto.Signer)}}}, nil
}

// With is a signer that puts both signatures on a message: RSA for everyone and
// Ed25519 for those who know it (RFC 8463 section 3). Yahoo does not promise to
// pass DMARC when one of two aligned signatures fails, so nothing does this
// unasked.
func (d *DKIM) With(second *DKIM) *DKIM { return &DKIM{slices.Concat(d.keys, second.keys)} }

// KeyKind is the algorithm of a DKIM key.
type KeyKind string

// The kinds of keys.
const (
	KeyRSA     KeyKind = "rsa"     // 2048 bits: what every receiver verifies
	KeyEd25519 KeyKind = "ed25519" // RFC 8463; beside an RSA key, never alone
)

// NewKey makes a private key in PKCS#8 PEM, and the value of the TXT record that
// goes under <selector>._domainkey.<domain> (RFC 6376 section 3.6.1). A DNS
// server wants a value of more than 255 bytes as several strings.
func NewKey(kind KeyKind) (private []byte, record string, err error) {
	var key, public any
	switch kind {
	case KeyRSA:
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, "", fmt.Errorf("making a key: %w", err)
		}
		key, public = k, &k.PublicKey
	case KeyEd25519:
		p, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, "", fmt.Errorf("making a key: %w", err)
		}
		key, public = k, p
	default:
		return nil, "", &digest.InvalidError{Field: "key", Value: string(kind), Reason: "is neither rsa nor ed25519"}
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, "", fmt.Errorf("writing a key: %w", err)
	}
	record, err = keyRecord(public)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), record, err
}

// keyRecord is the text of the TXT record that publishes a key (RFC 6376
// section 3.6.1).
func keyRecord(public crypto.PublicKey) (string, error) {
	kind := KeyRSA
	raw, bare := public.(ed25519.PublicKey) // RFC 8463 section 4: the 32 bytes alone
	if bare {
		kind = KeyEd25519
	} else {
		var err error
		if raw, err = x509.MarshalPKIXPublicKey(public); err != nil {
			return "", fmt.Errorf("writing a key: %w", err)
		}
	}
	return "v=DKIM1; k=" + string(kind) + "; p=" + base64.StdEncoding.EncodeToString(raw), nil
}

// Published is what the DNS must say of one of our keys.
type Published struct{ Domain, Selector, Record string }

// Published lists the records that go with the keys a signer uses. A nil signer
// has none.
func (d *DKIM) Published() ([]Published, error) {
	if d == nil {
		return nil, nil
	}
	var out []Published
	for _, k := range d.keys {
		record, err := keyRecord(k.signer.Public())
		if err != nil {
			return nil, err
		}
		out = append(out, Published{k.domain, k.selector, record})
	}
	return out, nil
}
