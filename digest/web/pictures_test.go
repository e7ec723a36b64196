package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/zest-digest/zest/digest"
)

func TestPicturesOfAnEditionAreShown(t *testing.T) {
	h := open(t)
	id := strings.Repeat("0a", 16)
	_, err := h.store.Freeze(ctx, digest.Frozen{
		Edition: digest.Edition{Newsletter: "hebdo", Number: 99, Slot: "99", Subject: "Images", Language: "fr", Date: noon}, Lists: []string{"hebdo"}, Expires: noon.AddDate(1, 0, 0),
		Proofs:   []digest.Proof{{Variant: digest.Variant{Key: "fr", Language: "fr"}, HTML: `<html><img src="cid:` + id + `@example.org" alt=""></html>`}},
		Pictures: []digest.Embedded{{ID: id, Type: "image/png", Data: []byte("\x89PNG")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) (*http.Response, string) {
		res, err := http.Get(h.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(body)
	}
	if _, body := get("/hebdo/mail/99"); !strings.Contains(body, `/i/`+id+`"`) {
		t.Errorf("the web version shows no picture: %s", body)
	}
	res, body := get("/i/" + id)
	if res.Header.Get("Content-Type") != "image/png" || body != "\x89PNG" || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%q %v", body, res.Header)
	}
	if res, _ := get("/i/nobody"); res.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", res.StatusCode)
	}
}
