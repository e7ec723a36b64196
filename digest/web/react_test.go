package web_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/web"
)

const person = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// asking is a house whose newsletter asks for everything, a day after its first
// edition, with articles of its own.
func asking(t *testing.T) (*house, []digest.Article) {
	t.Helper()
	h := open(t)
	n := letters()
	n[0].Feedback = digest.Feedback{Clicks: true, MoreLess: true}
	h.serve(t, web.Options{Newsletters: n})
	var list []digest.Article
	for i := range 10 {
		list = append(list, digest.Article{Source: "s", Identity: fmt.Sprint(i), URL: fmt.Sprintf("https://example.org/%d?a=1&b=2", i), Title: fmt.Sprint("Le pont <", i, ">")})
	}
	if _, err := h.store.SaveHarvest(ctx, digest.SourceState{Source: "s"}, list); err != nil {
		t.Fatal(err)
	}
	stored, err := h.store.Candidates(ctx, "hebdo", []string{"s"})
	if err != nil {
		t.Fatal(err)
	}
	h.now = func() time.Time { return noon.Add(24 * time.Hour) }
	return h, stored
}

func about(path string, p digest.Purpose, a digest.ArticleID) string {
	return path + keys.SealLink(p, digest.Link{Newsletter: "hebdo", Number: 1, Article: a})
}

// counted is what was counted of the first edition, by kind, once all is settled.
func (h *house) counted(t *testing.T) map[digest.ReactionKind]int {
	t.Helper()
	h.idle(t)
	e, err := h.store.Edition(ctx, "hebdo", 1)
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.store.Reactions(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	out := map[digest.ReactionKind]int{}
	for _, r := range list {
		out[r.Kind] += r.Count
	}
	return out
}

func from(network string) map[string]string {
	return map[string]string{"User-Agent": person, "X-Forwarded-For": network}
}

func TestAClickLeadsOnAndIsCounted(t *testing.T) {
	h, list := asking(t)
	before := h.dump(t)
	for _, network := range []string{"192.0.2.1", "192.0.2.2", "198.51.100.1"} {
		resp, _ := h.call(t, call{method: "GET", path: about("/r/", digest.PurposeClick, list[0].ID), header: from(network)})
		if resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != list[0].URL {
			t.Errorf("%d to %q", resp.StatusCode, resp.Header.Get("Location"))
		}
	}
	if h.dump(t) != before {
		t.Error("a click was written while it was answered")
	}
	if got := h.counted(t); got[digest.ReactionClick] != 2 {
		t.Errorf("%v: two networks clicked", got)
	}
}

func TestMachinesClicksAreNotCounted(t *testing.T) {
	h, list := asking(t)
	path := about("/r/", digest.PurposeClick, list[0].ID)
	with := func(key, value string) map[string]string {
		out := from("192.0.2.1")
		out[key] = value
		return out
	}
	for _, c := range []call{
		{method: "HEAD", header: from("192.0.2.1")},
		{method: "GET", header: with("Sec-Purpose", "prefetch;prerender")},
		{method: "GET", header: with("Purpose", "prefetch")},
		{method: "GET", header: with("User-Agent", "Mozilla/5.0 (compatible; Googlebot/2.1)")},
		{method: "GET", header: with("User-Agent", "")},
	} {
		c.path = path
		if resp, _ := h.call(t, c); resp.StatusCode != http.StatusFound {
			t.Errorf("%s %v: %d", c.method, c.header, resp.StatusCode)
		}
	}
	day := h.now
	h.now = func() time.Time { return noon.Add(5 * time.Second) } // before it can have been read
	h.call(t, call{method: "GET", path: path, header: from("192.0.2.1")})
	h.now = day
	for _, a := range list { // one network opens all of it
		h.call(t, call{method: "GET", path: about("/r/", digest.PurposeClick, a.ID), header: from("203.0.113.9")})
	}
	if got := h.counted(t); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestAWishIsCountedWhenItIsSent(t *testing.T) {
	h, list := asking(t)
	more, less := about("/more/", digest.PurposeMore, list[0].ID), about("/less/", digest.PurposeLess, list[0].ID)
	for range 2 {
		has(t, h.get(t, more), "Le pont &lt;0&gt;", "<button")
		has(t, h.get(t, less), "Le pont &lt;0&gt;", "<button")
	}
	h.post(t, more, "wish=more")
	if got := h.counted(t); got[digest.ReactionMore] != 1 || got[digest.ReactionLess] != 0 {
		t.Errorf("%v: looking is not asking", got)
	}
}

func TestLinksOfStrangersLeadNowhere(t *testing.T) {
	h, list := asking(t)
	foreign := digest.NewKeyring([]byte("another secret!!")).SealLink(digest.PurposeClick, digest.Link{Newsletter: "hebdo", Number: 1, Article: list[0].ID})
	wish := about("", digest.PurposeMore, list[0].ID)
	for _, path := range []string{"/r/" + foreign, "/r/" + wish, "/less/" + wish, "/r/x", "/r/" + h.link(digest.PurposeUnsubscribe)[3:], about("/r/", digest.PurposeClick, 9999)} {
		resp, _ := h.call(t, call{method: "GET", path: path, header: from("192.0.2.1")})
		if resp.StatusCode != http.StatusNotFound || resp.Header.Get("Location") != "" {
			t.Errorf("%s: %d to %q", path, resp.StatusCode, resp.Header.Get("Location"))
		}
	}
	// A preview's links say that they are a sample.
	sample := digest.SampleKeyring().SealLink(digest.PurposeClick, digest.Link{Newsletter: "hebdo", Number: 1, Article: list[0].ID})
	if resp, _ := h.call(t, call{method: "GET", path: "/r/" + sample, header: from("192.0.2.1")}); resp.StatusCode != http.StatusOK || resp.Header.Get("Location") != "" {
		t.Errorf("a sample: %d", resp.StatusCode)
	}
}
