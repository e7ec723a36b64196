package demo

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func get(t *testing.T, server *httptest.Server, path string) (string, *http.Response) {
	t.Helper()
	res, err := server.Client().Get(server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), res
}

func TestEveryStoryHasAPageWithItsFurniture(t *testing.T) {
	server := httptest.NewServer(Web(noon))
	defer server.Close()
	all, err := stories(noon)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 15 {
		t.Errorf("only %d stories", len(all))
	}
	for _, s := range all {
		body, res := get(t, server, s.Path)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", s.Path, res.Status)
		}
		for _, want := range []string{"</html>", server.URL + s.Path, "<h2", "Passer au contenu|Skip to main content",
			"Lire aussi|Read more:|À lire aussi|See also", "<form", "comment"} {
			found := false
			for alternative := range strings.SplitSeq(want, "|") {
				found = found || strings.Contains(body, alternative)
			}
			if !found {
				t.Errorf("%s: %q is missing", s.Path, want)
			}
		}
		if strings.Contains(body, "ZgotmplZ") {
			t.Errorf("%s: a value was refused by html/template", s.Path)
		}
		if s.Image != "" {
			if _, res := get(t, server, "/img/"+s.Image+".jpg"); res.Header.Get("Content-Type") != "image/jpeg" || res.ContentLength > 40<<10 {
				t.Errorf("%s: picture %s: %s, %d bytes", s.Path, res.Status, res.Header.Get("Content-Type"), res.ContentLength)
			}
		}
	}
}

func TestFeedsCarryTheAddressTheReaderUsed(t *testing.T) {
	server := httptest.NewServer(Web(noon))
	defer server.Close()
	for _, feed := range []struct{ path, mark string }{
		{"/quai/feed.xml", server.URL + "/quai/ville/moulin-a-maree.html?utm_source=rss"},
		{"/quai/culture.xml", "<link>/quai/culture/cinema-de-poche.html</link>"},
		{"/quai/culture.xml", "<pubDate>lun. 23 nov. 2026 11:00:00 +0100</pubDate>"},
		{"/lantern/atom.xml", server.URL + "/lantern/tide-mill"},
		{"/lantern/notebook.json", server.URL + "/lantern/sand-battery"},
	} {
		body, res := get(t, server, feed.path)
		if !strings.Contains(body, feed.mark) {
			t.Errorf("%s: no %q", feed.path, feed.mark)
		}
		var v any
		if strings.HasSuffix(feed.path, ".json") {
			if err := json.Unmarshal([]byte(body), &v); err != nil {
				t.Errorf("%s: %v", feed.path, err)
			}
		} else if err := xml.Unmarshal([]byte(body), new(struct{})); err != nil {
			t.Errorf("%s: %v", feed.path, err)
		}
		req, _ := http.NewRequest("GET", server.URL+feed.path, nil)
		req.Header.Set("If-None-Match", res.Header.Get("ETag"))
		again, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		again.Body.Close()
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: asked again, %s", feed.path, again.Status)
		}
	}
}

func TestListPagesShowTheNewestFirst(t *testing.T) {
	server := httptest.NewServer(Web(noon))
	defer server.Close()
	body, _ := get(t, server, "/etabli/")
	first, second := strings.Index(body, "repair-night"), strings.Index(body, "moulin-reparti")
	if first < 0 || second < first {
		t.Errorf("repair-night at %d, moulin-reparti at %d", first, second)
	}
	if _, res := get(t, server, "/quai/nowhere"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a missing page: %s", res.Status)
	}
	if body, _ := get(t, server, "/quai/culture/"); strings.Contains(body, "Ostréi") || !strings.Contains(body, "gares répète") {
		t.Error("the culture page lists something else")
	}
}
