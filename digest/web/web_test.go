package web_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"mime/multipart"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/web"
)

// scanners are who follows links besides people.
var scanners = []string{
	"", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
	"Mozilla/5.0 (compatible; BarracudaCentral)", "GoogleImageProxy", "Microsoft Office/16.0 (SafeLinks)", "YahooMailProxy", "curl/8.5.0",
}

func TestFollowingALinkChangesNothing(t *testing.T) {
	h := open(t)
	if _, err := h.store.Secret(ctx); err != nil {
		t.Fatal(err)
	}
	before := h.dump(t)
	for _, path := range []string{h.link(digest.PurposeUnsubscribe), h.link(digest.PurposePreferences), h.link(digest.PurposeConfirm), h.link(digest.PurposeData), "/", "/hebdo", "/hebdo/1", "/hebdo/mail/1", "/hebdo/search?q=phare", "/hebdo/topics/mer", "/hebdo/feed.xml", "/hebdo/feed.json", "/subscribe/hebdo", "/embed/hebdo"} {
		for i := range 10 {
			for _, method := range []string{"GET", "HEAD"} {
				header := map[string]string{"User-Agent": scanners[i%len(scanners)], "Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"}
				if resp, _ := h.call(t, call{method: method, path: path, header: header}); resp.StatusCode != 200 {
					t.Fatalf("%s %s: %d", method, path, resp.StatusCode)
				}
			}
		}
	}
	if d := cmp.Diff(before, h.dump(t)); d != "" {
		t.Error(d)
	}
	if mail := h.mails.wait(0); len(mail) > 0 {
		t.Errorf("mailed %q", mail)
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
		resp, body := h.call(t, call{method: "POST", path: h.link(digest.PurposeUnsubscribe), kind: c.contentType, body: c.body, header: map[string]string{"Origin": "https://mail.example.com", "Sec-Fetch-Site": "cross-site"}})
		if resp.StatusCode != 200 || h.willing(t, "hebdo") != 0 || len(resp.Cookies()) > 0 {
			t.Errorf("%s: %d %s; willing %d", name, resp.StatusCode, body, h.willing(t, "hebdo"))
		}
	}
}

func TestAPersonLeavesAndComesBack(t *testing.T) {
	h := open(t)
	link := h.link(digest.PurposeUnsubscribe)
	page := h.get(t, link)
	has(t, page, `lang="fr"`, "Ne plus recevoir L’Hebdo &lt;&amp;&gt;\u00a0?", "c…@example.org", "<form method=\"post\">", "<title>Se désabonner")
	if strings.Contains(page, "camille") || strings.Contains(page, "<script") || strings.Count(page, "<button") != 1 {
		t.Errorf("the page shows the address, runs a script, or has more than one button:\n%s", page)
	}
	if page = h.post(t, link, "leave=yes"); h.willing(t, "hebdo") != 0 {
		t.Error("still on the list")
	}
	has(t, page, "réabonner", "pourquoi")
	has(t, h.get(t, link), "ne recevra plus") // following the link again says how it is
	has(t, h.post(t, link, "tell=yes&reason=often&words=trop+%3Cb%3E"), "Merci")
	if dump := h.dump(t); !strings.Contains(dump, "often: trop <b>") {
		t.Error(dump)
	}
	if page = h.post(t, link, "undo=yes"); h.willing(t, "hebdo") != 1 {
		t.Error("not back on the list")
	}
	has(t, page, "Vous revoilà")
}

func TestPreferences(t *testing.T) {
	h := open(t)
	link := h.link(digest.PurposePreferences)
	has(t, h.get(t, link), "Vos préférences", `value="Mer"`, `value="Ville &amp; vie"`, `value="every" checked`, "Me désabonner")
	page := h.post(t, link, "topic=Mer&cadence=weekly&snooze=14&edition_language=en&text_only=yes&hour=07:00")
	has(t, page, "Saved", `value="Mer" checked`, `value="weekly" checked`, `value="en" checked`, `value="07:00" selected`, "Until Monday, December 7, 2026", `name="text_only" value="yes" checked`)
	c, err := h.store.Choice(ctx, h.reader.ID, "hebdo")
	want := digest.Choice{Topics: []string{"Mer"}, Cadence: digest.CadenceWeekly, Language: "en", TextOnly: true, Snooze: noon.AddDate(0, 0, 14), Hour: "07:00"}
	if d := cmp.Diff(want, c); err != nil || d != "" {
		t.Error(err, d)
	}
	h.post(t, link, "cadence=weekly&snooze=keep&topic=Mer&topic=Ville+%26+vie")
	if c, _ = h.store.Choice(ctx, h.reader.ID, "hebdo"); !c.Snooze.Equal(want.Snooze) || c.Topics != nil {
		t.Errorf("%+v", c)
	}
	if h.post(t, link, "snooze=none"); !func() bool { c, _ = h.store.Choice(ctx, h.reader.ID, "hebdo"); return c.Snooze.IsZero() }() {
		t.Errorf("%+v", c)
	}
	before := h.dump(t)
	for _, wrong := range []string{"edition_language=xx", "cadence=hourly", "topic=Sport", "hour=25:00"} {
		if resp, _ := h.call(t, call{method: "POST", path: link, kind: form, body: wrong}); resp.StatusCode != 422 {
			t.Errorf("%s: %d", wrong, resp.StatusCode)
		}
	}
	if d := cmp.Diff(before, h.dump(t)); d != "" {
		t.Error(d)
	}
}

