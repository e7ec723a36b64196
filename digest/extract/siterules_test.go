package extract

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zest-digest/zest/digest"
)

const sampleRules = `# the Courier
title: //h1[@class='big']
author: //span[@class='who']
date: //span[@class='when']/@data-time
body: //div[@id='nothing'] | //section[@class='story']
body: //article
strip: //p[@class='ad']
strip_id_or_class: promo
strip_image_src: /counter/
find_string: <q-box>
replace_string: <div class="promo">
replace_string(</q-box>): </div>
prune: no
test_url: https://courier.example/a
http_header(user-agent): Nobody
`

const samplePageOfRules = `<html><body><h1 class="big">The bridge</h1><span class="who">By Nora Whitfield</span><span class="when" data-time="2026-05-04T10:00:00Z"></span>
<section class="story"><p>First the river rose, and then the council met, and nobody was surprised by either of the two things at all.</p>
<p class="ad">Buy an umbrella, they are cheap</p><q-box><p>Our best offers of the week</p></q-box><img src="/counter/1.png"><img src="/bridge.jpg">
<p>Then the bridge was closed.</p></section><section class="other"><p>Other things that happened, at great length, to other people, in other towns that have no bridge.</p></section></body></html>`

func TestSiteRulesDecide(t *testing.T) {
	rules, err := ParseSiteRules("courier.example.txt", []byte(sampleRules))
	if err != nil {
		t.Fatal(err)
	}
	a, err := Page(digest.Page{URL: "https://www.courier.example/a", Body: []byte(samplePageOfRules)}, Options{Rules: []SiteRules{{Host: "example"}, rules}})
	if err != nil {
		t.Fatal(err)
	}
	if a.Title != "The bridge" || a.Author != "Nora Whitfield" || a.Published.Format("2006-01-02") != "2026-05-04" {
		t.Errorf("title %q, author %q, published %s", a.Title, a.Author, a.Published)
	}
	if want := "First the river rose, and then the council met, and nobody was surprised by either of the two things at all.\n\nThen the bridge was closed."; a.Text != want {
		t.Errorf("text %q", a.Text)
	}
	if !strings.Contains(a.HTML, "bridge.jpg") || strings.Contains(a.HTML, "counter") {
		t.Error(a.HTML)
	}
}

func TestSiteRulesOfAnotherSiteDoNotApply(t *testing.T) {
	rules, err := ParseSiteRules("courier.example.txt", []byte(sampleRules))
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"https://courier.example/a": "courier.example", "https://m.courier.example/a": "courier.example",
		"https://notcourier.example/a": "", "https://courier.example.evil.example/": "", "": "",
	} {
		if got := rulesFor([]SiteRules{rules}, address).Host; got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestSiteRulesSayWhichLineIsWrong(t *testing.T) {
	_, err := ParseSiteRules("courier.example.txt", []byte("body: //div\nstrip: //div[@class='x\n"))
	var invalid *digest.InvalidError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v", err)
	}
	if _, err := ParseSiteRules(".txt", nil); err == nil {
		t.Error("rules without a host are accepted")
	}
}

func TestSiteRulesThatMakeNoSenseFindNothing(t *testing.T) {
	for _, expression := range []string{"count(1)", "//a[position() = 'x']", "substring('a', 'b', 'c')", "string-length(//p, 2)", "1 div 0", "//*[contains(., //p)]"} {
		rules, err := ParseSiteRules("courier.example.txt", []byte("body: "+expression+"\ntitle: "+expression+"\nstrip: "+expression))
		if err != nil {
			continue
		}
		a, err := Page(digest.Page{URL: "https://courier.example/a", Body: []byte(samplePageOfRules)}, Options{Rules: []SiteRules{rules}})
		if err != nil {
			t.Errorf("%s: %v", expression, err)
		}
		_ = a
	}
}

// Rules that other people wrote are all read.
func TestSiteRulesOfThePublicCollection(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/site-rules/*.txt")
	if len(files) == 0 {
		t.Skip("shared data is not here")
	}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseSiteRules(filepath.Base(f), body); err != nil {
			t.Error(err)
		}
	}
}
