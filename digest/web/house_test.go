package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
	"github.com/zest-digest/zest/digest/render"
	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/web"
)

var (
	ctx  = context.Background()
	keys = digest.NewKeyring([]byte("0123456789abcdef"))
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

const form = "application/x-www-form-urlencoded"

// house is a server over a real store with one reader and two editions.
type house struct {
	*httptest.Server
	store  *store.Store
	reader digest.Subscriber
	mails  outbox
	server *web.Server
	idle   func(testing.TB) // ends what runs behind the answers
	now    func() time.Time
}

// outbox keeps what would be mailed.
type outbox struct {
	mu   sync.Mutex
	sent []string
	html []string
}

// Notify keeps one mail: its reader, its subject, and its text.
func (o *outbox) Notify(_ context.Context, _ digest.Newsletter, to string, p digest.Proof) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent, o.html = append(o.sent, to+"\n"+p.Subject+"\n"+p.Text), append(o.html, p.HTML)
	return nil
}

// wait gives what was mailed, once there is as much as asked for or a moment
// has passed.
func (o *outbox) wait(n int) []string {
	for range 400 {
		o.mu.Lock()
		sent := slices.Clone(o.sent)
		o.mu.Unlock()
		if len(sent) >= n {
			return sent
		}
		time.Sleep(5 * time.Millisecond)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.sent)
}

// letters are the newsletters of the house: one in French that people join, one
// in English, and one that is nobody's business.
func letters() []digest.Newsletter {
	hebdo := digest.Newsletter{
		Name: "hebdo", Title: "L’Hebdo <&>", Description: "Ce qui compte à Brest, chaque lundi matin", Language: "fr", Lists: []string{"hebdo"}, Joinable: []string{"hebdo"},
		From: digest.Address{Name: "L’Hebdo", Email: "hebdo@example.org"}, PostalAddress: "1 quai du Port, 29200 Brest", PublicURL: "http://127.0.0.1",
		Rules: digest.Rules{Sections: []digest.SectionRule{{Name: "Mer"}, {Name: "Ville & vie"}}}, Archive: digest.ArchivePublic, Look: digest.Look{Accent: "#0b5c8a"},
	}
	weekly := hebdo
	weekly.Name, weekly.Title, weekly.Description, weekly.Language = "weekly", "The Weekly", "What matters on the coast, every Monday morning", "en"
	weekly.Lists, weekly.Joinable = []string{"weekly"}, []string{"weekly"}
	weekly.Rules.Sections = []digest.SectionRule{{Name: "The sea"}, {Name: "Town & life"}}
	weekly.Look.Accent, weekly.From.Name = "#a33a22", "The Weekly"
	private := hebdo
	private.Name, private.Title, private.Lists, private.Joinable, private.Archive = "staff", "Staff", []string{"staff"}, nil, digest.ArchiveNone
	return []digest.Newsletter{hebdo, weekly, private}
}

const mailHTML = `<html><a href="@@unsubscribe_url@@">partir</a> <a href="@@preferences_url@@">choisir</a> @@name@@ @@email@@</html>`

