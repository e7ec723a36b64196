package deliver_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

func refuseAt(at, code string) delivertest.Script {
	return delivertest.Script{Reply: func(_ delivertest.Session, verb string) string {
		if verb == at {
			return code
		}
		return ""
	}}
}

func alone(o *deliver.Options) { o.Connections = 1 }

func TestAProviderThatRefusesUsIsLeftAlone(t *testing.T) {
	for name, c := range map[string]struct {
		script delivertest.Script
		want   map[digest.Verdict]int
	}{
		"policy":      {refuseAt("RCPT", "550 5.7.1 blocked"), map[digest.Verdict]int{digest.VerdictFailed: 5, digest.VerdictDefer: 15}},
		"our message": {refuseAt(".", "554 5.6.0 bad message"), map[digest.Verdict]int{digest.VerdictFailed: 1, digest.VerdictDefer: 19}},
		"too big":     {refuseAt("RCPT", "552 5.3.4 too big for us"), map[digest.Verdict]int{digest.VerdictFailed: 1, digest.VerdictDefer: 19}},
		"its filter":  {refuseAt(".", "554 transaction failed"), map[digest.Verdict]int{digest.VerdictFailed: 1, digest.VerdictDefer: 19}},
		"full":        {refuseAt(".", "552 exceeded storage allocation"), map[digest.Verdict]int{digest.VerdictFailed: 20}},
		"not ASCII":   {refuseAt("RCPT", "553 5.6.7 no such addresses here"), map[digest.Verdict]int{digest.VerdictFailed: 20}},
		"throttled":   {refuseAt("RCPT", "450 4.7.28 unusual rate"), map[digest.Verdict]int{digest.VerdictDefer: 20}},
		"bad readers": {refuseAt("RCPT", "550 5.1.1 user unknown"), map[digest.Verdict]int{digest.VerdictSuppress: 20}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := delivertest.Start(t, c.script)
			f := newFeed(20)
			if err := sender(t, server, alone).Deliver(t.Context(), map[string]*deliver.Message{"fr": compile(t, proof)}, f); err != nil {
				t.Error(err)
			}
			if d := cmp.Diff(c.want, f.verdicts()); d != "" {
				t.Error(d)
			}
			if last := f.outcomes[20]; last.Verdict == digest.VerdictDefer && last.RetryAfter <= 0 {
				t.Errorf("deferred without saying until when: %+v", last)
			}
		})
	}
}

func TestARelayThatRefusesTheSenderEndsTheRunAndChargesNobody(t *testing.T) {
	server := delivertest.Start(t, refuseAt("MAIL", "550 5.7.26 unauthenticated"))
	f := newFeed(100)
	err := sender(t, server, alone).Deliver(t.Context(), map[string]*deliver.Message{"fr": compile(t, proof)}, f)
	var relay *digest.SendError
	if !errors.As(err, &relay) || relay.Stage != "mail" || relay.Enhanced != "5.7.26" {
		t.Errorf("%v", err)
	}
	if d := cmp.Diff(map[digest.Verdict]int{digest.VerdictDefer: 5}, f.verdicts()); d != "" {
		t.Error(d)
	}
}
