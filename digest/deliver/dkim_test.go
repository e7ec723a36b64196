package deliver_test

import (
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

func key(t *testing.T, selector string, kind deliver.KeyKind) (*deliver.DKIM, string) {
	t.Helper()
	private, record, err := deliver.NewKey(kind)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := deliver.NewDKIM("example.org", selector, private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, record
}

// signed is a message as a server got it.
func signed(t *testing.T, signer *deliver.DKIM) string {
	t.Helper()
	server := delivertest.Start(t, delivertest.Script{})
	if err := sender(t, server, func(o *deliver.Options) { o.Signer = signer }).Deliver(t.Context(), map[string]*deliver.Message{"fr": compile(t, proof)}, newFeed(1)); err != nil {
		t.Fatal(err)
	}
	return server.Messages()[0].Data
}

func TestBothSignaturesVerifyWithTheRecordsThatWerePrinted(t *testing.T) {
	rsa, rsaRecord := key(t, "r", deliver.KeyRSA)
	ed, edRecord := key(t, "e", deliver.KeyEd25519)
	records := map[string]string{"r._domainkey.example.org": rsaRecord, "e._domainkey.example.org": edRecord}
	raw := signed(t, rsa.With(ed))
	lookup := func(name string) ([]string, error) { return []string{records[name]}, nil }
	got, err := dkim.VerifyWithOptions(strings.NewReader(raw), &dkim.VerifyOptions{LookupTXT: lookup})
	if err != nil || len(got) != 2 {
		t.Fatalf("%d signatures, %v", len(got), err)
	}
	for _, v := range got {
		if v.Err != nil || v.Identifier != "@example.org" {
			t.Errorf("%+v", v)
		}
	}
}
