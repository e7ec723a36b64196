package deliver

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestProvidersAreTheirDomainsAndWhomTheyHost(t *testing.T) {
	for email, want := range map[string]string{
		"a@gmail.com": "gmail", "a@Hotmail.FR": "microsoft", "a@outlook.com.br": "microsoft", "a@live.co.uk": "microsoft", "a@yahoo.fr": "yahoo", "a@me.com": "apple",
		"a@wanadoo.fr": "orange", "a@free.fr": "free", "a@neuf.fr": "sfr", "a@laposte.net": "laposte",
		"a@live.example.someone.org": "live.example.someone.org", "a@gmail.com.example.org": "gmail.com.example.org", "a@mairie.example": "mairie.example",
	} {
		if got := newGrouping(false).of(email); got != want {
			t.Errorf("%s: %s, want %s", email, got, want)
		}
	}
	g := &grouping{lookup: func(_ context.Context, domain string) ([]*net.MX, error) {
		return map[string][]*net.MX{"mairie.example": {{Host: "mx1.mail.ovh.net."}}, "school.example": {{Host: "ASPMX.L.GOOGLE.com."}}, "evil.example": {{Host: "notgoogle.com."}}}[domain], nil
	}}
	for email, want := range map[string]string{"a@mairie.example": "ovh", "a@school.example": "gmail", "a@evil.example": "evil.example", "a@nowhere.example": "nowhere.example"} {
		first := g.of(email)
		got := first
		for range 200 {
			if got = g.of(email); got == want && got != first {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", email, got, want)
		}
	}
	if ProviderPage("gmail") == "" || ProviderPage("mairie.example") != "" {
		t.Error("pages")
	}
}

func reader(id int, domain string) *digest.Reader {
	return &digest.Reader{Subscriber: digest.SubscriberID(id), Email: fmt.Sprintf("r%d@%s", id, domain)}
}

func policyOf(o Traffic) *traffic { return newTraffic(o, newGrouping(false).of) }

func TestARateHoldsOneProviderAndNobodyElse(t *testing.T) {
	p := policyOf(Traffic{Limits: map[string]Limit{"orange": {Rate: 2}}})
	var waits []time.Duration
	for i := range 6 {
		a := p.before(reader(i, "orange.fr"), noon)
		waits = append(waits, a.wait+a.hold)
	}
	for i, w := range waits {
		if want := time.Duration(i) * 500 * time.Millisecond; w != want {
			t.Errorf("the turn of reader %d is in %s, want %s", i, w, want)
		}
	}
	// A turn that was given out is kept, and costs no other.
	if a := p.before(reader(5, "wanadoo.fr"), noon.Add(2500*time.Millisecond)); a.hold != 0 || a.wait != 0 {
		t.Errorf("%+v", a)
	}
	if a := p.before(reader(7, "sfr.fr"), noon); a != (admission{}) {
		t.Errorf("another provider waits: %+v", a)
	}
}

func TestConnectionsToAProviderAreBounded(t *testing.T) {
	p := policyOf(Traffic{Limits: map[string]Limit{"*": {Connections: 2}}})
	for i := range 2 {
		if a := p.before(reader(i, "sfr.fr"), noon); a != (admission{}) {
			t.Errorf("%d: %+v", i, a)
		}
	}
	if a := p.before(reader(2, "neuf.fr"), noon); !a.again || a.wait == 0 {
		t.Errorf("a third goes at once: %+v", a)
	}
	p.after(reader(0, "sfr.fr"), stageEnd, digest.Outcome{Verdict: digest.VerdictSent, Code: 250, At: noon})
	if a := p.before(reader(2, "neuf.fr"), noon); a != (admission{}) {
		t.Errorf("it waits though one has ended: %+v", a)
	}
}

func TestARateSlowsByItselfAndClimbsBack(t *testing.T) {
	p := policyOf(Traffic{Adaptive: true})
	now := noon
	send := func(id int) admission { return p.before(reader(id, "gmail.com"), now) }
	taken := func(id int) {
		p.after(reader(id, "gmail.com"), stageEnd, digest.Outcome{Verdict: digest.VerdictSent, Code: 250, At: now})
	}
	for i := range 400 { // 100 a second
		now = now.Add(10 * time.Millisecond)
		if a := send(i); a.wait > 0 || a.hold > 0 {
			t.Fatalf("held without a limit: %+v", a)
		}
		taken(i)
	}
	refuse := func(enhanced, reply string, code int) {
		p.after(reader(1, "gmail.com"), stageEnd, digest.Outcome{Verdict: digest.VerdictDefer, Code: code, Enhanced: enhanced, Reply: reply, At: now})
	}
	refuse("4.2.2", "4.2.2 mailbox full", 452)
	refuse("4.7.1", "4.7.1 greylisted", 451)
	if f := p.flows["gmail"]; f.rate != 0 {
		t.Errorf("a full mailbox or a greylist slows everybody: %v", f.rate)
	}
	refuse("4.7.28", "4.7.28 unusual rate", 421)
	refuse("4.7.28", "4.7.28 unusual rate", 421) // of the same moment: not halved twice
	f := p.flows["gmail"]
	if f.rate < 40 || f.rate > 60 {
		t.Errorf("after a cut from 100 a second: %v", f.rate)
	}
	now = now.Add(settling)
	refuse("4.3.2", "4.3.2 busy", 451)
	if f.rate < 20 || f.rate > 30 {
		t.Errorf("after a second cut: %v", f.rate)
	}
	before := f.rate
	for i := range 20 {
		taken(i)
	}
	if f.rate <= before || f.rate > 2*before {
		t.Errorf("after twenty messages: %v, was %v", f.rate, before)
	}
	for i := range 400 {
		taken(i)
	}
	if f.rate != 0 {
		t.Errorf("still limited: %v", f.rate)
	}
}

func TestAnAdaptiveRateClimbsNoHigherThanTheLimit(t *testing.T) {
	p := policyOf(Traffic{Adaptive: true, Limits: map[string]Limit{"gmail": {Rate: 10}}})
	p.before(reader(1, "gmail.com"), noon)
	p.after(reader(1, "gmail.com"), stageEnd, digest.Outcome{Verdict: digest.VerdictDefer, Code: 421, At: noon.Add(settling)})
	if f := p.flows["gmail"]; f.rate != 5 {
		t.Errorf("%v", f.rate)
	}
	for range 300 {
		p.after(reader(1, "gmail.com"), stageEnd, digest.Outcome{Verdict: digest.VerdictSent, At: noon.Add(settling)})
	}
	if f := p.flows["gmail"]; f.rate != 10 {
		t.Errorf("%v", f.rate)
	}
}

func TestAWarmUpGrowsAndCountsWhatTheDayHasSeen(t *testing.T) {
	w := WarmUp{Since: noon.Truncate(24 * time.Hour), FirstDay: 100, Growth: 1.5}
	for days, want := range []int{100, 150, 225, 337} {
		if got := w.cap(noon.Add(time.Duration(days) * 24 * time.Hour)); got != want {
			t.Errorf("day %d: %d, want %d", days, got, want)
		}
	}
	if got := w.cap(noon.Add(100 * 24 * time.Hour)); got != 0 {
		t.Errorf("there is still a cap after a hundred days: %d", got)
	}
	p := policyOf(Traffic{WarmUp: w, Sent: func(_ context.Context, since time.Time, each func(string)) error {
		if !since.Equal(noon.Truncate(24 * time.Hour)) {
			t.Errorf("counted since %s", since)
		}
		for range 98 {
			each("a@gmail.com")
		}
		return nil
	}})
	if err := p.begin(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if a := p.before(reader(i, "googlemail.com"), noon); a.hold > 0 {
			t.Errorf("%d: %+v", i, a)
		}
	}
	a := p.before(reader(3, "gmail.com"), noon)
	if a.hold < 12*time.Hour || a.hold > 13*time.Hour {
		t.Errorf("the hundred-and-first waits %s", a.hold)
	}
	if a := p.before(reader(4, "orange.fr"), noon); a.hold > 0 {
		t.Errorf("another provider is held: %+v", a)
	}
	if a := p.before(reader(3, "gmail.com"), noon.Add(a.hold)); a.hold > 0 {
		t.Errorf("held the next day too: %+v", a)
	}
}
