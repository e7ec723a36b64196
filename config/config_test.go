package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/config"
	"github.com/zest-digest/zest/digest"
)

// five is the configuration the README shows.
const five = `public_url: https://news.example.org/
smtp: {host: localhost, tls: none}
newsletters:
  - {name: hebdo, from: "Hebdo <hebdo@Example.org>", postal_address: "1 rue du Port, Brest",
     sources: ["https://example.org/feed.xml"]}
`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "zest.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, text string, environ ...string) *config.Config {
	t.Helper()
	c, err := config.Load(write(t, text), environ)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheExampleLoads(t *testing.T) {
	c := load(t, string(config.Example()))
	if _, err := c.Newsletter("weekly"); err != nil {
		t.Error(err)
	}
}

// TestTheExampleShowsRealDefaults takes the # off every commented key: what the
// starter file says of a default must be a key, and load.
func TestTheExampleShowsRealDefaults(t *testing.T) {
	var lines []string
	for line := range strings.Lines(string(config.Example())) {
		trimmed := strings.TrimLeft(line, " ")
		if strings.HasPrefix(trimmed, "#") && !strings.HasPrefix(trimmed, "# ") && !strings.Contains(line, "_file") &&
			!strings.Contains(line, "user:") && !strings.Contains(line, "key_file") {
			line = strings.Replace(line, "#", "", 1)
		}
		lines = append(lines, line)
	}
	_, err := config.Load(write(t, strings.Join(lines, "")), nil)
	var problems config.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			if !strings.HasPrefix(p.Field, "dkim") {
				t.Error(p)
			}
		}
	}
}

func TestFiveLinesMakeANewsletter(t *testing.T) {
	c := load(t, five)
	got, err := c.Newsletter("hebdo")
	if err != nil {
		t.Fatal(err)
	}
	want := digest.Newsletter{Name: "hebdo", Title: "Hebdo", Language: "en",
		From: digest.Address{Name: "Hebdo", Email: "hebdo@example.org"}, PostalAddress: "1 rue du Port, Brest",
		PublicURL: "https://news.example.org", ListID: "hebdo.example.org", Lists: []string{"hebdo"}, Joinable: []string{"hebdo"},
		Sources: []digest.Source{{Name: "example.org/feed.xml", Kind: digest.SourceFeed, URL: "https://example.org/feed.xml",
			Weight: 1, FullText: true, FirstRun: 20}},
		Zone: time.UTC, Rules: digest.Rules{Min: 1, Max: 12, SummaryChars: 320, ClipBytes: 90000},
		Look:   digest.Look{Theme: "gazette", Accent: "#0b5c8a"},
		Images: digest.ImagesLink,
		MaxAge: 48 * time.Hour, OnUnknown: digest.UnknownResend, Archive: digest.ArchivePublic,
		Missed: digest.MissedSend, MissedWithin: 24 * time.Hour}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })); diff != "" {
		t.Error(diff)
	}
	if c.SMTP.Port != 25 || c.SMTP.Connections != 4 || c.SMTP.Timeout != 30*time.Second {
		t.Errorf("smtp = %+v", c.SMTP)
	}
	if want := []config.List{{Name: "hebdo", Title: "Hebdo", Public: true}}; !cmp.Equal(want, c.AllLists()) {
		t.Errorf("lists = %v", c.AllLists())
	}
}

func TestAnEmptyFileIsTheDefaults(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "smtp:\nweb:\n", "smtp: {}\n"} {
		c := load(t, text)
		want := config.Default()
		want.Store, want.Web.ACMEFolder = c.Store, c.Web.ACMEFolder // whole paths
		a, _ := want.Masked()
		b, _ := c.Masked()
		if diff := cmp.Diff(string(a), string(b)); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
	}
}