// What a forwarded message must not allow takes a link that was mailed for it.
func TestOwnDataTakesAFreshLink(t *testing.T) {
	h := open(t)
	has(t, h.post(t, h.link(digest.PurposePreferences), "data=yes"), "c…@example.org")
	mail := h.mails.wait(1)
	if len(mail) != 1 || !strings.HasPrefix(mail[0], "camille@example.org\n") {
		t.Fatalf("mailed %q", mail)
	}
	link := regexp.MustCompile(`/d/[\w-]+`).FindString(mail[0])
	has(t, h.get(t, link), "camille@example.org", "L’emporter", "Tout effacer")
	resp, body := h.call(t, call{method: "POST", path: link, kind: form, body: "do=export"})
	if !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") || !json.Valid([]byte(body)) {
		t.Errorf("%v %s", resp.Header, body)
	}
	has(t, body, "camille@example.org", `"subscriptions"`, `"list": "hebdo"`)

	has(t, h.post(t, link, "do=move&email=new@example.net"), "en route")
	mail = h.mails.wait(2)
	if !strings.HasPrefix(mail[1], "new@example.net\n") {
		t.Fatalf("mailed %q", mail)
	}
	button := regexp.MustCompile(`/a/[\w-]+`).FindString(mail[1])
	has(t, h.get(t, button), "new@example.net", "c…@example.org")
	has(t, h.post(t, button, "move=yes"), "n…@example.net")
	if r, _ := h.store.Subscriber(ctx, h.reader.ID); r.Email != "new@example.net" {
		t.Errorf("%+v", r)
	}
	if mail = h.mails.wait(3); !strings.HasPrefix(mail[2], "camille@example.org\n") || strings.Contains(mail[2], "/a/") {
		t.Errorf("the old address was not told: %q", mail)
	}
	if resp, _ := h.call(t, call{method: "POST", path: button, kind: form, body: "move=yes"}); resp.StatusCode != 410 {
		t.Errorf("moved twice: %d", resp.StatusCode)
	}

	has(t, h.post(t, link, "do=erase"), `role="alert"`)
	has(t, h.post(t, link, "do=erase&sure=yes"), "effacé")
	if dump := h.dump(t); strings.Contains(dump, "new@example.net") || strings.Contains(dump, "camille") {
		t.Error(dump)
	}
	if resp, _ := h.call(t, call{method: "GET", path: link}); resp.StatusCode != 410 {
		t.Errorf("the page of an erased reader: %d", resp.StatusCode)
	}
	// A mail program that still has a message of theirs is told that all is well.
	if resp, _ := h.call(t, call{method: "POST", path: h.link(digest.PurposeUnsubscribe), kind: form, body: "List-Unsubscribe=One-Click"}); resp.StatusCode != 200 {
		t.Errorf("one click of an erased reader: %d", resp.StatusCode)
	}
}

