package digest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/zest-digest/zest/"

// mayImport says which packages of ours a package may import. A package that
// is not listed does not exist yet: add it here together with its first file.
var mayImport = map[string][]string{
	"digest":                     {},
	"digest/address":             {"digest"},
	"digest/collect":             {"digest"},
	"digest/extract":             {"digest"},
	"digest/curate":              {"digest"},
	"digest/inline":              {},
	"digest/picture":             {},
	"digest/lint":                {"digest", "digest/lint/caniemail"},
	"digest/lint/caniemail":      {},
	"digest/mjml":                {},
	"digest/render":              {"digest", "digest/inline", "digest/mjml", "templates"},
	"digest/deliver":             {"digest"},
	"digest/deliver/delivertest": {"digest"},
	"digest/bounce":              {"digest"},
	"digest/inbound":             {"digest", "digest/bounce"},
	"digest/segment":             {"digest"},
	"digest/web/hooks":           {"digest", "digest/bounce"},
	"digest/roster":              {"digest", "digest/address"},
	"digest/publish":             {"digest", "digest/segment", "digest/extract", "digest/curate", "digest/render", "digest/lint", "digest/deliver", "digest/picture"},
	"digest/scribe":              {"digest"},
	"digest/store":               {"digest", "digest/address"},
	"digest/store/storetest":     {"digest", "digest/store"},
	"digest/web":                 {"digest", "templates"},
	"digest/schedule":            {"digest"},
	"digest/cluster":             {"digest"},
	"digest/doctor":              {"digest"},
	"digest/watch":               {"digest", "digest/deliver", "digest/internal/answer"},
	"digest/trace":               {"digest", "digest/deliver", "digest/internal/answer"},
	"digest/doctor/dnstest":      {},
	"digest/internal/answer":     {},
	"digest/internal/golden":     {},
	"digest/internal/planning":   {"digest", "digest/publish", "digest/render", "digest/store"},              // another
	"digest/internal/starting":   {},                                                                         // a program of its own
	"digest/internal/score":      {},                                                                         // a program of its own
	"digest/internal/shots":      {},                                                                         // a program of its own
	"digest/internal/bench":      {"digest", "digest/deliver", "digest/deliver/delivertest", "digest/store"}, // another
	"digest/internal/load":       {"digest", "digest/store"},                                                 // another
	"config":                     {"digest", "digest/address", "digest/segment", "digest/schedule"},
	"templates":                  {},
	"cmd/zest":                   nil, // everything
	"cmd/zest/ease":              {},
	"cmd/zest/demo":              {"digest"},
	"cmd/zest/studio":            {"digest/lint"},
	"cmd/zest/selftest":          {"digest", "digest/store", "digest/deliver/delivertest"},
}

// pure packages compute: they read no clock, no file, no network and no
// database, and they do not log.
var pure = []string{"digest", "digest/address", "digest/extract", "digest/curate", "digest/inline", "digest/mjml", "digest/picture", "digest/lint", "digest/render", "digest/bounce", "digest/roster", "digest/segment"}

var impure = []string{"os", "net", "net/http", "log", "log/slog", "database/sql", "math/rand", "math/rand/v2"}

// mayLog lists the packages that talk to the operator's log; the rest return
// errors.
var mayLog = []string{"digest/publish", "digest/web", "digest/schedule", "digest/cluster", "cmd/zest", "cmd/zest/demo"}