func TestEverythingWrittenArrives(t *testing.T) {
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "inbox"), 0o700)
	os.WriteFile(filepath.Join(dir, "pw"), []byte("s3cret\n"), 0o600)
	path := filepath.Join(dir, "zest.yaml")
	os.WriteFile(path, []byte(`
store: data/zest.db
public_url: https://news.example.org
smtp: {host: mail.example.org, tls: implicit, user: u, password_file: pw, timeout: 1m, rate: 2.5}
collect: {max_bytes: 2MiB, pause: 0s}
sources:
  - {name: Le Monde, url: https://lemonde.example/rss, language: fr, weight: 2, full_text: false, headers: [{name: X-Key, value: AbC}]}
  - {name: notes, url: inbox, language: fr, first_run: 0}
newsletters:
  - name: tech-week
    from: tech@example.org
    reply_to: Zoé <zoe@example.org>
    postal_address: Brest
    zone: Europe/Paris
    schedule: ["0 7 * * MON"]
    sources: [Le Monde, notes, ./inbox]
    min: 0
    max_age: 7d
    sections: [{name: Tech, match: 'section == "Tech"', max: 3}]
    on_unknown: leave
`), 0o600)
	c, err := config.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Store != filepath.Join(dir, "data", "zest.db") || c.SMTP.Port != 465 || c.SMTP.Password != "s3cret" ||
		c.Collect.MaxBytes != 2<<20 || c.Collect.Pause != 0 || c.SMTP.Rate != 2.5 {
		t.Errorf("%+v", c)
	}
	n, err := c.Newsletter("tech-week")
	if err != nil {
		t.Fatal(err)
	}
	want := []digest.Source{
		{Name: "Le Monde", Kind: "feed", URL: "https://lemonde.example/rss", Language: "fr", Weight: 2, FirstRun: 20,
			Headers: []digest.Header{{Name: "X-Key", Value: "AbC"}}},
		{Name: "notes", Kind: "folder", URL: filepath.Join(dir, "inbox"), Language: "fr", Weight: 1, FullText: true},
		{Name: "inbox", Kind: "folder", URL: filepath.Join(dir, "inbox"), Weight: 1, FullText: true, FirstRun: 20},
	}
	if diff := cmp.Diff(want, n.Sources); diff != "" {
		t.Error(diff)
	}
	if n.Rules.Min != 0 || n.MaxAge != 7*24*time.Hour || n.Title != "Tech week" || n.From.Name != "Tech week" ||
		n.ReplyTo.Name != "Zoé" || n.Zone.String() != "Europe/Paris" || n.OnUnknown != digest.UnknownLeave ||
		n.Language != "en" || n.Rules.Sections[0].Max != 3 {
		t.Errorf("%+v", n)
	}
}

func TestANewsletterSpeaksTheLanguageOfItsSources(t *testing.T) {
	c := load(t, strings.Replace(five, `["https://example.org/feed.xml"]`, "[a, b]", 1)+`
sources: [{name: a, url: "https://a.example/", language: fr}, {name: b, url: "https://b.example/", language: fr}]`)
	if n, _ := c.Newsletter("hebdo"); n.Language != "fr" {
		t.Errorf("language = %q", n.Language)
	}
}

