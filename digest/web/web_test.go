package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/web"
)

var (
	ctx  = context.Background()
	keys = digest.NewKeyring([]byte("0123456789abcdef"))
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

// house is a server over a real store with one reader and one edition.
type house struct {
	*httptest.Server
	store  *store.Store
	reader digest.Subscriber
	mails  outbox
}

// outbox keeps what would be mailed.
type outbox struct {
	mu   sync.Mutex
	sent []string
}

// Notify keeps one mail: its reader, and its text.
func (o *outbox) Notify(_ context.Context, _ digest.Newsletter, to, _, text string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, to+"\n"+text)
	return nil
}

// wait gives what was mailed, once there is as much as asked for or a moment
// has passed.
func (o *outbox) wait(n int) []string {
	for range 200 {
		o.mu.Lock()
		sent := slices.Clone(o.sent)
		o.mu.Unlock()
		if len(sent) >= n {
			return sent
		}
		time.Sleep(5 * time.Millisecond)
	}
	return o.sent
}

func open(t *testing.T) *house {
	t.Helper()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "zest.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	_, err = s.Subscribe(ctx, digest.Subscription{List: "hebdo", State: digest.SubConfirmed, Since: noon, Subscriber: digest.Subscriber{Email: "camille@example.org", Language: "fr"}}, store.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{store: s}
	if h.reader, err = s.FindSubscriber(ctx, "camille@example.org"); err != nil {
		t.Fatal(err)
	}
	n := digest.Newsletter{Name: "hebdo", Title: "L’Hebdo <&>", Language: "fr", Lists: []string{"hebdo"}, Joinable: []string{"hebdo"}, From: digest.Address{Name: "L’Hebdo", Email: "hebdo@example.org"}, PostalAddress: "1 quai du Port", PublicURL: "https://news.example.org"}
	html := `<html><a href="@@unsubscribe_url@@">partir</a> <a href="@@preferences_url@@">choisir</a> @@name@@ @@email@@</html>`
	_, err = s.Freeze(ctx, digest.Frozen{
		Edition: digest.Edition{Newsletter: "hebdo", Number: 1, Slot: "1", Subject: "Le pont <rouvre>", Language: "fr", Date: noon}, Lists: []string{"hebdo"}, Expires: noon.AddDate(1, 0, 0),
		Proofs: []digest.Proof{{Variant: digest.Variant{Key: "fr", Language: "fr"}, HTML: html}},
	})
	if err != nil {
		t.Fatal(err)
	}
	server, err := web.New(web.Options{Store: s, Keys: keys, Newsletters: []digest.Newsletter{n}, Notify: &h.mails, Address: address.Parse, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	h.Server = httptest.NewServer(server)
	run, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); server.Run(run) }()
	t.Cleanup(func() { stop(); <-done })
	t.Cleanup(h.Close)
	return h
}

func (h *house) link(p digest.Purpose) string {
	path := map[digest.Purpose]string{digest.PurposeUnsubscribe: "/u/", digest.PurposePreferences: "/p/"}[p]
	return path + keys.Seal(digest.Ticket{Purpose: p, Subscriber: h.reader.ID, Edition: 1, Newsletter: "hebdo"})
}