// home names the only packages that may import a library.
var home = map[string][]string{
	"github.com/mmcdole/gofeed":                   {"digest/collect"},
	"github.com/temoto/robotstxt":                 {"digest/collect"},
	"github.com/cenkalti/backoff/v5":              {"digest/collect"},
	"codeberg.org/readeck/go-readability/v2":      {"digest/extract"},
	"github.com/microcosm-cc/bluemonday":          {"digest/extract"},
	"github.com/antchfx/htmlquery":                {"digest/extract"},
	"github.com/abadojack/whatlanggo":             {"digest/extract", "digest/curate"},
	"github.com/blevesearch/snowballstem":         {"digest/curate"},
	"github.com/blevesearch/snowballstem/english": {"digest/curate"},
	"github.com/blevesearch/snowballstem/french":  {"digest/curate"},
	"github.com/vanng822/go-premailer/premailer":  {"digest/inline"},
	"github.com/preslavrachev/gomjml/mjml":        {"digest/mjml"},
	"html/template":                               {"digest/render", "digest/web", "templates", "cmd/zest", "cmd/zest/demo", "cmd/zest/studio"},
	"github.com/wneessen/go-mail":                 {"digest/deliver", "digest/internal/bench"},
	"github.com/wneessen/go-mail/smtp":            {"digest/deliver"},
	"github.com/emersion/go-msgauth/dkim":         {"digest/deliver", "digest/deliver/delivertest"},
	"github.com/spf13/viper":                      {"config"},
	"github.com/emersion/go-smtp":                 {"digest/inbound", "digest/internal/load", "cmd/zest/demo"},
	"github.com/emersion/go-imap/v2":              {"digest/inbound", "digest/collect"},
	"github.com/emersion/go-imap/v2/imapclient":   {"digest/inbound", "digest/collect"},
	"github.com/knadh/go-pop3":                    {"digest/inbound"},
	"database/sql":                                {"digest/store", "digest/store/storetest", "digest/internal/planning"},
	"modernc.org/sqlite":                          {"digest/store"},
	"github.com/jackc/pgx/v5":                     {"digest/store", "digest/cluster"},
	"github.com/jackc/pgx/v5/stdlib":              {"digest/store"},
	"github.com/jackc/pgx/v5/pgxpool":             {"digest/cluster"},
	"github.com/riverqueue/river":                 {"digest/cluster"},
	"github.com/pressly/goose/v3":                 {"digest/store"},
	"github.com/gorilla/feeds":                    {"digest/web"},
	"github.com/robfig/cron/v3":                   {"digest/schedule"},
	"github.com/miekg/dns":                        {"digest/doctor", "digest/doctor/dnstest"},
	"blitiri.com.ar/go/spf":                       {"digest/doctor"},
	"github.com/spf13/cobra":                      {"cmd/zest"},
	"github.com/vbauerster/mpb/v8":                {"cmd/zest"},
	"github.com/lmittmann/tint":                   {"cmd/zest"},
	"golang.org/x/net/idna":                       {"digest/address"},
	"github.com/chromedp/chromedp":                {"digest/internal/shots"},
	"golang.org/x/image/draw":                     {"digest/picture"},

	"github.com/coreos/go-systemd/v22/activation": {"cmd/zest"},
	"github.com/coreos/go-systemd/v22/daemon":     {"cmd/zest"},
	"golang.org/x/crypto/acme/autocert":           {"cmd/zest"},
	"go.opentelemetry.io/otel/sdk/trace":          {"digest/trace"},
	"go.opentelemetry.io/otel/trace":              {"digest/trace"},
	"github.com/VictoriaMetrics/metrics":          {"digest/watch"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		pkgs = append(pkgs, p)
	}
}

func TestImports(t *testing.T) {
	for _, p := range list(t) {
		allowed, listed := mayImport[p.ImportPath]
		if !listed {
			t.Errorf("%s is a new room: add it to the tables in digest/imports_test.go and docs/ARCHITECTURE.md", p.ImportPath)
		}
		for _, imp := range p.Imports {
			for _, complaint := range complaints(p.ImportPath, imp, allowed) {
				t.Error(complaint)
			}
		}
	}
}

func complaints(from, imp string, allowed []string) (out []string) {
	if ours, ok := strings.CutPrefix(imp, module); ok {
		if allowed != nil && !slices.Contains(allowed, ours) {
			out = append(out, fmt.Sprintf("%s imports %s; it may import only %v of ours: what two stages share is a type in digest", from, ours, allowed))
		}
		if ours == "config" && from != "cmd/zest" {
			out = append(out, from+" imports config; only cmd/zest may: give it a small Options struct")
		}
		return out
	}
	if slices.Contains(pure, from) && slices.Contains(impure, imp) {
		out = append(out, fmt.Sprintf("%s is pure and imports %s: take the value as an argument", from, imp))
	}
	if imp == "log/slog" && !slices.Contains(mayLog, from) {
		out = append(out, from+" logs; return an error instead")
	}
	if rooms, ok := home[imp]; ok && !slices.Contains(rooms, from) {
		out = append(out, fmt.Sprintf("%s imports %s, which lives in %v only", from, imp, rooms))
	}
	return out
}