func TestTheEnvironmentLiesOverTheFile(t *testing.T) {
	pw := write(t, "from a file\n")
	c := load(t, five, "ZEST_SMTP_HOST=mx.example.org", "ZEST_SMTP_PORT=2525", "ZEST_SMTP_TIMEOUT=5s", "ZEST_SMTP_USER=u",
		"ZEST_SMTP_PASSWORD_FILE="+pw, "ZEST_STORE=postgres://u:p@db/zest",
		"ZEST_CONFIG=x", "ZEST_SMTP_RATE=", "ZEST_TEST_POSTGRES=y", "HOME=/root")
	if c.SMTP.Host != "mx.example.org" || c.SMTP.Port != 2525 || c.SMTP.Timeout != 5*time.Second || c.SMTP.TLS != "none" ||
		c.SMTP.Password != "from a file" || c.Store != "postgres://u:p@db/zest" {
		t.Errorf("%+v", c)
	}
	_, err := config.Load(write(t, five), []string{"ZEST_SMPT_HOST=x", "ZEST_SMTP_PORT=many", "ZEST_SMTP_TIMEOUT=30"})
	want := `environment: ZEST_SMPT_HOST: unknown variable; did you mean "ZEST_SMTP_HOST"?
environment: ZEST_SMTP_PORT: "many": must be a whole number
environment: ZEST_SMTP_TIMEOUT: "30": not a duration; write a number and its unit, like 30s, 15m, 48h or 7d`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %v", err, want)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	c := load(t, `
store: postgres://zest:hush@db/zest
public_url: https://news.example.org
smtp: {user: u, password: hush}
web: {secret: hush-hush-hush-hush}
sources: [{name: a, url: "https://u:hush@a.example/feed", user: u, password: hush, headers: [{name: Authorization, value: hush}], proxy: "http://u:hush@p.example"}]
newsletters: [{name: n, from: n@example.org, postal_address: Brest, sources: [a, "https://u:hush@b.example/feed?x=a@b"]}]
`)
	shown, err := c.Masked()
	if err != nil || strings.Contains(string(shown), "hush") || strings.Count(string(shown), "********") != 8 {
		t.Errorf("%v\n%s", err, shown)
	}
	if !strings.Contains(string(shown), "timeout: 30s") || !strings.Contains(string(shown), "max_bytes: 10MiB") {
		t.Errorf("values in units are missing:\n%s", shown)
	}
	n, _ := c.Newsletter("n")
	if n.Sources[1].Name != "b.example/feed?x=a@b" || n.Sources[0].Password != "hush" {
		t.Errorf("%+v", n.Sources)
	}
}

func TestAnUnknownNewsletterIsNotFoundAndTheNearestNamed(t *testing.T) {
	_, err := load(t, five).Newsletter("hebod")
	if !errors.Is(err, digest.ErrNotFound) || err.Error() != `newsletter "hebod": not found; did you mean "hebdo"?` {
		t.Error(err)
	}
}

func TestFindTakesTheFirstThatIsThere(t *testing.T) {
	home, env := t.TempDir(), map[string]string{}
	t.Chdir(t.TempDir())
	getenv := func(k string) string { return env[k] }
	if _, err := config.Find("", getenv); !errors.Is(err, digest.ErrNotFound) || !strings.Contains(err.Error(), "zest init") {
		t.Error(err)
	}
	user := filepath.Join(home, "zest", "zest.yaml")
	os.MkdirAll(filepath.Dir(user), 0o700)
	os.WriteFile(user, nil, 0o600)
	env["XDG_CONFIG_HOME"] = home
	for _, step := range []struct{ prepare, explicit, want string }{
		{"", "", user},
		{"zest.yaml", "", "zest.yaml"},
		{"env.yaml", "", "env.yaml"},
		{"given.yaml", "given.yaml", "given.yaml"},
	} {
		if step.prepare != "" {
			os.WriteFile(step.prepare, nil, 0o600)
		}
		if step.prepare == "env.yaml" {
			env["ZEST_CONFIG"] = "env.yaml"
		}
		if got, err := config.Find(step.explicit, getenv); err != nil || got != step.want {
			t.Errorf("%+v: %q, %v", step, got, err)
		}
	}
	if _, err := config.Find("gone.yaml", getenv); !errors.Is(err, digest.ErrNotFound) {
		t.Error(err)
	}
}

func TestOtherPartsReportWithALine(t *testing.T) {
	c := load(t, five)
	if p := c.At("newsletters.hebdo.schedule[0]", "is nonsense"); p.Line != 4 || !strings.HasSuffix(p.Error(), "zest.yaml:4: newsletters.hebdo.schedule[0]: is nonsense") {
		t.Error(p)
	}
}