func (h *house) do(t *testing.T, method, path, contentType, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, h.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func (h *house) willing(t *testing.T) bool {
	t.Helper()
	groups, err := h.store.Audience(ctx, []string{"hebdo"})
	if err != nil {
		t.Fatal(err)
	}
	return len(groups) == 1
}

const form = "application/x-www-form-urlencoded"

func TestFollowingALinkChangesNothing(t *testing.T) {
	h := open(t)
	before, err := h.store.Dump(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		for _, path := range []string{h.link(digest.PurposeUnsubscribe), h.link(digest.PurposePreferences), "/hebdo", "/hebdo/1"} {
			for _, method := range []string{"GET", "HEAD"} {
				if resp, _ := h.do(t, method, path, "", ""); resp.StatusCode != 200 {
					t.Fatalf("%s %s: %d", method, path, resp.StatusCode)
				}
			}
		}
	}
	after, err := h.store.Dump(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, after); d != "" {
		t.Error(d)
	}
}

// RFC 8058 section 3.1: no redirect, no cookie, either encoding.
func TestOneClick(t *testing.T) {
	var parts strings.Builder
	w := multipart.NewWriter(&parts)
	w.WriteField("List-Unsubscribe", "One-Click")
	w.Close()
	for name, c := range map[string]struct{ contentType, body string }{
		"urlencoded": {form, "List-Unsubscribe=One-Click"}, "multipart": {w.FormDataContentType(), parts.String()}, "bare": {"", "List-Unsubscribe=One-Click"},
	} {
		h := open(t)
		resp, body := h.do(t, "POST", h.link(digest.PurposeUnsubscribe), c.contentType, c.body)
		if resp.StatusCode != 200 || h.willing(t) || len(resp.Cookies()) > 0 {
			t.Errorf("%s: %d %s; willing %v", name, resp.StatusCode, body, h.willing(t))
		}
	}
}

func TestAPersonLeavesAndComesBack(t *testing.T) {
	h := open(t)
	link := h.link(digest.PurposeUnsubscribe)
	_, page := h.do(t, "GET", link, "", "")
	for _, want := range []string{`lang="fr"`, "Ne plus recevoir L’Hebdo &lt;&amp;&gt;\u00a0?", "c…@example.org", "<form method=\"post\">", "<title>Se désabonner"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "camille") || strings.Contains(page, "<script") {
		t.Errorf("the page shows the address, or runs a script:\n%s", page)
	}
	if _, page = h.do(t, "POST", link, form, "leave=yes"); h.willing(t) || !strings.Contains(page, "réabonner") {
		t.Errorf("after leaving:\n%s", page)
	}
	if _, page = h.do(t, "POST", link, form, "undo=yes"); !h.willing(t) || !strings.Contains(page, "Vous revoilà") {
		t.Errorf("after coming back:\n%s", page)
	}
}

func TestPreferences(t *testing.T) {
	h := open(t)
	link := h.link(digest.PurposePreferences)
	if _, page := h.do(t, "POST", link, form, "language=en&text_only=yes"); !strings.Contains(page, "Saved") || !strings.Contains(page, `value="en" checked`) {
		t.Errorf("%s", page)
	}
	if r, _ := h.store.Subscriber(ctx, h.reader.ID); r.Language != "en" || !r.TextOnly {
		t.Errorf("%+v", r)
	}
	if resp, _ := h.do(t, "POST", link, form, "language=xx"); resp.StatusCode != 400 {
		t.Errorf("a language nobody speaks: %d", resp.StatusCode)
	}
}

func TestStrangersTicketsOpenNothing(t *testing.T) {
	h := open(t)
	good := h.link(digest.PurposeUnsubscribe)
	wrongPurpose := strings.Replace(h.link(digest.PurposePreferences), "/p/", "/u/", 1)
	gone := "/u/" + keys.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: 99, Edition: 1, Newsletter: "hebdo"})
	for _, path := range []string{good + "x", good[:len(good)-2], wrongPurpose, gone, "/u/x", "/u/" + url.PathEscape("../..")} {
		for _, method := range []string{"GET", "POST"} {
			resp, _ := h.do(t, method, path, form, "List-Unsubscribe=One-Click")
			if resp.StatusCode != 404 || !h.willing(t) {
				t.Errorf("%s %s: %d", method, path, resp.StatusCode)
			}
		}
	}
}

func TestATestMessageSaysSo(t *testing.T) {
	h := open(t)
	sample := "/u/" + digest.SampleKeyring().Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Newsletter: "hebdo"})
	if resp, page := h.do(t, "POST", sample, form, "List-Unsubscribe=One-Click"); resp.StatusCode != 200 || !strings.Contains(page, "Ceci était un essai") || !h.willing(t) {
		t.Errorf("%d %s", resp.StatusCode, page)
	}
}

func TestTheArchiveIsNobodysOwn(t *testing.T) {
	h := open(t)
	_, list := h.do(t, "GET", "/hebdo", "", "")
	if !strings.Contains(list, `<a href="/hebdo/1">Le pont &lt;rouvre&gt;</a>`) {
		t.Error(list)
	}
	_, page := h.do(t, "GET", "/hebdo/1", "", "")
	if strings.Contains(page, "@@") || !strings.Contains(page, `<a href="https://news.example.org/hebdo">partir</a>`) {
		t.Error(page)
	}
	for _, path := range []string{"/nobody", "/hebdo/2", "/hebdo/x", "/a/b/c"} {
		if resp, _ := h.do(t, "GET", path, "", ""); resp.StatusCode != 404 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	h := open(t)
	for _, path := range []string{"/hebdo", "/hebdo/1", h.link(digest.PurposeUnsubscribe), "/nowhere"} {
		resp, _ := h.do(t, "GET", path, "", "")
		if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, resp.Header)
		}
	}
	if resp, _ := h.do(t, "POST", h.link(digest.PurposeUnsubscribe), form, "x="+strings.Repeat("a", 100_000)); resp.StatusCode != 400 || !h.willing(t) {
		t.Errorf("a body of 100 kB: %d", resp.StatusCode)
	}
}

