package deliver

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/zest-digest/zest/digest"
)

// TestRepliesAndWhatTheyMean goes through the kinds of replies as their senders
// document them.
func TestRepliesAndWhatTheyMean(t *testing.T) {
	const sup, fail, retry, later = digest.VerdictSuppress, digest.VerdictFailed, digest.VerdictRetry, digest.VerdictDefer
	for _, c := range []struct {
		at     stage
		code   int
		text   string
		want   digest.Verdict
		blame  blame
		strike digest.Strike
	}{
		// 421 and broken connections: the host backs off, nobody is charged.
		{stageRcpt, 421, "4.3.2 shutting down", later, aboutReader, ""},
		// Greylisting: soon again, same envelope.
		{stageRcpt, 450, "4.7.1 greylisted", retry, aboutReader, ""},
		{stageRcpt, 450, "4.7.0 Greylisted, come back", retry, aboutReader, ""},
		// Temporary of any kind: until the edition expires.
		{stageRcpt, 452, "4.2.2 full", retry, aboutReader, ""},
		{stageRcpt, 450, "4.2.1 mailbox disabled", retry, aboutReader, ""},
		{stageEnd, 451, "4.3.0 queue file write error", retry, aboutReader, ""},
		{stageEnd, 451, "4.4.1 no answer from host", retry, aboutReader, ""},
		{stageRcpt, 452, "4.5.3 too many recipients", retry, aboutReader, ""},
		{stageEnd, 451, "try later", retry, aboutReader, ""},
		{stageRcpt, 450, "4.7.2 not a provider's code", retry, aboutReader, ""},
		// Throttled: the provider as a whole, and nobody is charged.
		{stageEnd, 421, "4.7.28 unusual rate of mail", later, tooFast, ""},
		{stageRcpt, 451, "4.7.32 from header not aligned", later, tooFast, ""},
		{stageRcpt, 421, "4.7.40 no DMARC", later, tooFast, ""},
		{stageRcpt, 451, "4.7.650 temporarily rate limited", later, tooFast, ""},
		{stageMail, 421, "RP-001 (RP-001) The mail server has exceeded the rate limit", later, tooFast, ""},
		{stageMail, 421, "4.7.0 [TSS04] Messages temporarily deferred", later, tooFast, ""},
		{stageMail, 451, "[TSS05] try again", later, tooFast, ""},
		// The address is dead.
		{stageRcpt, 550, "5.1.1 mailbox not found", sup, aboutReader, ""},
		{stageRcpt, 553, "5.1.3 bad address", sup, aboutReader, ""},
		{stageRcpt, 551, "5.1.6 moved", sup, aboutReader, ""},
		{stageRcpt, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound", sup, aboutReader, ""},
		{stageRcpt, 550, "No such user here", sup, aboutReader, ""},
		{stageRcpt, 550, "User unknown", sup, aboutReader, ""},
		{stageEnd, 550, "5.1.1 said too late to be sure of whom", fail, aboutReader, ""},
		// Dead if it says so again.
		{stageRcpt, 550, "5.1.2 bad domain", fail, aboutReader, digest.StrikeDomain},
		{stageRcpt, 550, "5.2.1 account disabled", fail, aboutReader, digest.StrikeDisabled},
		{stageRcpt, 550, "5.2.1 receiving mail at a rate that", retry, aboutReader, ""},
		{stageRcpt, 552, "5.2.2 mailbox full", fail, aboutReader, digest.StrikeFull},
		{stageEnd, 552, "5.2.2 over quota", fail, aboutReader, digest.StrikeFull},
		// Our message: the others there get no other answer.
		{stageMail, 552, "5.3.4 too big", later, aboutUs, ""},
		{stageRcpt, 552, "5.3.4 too big for them", fail, aboutMessage, ""},
		{stageEnd, 554, "5.6.0 bad message", fail, aboutMessage, ""},
		{stageEnd, 552, "too much mail data", fail, aboutMessage, ""},
		{stageData, 554, "no valid recipients", fail, aboutMessage, ""},
		{stageEnd, 552, "Requested mail action aborted: exceeded storage allocation", fail, aboutReader, digest.StrikeFull},
		{stageEnd, 552, "mailbox is over quota", fail, aboutReader, digest.StrikeFull},
		{stageRcpt, 553, "5.6.7 no internationalised addresses", fail, aboutReader, ""},
		{stageEnd, 554, "5.6.9 UTF-8 header cannot be passed on", fail, aboutReader, ""},
		{stageRcpt, 554, "refused", fail, aboutReader, ""},
		// Us: never the address, whatever the words.
		{stageRcpt, 550, "5.7.1 user unknown to our policy", fail, aboutUs, ""},
		{stageEnd, 550, "5.7.515 access denied", fail, aboutUs, ""},
		{stageRcpt, 501, "5.5.4 bad parameter", fail, aboutUs, ""},
		{stageRcpt, 550, "5.4.5 quota of the sender", fail, aboutUs, ""},
		{stageMail, 550, "5.7.26 unauthenticated", later, aboutUs, ""},
		{stageMail, 550, "user unknown", later, aboutUs, ""},
		// What nobody can read decides nothing.
		{stageEnd, 299, "what?", retry, aboutReader, ""},
	} {
		enhanced, reply := split(c.text)
		if got := judge(c.at, c.code, enhanced, reply); got.verdict != c.want || got.blame != c.blame || got.strike != c.strike {
			t.Errorf("%d %s at %s: %s, %q, %q; want %s, %q, %q", c.code, c.text, c.at, got.verdict, got.blame, got.strike, c.want, c.blame, c.strike)
		}
	}
}

func FuzzReplies(f *testing.F) {
	f.Add(550, "5.1.1 user\r\nunknown")
	f.Add(99, strings.Repeat("é", 500))
	f.Fuzz(func(t *testing.T, code int, text string) {
		enhanced, reply := split(text)
		if !utf8.ValidString(reply) || utf8.RuneCountInString(reply) > 200 || strings.ContainsAny(reply, "\r\n") {
			t.Errorf("%q", reply)
		}
		v := judge(stageRcpt, code, enhanced, reply)
		if strings.HasPrefix(enhanced, "5.7.") && (v.verdict == digest.VerdictSuppress || v.strike != "") {
			t.Error("a policy closed an address")
		}
	})
}
