package collect_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/collect"
)

func read(t *testing.T, s digest.Source) digest.Harvest {
	t.Helper()
	clock := noon
	h, err := patient(&clock).Read(context.Background(), s, digest.SourceState{})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func lines(h digest.Harvest) (out []string) {
	for _, it := range h.Feed.Items {
		out = append(out, strings.TrimSpace(it.Title+" "+it.URL))
	}
	return out
}

// site serves documents by path; SITE in them is its own address.
func site(t *testing.T, pages map[string]string) *httptest.Server {
	t.Helper()
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := pages[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		io.WriteString(w, strings.ReplaceAll(body, "SITE", s.URL))
	}))
	t.Cleanup(s.Close)
	return s
}

func TestAHomePageLeadsToItsFeed(t *testing.T) {
	s := site(t, map[string]string{
		"/":          `<html><head><link rel=alternate type=application/rss+xml title="Comments" href=/comments/feed><link rel=alternate type=application/atom+xml href=/feed></head>`,
		"/only-an-a": `<html><body><a href="/feed.xml">RSS</a></body>`,
		"/feed":      feedOf(2), "/feed.xml": feedOf(3), "/comments/feed": feedOf(9),
	})
	for path, want := range map[string]int{"/": 2, "/only-an-a": 3} {
		src := local(s.URL + path)
		src.Kind = digest.SourceSite
		h := read(t, src)
		if len(h.Feed.Items) != want || !strings.Contains(h.State.MovedTo, "/feed") {
			t.Errorf("%s: %d items, %q", path, len(h.Feed.Items), h.State.MovedTo)
		}
	}
}

func TestAPageWithoutSelectorGivesItsHeadlines(t *testing.T) {
	var b strings.Builder
	b.WriteString(`<html lang=fr><title>Le quai</title><nav><ul><li><a href=/rubrique/politique-et-societe>Politique et société, la rubrique</a></ul></nav><main>
		<div class=lead><h1><a href=/lead>La une du jour est ici</a></h1></div><div class=list>`)
	for i := range 6 {
		fmt.Fprintf(&b, `<div class="card c%d"><a href="/article/%d"><img src=x><h3>Un titre d’article numéro %d</h3></a><a href="/tag/%d">Étiquette</a><time datetime="2026-11-2%d">x</time></div>`, i, i, i, i, i)
	}
	b.WriteString(`</div></main><aside><h2><a href=/pub>Une publicité qui ressemble à un titre</a></h2></aside><footer><a href=/cgu>Conditions générales d’utilisation du site</a></footer>`)
	s := site(t, map[string]string{"/": b.String()})
	src := local(s.URL + "/")
	src.Kind = digest.SourcePage
	h := read(t, src)
	want := []string{"La une du jour est ici " + s.URL + "/lead"}
	for i := range 6 {
		want = append(want, fmt.Sprintf("Un titre d’article numéro %d %s/article/%d", i, s.URL, i))
	}
	if d := cmp.Diff(want, lines(h)); d != "" {
		t.Error(d)
	}
	if got := h.Feed.Items[3].Published.Format(time.DateOnly); got != "2026-11-22" {
		t.Errorf("dated %s", got)
	}
}

func TestSitemaps(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, `<urlset><url><loc>https://t.example/packed</loc></url></urlset>`)
	z.Close()
	news := `<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>SITE/a</loc><news:news><news:publication><news:name>Le quai</news:name><news:language>fr</news:language></news:publication>
		<news:publication_date>2026-11-25</news:publication_date><news:title>Un &amp; deux</news:title></news:news></url><url><loc> SITE/b </loc><lastmod>2026-11-26T10:00:00Z</lastmod></url></urlset>`
	s := site(t, map[string]string{
		"/news.xml":  news,
		"/index.xml": `<sitemapindex><sitemap><loc>SITE/old.xml</loc><lastmod>2020-01-01</lastmod></sitemap><sitemap><loc>SITE/news.xml</loc><lastmod>2026-11-26</lastmod></sitemap></sitemapindex>`,
		"/old.xml":   `<urlset><url><loc>SITE/old</loc><lastmod>2020-01-01</lastmod></url></urlset>`,
		"/cut.xml":   news[:strings.Index(news, "<url><loc> SITE/b")+20],
		"/list.txt":  "SITE/one\nSITE/two\n",
		"/packed.gz": packed.String(),
	})
	for path, want := range map[string][]string{
		"/news.xml":  {s.URL + "/b", "Un & deux " + s.URL + "/a"},
		"/index.xml": {s.URL + "/b", "Un & deux " + s.URL + "/a", s.URL + "/old"},
		"/cut.xml":   {"Un & deux " + s.URL + "/a"},
		"/list.txt":  {s.URL + "/one", s.URL + "/two"},
		"/packed.gz": {"https://t.example/packed"},
	} {
		src := local(s.URL + path)
		src.Kind = digest.SourceSitemap
		if d := cmp.Diff(want, lines(read(t, src))); d != "" {
			t.Errorf("%s: %s", path, d)
		}
	}
}

