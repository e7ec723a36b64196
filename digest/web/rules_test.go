package web_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/web"
)

func TestStrangersTicketsOpenNothing(t *testing.T) {
	h := open(t)
	good := h.link(digest.PurposeUnsubscribe)
	expired := "/u/" + keys.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: h.reader.ID, Newsletter: "hebdo", Expires: noon.Add(-time.Hour)})
	foreign := "/u/" + digest.NewKeyring([]byte("another secret!!")).Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: h.reader.ID, Newsletter: "hebdo"})
	paths := []string{good + "x", good[:len(good)-2], expired, foreign, "/u/x", "/u/" + url.PathEscape("../.."), "/u/" + strings.Repeat("A", 3000)}
	for _, p := range []digest.Purpose{digest.PurposePreferences, digest.PurposeConfirm, digest.PurposeData, digest.PurposeMove} {
		link := h.link(p)
		paths = append(paths, "/u/"+link[3:], link[:3]+good[3:])
	}
	bodies := map[string]bool{}
	for _, path := range paths {
		for _, method := range []string{"GET", "POST"} {
			resp, body := h.call(t, call{method: method, path: path, kind: form, body: "List-Unsubscribe=One-Click&confirm=yes&do=export"})
			if resp.StatusCode != 404 || h.willing(t, "hebdo") != 1 {
				t.Errorf("%s %s: %d", method, path, resp.StatusCode)
			}
			bodies[body] = true
		}
	}
	if len(bodies) != 1 {
		t.Errorf("%d different answers: a stranger learns why", len(bodies))
	}
}

// A ticket of one newsletter takes nobody off the list of another.
func TestATicketIsForOneNewsletter(t *testing.T) {
	h := open(t)
	h.subscribe(t, "camille@example.org", "weekly", "fr")
	h.post(t, h.link(digest.PurposeUnsubscribe), "leave=yes")
	h.post(t, h.link(digest.PurposePreferences), "cadence=monthly")
	c, err := h.store.Choice(ctx, h.reader.ID, "weekly")
	if err != nil || h.willing(t, "hebdo") != 0 || h.willing(t, "weekly") != 1 || c.Cadence != digest.CadenceEvery {
		t.Errorf("hebdo %d, weekly %d, %+v %v", h.willing(t, "hebdo"), h.willing(t, "weekly"), c, err)
	}
}

func TestATestMessageSaysSo(t *testing.T) {
	h := open(t)
	for _, ring := range []digest.Keyring{digest.SampleKeyring(), keys} {
		sample := "/u/" + ring.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Newsletter: "hebdo"})
		if resp, page := h.call(t, call{method: "POST", path: sample, kind: form, body: "List-Unsubscribe=One-Click"}); resp.StatusCode != 200 || !strings.Contains(page, "Ceci était un essai") || h.willing(t, "hebdo") != 1 {
			t.Errorf("%d %s", resp.StatusCode, page)
		}
	}
}

