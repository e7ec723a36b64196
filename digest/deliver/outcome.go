package deliver

import (
	"regexp"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// stage is how far a transaction had come.
type stage string

const (
	stageConnect stage = "connect"
	stageLogin   stage = "login"
	stageMail    stage = "mail"
	stageRcpt    stage = "rcpt"
	stageData    stage = "data"
	stageEnd     stage = "end" // the message was written; its reply is awaited
)

var enhancedCode = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})\b`)

// blame says whom a refusal is about, besides what becomes of this reader.
type blame string

const (
	aboutReader  blame = ""         // this address, or nobody: nothing follows for the others
	aboutUs      blame = "sender"   // our reputation, policy or set-up
	aboutMessage blame = "message"  // what we send: every reader there gets the same answer
	tooFast      blame = "throttle" // the provider slows us down
)

// rule is a row of the table from replies to what follows. Empty fields match
// all; the first row that matches decides.
type rule struct {
	class    int // first digit of the code
	code     int // the whole code, 0 for any
	enhanced string
	words    string // lower-case words in the reply
	at       stage
	verdict  digest.Verdict
	blame    blame
	strike   digest.Strike // how often it takes to close the address, when once is not enough
}

// table says what a reply means (RFC 5321 section 4.2, RFC 3463, and what the
// big providers document). A wrong guess is worse than no guess: only codes that
// speak of the mailbox itself close an address, and 5.7.x, which speaks of us,
// never does.
var table = []rule{
	{class: 4, words: "greylist", verdict: digest.VerdictRetry},
	{class: 4, words: "graylist", verdict: digest.VerdictRetry},
	// The provider slows us down: Gmail's, Microsoft's and Yahoo's words for it.
	// No reader is charged for that.
	{class: 4, enhanced: "4.7.0", verdict: digest.VerdictDefer, blame: tooFast},
	{class: 4, enhanced: "4.7.2x", verdict: digest.VerdictDefer, blame: tooFast},
	{class: 4, enhanced: "4.7.3x", verdict: digest.VerdictDefer, blame: tooFast},
	{class: 4, enhanced: "4.7.40", verdict: digest.VerdictDefer, blame: tooFast},
	{class: 4, enhanced: "4.7.650", verdict: digest.VerdictDefer, blame: tooFast},
	{class: 4, words: "(rp-00", verdict: digest.VerdictDefer, blame: tooFast},
	{class: 4, words: "[tss", verdict: digest.VerdictDefer, blame: tooFast}, // Yahoo's
	{class: 4, code: 421, verdict: digest.VerdictDefer},                     // the server closes; nobody is charged
	{class: 4, verdict: digest.VerdictRetry},                                // until the edition expires

	{class: 5, at: stageMail, verdict: digest.VerdictDefer, blame: aboutUs},     // no reader was named yet
	{class: 5, enhanced: "5.7.", verdict: digest.VerdictFailed, blame: aboutUs}, // policy
	{class: 5, enhanced: "5.5.", verdict: digest.VerdictFailed, blame: aboutUs}, // protocol
	{class: 5, enhanced: "5.4.5", verdict: digest.VerdictFailed, blame: aboutUs},

	// Addresses beyond ASCII (RFC 6531 section 4.2): who has another kind is served.
	{class: 5, enhanced: "5.6.7", verdict: digest.VerdictFailed},
	{class: 5, enhanced: "5.6.8", verdict: digest.VerdictFailed},
	{class: 5, enhanced: "5.6.9", verdict: digest.VerdictFailed},

	// Our message (RFC 3463 sections 3.4 and 3.7): the address is fine, and the
	// others there need not be tried. The first to say so stops the edition there.
	{class: 5, enhanced: "5.3.4", verdict: digest.VerdictFailed, blame: aboutMessage},
	{class: 5, enhanced: "5.6.", verdict: digest.VerdictFailed, blame: aboutMessage},

	{class: 5, enhanced: "5.2.1", words: "rate", verdict: digest.VerdictRetry}, // Gmail: "receiving mail at a rate that…"
	{class: 5, enhanced: "5.2.1", at: stageRcpt, verdict: digest.VerdictFailed, strike: digest.StrikeDisabled},
	{class: 5, enhanced: "5.2.2", verdict: digest.VerdictFailed, strike: digest.StrikeFull},
	{class: 5, enhanced: "5.1.2", at: stageRcpt, verdict: digest.VerdictFailed, strike: digest.StrikeDomain},
	{class: 5, enhanced: "5.1.1", at: stageRcpt, verdict: digest.VerdictSuppress},
	{class: 5, enhanced: "5.1.3", at: stageRcpt, verdict: digest.VerdictSuppress},
	{class: 5, enhanced: "5.1.6", at: stageRcpt, verdict: digest.VerdictSuppress},
	{class: 5, enhanced: "5.1.10", at: stageRcpt, verdict: digest.VerdictSuppress},
	{class: 5, words: "user unknown", at: stageRcpt, verdict: digest.VerdictSuppress},
	{class: 5, words: "no such user", at: stageRcpt, verdict: digest.VerdictSuppress},

	// Servers without enhanced codes. 552 was a full mailbox's before it was a big
	// message's (RFC 5321 section 4.2.2).
	{class: 5, code: 552, words: "storage", verdict: digest.VerdictFailed, strike: digest.StrikeFull},
	{class: 5, code: 552, words: "quota", verdict: digest.VerdictFailed, strike: digest.StrikeFull},
	{class: 5, code: 552, words: "mailbox", verdict: digest.VerdictFailed, strike: digest.StrikeFull},
	{class: 5, code: 552, at: stageData, verdict: digest.VerdictFailed, blame: aboutMessage},
	{class: 5, code: 552, at: stageEnd, verdict: digest.VerdictFailed, blame: aboutMessage},
	{class: 5, code: 554, at: stageData, verdict: digest.VerdictFailed, blame: aboutMessage},
	{class: 5, code: 554, at: stageEnd, verdict: digest.VerdictFailed, blame: aboutMessage},
	{class: 5, verdict: digest.VerdictFailed},
}

// judge reads a refusal.
func judge(at stage, code int, enhanced, reply string) rule {
	low := strings.ToLower(reply)
	for _, r := range table {
		if r.class == code/100 && (r.code == 0 || r.code == code) && (r.at == "" || r.at == at) && strings.Contains(low, r.words) && matches(enhanced, r.enhanced) {
			return r
		}
	}
	return rule{verdict: digest.VerdictRetry} // a reply nobody can read is not a decision
}

// matches compares an enhanced status with a whole one, with the beginning of
// one that ends in a dot, or with one whose last digit is an x.
func matches(enhanced, want string) bool {
	if tens, any := strings.CutSuffix(want, "x"); any {
		return len(enhanced) == len(want) && strings.HasPrefix(enhanced, tens)
	}
	return enhanced == want || want == "" || strings.HasSuffix(want, ".") && strings.HasPrefix(enhanced, want)
}

// split takes the enhanced status off the front of a reply's text, and makes
// the rest fit for a ledger: one line, at most 200 characters.
func split(text string) (enhanced, reply string) {
	reply = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if m := enhancedCode.FindString(reply); m != "" {
		enhanced = m
	}
	return enhanced, shorten(reply)
}

// shorten keeps what a ledger's line has room for.
func shorten(reply string) string {
	if r := []rune(reply); len(r) > 200 {
		return string(r[:199]) + "…"
	}
	return reply
}
