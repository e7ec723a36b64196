package extract

import (
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
)

func TestDatesAsPeopleWriteThem(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-24":                                 "2026-11-24T00:00:00Z",
		"2026-11-24T09:05:07+01:00":                  "2026-11-24T08:05:07Z",
		"2026-11-24T09:05:07.123+0100":               "2026-11-24T08:05:07Z",
		"2026-11-24 09:05":                           "2026-11-24T09:05:00Z",
		"2026/11/24":                                 "2026-11-24T00:00:00Z",
		"20261124T090507Z":                           "2026-11-24T09:05:07Z",
		"1795510800":                                 "2026-11-24T09:00:00Z",
		"1795510800000":                              "2026-11-24T09:00:00Z",
		"Tue, 24 Nov 2026 09:05:00 GMT":              "2026-11-24T09:05:00Z",
		"Tue, 24 Nov 2026 09:05:00 -0500":            "2026-11-24T14:05:00Z",
		"November 24, 2026 at 9:05 pm":               "2026-11-24T21:05:00Z",
		"Nov. 24, 2026":                              "2026-11-24T00:00:00Z",
		"24th November 2026":                         "2026-11-24T00:00:00Z",
		"lun. 23 nov. 2026":                          "2026-11-23T00:00:00Z",
		"1er mars 2026":                              "2026-03-01T00:00:00Z",
		"Publié le mardi 24 novembre 2026 à 9h5":     "2026-11-24T00:00:00Z",
		"Publié le mardi 24 novembre 2026 à 09h05":   "2026-11-24T09:05:00Z",
		"Mis à jour le 2 août 2026 à 14:30":          "2026-08-02T14:30:00Z",
		"le 15\u00a0février\u00a02026":               "2026-02-15T00:00:00Z",
		"31 DÉCEMBRE 2026":                           "2026-12-31T00:00:00Z",
		"23/11/2026":                                 "2026-11-23T00:00:00Z",
		"23.11.2026, 18:50 Uhr":                      "2026-11-23T18:50:00Z",
		"3. März 2026":                               "2026-03-03T00:00:00Z",
		"5 de mayo de 2026":                          "2026-05-05T00:00:00Z",
		"2026年1月8日":                                  "2026-01-08T00:00:00Z",
		"":                                           "",
		"demain":                                     "",
		"version 2026.13.45":                         "",
		"31 février 2026":                            "",
		"mardi 2026":                                 "",
		"0612345678":                                 "",
		"page 12 of 2026":                            "",
		"12345678901234567890123456789012345 1/1/11": "",
	} {
		got := ""
		if at, ok := parseDate(in, "fr"); ok {
			got = at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestAmericansPutTheMonthFirst(t *testing.T) {
	for language, want := range map[string]time.Month{"fr": time.April, "en-US": time.March, "en-GB": time.April} {
		if at, _ := parseDate("03/04/2026", language); at.Month() != want {
			t.Errorf("%s: %s", language, at.Month())
		}
	}
}

// Each page says when it was published in one more place; the most reliable
// place wins.
func TestPublicationDateComesFromTheBestPlace(t *testing.T) {
	const text = "<p>Le conseil a voté le budget à l’unanimité jeudi soir, après trois heures d’un débat où chacun a dit sa part et le reste.</p>"
	visible := `<p class="date">Publié le 7 mai 2026</p>`
	element := `<header><time datetime="2026-05-06T10:00">hier</time></header>` + visible
	meta := `<meta property="article:published_time" content="2026-05-05T08:00:00+02:00">`
	linked := `<script type="application/ld+json">{"@type":"NewsArticle","headline":"x","datePublished":"2026-05-04T08:00:00+02:00","dateModified":"2026-05-09"}</script>`
	for name, c := range map[string]struct{ url, head, body, want string }{
		"nowhere":        {"https://s.example/a", "", "", "0001-01-01"},
		"visible":        {"https://s.example/a", "", visible, "2026-05-07"},
		"address":        {"https://s.example/2026/05/08/a", "", visible, "2026-05-08"},
		"address, words": {"https://s.example/2026/mai/8/a", "", visible, "2026-05-08"},
		"time element":   {"https://s.example/2026/05/08/a", "", element, "2026-05-06"},
		"meta":           {"https://s.example/a", meta, element, "2026-05-05"},
		"linked data":    {"https://s.example/a", meta + linked, element, "2026-05-04"},
		"others' dates":  {"https://s.example/a", "", `<aside><time datetime="2020-01-01">x</time></aside>` + visible, "2026-05-07"},
		"change only":    {"https://s.example/a", `<meta property="article:modified_time" content="2026-05-10">`, "", "2026-05-10"},
	} {
		page := "<html lang=fr><head>" + c.head + "</head><body><article>" + c.body + text + "</article></body></html>"
		a, err := Page(digest.Page{URL: c.url, Body: []byte(page)}, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := a.Published.Format(time.DateOnly); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