// Somebody rotates the keys while we run; the next edition's links must open.
func TestKeysThatChangeMeanwhileAreNoticed(t *testing.T) {
	h := open(t)
	ring := keys
	h.serve(t, web.Options{Rekey: func(context.Context) (digest.Keyring, error) { return ring, nil }})
	ring = digest.NewKeyring([]byte("the key of tomorrow"), []byte("0123456789abcdef"))
	fresh := "/u/" + ring.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: h.reader.ID, Edition: 2, Newsletter: "hebdo"})
	if resp, _ := h.call(t, call{method: "POST", path: fresh, kind: form, body: "List-Unsubscribe=One-Click"}); resp.StatusCode != 200 || h.willing(t, "hebdo") != 0 {
		t.Errorf("a link of the new key: %d", resp.StatusCode)
	}
	has(t, h.get(t, h.link(digest.PurposeUnsubscribe)), "ne recevra plus")
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	h := open(t)
	for _, path := range []string{"/", "/hebdo", "/hebdo/1", "/hebdo/mail/1", h.link(digest.PurposeUnsubscribe), "/subscribe/hebdo", "/nowhere", "/style.css"} {
		resp, _ := h.call(t, call{method: "GET", path: path})
		csp := resp.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("Referrer-Policy") != "same-origin" || len(resp.Cookies()) > 0 {
			t.Errorf("%s: %v", path, resp.Header)
		}
		if strings.Contains(csp, "script-src") != (path == "/subscribe/hebdo") {
			t.Errorf("%s may run scripts: %s", path, csp)
		}
	}
	if resp, _ := h.call(t, call{method: "POST", path: h.link(digest.PurposeUnsubscribe), kind: form, body: "x=" + strings.Repeat("a", 100_000)}); resp.StatusCode != 400 || h.willing(t, "hebdo") != 1 {
		t.Errorf("a body of 100 kB: %d", resp.StatusCode)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	h := open(t)
	for name, header := range map[string]map[string]string{
		"fetch metadata": {"Sec-Fetch-Site": "cross-site"}, "another origin": {"Origin": "https://evil.example"},
	} {
		resp, _ := h.call(t, call{method: "POST", path: h.link(digest.PurposePreferences), kind: form, body: "cadence=weekly", header: header})
		if c, _ := h.store.Choice(ctx, h.reader.ID, "hebdo"); resp.StatusCode != 403 || c.Cadence != digest.CadenceEvery {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
	if resp, _ := h.call(t, call{method: "POST", path: h.link(digest.PurposePreferences), kind: form, body: "cadence=weekly", header: map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": h.URL}}); resp.StatusCode != 200 {
		t.Errorf("our own form: %d", resp.StatusCode)
	}
}

func TestJoiningTakesAButtonInTheReadersOwnMail(t *testing.T) {
	h := open(t)
	has(t, h.get(t, "/subscribe/hebdo"), `type="email"`, "S’abonner", `name="topic" value="Mer"`)
	h.join(t, "192.0.2.1", "email=zoe@example.net&language=fr&topic=Mer&cadence=weekly&name=Buy+at+https://evil.example")
	mail := h.mails.wait(1)
	if len(mail) != 1 || !strings.HasPrefix(mail[0], "zoe@example.net\n") || !strings.Contains(mail[0], "un bouton à presser") || !strings.Contains(mail[0], "1 quai du Port") || strings.Contains(mail[0], "evil") {
		t.Fatalf("mailed %q", mail)
	}
	zoe, err := h.store.FindSubscriber(ctx, "zoe@example.net")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`/c/[\w-]+`).FindString(mail[0])
	for _, method := range []string{"GET", "HEAD", "GET"} {
		h.call(t, call{method: method, path: link})
	}
	if h.willing(t, "hebdo") != 1 {
		t.Error("following the link confirmed it")
	}
	has(t, h.post(t, link, "confirm=yes"), "Bienvenue", `href="/hebdo/2"`, `href="/p/`)
	if h.willing(t, "hebdo") != 2 {
		t.Error("the button did not confirm")
	}
	c, err := h.store.Consents(ctx, zoe.ID)
	if err != nil || len(c) != 1 || !c[0].Asked.Equal(noon) || !c[0].Confirmed.Equal(noon) || !strings.Contains(c[0].Form, "un clic") || c[0].Version == "" || c[0].Language != "fr" || c[0].Network != "" {
		t.Errorf("the consent: %+v %v", c, err)
	}
	if choice, _ := h.store.Choice(ctx, zoe.ID, "hebdo"); choice.Cadence != digest.CadenceWeekly || !slices.Equal(choice.Topics, []string{"Mer"}) {
		t.Errorf("%+v", choice)
	}
	h.post(t, "/u/"+keys.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: zoe.ID, Newsletter: "hebdo"}), "leave=yes")
	if resp, _ := h.call(t, call{method: "POST", path: link, kind: form, body: "confirm=yes"}); resp.StatusCode != 410 || h.willing(t, "hebdo") != 1 {
		t.Errorf("an old confirmation brought back who left: %d", resp.StatusCode)
	}
}

