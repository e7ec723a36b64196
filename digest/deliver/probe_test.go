package deliver_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

func TestProbingNamesNoAddress(t *testing.T) {
	server := delivertest.Start(t, delivertest.Script{Extensions: []string{"PIPELINING", "CHUNKING", "SIZE 10240000", "SMTPUTF8"}})
	got, err := sender(t, server, nil).Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(deliver.Capabilities{Pipelining: true, Chunking: true, SMTPUTF8: true, Size: "10240000"}, got); d != "" {
		t.Error(d)
	}
	if slices.ContainsFunc(server.Commands(), func(c string) bool { return strings.HasPrefix(c, "MAIL") || strings.HasPrefix(c, "RCPT") }) {
		t.Error(server.Commands())
	}
}

func TestProbingARelayThatRefusesSaysSo(t *testing.T) {
	server := delivertest.Start(t, delivertest.Script{Banner: "554 5.7.1 go away"})
	_, err := sender(t, server, nil).Probe(t.Context())
	var relay *digest.SendError
	if !errors.As(err, &relay) || relay.Stage != "connect" {
		t.Errorf("%v", err)
	}
}
