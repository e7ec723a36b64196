package doctor

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest/doctor/dnstest"
)

// healthy is a domain that does everything right.
var healthy = []string{
	`example.org. TXT "v=spf1 ip4:198.51.100.7 -all"`,
	`example.org. MX 10 mail.example.org.`,
	`mail.example.org. A 198.51.100.7`,
	`7.100.51.198.in-addr.arpa. PTR mail.example.org.`,
	`zest._domainkey.example.org. TXT "v=DKIM1; k=rsa; " "p=QUJD"`,
	`_dmarc.example.org. TXT "v=DMARC1; p=quarantine"`,
}

var letter = Mail{From: "example.org", BounceDomain: "example.org", Relay: "mail.example.org",
	Keys: []Key{{"example.org", "zest", "v=DKIM1; k=rsa; p=QUJD"}}}

// without is the healthy domain with some records replaced: those whose name
// and type are given anew, or given with nothing behind them.
func without(changed ...string) []string {
	var out []string
	head := func(r string) string { return strings.Join(strings.Fields(r)[:2], " ") }
	for _, r := range healthy {
		keep := true
		for _, c := range changed {
			keep = keep && head(c) != head(r)
		}
		if keep {
			out = append(out, r)
		}
	}
	for _, c := range changed {
		if len(strings.Fields(c)) > 2 {
			out = append(out, c)
		}
	}
	return out
}

func examine(t *testing.T, m Mail, records []string) map[string]Finding {
	t.Helper()
	d, err := New(Options{Resolver: dnstest.Start(t, records...), Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Finding{}
	for _, f := range d.Mail(t.Context(), m) {
		out[f.Check] = f
	}
	return out
}

func TestAHealthyDomainIsWell(t *testing.T) {
	found := examine(t, letter, healthy)
	if len(found) != 5 {
		t.Errorf("%d checks: %v", len(found), found)
	}
	for _, f := range found {
		if f.Level != Well {
			t.Errorf("%+v", f)
		}
	}
}

func TestEachBrokenRecordIsNamedWithWhatMendsIt(t *testing.T) {
	elsewhere := letter
	elsewhere.From, elsewhere.Keys = "news.example.net", nil
	unsigned := letter
	unsigned.Keys = nil
	tests := []struct {
		name    string
		records []string
		mail    Mail
		check   string
		level   Level
		remedy  string
	}{
		{"no SPF", without(`example.org. TXT`), letter, "spf", Problem, `example.org. TXT "v=spf1 a:mail.example.org mx ~all"`},
		{"two SPF records", append(without(), `example.org. TXT "v=spf1 mx -all"`), letter, "spf", Problem, "keep one"},
		{"SPF names another server", without(`example.org. TXT "v=spf1 ip4:192.0.2.1 -all"`), letter, "spf", Warning, "ip4:198.51.100.7"},
		{"SPF allows everybody", without(`example.org. TXT "v=spf1 +all"`), letter, "spf", Problem, "~all"},
		{"SPF that cannot be read", without(`example.org. TXT "v=spf1 include:example.org -all"`), letter, "spf", Problem, "correct the record"},
		{"no key", without(`zest._domainkey.example.org. TXT`), letter, "dkim", Problem, `zest._domainkey.example.org. TXT "v=DKIM1; k=rsa; p=QUJD"`},
		{"another key", without(`zest._domainkey.example.org. TXT "v=DKIM1; p=WFla"`), letter, "dkim", Problem, `"v=DKIM1; k=rsa; p=QUJD"`},
		{"a revoked key", without(`zest._domainkey.example.org. TXT "v=DKIM1; p="`), letter, "dkim", Problem, "p=QUJD"},
		{"a key in testing", without(`zest._domainkey.example.org. TXT "v=DKIM1; t=y; p=QUJD"`), letter, "dkim", Warning, "p=QUJD"},
		{"nobody signs", healthy, unsigned, "dkim", Warning, "zest dkim keygen zest example.org"},
		{"no DMARC", without(`_dmarc.example.org. TXT`), letter, "dmarc", Problem, `_dmarc.example.org. TXT "v=DMARC1; p=none`},
		{"a DMARC policy that says nothing", without(`_dmarc.example.org. TXT "v=DMARC1"`), letter, "dmarc", Problem, "p=none"},
		{"nothing is aligned", append(without(), `_dmarc.example.net. TXT "v=DMARC1; p=reject"`), elsewhere, "dmarc", Problem, "bounce_domain"},
		{"no way back", without(`example.org. MX`), letter, "bounces", Problem, "example.org. MX 10"},
		{"a way back to nowhere", without(`example.org. MX 10 gone.example.org.`), letter, "bounces", Problem, "gone.example.org. A"},
		{"no mail wanted", without(`example.org. MX 0 .`), letter, "bounces", Problem, "example.org. MX 10"},
		{"a nameless relay", without(`7.100.51.198.in-addr.arpa. PTR`), letter, "ptr", Warning, "PTR record to mail.example.org"},
		{"a name that leads elsewhere", without(`7.100.51.198.in-addr.arpa. PTR other.example.org.`), letter, "ptr", Warning, "other.example.org. A 198.51.100.7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := examine(t, tt.mail, tt.records)[tt.check]
			if f.Level != tt.level || !strings.Contains(f.Remedy, tt.remedy) {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestALongKeyIsAskedForAgainOverTCP(t *testing.T) {
	key := "v=DKIM1; k=rsa; p=" + strings.Repeat("QUJD", 120)
	m := letter
	m.Keys = []Key{{"example.org", "zest", key}}
	if f := examine(t, m, without("zest._domainkey.example.org. TXT "+TXT(key)))["dkim"]; f.Level != Well {
		t.Errorf("%+v", f)
	}
}

func TestAServerThatDoesNotAnswerSaysNothingOfTheRecord(t *testing.T) {
	d, err := New(Options{Resolver: "127.0.0.1:1", Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range d.Mail(t.Context(), letter) {
		if f.Level == Problem {
			t.Errorf("%+v", f)
		}
	}
}

func TestAClockThatIsWrongIsNoticed(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer web.Close()
	for _, tt := range []struct {
		off  time.Duration
		want Level
	}{{0, Well}, {time.Hour, Problem}, {-time.Hour, Problem}} {
		d, err := New(Options{Resolver: "127.0.0.1:1", Now: func() time.Time { return time.Now().Add(tt.off) }})
		if err != nil {
			t.Fatal(err)
		}
		if f := d.Clock(context.Background(), []string{web.URL}); f.Level != tt.want {
			t.Errorf("%s off: %+v", tt.off, f)
		}
	}
}