// Known, unknown, suppressed and erased addresses, people and programs: one
// answer, byte for byte. Who is on the list hears of it in their own mail.
func TestThePageDoesNotTellWhoIsOnTheList(t *testing.T) {
	h := open(t)
	bad := h.subscribe(t, "bounced@example.org", "hebdo", "fr")
	if err := h.store.Suppress(ctx, bad.ID, "hard bounce", "test", noon); err != nil {
		t.Fatal(err)
	}
	erased := h.subscribe(t, "erased@example.org", "hebdo", "fr")
	if err := h.store.EraseReader(ctx, erased.ID, noon); err != nil {
		t.Fatal(err)
	}
	var first *http.Response
	var page string
	for i, body := range []string{"email=new@example.net", "email=camille@example.org", "email=bounced@example.org", "email=erased@example.org", "email=Camille@EXAMPLE.org", "email=robot@example.net&website=x"} {
		resp, answer := h.join(t, fmt.Sprintf("198.51.%d.1", i), body+"&language=fr")
		resp.Header.Del("Date")
		if first == nil {
			first, page = resp, answer
		}
		if d := cmp.Diff(first.Header, resp.Header); d != "" || answer != page || resp.StatusCode != first.StatusCode {
			t.Errorf("%s: %s %s", body, d, cmp.Diff(page, answer))
		}
	}
	mail := strings.Join(h.mails.wait(4), "\n---\n")
	for want, n := range map[string]int{"new@example.net\nConfirmez": 1, "camille@example.org\nVous recevez": 2, "erased@example.org\nConfirmez": 1, "bounced@": 0, "robot@": 0} {
		if strings.Count(mail, want) != n {
			t.Errorf("%q %d times, not %d, in:\n%s", want, strings.Count(mail, want), n, mail)
		}
	}
}

// stuck is a store that never answers a wish to join.
type stuck struct {
	web.Store
	asked, over chan struct{}
}

// Ask waits until the test ends.
func (s stuck) Ask(context.Context, digest.Joining) (digest.Subscriber, digest.JoinAnswer, error) {
	select {
	case s.asked <- struct{}{}:
	default:
	}
	<-s.over
	return digest.Subscriber{}, digest.JoinSilence, nil
}

// How long the answer takes says nothing either: it is given before the store is
// asked, so that it does not even wait for one that never answers.
func TestTheAnswerDoesNotWaitForTheStore(t *testing.T) {
	h := open(t)
	asked, over := make(chan struct{}, 1), make(chan struct{})
	h.serveOver(t, web.Options{Store: stuck{h.store, asked, over}})
	t.Cleanup(func() { close(over) })
	for i := range 5 {
		if resp, _ := h.join(t, fmt.Sprintf("198.51.%d.1", i), "email=camille@example.org"); resp.StatusCode != 200 {
			t.Fatal(resp.StatusCode)
		}
	}
	<-asked
}

func TestAThousandSignUpsSendThreeMails(t *testing.T) {
	h := open(t)
	refused := 0
	for i := range 1000 {
		resp, _ := h.join(t, fmt.Sprintf("203.%d.%d.7", i/250, i%250), "email=Victim@example.net")
		if resp.StatusCode == http.StatusTooManyRequests {
			refused++
		} else if resp.StatusCode != 200 {
			t.Fatal(resp.StatusCode)
		}
	}
	h.mails.wait(4)
	if n := len(h.mails.wait(3)); n != 3 || refused > 0 {
		t.Errorf("%d mails, %d refused", n, refused)
	}
}

func TestOneNetworkIsBounded(t *testing.T) {
	h := open(t)
	codes := map[int]int{}
	for i := range 20 {
		resp, _ := h.join(t, "203.0.113."+fmt.Sprint(i), fmt.Sprintf("email=p%d@example.net", i))
		codes[resp.StatusCode]++
	}
	if codes[200] != 3 || codes[429] != 17 {
		t.Errorf("without a solved puzzle: %v", codes)
	}
	codes = map[int]int{}
	for i := range 20 {
		resp, _ := h.join(t, "203.0.114.1", fmt.Sprintf("email=q%d@example.net&proof=%s", i, h.solve(t)))
		codes[resp.StatusCode]++
	}
	if codes[200] != 10 || codes[429] != 10 {
		t.Errorf("with a solved puzzle: %v", codes)
	}
	// What a client says of itself in front of our proxy's word is not believed.
	for i := range 4 {
		resp, _ := h.join(t, fmt.Sprintf("10.9.%d.1, 203.0.115.1", i), "email=r@example.net")
		if i == 3 && resp.StatusCode != 429 {
			t.Errorf("a forged hop passed: %d", resp.StatusCode)
		}
	}
}

