package collect_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest/collect"
)

const rss = `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Le blog</title><link>https://blog.example/</link>
<item><guid>a</guid><title>Été &amp;amp; &lt;b&gt;hiver&lt;/b&gt;</title><link>/un?utm_source=rss</link><pubDate>lun. 23 nov. 2026</pubDate></item>
<item><guid isPermaLink="true">https://blog.example/deux</guid><title>Deux</title></item>
</channel></rss>`

func titles(t *testing.T, body []byte, contentType string) []string {
	t.Helper()
	f, err := collect.ParseFeed(body, contentType, "https://blog.example/feed.xml")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, it := range f.Items {
		out = append(out, it.Title+" "+it.URL)
	}
	return out
}

var want = []string{"Été & hiver https://blog.example/un?utm_source=rss", "Deux https://blog.example/deux"}

func TestFeedsInAnyEncoding(t *testing.T) {
	latin := strings.NewReplacer("É", "\xc9", "é", "\xe9").Replace(rss)
	wide := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(rss)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	for name, c := range map[string]struct {
		body        []byte
		contentType string
	}{
		"as it should be":         {[]byte(rss), "application/rss+xml"},
		"with a mark":             {[]byte("\xef\xbb\xbf" + rss), ""},
		"UTF-16":                  {wide, ""},
		"Latin-1 that says UTF-8": {[]byte(latin), "application/rss+xml; charset=utf-8"},
		"Latin-1 by the server":   {[]byte(latin), "text/xml; charset=iso-8859-1"},
		"UTF-8 that says Latin-1": {[]byte(strings.Replace(rss, "UTF-8", "iso-8859-1", 1)), "text/xml; charset=iso-8859-1"},
		"after a warning":         {[]byte("Warning: strftime()\n\n" + rss), ""},
	} {
		if d := cmp.Diff(want, titles(t, c.body, c.contentType)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestACutFeedGivesTheItemsBeforeTheCut(t *testing.T) {
	cut := rss[:strings.LastIndex(rss, "<title>Deux")+8]
	if d := cmp.Diff(want[:1], titles(t, []byte(cut), "")); d != "" {
		t.Error(d)
	}
}

func TestOldDialects(t *testing.T) {
	for name, body := range map[string]string{
		"RSS 1.1":   `<Channel xmlns="http://purl.org/net/rss1.1#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><title>x</title><items><item rdf:about="u"><title>Un</title><link>https://x/1</link></item></items></Channel>`,
		"CDF":       `<CHANNEL HREF="https://x/"><TITLE>x</TITLE><ITEM HREF="https://x/1"><TITLE>Un</TITLE></ITEM></CHANNEL>`,
		"Atom 0.3":  `<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>x</title><entry><title mode="base64">VW4=</title><link rel="alternate" href="https://x/1"/></entry></feed>`,
		"JSON Feed": `{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[{"id":"1","url":"https://x/1","title":"Un"}]}`,
	} {
		if d := cmp.Diff([]string{"Un https://x/1"}, titles(t, []byte(body), "")); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestPictureInTheText finds the first picture that a text shows, and leaves what
// the feed says of pictures its precedence.
func TestPictureInTheText(t *testing.T) {
	for inside, want := range map[string]string{
		`<description>&lt;p&gt;a&lt;/p&gt;&lt;img alt=x&gt;&lt;IMG src="/1.jpg"&gt;&lt;img src="/2.jpg"&gt;</description>`:                        "https://x/1.jpg",
		`<description>&lt;IMG SRC=/1.jpg /&gt;</description>`:                                                                                     "https://x/1.jpg",
		`<description>&lt;!-- &lt;img src="/1.jpg"&gt; --&gt; words</description>`:                                                                "",
		`<description>&lt;img src="/1.jpg"&gt;</description><enclosure url="https://x/2.jpg" type="image/jpeg"/>`:                                 "https://x/2.jpg",
		`<description>&lt;img src="/1.jpg"&gt;</description><media:thumbnail xmlns:media="http://search.yahoo.com/mrss/" url="https://x/2.jpg"/>`: "https://x/1.jpg",
		`<description>&lt;noscript&gt;&lt;img src="/1.jpg"&gt;&lt;/noscript&gt;&lt;img src="/2.jpg"&gt;</description>`:                            "https://x/2.jpg",
	} {
		f, err := collect.ParseFeed([]byte(`<rss version="2.0"><channel><link>https://x/</link><item><title>t</title>`+inside+`</item></channel></rss>`), "", "")
		if err != nil || len(f.Items) != 1 {
			t.Fatal(err)
		}
		if got := f.Items[0].Image; got != want {
			t.Errorf("%s: %q, want %q", inside, got, want)
		}
	}
}

func TestBombsAndNonsenseEndInAnError(t *testing.T) {
	for name, body := range map[string]string{
		"nothing": "", "text": "hello", "a page": "<!DOCTYPE html><html><body>hi</body></html>",
		"entity bomb": `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><rss version="2.0"><channel><title>&b;`,
	} {
		if f, err := collect.ParseFeed([]byte(body), "", ""); err == nil && len(f.Items) > 0 {
			t.Errorf("%s gave %d items", name, len(f.Items))
		}
	}
}

func FuzzParseFeed(f *testing.F) {
	f.Add([]byte(rss), "application/rss+xml")
	f.Add([]byte(`{"version":"https://jsonfeed.org/version/1","items":[{"id":1}]}`), "")
	f.Add([]byte(`<feed version="0.3" xmlns="http://purl.org/atom/ns#"><info mode="base64">eA==</info>`), "text/xml; charset=utf-16")
	f.Add([]byte("<rss><channel><item><body><p>x</body></item>"), "")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		feed, err := collect.ParseFeed(body, contentType, "https://example.org/")
		if err != nil {
			return
		}
		for _, it := range feed.Items {
			if collect.Identity(it, "guid") == "" {
				t.Error("an item without identity")
			}
		}
	})
}
