package web_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/zest-digest/zest/digest"
)

// browser is Chromium, looking at a house.
type browser struct {
	*house
	t      *testing.T
	ctx    context.Context
	axe    string // the accessibility checker; "" where scripts are off
	lang   string
	letter string
	shots  string // folder for pictures, "" for none
	seen   []string
}

// needed finds what a test cannot do without: in CI its absence is a failure.
func needed(t *testing.T, what string, found bool) {
	t.Helper()
	if found {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not there, and CI must have it", what)
	}
	t.Skipf("%s is not there", what)
}

func chromium() string {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	return ""
}

// browse opens a browser in a language, with scripts or without.
func browse(t *testing.T, lang string, scripts bool) *browser {
	t.Helper()
	path := chromium()
	needed(t, "Chromium", path != "")
	axe, err := os.ReadFile(filepath.Join("..", "..", "bin", "npm", "node_modules", "axe-core", "axe.min.js"))
	needed(t, "axe-core (.ci/npm.sh fetches it)", err == nil)
	b := &browser{house: open(t), t: t, lang: lang, letter: map[string]string{"fr": "hebdo", "en": "weekly"}[lang]}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	alloc, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	var stopTab, stopTime context.CancelFunc
	b.ctx, stopTab = chromedp.NewContext(alloc)
	t.Cleanup(stopTab)
	b.ctx, stopTime = context.WithTimeout(b.ctx, 4*time.Minute)
	t.Cleanup(stopTime)
	b.do(chromedp.EmulateViewport(1000, 900))
	command(b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}})
	if scripts {
		b.axe, b.shots = string(axe), os.Getenv("ZEST_SHOTS")
	} else {
		command(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	}
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("in the browser: %v", err)
	}
}

// ask does one thing that has an answer.
func ask[T any](b *browser, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	if err != nil {
		b.t.Fatalf("in the browser: %v", err)
	}
	return v
}

// command speaks the browser's own protocol.
func command[P, R any](b *browser, cmd cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, cmd, params); err != nil {
		b.t.Fatalf("in the browser: %v", err)
	}
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.URL + path))
}

// press clicks what leads to another page, and waits for it.
func (b *browser) press(selector string) {
	b.t.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)); err != nil {
		b.t.Fatalf("pressing %s: %v", selector, err)
	}
}