func TestTheArchiveIsNobodysOwn(t *testing.T) {
	h := open(t)
	has(t, h.get(t, "/"), "L’Hebdo &lt;&amp;&gt;", "The Weekly", `href="/hebdo"`)
	has(t, h.get(t, "/hebdo"), `<a href="/hebdo/1">Le pont &lt;rouvre&gt;</a>`, "mardi 24 novembre 2026", `href="/hebdo/topics/ville-vie"`, `content="index, follow"`)
	has(t, h.get(t, "/hebdo/2"), "Le phare, la pêche", `href="https://example.org/Ouest"`, "À lire aussi dans", `rel="prev" href="/hebdo/1"`, "3 min de lecture")
	mailed := h.get(t, "/hebdo/mail/1")
	has(t, mailed, h.URL+"/hebdo\">partir</a>")
	if strings.Contains(mailed, "@@") {
		t.Error(mailed)
	}
	has(t, h.get(t, "/hebdo/topics/mer"), "Un phare change de main")
	has(t, h.get(t, "/hebdo/search?q=ECOLE+sciences"), "L’École des Sciences ouvre ses portes", "2 articles trouvés")
	has(t, h.get(t, "/hebdo/search?q=%3Cscript%3Exyzzy"), "Rien n’a été trouvé", "&lt;script&gt;xyzzy")
	for _, path := range []string{"/nobody", "/hebdo/3", "/hebdo/x", "/hebdo/01", "/hebdo/-1", "/a/b/c", "/staff", "/staff/1", "/staff/feed.xml", "/hebdo/topics/sport", "/hebdo/mail/9", "/look/nobody.css"} {
		if resp, page := h.call(t, call{method: "GET", path: path}); resp.StatusCode != 404 || !strings.Contains(page, "</html>") {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

func TestFeeds(t *testing.T) {
	h := open(t)
	var atom struct {
		ID      string `xml:"id"`
		Entries []struct {
			Title string `xml:"title"`
			ID    string `xml:"id"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(h.get(t, "/hebdo/feed.xml")), &atom); err != nil || len(atom.Entries) != 2 || atom.Entries[0].Title != "Le phare, la pêche" || atom.Entries[0].ID != h.URL+"/hebdo/2" {
		t.Errorf("%v %+v", err, atom)
	}
	var feed struct {
		Version string `json:"version"`
		Items   []struct {
			Title, ID string
		} `json:"items"`
	}
	if err := json.Unmarshal([]byte(h.get(t, "/hebdo/feed.json")), &feed); err != nil || feed.Version != "https://jsonfeed.org/version/1.1" || len(feed.Items) != 2 {
		t.Errorf("%v %+v", err, feed)
	}
	resp, _ := h.call(t, call{method: "GET", path: "/hebdo/feed.xml"})
	if again, body := h.call(t, call{method: "GET", path: "/hebdo/feed.xml", header: map[string]string{"If-None-Match": resp.Header.Get("ETag")}}); again.StatusCode != 304 || body != "" {
		t.Errorf("a feed that has not changed: %d", again.StatusCode)
	}
}

// A static archive stands anywhere: every relative link of it leads to a file.
func TestStaticArchive(t *testing.T) {
	h := open(t)
	id := strings.Repeat("0a", 16)
	_, err := h.store.Freeze(ctx, digest.Frozen{
		Edition: digest.Edition{Newsletter: "hebdo", Number: 3, Slot: "3", Subject: "Images", Language: "fr", Date: noon, Sections: []digest.Section{{Cards: []digest.Card{
			{Article: digest.Article{Title: "Le pont", Image: digest.Image{URL: "cid:" + id + "@example.org"}}, Lead: true}}}}}, Lists: []string{"hebdo"}, Expires: noon.AddDate(1, 0, 0),
		Proofs:   []digest.Proof{{Variant: digest.Variant{Key: "fr", Language: "fr"}, HTML: `<html><img src="cid:` + id + `@example.org" alt=""></html>`}},
		Pictures: []digest.Embedded{{ID: id, Type: "image/png", Data: []byte("\x89PNG")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	n, err := h.server.Build(ctx, func(name string, body []byte) error {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		return os.WriteFile(file, body, 0o644)
	})
	if err != nil || n != 4 {
		t.Fatal(n, err)
	}
	links := regexp.MustCompile(`(?:href|src)="([^"]+)"`)
	pages := 0
	filepath.WalkDir(dir, func(file string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".html" || strings.Contains(file, "/mail/") || strings.HasSuffix(file, "404.html") {
			return err
		}
		pages++
		body, _ := os.ReadFile(file)
		for _, m := range links.FindAllStringSubmatch(string(body), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target := filepath.Join(filepath.Dir(file), filepath.FromSlash(strings.Split(m[1], "?")[0]))
			if strings.HasSuffix(m[1], "/") {
				target = filepath.Join(target, "index.html")
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", file, m[1])
			}
		}
		if strings.Contains(string(body), "@@") || strings.Contains(string(body), "<form") {
			t.Errorf("%s has a token or a form", file)
		}
		return nil
	})
	if pages != 11 {
		t.Errorf("%d pages", pages)
	}
	for file, want := range map[string]string{"hebdo/3/index.html": "../../i/" + id + ".png", "hebdo/mail/3/index.html": "../../../i/" + id + ".png"} {
		if body, _ := os.ReadFile(filepath.Join(dir, file)); !strings.Contains(string(body), want) {
			t.Errorf("%s lacks its picture:\n%s", file, body)
		}
	}
}

func TestPagesSpeakTheLanguageOfAStranger(t *testing.T) {
	h := open(t)
	for accept, want := range map[string]string{"fr-CA,fr;q=0.9": `lang="fr"`, "en-GB": `lang="en"`, "": `lang="en"`} {
		if _, page := h.call(t, call{method: "GET", path: "/u/x", header: map[string]string{"Accept-Language": accept}}); !strings.Contains(page, want) {
			t.Errorf("%q: %s", accept, fmt.Sprintf("%.120s", page))
		}
	}
	has(t, h.get(t, "/subscribe/hebdo?lang=en"), `<html lang="en"`, "Your e-mail address")
}

func TestOperatorsOwnTemplatesComeFirst(t *testing.T) {
	h := open(t)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "web"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"web/style.css": "body{color:teal}", "web/leave.tmpl": `{{define "main"}}<h1>Au revoir ?</h1><form method="post"><button>oui</button></form>{{end}}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h.serve(t, web.Options{Templates: os.DirFS(dir)})
	has(t, h.get(t, "/style.css"), "teal")
	has(t, h.get(t, h.link(digest.PurposeUnsubscribe)), "Au revoir")
	has(t, h.get(t, "/look/hebdo.css"), "#0b5c8a")
}