func TestACommandPrintsArticles(t *testing.T) {
	run := func(script string, o collect.Options) (digest.Harvest, error) {
		o.Now = func() time.Time { return noon }
		src := digest.Source{Name: "s", Kind: digest.SourceCommand, Command: []string{"/bin/sh", "-c", script}}
		return collect.New(o).Read(context.Background(), src, digest.SourceState{})
	}
	for script, want := range map[string][]string{
		`printf '{"url":"https://t.example/1","title":"Un"}\n{"id":2,"title":"Deux","content_text":"Du texte."}\n'`:                       {"Un https://t.example/1", "Deux"},
		`echo '{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":"1","url":"https://t.example/1","title":"Un"}]}'`: {"Un https://t.example/1"},
		`true`: nil,
	} {
		h, err := run(script, collect.Options{})
		if d := cmp.Diff(want, lines(h)); err != nil || d != "" {
			t.Errorf("%s: %v %s", script, err, d)
		}
	}
	for script, want := range map[string]string{
		"sleep 60 & sleep 60": "not done in", "yes": "too large", "echo broken >&2; exit 3": "exit status 3: broken", `echo '{"x":1}'`: "neither", `echo '{"url":'`: "item 1",
	} {
		_, err := run(script, collect.Options{Timeout: 2 * time.Second, MaxBytes: 1 << 20})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", script, err, want)
		}
	}
}

const letter = "From: =?utf-8?q?Le_Quai?= <quai@example.org>\r\nSubject: =?utf-8?q?La_lettre_n=C2=B0_12?=\r\nDate: Wed, 25 Nov 2026 08:00:00 +0100\r\nMessage-ID: <12@example.org>\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nTexte\r\n--b\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"<a href=3D\"https://t.example/online/12\">Voir en ligne</a><p>Une journ=E9e au port.</p><a href=3D\"https://t.example/u?id=3Dsecret\">Se d=E9sinscrire</a>\r\n--b--\r\n"

func TestAMaildirGivesItsLettersWithoutTheWayOut(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, body string, at time.Time) {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
		os.Chtimes(path, at, at)
	}
	write("new/1.x", letter, noon)
	write("cur/2.x:2,S", "From: a@example.org\r\nSubject: Plain\r\nMessage-ID: <2@example.org>\r\n\r\nOne paragraph.\r\n\r\nAnother <one>.\r\n", noon)
	write("new/3.x", strings.Replace(letter, "<12@", "<old@", 1), noon.Add(-90*24*time.Hour))
	h := read(t, digest.Source{Name: "s", Kind: digest.SourceMailbox, URL: dir})
	want := []string{"La lettre n° 12 https://t.example/online/12", "Plain"}
	if d := cmp.Diff(want, lines(h)); d != "" {
		t.Fatal(d)
	}
	it := h.Feed.Items[0]
	if it.Author != "Le Quai" || it.Identity != "guid:12@example.org" || !strings.Contains(it.Content, "journée") || it.Published.Hour() != 7 {
		t.Errorf("%+v", it)
	}
	if strings.Contains(it.Content, "secret") || strings.Contains(it.Content, "en ligne") {
		t.Errorf("a reader could unsubscribe the operator: %s", it.Content)
	}
	if got := h.Feed.Items[1].Content; !strings.Contains(got, "<p>Another &lt;one&gt;.</p>") {
		t.Errorf("plain text: %s", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "new", "1.x")); err != nil {
		t.Errorf("the mailbox was changed: %v", err)
	}
}