func TestPagesSpeakTheLanguageOfAStranger(t *testing.T) {
	h := open(t)
	for accept, want := range map[string]string{"fr-CA,fr;q=0.9": `lang="fr"`, "en-GB": `lang="en"`, "": `lang="en"`} {
		req, _ := http.NewRequest("GET", h.URL+"/u/x", nil)
		req.Header.Set("Accept-Language", accept)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if !strings.Contains(string(b), want) {
			t.Errorf("%q: %s", accept, fmt.Sprintf("%.120s", b))
		}
	}
}

func TestJoiningTakesAButtonInTheReadersOwnMail(t *testing.T) {
	h := open(t)
	const page = "/subscribe/hebdo"
	if _, form := h.do(t, "GET", page, "", ""); !strings.Contains(form, `type="email"`) || !strings.Contains(form, "S’abonner") {
		t.Error(form)
	}
	_, unknown := h.do(t, "POST", page, form, "email=zoe@example.net&language=fr")
	mail := h.mails.wait(1)
	if len(mail) != 1 || !strings.HasPrefix(mail[0], "zoe@example.net\n") || !strings.Contains(mail[0], "Pour confirmer") || !strings.Contains(mail[0], "1 quai du Port") {
		t.Fatalf("mailed %q", mail)
	}
	zoe, err := h.store.FindSubscriber(ctx, "zoe@example.net")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`/c/[\w-]+`).FindString(mail[0])
	for _, method := range []string{"GET", "HEAD", "GET"} {
		h.do(t, method, link, "", "")
	}
	if groups, _ := h.store.Audience(ctx, []string{"hebdo"}); groups[0].Readers != 1 {
		t.Error("following the link confirmed it")
	}
	if _, welcome := h.do(t, "POST", link, form, "confirm=yes"); !strings.Contains(welcome, "Bienvenue") || !strings.Contains(welcome, `href="/hebdo/1"`) {
		t.Error(welcome)
	}
	if groups, _ := h.store.Audience(ctx, []string{"hebdo"}); groups[0].Readers != 2 {
		t.Errorf("%+v", groups)
	}
	if c, err := h.store.Consents(ctx, zoe.ID); err != nil || len(c) != 1 || !c[0].Asked.Equal(noon) || !c[0].Confirmed.Equal(noon) || !strings.Contains(c[0].Form, "un clic") {
		t.Errorf("the consent: %+v %v", c, err)
	}

	// Somebody who is on the list, and a program that fills in every field, see
	// the same page; nobody is mailed.
	_, onTheList := h.do(t, "POST", page, form, "email=camille@example.org&language=fr")
	_, robot := h.do(t, "POST", page, form, "email=robot@example.net&language=fr&website=x")
	if unknown != onTheList || unknown != robot {
		t.Errorf("the page tells who is on the list:\n%s", cmp.Diff(unknown, onTheList))
	}
	if resp, again := h.do(t, "POST", page, form, "email=nonsense"); resp.StatusCode != 422 || !strings.Contains(again, "role=\"alert\"") {
		t.Errorf("%d %s", resp.StatusCode, again)
	}
	time.Sleep(50 * time.Millisecond)
	if mail := h.mails.wait(1); len(mail) != 1 {
		t.Errorf("mailed %q", mail)
	}
}

func TestAThousandSignUpsSendThreeMails(t *testing.T) {
	h := open(t)
	for range 1000 {
		if resp, _ := h.do(t, "POST", "/subscribe/hebdo", form, "email=Victim@example.net"); resp.StatusCode != 200 {
			t.Fatal(resp.StatusCode)
		}
	}
	h.mails.wait(4)
	if n := len(h.mails.wait(3)); n != 3 {
		t.Errorf("%d mails", n)
	}
}

func TestNobodyJoinsAClosedList(t *testing.T) {
	h := open(t)
	if resp, _ := h.do(t, "POST", "/subscribe/nobody", form, "email=a@example.org"); resp.StatusCode != 404 {
		t.Error(resp.StatusCode)
	}
	id := h.reader.ID
	if err := h.store.Suppress(ctx, id, "complaint", "test", noon); err != nil {
		t.Fatal(err)
	}
	h.do(t, "POST", "/subscribe/hebdo", form, "email=camille@example.org")
	time.Sleep(50 * time.Millisecond)
	if mail := h.mails.wait(0); len(mail) != 0 {
		t.Errorf("a suppressed address was mailed: %q", mail)
	}
}