// solve does what a browser does while its reader types.
func (h *house) solve(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`data-puzzle="([\w-]+)"`).FindStringSubmatch(h.get(t, "/subscribe/hebdo"))
	if m == nil {
		t.Fatal("the form has no puzzle")
	}
	for n := 0; ; n++ {
		proof := fmt.Sprintf("%s.%d", m[1], n)
		sum := sha256.Sum256([]byte(proof))
		if bits.LeadingZeros16(uint16(sum[0])<<8|uint16(sum[1])) >= 15 {
			return proof
		}
	}
}

func TestAPuzzleCountsOnce(t *testing.T) {
	h := open(t)
	proof := h.solve(t)
	codes := map[int]int{}
	for i := range 12 {
		resp, _ := h.join(t, "203.0.113.1", fmt.Sprintf("email=p%d@example.net&proof=%s", i, proof))
		codes[resp.StatusCode]++
	}
	if codes[200] != 4 { // one with the proof, and three as without
		t.Errorf("%v", codes)
	}
}

func TestTheNetworkIsKeptOnlyWhenAskedFor(t *testing.T) {
	h := open(t)
	h.serve(t, web.Options{Networks: true})
	h.join(t, "192.0.2.77", "email=zoe@example.net")
	h.mails.wait(1)
	zoe, err := h.store.FindSubscriber(ctx, "zoe@example.net")
	if err != nil {
		t.Fatal(err)
	}
	if c, _ := h.store.Consents(ctx, zoe.ID); len(c) != 1 || len(c[0].Network) != 64 {
		t.Errorf("%+v", c)
	}
	if dump := h.dump(t); strings.Contains(dump, "192.0.2") {
		t.Error(dump)
	}
}

func TestNobodyJoinsAClosedList(t *testing.T) {
	h := open(t)
	for _, path := range []string{"/subscribe/nobody", "/subscribe/staff", "/embed/staff"} {
		method := "POST"
		if strings.HasPrefix(path, "/embed") {
			method = "GET"
		}
		if resp, _ := h.call(t, call{method: method, path: path, kind: form, body: "email=a@example.org"}); resp.StatusCode != 404 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	if resp, page := h.join(t, "192.0.2.1", "email=nonsense"); resp.StatusCode != 422 || !strings.Contains(page, `role="alert"`) || !strings.Contains(page, `value="nonsense"`) {
		t.Errorf("%d %s", resp.StatusCode, page)
	}
}

// down is a store that cannot write.
type down struct{ web.Store }

// LeaveAll fails.
func (down) LeaveAll(context.Context, []digest.Leave) error { return errors.New("disk full") }

func TestNobodyIsToldThatTheyLeftBeforeItIsWritten(t *testing.T) {
	h := open(t)
	h.serveOver(t, web.Options{Store: down{h.store}})
	if resp, body := h.call(t, call{method: "POST", path: h.link(digest.PurposeUnsubscribe), kind: form, body: "List-Unsubscribe=One-Click"}); resp.StatusCode != 500 || strings.Contains(body, "disk full") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

func TestManyLeaveAtOnce(t *testing.T) {
	h := open(t)
	var links []string
	for i := range 300 {
		r := h.subscribe(t, fmt.Sprintf("r%d@example.org", i), "hebdo", "fr")
		links = append(links, "/u/"+keys.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: r.ID, Edition: 1, Newsletter: "hebdo"}))
	}
	done := make(chan int)
	for _, link := range links {
		go func() {
			resp, _ := h.call(t, call{method: "POST", path: link, kind: form, body: "List-Unsubscribe=One-Click"})
			done <- resp.StatusCode
		}()
	}
	for range links {
		if code := <-done; code != 200 {
			t.Errorf("%d", code)
		}
	}
	if n := h.willing(t, "hebdo"); n != 1 {
		t.Errorf("%d still on the list", n)
	}
}

// Whoever was told to check their mail has a mail to find, also when the server
// ends, or reads its configuration again, at that moment.
func TestWhatWasPromisedIsMailedBeforeTheEnd(t *testing.T) {
	h := open(t)
	run, stop := context.WithCancel(ctx)
	stop()
	h.idle(t)
	for i := range 5 {
		h.join(t, fmt.Sprintf("198.51.%d.1", i), fmt.Sprintf("email=p%d@example.net", i))
	}
	if mail := h.mails.wait(0); len(mail) != 0 {
		t.Fatalf("mailed %q", mail)
	}
	h.server.Run(run)
	if mail := h.mails.wait(5); len(mail) != 5 {
		t.Errorf("%d mails", len(mail))
	}
}