// freeze publishes an edition of three stories.
func freeze(t testing.TB, s *store.Store, letter string, number int, subject, lang string) {
	t.Helper()
	card := func(title, site, summary string) digest.Card {
		return digest.Card{Article: digest.Article{Title: title, URL: "https://example.org/" + site, Site: site, Language: lang}, Summary: summary, Minutes: 3}
	}
	e := digest.Edition{
		Newsletter: letter, Number: number, Slot: string(rune('a' + number)), Subject: subject, Summary: "Le pont, le phare et la pêche.", Language: lang, Date: noon.AddDate(0, 0, number),
		Sections: []digest.Section{
			{Title: "Mer", Cards: []digest.Card{card("La pêche à la coquille reprend", "Le Quai", "Les bateaux sortent deux fois par semaine jusqu’en mai."), card("Un phare change de main", "Ouest", "La commune l’achète pour un euro.")}},
			{Title: "Ville & vie", Cards: []digest.Card{card("L’École des Sciences ouvre ses portes", "Le Quai", "Trois jours d’expériences pour petits et grands.")}},
		},
	}
	if lang == "en" {
		e.Summary = "The bridge, the lighthouse and the scallops."
		e.Sections = []digest.Section{
			{Title: "The sea", Cards: []digest.Card{card("Scallops are back on the quay", "The Quay", "Boats go out twice a week until May."), card("A lighthouse changes hands", "The West", "The town buys it for one euro.")}},
			{Title: "Town & life", Cards: []digest.Card{card("The School of Science opens its doors", "The Quay", "Three days of experiments for large and small.")}},
		}
	}
	e.Sections[0].Cards[0].Also = []digest.Also{{Site: "La Côte", URL: "https://example.org/cote"}}
	_, err := s.Freeze(ctx, digest.Frozen{
		Edition: e, Lists: []string{letter}, Expires: noon.AddDate(1, 0, 0),
		Proofs: []digest.Proof{{Variant: digest.Variant{Key: lang, Language: lang}, Subject: subject, HTML: mailHTML, Text: "t"}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{now: func() time.Time { return noon }}
	var err error
	if h.store, err = store.Open(ctx, filepath.Join(t.TempDir(), "zest.db"), store.Options{Now: func() time.Time { return h.now() }}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	h.reader = h.subscribe(t, "camille@example.org", "hebdo", "fr")
	freeze(t, h.store, "hebdo", 1, "Le pont <rouvre>", "fr")
	freeze(t, h.store, "hebdo", 2, "Le phare, la pêche", "fr")
	freeze(t, h.store, "weekly", 1, "The bridge opens again", "en")
	h.serve(t, web.Options{})
	return h
}

func (h *house) subscribe(t testing.TB, email, list, language string) digest.Subscriber {
	t.Helper()
	_, err := h.store.Subscribe(ctx, digest.Subscription{List: list, State: digest.SubConfirmed, Since: noon, Subscriber: digest.Subscriber{Email: email, Language: language}}, store.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := h.store.FindSubscriber(ctx, email)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// serve opens the house's doors. What o leaves out is as in every test.
func (h *house) serve(t testing.TB, o web.Options) {
	t.Helper()
	o.Store = h.store
	h.serveOver(t, o)
}

// serveOver opens them over the store of o.
func (h *house) serveOver(t testing.TB, o web.Options) {
	t.Helper()
	o.Keys, o.Notify, o.Address, o.Accents = keys, &h.mails, address.Parse, render.Accents
	if o.Newsletters == nil {
		o.Newsletters = letters()
	}
	o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	o.Log, o.Now = slog.New(slog.DiscardHandler), func() time.Time { return h.now() }
	listener := httptest.NewUnstartedServer(nil)
	for i := range o.Newsletters {
		o.Newsletters[i].PublicURL = "http://" + listener.Listener.Addr().String()
	}
	server, err := web.New(o)
	if err != nil {
		t.Fatal(err)
	}
	listener.Config.Handler = server
	listener.Start()
	h.Server, h.server = listener, server
	run, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); server.Run(run) }()
	h.idle = func(testing.TB) { stop(); <-done }
	t.Cleanup(func() { listener.Close(); stop(); <-done })
}

// link is the path of a link of the reader's.
func (h *house) link(p digest.Purpose) string {
	return "/" + string(rune(p)) + "/" + keys.Seal(digest.Ticket{Purpose: p, Subscriber: h.reader.ID, Edition: 1, Newsletter: "hebdo"})
}

// call is one request: a method and a path, and what goes with them.
type call struct {
	method, path, kind, body string
	header                   map[string]string
}

func (h *house) call(t testing.TB, c call) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(c.method, h.URL+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	if c.kind != "" {
		req.Header.Set("Content-Type", c.kind)
	}
	for k, v := range c.header {
		req.Header.Set(k, v)
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

func (h *house) get(t testing.TB, path string) string {
	t.Helper()
	resp, body := h.call(t, call{method: "GET", path: path})
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %d\n%s", path, resp.StatusCode, body)
	}
	return body
}

func (h *house) post(t testing.TB, path, body string) string {
	t.Helper()
	_, answer := h.call(t, call{method: "POST", path: path, kind: form, body: body})
	return answer
}

// join fills in the form from a network of its own.
func (h *house) join(t testing.TB, network, body string) (*http.Response, string) {
	t.Helper()
	return h.call(t, call{method: "POST", path: "/subscribe/hebdo", kind: form, body: body, header: map[string]string{"X-Forwarded-For": network}})
}

func (h *house) willing(t testing.TB, list string) int {
	t.Helper()
	groups, err := h.store.Audience(ctx, digest.AudienceQuery{Newsletter: "hebdo", Lists: []string{list}, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range groups {
		n += g.Readers
	}
	return n
}

func (h *house) dump(t testing.TB) string {
	t.Helper()
	s, err := h.store.Dump(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// has fails for each of what a page lacks.
func has(t testing.TB, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}
