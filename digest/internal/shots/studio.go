package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// studio serves messages to the browser and develops what it sees.
type studio struct {
	settings
	server   *http.Server
	address  string
	axeJS    string
	pictures [][]byte
}

func newStudio(s settings) (*studio, error) {
	st := &studio{settings: s}
	if s.axe != "" {
		js, err := os.ReadFile(s.axe)
		if err != nil {
			return nil, err
		}
		st.axeJS = string(js)
	}
	found, err := filepath.Glob(filepath.Join(s.images, "*.jpg"))
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("no pictures in %s: %v", s.images, err)
	}
	for _, f := range found {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		st.pictures = append(st.pictures, b)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /font/", http.StripPrefix("/font/", http.FileServer(http.Dir(s.font))))
	mux.Handle("GET /shots/", http.StripPrefix("/shots/", http.FileServer(http.Dir(s.out))))
	mux.HandleFunc("GET /message", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		b, err := os.ReadFile(r.URL.Query().Get("file"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		w.Write(b)
	})
	st.server, st.address = &http.Server{Handler: mux}, "http://"+l.Addr().String()
	go st.server.Serve(l)
	return st, nil
}

func (st *studio) close() { st.server.Close() }

// typefaces gives the page the metrics that readers have: Georgia is on every
// Apple and Windows machine, and not here.
func (st *studio) typefaces() string {
	if st.font == "" {
		return ""
	}
	var css strings.Builder
	for _, weight := range []string{"400", "700"} {
		for _, style := range []string{"normal", "italic"} {
			fmt.Fprintf(&css, "@font-face{font-family:Georgia;font-weight:%s;font-style:%s;src:url(%s/font/gelasio-latin-%s-%s.woff2)}",
				weight, style, st.address, weight, style)
		}
	}
	return fmt.Sprintf(`addEventListener("DOMContentLoaded",()=>{const s=document.createElement("style");s.textContent=%q;document.head.append(s)})`, css.String())
}

// look opens a message in every way there is.
func (st *studio) look(browser context.Context, file string) (findings []string, err error) {
	ctx, cancel := chromedp.NewContext(browser)
	defer cancel()
	if err := chromedp.Do(ctx); err != nil {
		return nil, err
	}
	var images atomic.Bool
	paused := chromedp.Events(ctx, fetch.RequestPaused)
	go func() {
		for e, err := range paused {
			if err != nil {
				return
			}
			st.answer(ctx, e, images.Load())
		}
	}()
	patterns := []*fetch.RequestPattern{{URLPattern: "https://*"}, {URLPattern: "cid:*"}}
	if _, err := chromedp.Call(ctx, fetch.Enable, fetch.EnableParams{Patterns: patterns}); err != nil {
		return nil, err
	}
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: st.typefaces()}); err != nil {
		return nil, err
	}
	for _, s := range sights() {
		images.Store(s.images)
		found, err := st.sight(ctx, file, s)
		if err != nil {
			return findings, err
		}
		findings = append(findings, found...)
	}
	return findings, nil
}

// answer gives a picture, or says that there is none.
func (st *studio) answer(ctx context.Context, e fetch.EventRequestPaused, images bool) {
	if !images || e.ResourceType != network.ResourceTypeImage {
		chromedp.Call(ctx, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: network.ErrorReasonBlockedByClient})
		return
	}
	h := fnv.New32()
	h.Write([]byte(e.Request.URL))
	chromedp.Call(ctx, fetch.FulfillRequest, fetch.FulfillRequestParams{
		RequestID: e.RequestID, ResponseCode: http.StatusOK,
		ResponseHeaders: []*fetch.HeaderEntry{{Name: "Content-Type", Value: "image/jpeg"}},
		Body:            st.pictures[int(h.Sum32())%len(st.pictures)],
	})
}

// measure gives what does not fit into the window.
const measure = `(() => {
  const d = document.documentElement;
  if (d.scrollWidth <= d.clientWidth) return "";
  const wide = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > d.clientWidth + 0.5 || e.getBoundingClientRect().left < -0.5).pop();
  return d.scrollWidth + " pixels wide" + (wide ? ", by <" + wide.tagName.toLowerCase() + " class=\"" + wide.className + "\">" : "");
})()`

// judge asks axe-core. Landmarks are the business of the page around a message: a
// webmail has its own.
const judge = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  rules: {region: {enabled: false}, "landmark-one-main": {enabled: false}}})
  .then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.target.join(" ") + ": " + (n.any.concat(n.all, n.none)[0] || {message: v.help}).message)))`

// sight looks once.
func (st *studio) sight(ctx context.Context, file string, s sight) (findings []string, err error) {
	scheme := "light"
	if s.dark {
		scheme = "dark"
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
		return nil, err
	}
	err = chromedp.Do(ctx, chromedp.EmulateViewport(int64(s.width), 900), chromedp.Navigate(st.address+"/message?file="+file),
		chromedp.Evaluate[chromedp.Void](`document.fonts.ready.then(() => ({}))`, chromedp.EvalAwaitPromise))
	if err != nil {
		return nil, err
	}
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[string](measure))
	if err != nil {
		return nil, err
	}
	if wide != "" {
		findings = append(findings, fmt.Sprintf("%s at %s: %s", file, s, wide))
	}
	if st.axeJS != "" && (s.width == 390 || s.width == 1000) && s.images {
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](st.axeJS+";({})")); err != nil {
			return nil, err
		}
		wrong, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](judge, chromedp.EvalAwaitPromise))
		if err != nil {
			return nil, err
		}
		for _, w := range wrong {
			findings = append(findings, fmt.Sprintf("%s at %s: %s", file, s, w))
		}
	}
	if !strings.HasSuffix(file, "-many.html") {
		return findings, nil
	}
	return findings, st.photograph(ctx, st.shotName(file, s), s.width)
}

// photograph writes the whole page as a PNG.
func (st *studio) photograph(ctx context.Context, name string, width int) error {
	height, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollHeight`))
	if err != nil {
		return err
	}
	shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: new(true), Clip: &page.Viewport{Width: float64(width), Height: float64(height), Scale: 1},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(name, shot.Data, 0o644)
}