func TestANewSourceBringsItsNewestAndPassesItsArchiveOver(t *testing.T) {
	s := site(t, map[string]string{"/feed": feedOf(50)})
	src := local(s.URL + "/feed")
	src.FirstRun = 5
	h := read(t, src)
	if len(h.Feed.Items) != 5 || h.Held != 45 || len(h.Passed) != 45 || h.State.IdentifyBy != "guid" {
		t.Errorf("%d items, %d held, %d passed, by %q", len(h.Feed.Items), h.Held, len(h.Passed), h.State.IdentifyBy)
	}
}

func TestItemsAreKnownByWhatTellsThemApart(t *testing.T) {
	for name, c := range map[string]struct {
		items string
		want  []string
	}{
		"guid":         {"<item><guid>1</guid><link>https://x/1</link></item><item><guid>2</guid><link>https://x/1</link></item>", []string{"guid:1", "guid:2"}},
		"reused guid":  {"<item><guid>1</guid><link>https://x/1?utm_source=a</link></item><item><guid>1</guid><link>https://x/2</link></item>", []string{"url:https://x/1", "url:https://x/2"}},
		"no guid":      {"<item><link>https://X/1#top</link></item>", []string{"url:https://x/1"}},
		"one lacks it": {strings.Repeat("<item><guid>G</guid><link>https://x/G</link></item>", 1) + "<item><link>https://x/2</link></item>", []string{"url:https://x/G", "url:https://x/2"}},
	} {
		s := site(t, map[string]string{"/": "<rss version='2.0'><channel><title>x</title>" + c.items + "</channel></rss>"})
		var got []string
		for _, it := range read(t, local(s.URL+"/")).Feed.Items {
			got = append(got, it.Identity)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestAnItemThatStandsTwiceIsTheNewerOne(t *testing.T) {
	item := func(id, title, date string) string {
		return "<item><guid>" + id + "</guid><title>" + title + "</title><link>https://x/" + id + "</link><pubDate>" + date + "</pubDate></item>"
	}
	var rest strings.Builder
	for i := range 20 {
		rest.WriteString(item(fmt.Sprint(i+10), "x", ""))
	}
	s := site(t, map[string]string{"/": "<rss version='2.0'><channel><title>x</title>" + item("1", "first", "") + item("2", "old", "Mon, 23 Nov 2026 08:00:00 GMT") +
		item("1", "second", "") + item("2", "new", "Tue, 24 Nov 2026 08:00:00 GMT") + rest.String() + "</channel></rss>"})
	src := local(s.URL + "/")
	src.FirstRun = 100
	got := lines(read(t, src))
	if d := cmp.Diff([]string{"first https://x/1", "new https://x/2"}, got[:2]); d != "" || len(got) != 22 {
		t.Errorf("%d items, %s", len(got), d)
	}
}

func TestOPMLOfTheWild(t *testing.T) {
	const wild = `<?xml version="1.0"?><opml version="1.1"><head><title>A & B<title></head><body>
		<outline text="Nouvelles"><outline text="Q&A" xmlUrl=" https://x/q?a=1&b=2 " htmlUrl="https://x/"/>
		<outline title='Le "quai"' text="x" description="<p>a > b</p>" XMLURL='https://x/quai' type=rss></outline></outline>
		<outline text="no feed"/><outline text=bare xmlUrl=https://x/bare>`
	got, err := collect.ParseOPML([]byte(wild), "")
	want := []collect.Outline{
		{URL: "https://x/q?a=1&b=2", Title: "Q&A", Site: "https://x/", Folder: "Nouvelles"},
		{URL: "https://x/quai", Title: `Le "quai"`, Folder: "Nouvelles"}, {URL: "https://x/bare", Title: "bare"},
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Error(err, d)
	}
	out, err := collect.FormatOPML("t", want)
	if err != nil {
		t.Fatal(err)
	}
	back, err := collect.ParseOPML(out, "")
	if d := cmp.Diff(want, back); err != nil || d != "" {
		t.Error(err, d)
	}
	if _, err := collect.ParseOPML([]byte("<html><body>hi"), ""); err == nil {
		t.Error("a page passed as a list of subscriptions")
	}
}
