package deliver

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// signable is what of a message is the same for every reader, made ready for
// signing: canonicalised "relaxed" (RFC 6376 sections 3.4.2 and 3.4.4), and
// hashed up to the first place that is one reader's.
type signable struct {
	prefix   hash.Cloner // of the body, the first segment written
	segments [][]byte    // of the body; shared with the message where they are the same
	header   []byte      // the shared fields
	names    [2][]byte   // what h= lists, without and with a link to leave
}

// oversigned are named in h= once more than they stand, so that none can be
// added (RFC 6376 sections 5.4 and 8.15). Every field that stands is signed.
const oversigned = "From:To:Cc:Subject:Date:Message-ID:Reply-To:MIME-Version:Content-Type:Content-Transfer-Encoding:" +
	"List-Id:List-Unsubscribe:List-Unsubscribe-Post:Feedback-ID"

// prepare makes a message ready for signing.
func (m *Message) prepare() error {
	for i, s := range m.segments {
		text := s.text
		if i == len(m.segments)-1 {
			text = trimEnd(text) // empty lines at the end of the body do not count
		}
		m.sign.segments = append(m.sign.segments, relaxBody(nil, text))
	}
	h, ok := sha256.New().(hash.Cloner)
	if !ok {
		return fmt.Errorf("this SHA-256 cannot be cloned")
	}
	h.Write(m.sign.segments[0])
	m.sign.prefix = h
	m.sign.header = relaxHeader(nil, m.header)
	for i := range m.sign.names {
		own, err := m.appendHeader(nil, &digest.Reader{OneClick: strings.Repeat("x", i)})
		if err != nil {
			return err
		}
		m.sign.names[i] = foldNames(fieldNames(own) + ":" + fieldNames(m.header) + ":" + oversigned)
	}
	return nil
}

// sign puts the signatures before the message in a letter.
func (d *DKIM) sign(m *Message, l *letter) error {
	body, err := m.bodyHash(l)
	if err != nil {
		return err
	}
	own := l.own()
	names := m.sign.names[0]
	if bytes.Contains(own, []byte("\r\nList-Unsubscribe:")) {
		names = m.sign.names[1]
	}
	fields := append(relaxHeader(make([]byte, 0, 2048), own), m.sign.header...)
	for _, k := range d.keys {
		field, err := k.signature(fields, names, body)
		if err != nil {
			return fmt.Errorf("signing for %s: %w", k.domain, err)
		}
		l.prepend(field)
	}
	return nil
}

// bodyHash hashes what comes after the shared beginning: the reader's values,
// and the segments between them.
func (m *Message) bodyHash(l *letter) ([]byte, error) {
	h, err := m.sign.prefix.Clone()
	if err != nil {
		return nil, fmt.Errorf("hashing the body: %w", err)
	}
	var scratch [256]byte
	for i, segment := range m.sign.segments[1:] {
		h.Write(relaxBody(scratch[:0], l.values[l.places[i].from:l.places[i].to]))
		h.Write(segment)
	}
	return h.Sum(nil), nil
}

// signature is the DKIM-Signature field over canonicalised fields. It has no t=:
// the same message is the same bytes on every attempt.
func (k signingKey) signature(fields, names, body []byte) ([]byte, error) {
	algorithm, options := "rsa-sha256", crypto.SignerOpts(crypto.SHA256)
	if _, ed := k.signer.(ed25519.PrivateKey); ed {
		algorithm, options = "ed25519-sha256", crypto.Hash(0) // RFC 8463 section 3 signs the hash itself
	}
	b := make([]byte, 0, 1536)
	b = append(b, "DKIM-Signature: v=1; a="+algorithm+"; c=relaxed/relaxed; d="...)
	b = append(append(append(append(b, k.domain...), "; s="...), k.selector...), ";\r\n i=@"...)
	b = append(append(append(b, k.domain...), ";\r\n h="...), names...)
	b = base64.StdEncoding.AppendEncode(append(b, ";\r\n bh="...), body)
	b = append(b, ";\r\n b="...)
	// The field signs itself, with an empty b= and without its end (section 3.7).
	h := sha256.New()
	h.Write(fields)
	h.Write(relaxHeader(make([]byte, 0, len(b)), b))
	signed, err := k.signer.Sign(rand.Reader, h.Sum(nil), options)
	if err != nil {
		return nil, err
	}
	value := base64.StdEncoding.EncodeToString(signed)
	for len(value) > 72 {
		b = append(append(b, value[:72]...), "\r\n "...)
		value = value[72:]
	}
	return append(append(b, value...), "\r\n"...), nil
}

// fieldNames lists the names of the fields of a header, in order.
func fieldNames(header []byte) string {
	var names strings.Builder
	for line := range bytes.SplitAfterSeq(header, []byte("\n")) {
		if len(line) == 0 || line[0] == ' ' || line[0] == '\t' {
			continue
		}
		name, _, _ := bytes.Cut(line, []byte(":"))
		if names.Len() > 0 {
			names.WriteByte(':')
		}
		names.Write(name)
	}
	return names.String()
}

// foldNames breaks a list of names into lines; h= may have white space around
// its colons (RFC 6376 section 3.5).
func foldNames(names string) []byte {
	out := make([]byte, 0, len(names)+32)
	column := 3
	for name := range strings.SplitSeq(names, ":") {
		if column > 3 {
			out = append(out, ':')
			if column++; column+len(name) > 74 {
				out = append(out, "\r\n "...)
				column = 3
			}
		}
		out = append(out, name...)
		column += len(name)
	}
	return out
}
