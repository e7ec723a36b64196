package address_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
)

func TestParseNormalisesTheDomainAndKeepsTheLocalPart(t *testing.T) {
	for in, want := range map[string]string{
		"zoe@example.org":               "zoe@example.org",
		"  Zoé.Martin@Exemple.FR\u00a0": "Zoé.Martin@exemple.fr",
		"\u200bzoe@example.org\ufeff":   "zoe@example.org",
		"Zoe+News@Bücher.Example":       "Zoe+News@xn--bcher-kva.example",
		"jean@ÉCOLE.example":            "jean@xn--cole-9oa.example",
		`"jean dupont"@example.org`:     `"jean dupont"@example.org`,
		`"a@b"@example.org`:             `"a@b"@example.org`,
		"o'hara@example.org":            "o'hara@example.org",
		"a@r3---sn-x.example":           "a@r3---sn-x.example",
		"a@[192.0.2.1]":                 "a@[192.0.2.1]",
		"a@[IPv6:2001:DB8::1]":          "a@[IPv6:2001:db8::1]",
		"root@localhost":                "root@localhost",
		"用户@例え.テスト":                     "用户@xn--r8jz45g.xn--zckzah",
	} {
		got, err := address.Parse(in)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %q, %v; want %q", in, got, err, want)
		}
		if again, err := address.Parse(got); err != nil || again != got {
			t.Errorf("Parse(%q) again = %q, %v", got, again, err)
		}
	}
}

func TestParseSaysWhatIsWrongAndTheWayOut(t *testing.T) {
	for in, want := range map[string]string{
		"":                                       "missing its @",
		"zoe":                                    "missing its @",
		"zoe.example.org":                        "missing its @",
		"@example.org":                           "nothing before",
		"zoe@":                                   "nothing after",
		"zoe@example..org":                       "dot too many",
		"zoe@example.org.":                       "dot too many",
		"zoe@-example.org":                       "hyphen",
		"zoe@exam ple.org":                       "a domain may not",
		"zoe..m@example.org":                     "two dots",
		".zoe@example.org":                       "dot",
		"zoe martin@example.org":                 "space",
		"zoe@example.org, jo@example.org":        "more than one @",
		"Zoe <zoe@example.org>":                  "space",
		"zoe(work)@example.org":                  "comment",
		"zoe@example.org\nBcc: x@example.org":    "line break",
		"zoe@example.org\r\n":                    "line break",
		"zoe@exam\u200bple.org":                  "invisible",
		"\u202ezoe@example.org":                  "invisible",
		"zoe\x00@example.org":                    "control",
		"zo\xe9@example.org":                     "UTF-8",
		`"zoe@example.org`:                       "quotation mark",
		`zoe."m"@example.org`:                    "may not",
		`""@example.org`:                         "nothing between",
		"zoe@[192.0.2]":                          "brackets",
		"zoe@[192.0.2.1":                         "brackets",
		"zoe@[2001:db8::1]":                      "brackets",
		"zoe@xn--example.com":                    "ASCII",
		strings.Repeat("a", 65) + "@example.org": "64",
		"a@" + strings.Repeat("a", 64) + ".org":  "63",
		"a@" + strings.Repeat("abcdefgh.", 30) + "org": "longer than",
	} {
		_, err := address.Parse(in)
		var invalid *digest.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %v; want an InvalidError with %q", in, err, want)
		}
	}
}

func TestParseMailboxTakesWhatPeoplePaste(t *testing.T) {
	for in, want := range map[string]digest.Address{
		"zoe@Example.org":                        {Email: "zoe@example.org"},
		"<zoe@example.org>":                      {Email: "zoe@example.org"},
		"Zoé Martin <zoe@example.org>":           {Name: "Zoé Martin", Email: "zoe@example.org"},
		`"Martin, Zoé" <zoe@example.org>`:        {Name: "Martin, Zoé", Email: "zoe@example.org"},
		`Zoé "Zo" Martin <zoe@example.org>`:      {Name: `Zoé "Zo" Martin`, Email: "zoe@example.org"},
		`"<zoe@example.org>" <zoe@example.org> `: {Name: "<zoe@example.org>", Email: "zoe@example.org"},
	} {
		got, err := address.ParseMailbox(in)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("ParseMailbox(%q): %v\n%s", in, err, diff)
		}
	}
	for _, in := range []string{"Zoé <zoe>", "Zoé zoe@example.org>", "Zoé\r\nBcc: x <zoe@example.org>", "<>"} {
		if got, err := address.ParseMailbox(in); err == nil {
			t.Errorf("ParseMailbox(%q) = %v; want an error", in, got)
		}
	}
}

func TestSpellingsOfOneAddressHaveOneKey(t *testing.T) {
	for _, group := range [][]string{
		{"zoe@example.org", "ZOE@Example.ORG", `"zoe"@example.org`, `"Z\oe"@example.org`},
		{"zoé@example.org", "ZOÉ@example.org", "zoe\u0301@example.org"},
		{"a@bücher.example", "A@xn--bcher-kva.example", "a@BÜCHER.example"},
		{"σς@example.org", "ΣΣ@example.org"},
	} {
		keys := map[string]bool{}
		for _, s := range group {
			parsed, err := address.Parse(s)
			if err != nil {
				t.Fatal(err)
			}
			keys[address.Key(parsed)] = true
		}
		if len(keys) != 1 {
			t.Errorf("%q have the keys %v, want one", group, keys)
		}
	}
	if address.Key(`"a b"@example.org`) == address.Key("ab@example.org") {
		t.Error("quotes that are needed are part of the key")
	}
}

func TestDomain(t *testing.T) {
	if got := address.Domain(`"a@b"@example.org`); got != "example.org" {
		t.Errorf("Domain = %q", got)
	}
}

// TestCollectedAddresses holds the parser to addresses that nobody here wrote:
// all good ones accepted but two, all bad ones refused.
func TestCollectedAddresses(t *testing.T) {
	f, err := os.Open("../../../shared/data/addresses.jsonl")
	if err != nil {
		t.Skip("the shared address corpus is not here:", err)
	}
	defer f.Close()
	var results *os.File
	if path := os.Getenv("ZEST_TEST_RESULTS"); path != "" {
		if results, err = os.Create(path); err != nil {
			t.Fatal(err)
		}
		defer results.Close()
	}
	missed := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var c struct{ ID, Address, Want, Why string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		_, err := address.ParseMailbox(c.Address)
		switch {
		case c.Want == "accept" && err != nil:
			missed++
			t.Log(err)
		case c.Want == "reject" && err == nil:
			t.Errorf("accepted %q (%s)", c.Address, c.Why)
		}
		if results != nil {
			json.NewEncoder(results).Encode(map[string]any{"id": c.ID, "accept": err == nil})
		}
	}
	if missed > 2 {
		t.Errorf("refused %d good addresses, want at most 2", missed)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a@b.org", `"a b"@b.org`, "a@[192.0.2.1]", "é@é.fr", "a@xn--a.b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := address.Parse(s)
		if err != nil {
			return
		}
		again, err := address.Parse(got)
		if err != nil || again != got {
			t.Errorf("Parse(%q) = %q, but again %q, %v", s, got, again, err)
		}
		if strings.ContainsAny(got, "\r\n\x00<>") && got[0] != '"' {
			t.Errorf("Parse(%q) let through %q", s, got)
		}
		if k := address.Key(got); k != address.Key(k) {
			t.Errorf("the key of %q is not its own key: %q", got, k)
		}
	})
}
