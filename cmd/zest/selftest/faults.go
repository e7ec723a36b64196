package selftest

import (
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

// fault is how the mail server treats a reader. Except for those that refuse for
// good, it does so at the reader's first message only.
type fault struct {
	name    string
	every   int // 1 in so many turns; those that cost seconds are rare
	status  digest.DeliveryStatus
	dead    bool                // the address is suppressed afterwards
	hangup  string              // close at this verb without an answer
	reply   map[string]string   // answer a verb so
	close   string              // close after the answer to this verb
	swallow bool                // take the message, and close without an answer
	trickle bool                // answer a byte at a time
	stall   map[string]struct{} // answer a verb after the client's patience
}

func at(verb string) map[string]struct{} { return map[string]struct{}{verb: {}} }

func say(verb, reply string) map[string]string { return map[string]string{verb: reply} }

// allFaults is every way to misbehave.
func allFaults() []fault {
	return []fault{
		{name: "honest"},
		{name: "trickle", trickle: true},
		{name: "drop-rcpt", hangup: "RCPT"},
		{name: "drop-data", hangup: "DATA"},
		{name: "drop-body", hangup: "body"},
		{name: "drop-end", hangup: "."},
		{name: "swallow", swallow: true},
		{name: "hangup", close: "."},
		{name: "421-rcpt", reply: say("RCPT", "421 4.3.2 shutting down")},
		{name: "421-end", reply: say(".", "421 4.3.2 shutting down")},
		{name: "greylist", reply: say("RCPT", "451 4.7.1 greylisted, come back later")},
		{name: "full", reply: say("RCPT", "452 4.2.2 mailbox full")},
		{name: "busy-end", reply: say(".", "451 4.3.0 try again")},
		{name: "garbage", reply: say("RCPT", "have a nice day")},
		{name: "huge", reply: say("RCPT", strings.Repeat("250-"+strings.Repeat("x", 200)+"\r\n", 300)+"250 ok")},
		{name: "refuse", reply: say("RCPT", "550 5.1.1 user unknown"), status: digest.DeliveryFailed, dead: true},
		{name: "policy", reply: say("RCPT", "550 5.7.1 blocked"), status: digest.DeliveryFailed},
		{name: "stall-rcpt", every: 8, stall: at("RCPT")},
		{name: "stall-end", every: 8, stall: at(".")},
	}
}

// faulty is the address of reader i: its local part says what happens to it.
func faulty(i int) string {
	all := allFaults()
	f, turn := all[i%len(all)], i/len(all)
	if f.every > 0 && turn%f.every != 0 {
		f = all[0]
	}
	return fmt.Sprintf("r%05d.%s@d%05d.example.org", i, f.name, i)
}

// faultOf is what happens to a reader.
func faultOf(email string) fault {
	local, _, _ := strings.Cut(email, "@")
	_, name, _ := strings.Cut(local, ".")
	for _, f := range allFaults() {
		if f.name == name {
			return f
		}
	}
	return fault{}
}

func afterFaults(email string) expectation {
	f := faultOf(email)
	if f.status == "" {
		return served
	}
	return expectation{status: f.status, suppressed: f.dead}
}

// faults scripts the mail server. MAIL names no reader yet: what goes wrong there
// is drawn by the envelope's sender, which is one reader's own.
func faults(s *stage) {
	// now is the fault of this step of this reader, if it has not had its turn.
	now := func(st delivertest.Session, step string, has func(fault) bool) (fault, bool) {
		email := address(st.To)
		f := faultOf(email)
		if !has(f) || f.status == "" && s.met(step, email) > 1 {
			return fault{}, false
		}
		return f, true
	}
	drawn := func(st delivertest.Session, verb, step string, lot uint32) bool {
		return verb == "MAIL" && crc32.ChecksumIEEE([]byte(st.From))%20 == lot && s.met(step, st.From) == 1
	}
	s.script.Reply = func(st delivertest.Session, verb string) string {
		if drawn(st, verb, "421", 0) {
			return "421 4.3.2 shutting down"
		}
		f, on := now(st, "reply "+verb, func(f fault) bool { return f.reply[verb] != "" })
		if !on {
			return ""
		}
		return f.reply[verb]
	}
	s.script.Hangup = func(st delivertest.Session, verb string) bool {
		if drawn(st, verb, "hangup", 1) {
			return true
		}
		_, on := now(st, "hangup "+verb, func(f fault) bool { return f.hangup == verb })
		return on
	}
	s.script.AfterReply = func(st delivertest.Session, verb string) bool {
		_, on := now(st, "close "+verb, func(f fault) bool { return f.close == verb })
		return on
	}
	s.script.Swallow = func(st delivertest.Session) bool {
		_, on := now(st, "swallow", func(f fault) bool { return f.swallow })
		return on
	}
	s.script.Trickle = func(st delivertest.Session, verb string) bool {
		return verb != "DATA" && faultOf(address(st.To)).trickle
	}
	s.script.Wait = func(st delivertest.Session, verb string) time.Duration {
		if _, on := now(st, "stall "+verb, func(f fault) bool { _, ok := f.stall[verb]; return ok }); on {
			return 3 * time.Second
		}
		return 0
	}
}
