package deliver

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/zest-digest/zest/digest"
)

func TestRepliesAndWhatTheyMean(t *testing.T) {
	for _, c := range []struct {
		at   stage
		code int
		text string
		want digest.Verdict
	}{
		{stageRcpt, 550, "5.1.1 mailbox not found", digest.VerdictSuppress},
		{stageRcpt, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound", digest.VerdictSuppress},
		{stageRcpt, 550, "No such user here", digest.VerdictSuppress},
		{stageEnd, 550, "5.1.1 said too late to be sure of whom", digest.VerdictFailed},
		{stageRcpt, 550, "5.2.1 receiving mail at a rate that", digest.VerdictRetry},
		{stageRcpt, 552, "5.2.2 mailbox full", digest.VerdictFailed},
		{stageRcpt, 550, "5.7.1 user unknown to our policy", digest.VerdictFailed},
		{stageMail, 550, "5.7.26 unauthenticated", digest.VerdictDefer},
		{stageMail, 550, "user unknown", digest.VerdictDefer},
		{stageEnd, 421, "4.7.28 unusual rate of mail", digest.VerdictDefer},
		{stageRcpt, 451, "4.7.650 temporarily rate limited", digest.VerdictDefer},
		{stageRcpt, 450, "4.7.0 Greylisted, come back", digest.VerdictRetry},
		{stageMail, 421, "RP-001 (RP-001) The mail server has exceeded the rate limit", digest.VerdictDefer},
		{stageRcpt, 450, "4.7.2 not a provider's code", digest.VerdictRetry},
		{stageEnd, 554, "5.6.0 bad message", digest.VerdictFailed},
		{stageRcpt, 450, "4.7.1 greylisted", digest.VerdictRetry},
		{stageRcpt, 452, "4.2.2 full", digest.VerdictRetry},
		{stageEnd, 451, "try later", digest.VerdictRetry},
		{stageEnd, 299, "what?", digest.VerdictRetry},
	} {
		enhanced, reply := split(c.text)
		if got := verdict(c.at, c.code, enhanced, reply); got != c.want {
			t.Errorf("%d %s at %s: %s, want %s", c.code, c.text, c.at, got, c.want)
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
		v := verdict(stageRcpt, code, enhanced, reply)
		if strings.HasPrefix(enhanced, "5.7.") && v == digest.VerdictSuppress {
			t.Error("a policy closed an address")
		}
	})
}