func (b *browser) fill(selector, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// mailed is the link of the newest of n mails.
func (b *browser) mailed(n int, prefix string) string {
	b.t.Helper()
	mails := b.mails.wait(n)
	if len(mails) < n {
		b.t.Fatalf("%d mails, not %d", len(mails), n)
	}
	link := regexp.MustCompile(prefix + `[\w-]+`).FindString(mails[n-1])
	if link == "" {
		b.t.Fatalf("no link in %s", mails[n-1])
	}
	return link
}

// look reads a page: what it must say, that it speaks the right language, that
// it fits, and that axe-core finds nothing, by day and by night, on a telephone
// and on a desk. Pictures are of the telephone by night and the desk by day.
func (b *browser) look(name string, wants ...string) {
	b.t.Helper()
	b.seen = append(b.seen, name)
	text := ask(b, chromedp.Text(chromedp.CSS("body")))
	if lang := ask(b, chromedp.Attributes(chromedp.CSS("html")))["lang"]; lang != b.lang {
		b.t.Errorf("%s speaks %s, not %s", name, lang, b.lang)
	}
	for _, want := range wants {
		if !strings.Contains(text, want) {
			b.t.Errorf("%s lacks %q:\n%s", name, want, text)
		}
	}
	for _, width := range []int64{320, 390, 1000} {
		b.do(chromedp.EmulateViewport(width, 900))
		if over := ask(b, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`)); over > 0 {
			b.t.Errorf("%s is %d pixels too wide at %d", name, over, width)
		}
		if width == 320 {
			continue
		}
		for _, scheme := range []string{"light", "dark"} {
			command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			b.check(fmt.Sprintf("%s at %d, %s", name, width, scheme))
			if (width == 390) == (scheme == "dark") {
				b.shoot(fmt.Sprintf("%s-%s-%d", name, b.lang, width))
			}
		}
	}
}

// finding is what axe-core objects to.
type finding struct {
	ID, Help string
	Nodes    []struct{ HTML, FailureSummary string }
}

func (b *browser) check(where string) {
	b.t.Helper()
	if b.axe == "" {
		return
	}
	b.do(chromedp.Evaluate[chromedp.Void](b.axe))
	text := ask(b, chromedp.Evaluate[string](`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise))
	var findings []finding
	if err := json.Unmarshal([]byte(text), &findings); err != nil {
		b.t.Fatal(err)
	}
	for _, f := range findings {
		b.t.Errorf("%s: %s (%s): %+v", where, f.Help, f.ID, f.Nodes)
	}
}

func (b *browser) shoot(name string) {
	b.t.Helper()
	if b.shots == "" {
		return
	}
	png := ask(b, chromedp.FullScreenshot(100))
	if err := os.MkdirAll(b.shots, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.shots, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// sheet puts the pictures of one width on one, for docs/.
func (b *browser) sheet(width int) {
	b.t.Helper()
	if b.shots == "" {
		return
	}
	var page strings.Builder
	page.WriteString(`<!doctype html><meta charset="utf-8"><style>body{margin:24px;background:#cfcac0;columns:6;column-gap:24px;font:13px/1.5 sans-serif;color:#1f1d1a}figure{margin:0 0 24px;break-inside:avoid}img{display:block;width:100%;border-radius:4px}</style>`)
	for _, name := range b.seen {
		fmt.Fprintf(&page, "<figure><img src='%s-%s-%d.png'><figcaption>%s</figcaption></figure>", name, b.lang, width, name)
	}
	file := filepath.Join(b.shots, "sheet.html")
	if err := os.WriteFile(file, []byte(page.String()), 0o644); err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(1800, 900), chromedp.Navigate("file://"+file))
	jpeg := ask(b, chromedp.FullScreenshot(80))
	if err := os.WriteFile(filepath.Join("..", "..", "docs", "img", fmt.Sprintf("pages-%s-%d.jpg", b.lang, width)), jpeg, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// said picks the words of a language.
func (b *browser) said(en, fr string) string {
	if b.lang == "fr" {
		return fr
	}
	return en
}

// TestReadersWalkEveryPage takes a minute or two, so that it runs in CI and by
// make pages.
func TestReadersWalkEveryPage(t *testing.T) {
	if os.Getenv("CI") == "" {
		t.Skip("make pages walks them")
	}
	for _, lang := range []string{"fr", "en"} {
		for _, scripts := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, scripts %v", lang, scripts), func(t *testing.T) {
				b := browse(t, lang, scripts)
				b.reads()
				b.joins()
				b.chooses()
				b.movesAway()
				b.leaves()
				b.isForgotten()
				b.sheet(390)
				b.sheet(1000)
			})
		}
	}
}

func (b *browser) reads() {
	b.open("/")
	b.look("home", "The Weekly", "L’Hebdo")
	b.open("/" + b.letter)
	b.look("archive", b.said("The bridge opens again", "Le phare, la pêche"))
	b.fill("#q", b.said("LIGHTHOUSE", "phàre"))
	b.press(".search button")
	b.look("search", b.said("A lighthouse changes hands", "Un phare change de main"))
	b.open("/" + b.letter + "/search?q=xyzzy")
	b.look("search-none", "xyzzy")
	b.open("/" + b.letter)
	b.press(".topics a")
	b.look("topic", b.said("A lighthouse changes hands", "Un phare change de main"))
	b.press("h2 a")
	b.look("edition", b.said("3 min read", "3 min de lecture"))
	b.open("/" + b.letter + "/nowhere")
	b.look("missing", b.said("Nothing here", "Rien ici"))
	b.open("/u/forged")
	b.look("bad", b.said("This link is not valid", "Ce lien n’est pas valable"))
}

func (b *browser) joins() {
	b.open("/embed/" + b.letter)
	b.look("embed", b.said("Subscribe", "S’abonner"))
	b.open("/subscribe/" + b.letter)
	b.look("join", b.said("Your e-mail address", "Votre adresse électronique"))
	b.fill("#email", "zoe@example.net")
	b.click("summary")
	b.look("join-choices", b.said("The sea", "Mer"))
	b.click(`input[name="topic"]`)
	b.click(`input[value="weekly"]`)
	if b.axe != "" { // the puzzle is solved while people type
		ask(b, chromedp.Poll[bool](`document.querySelector("[name=proof]").value !== ""`, chromedp.WithPollingTimeout(time.Minute)))
	}
	b.press("form button")
	b.look("asked", b.said("Check your mail", "Regardez votre courrier"))
	link := b.mailed(1, "/c/")
	b.do(chromedp.Navigate("data:text/html;charset=utf-8;base64," + base64.StdEncoding.EncodeToString([]byte(b.mails.html[0]))))
	b.look("mail", b.said("one button remains", "un bouton à presser"))
	b.open(link)
	b.look("confirm", b.said("One last step", "Une dernière étape"))
	b.press("main button")
	b.look("welcome", b.said("Welcome", "Bienvenue"), "z…@example.net", b.said("The bridge opens again", "Le phare, la pêche"))
	if b.willing(b.t, b.letter) == 0 {
		b.t.Error("nobody joined")
	}
	b.press(`a[href^="/p/"]`)
}

func (b *browser) zoe() digest.Subscriber {
	b.t.Helper()
	for _, email := range []string{"zoe@example.net", "zoe.petit@example.net"} {
		if r, err := b.store.FindSubscriber(ctx, email); err == nil {
			return r
		}
	}
	b.t.Fatal("zoe is not there")
	return digest.Subscriber{}
}

func (b *browser) chooses() {
	b.look("preferences", b.said("Your preferences", "Vos préférences"))
	b.click(`input[value="monthly"]`)
	b.click(`input[name="snooze"][value="30"]`)
	b.press(`button[name="save"]`)
	b.look("saved", b.said("Saved", "enregistré"), "2026")
	c, err := b.store.Choice(ctx, b.zoe().ID, b.letter)
	if err != nil || c.Cadence != digest.CadenceMonthly || !c.Snooze.Equal(noon.AddDate(0, 0, 30)) || len(c.Topics) != 1 {
		b.t.Errorf("%+v %v", c, err)
	}
}

func (b *browser) movesAway() {
	b.press(`button[name="data"]`)
	b.look("mailed", "z…@example.net")
	data := b.mailed(2, "/d/")
	b.open(data)
	b.look("data", "zoe@example.net")
	b.fill("#email", "zoe.petit@example.net")
	b.press(`button[value="move"]`)
	b.look("moving", b.said("Check your mail", "Regardez votre courrier"))
	b.open(b.mailed(3, "/a/"))
	b.look("move", "z…@example.net")
	b.press("main button")
	b.look("moved", b.said("Your address is changed", "Votre adresse est changée"))
	if b.zoe().Email != "zoe.petit@example.net" {
		b.t.Error("the address did not change")
	}
	b.mails.wait(4)
	// The export is the same request with scripts and without.
	if _, body := b.call(b.t, call{method: "POST", path: data, kind: form, body: "do=export"}); !strings.Contains(body, "zoe.petit@example.net") {
		b.t.Error(body)
	}
}

func (b *browser) leaves() {
	b.open("/u/" + keys.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: b.zoe().ID, Newsletter: b.letter}))
	b.look("leave", b.said("Stop receiving", "Ne plus recevoir"))
	before := b.willing(b.t, b.letter)
	b.press("main button")
	b.look("left", "z…@example.net")
	if b.willing(b.t, b.letter) != before-1 {
		b.t.Error("the button did not unsubscribe")
	}
	b.click(`input[value="often"]`)
	b.fill("#words", "merci")
	b.press(`button[name="tell"]`)
	b.look("thanks", b.said("Thank you", "Merci"))
	b.open("/u/" + keys.Seal(digest.Ticket{Purpose: digest.PurposeUnsubscribe, Subscriber: b.zoe().ID, Newsletter: b.letter}))
	b.press(`button[name="undo"]`)
	b.look("back", b.said("Welcome back", "Vous revoilà"))
	if b.willing(b.t, b.letter) != before {
		b.t.Error("the way back did not lead back")
	}
}

func (b *browser) isForgotten() {
	b.open("/d/" + keys.Seal(digest.Ticket{Purpose: digest.PurposeData, Subscriber: b.zoe().ID, Newsletter: b.letter, Expires: noon.Add(time.Hour)}))
	b.click(`input[name="sure"]`)
	b.press(`button[value="erase"]`)
	b.look("erased", b.said("You are forgotten", "C’est effacé"))
	if dump := b.dump(b.t); strings.Contains(dump, "zoe") {
		b.t.Error("something of an erased reader is left")
	}
	b.open("/" + b.letter)
}
