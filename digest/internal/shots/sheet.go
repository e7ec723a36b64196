package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// frames of a contact sheet: what, how wide on the sheet, and how it is called.
var frames = []struct {
	sight sight
	shown int
	title string
}{
	{sight{1000, false, true}, 620, "on a desk"},
	{sight{390, false, true}, 300, "on a phone"},
	{sight{390, true, true}, 300, "at night"},
	{sight{390, false, false}, 300, "without pictures"},
}

// contactSheets shows each theme on one page, in French and, smaller, in the
// other languages.
func (st *studio) contactSheets(browser context.Context) error {
	shots, err := filepath.Glob(filepath.Join(st.out, "*-fr-many-1000.png"))
	if err != nil {
		return err
	}
	for _, shot := range shots {
		name := strings.TrimSuffix(filepath.Base(shot), "-fr-many-1000.png")
		for _, lang := range []string{"fr", "ar"} {
			file := filepath.Join(st.sheets, "theme-"+name+".jpg")
			if lang != "fr" {
				file = filepath.Join(st.sheets, "theme-"+name+"-"+lang+".jpg")
			}
			if err := st.contactSheet(browser, name, lang, file); err != nil {
				return err
			}
		}
	}
	return nil
}

func (st *studio) contactSheet(browser context.Context, theme, lang, file string) error {
	var b strings.Builder
	b.WriteString(`<!doctype html><meta charset="utf-8"><style>
body{margin:0;padding:40px;background:#8a8f98;display:flex;gap:32px;font:500 15px Roboto,Arial,sans-serif;color:#fff}
figure{margin:0}figcaption{padding:0 0 12px 4px}
div{height:1240px;overflow:hidden;border-radius:10px;box-shadow:0 8px 30px #0005;background:#fff}img{display:block;width:100%}
</style>`)
	for _, f := range frames {
		src := fmt.Sprintf("%s/shots/%s-%s-many-%s.png", st.address, theme, lang, f.sight)
		fmt.Fprintf(&b, `<figure style="width:%dpx"><figcaption>%s</figcaption><div><img src="%s"></div></figure>`, f.shown, f.title, src)
	}
	name := "sheet-" + theme + "-" + lang + ".html"
	if err := os.WriteFile(filepath.Join(st.out, name), []byte(b.String()), 0o644); err != nil {
		return err
	}
	ctx, cancel := chromedp.NewContext(browser)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.EmulateViewport(1696, 1350), chromedp.Navigate(st.address+"/shots/"+name),
		chromedp.Evaluate[chromedp.Void](`Promise.all([...document.images].map(i => i.decode().catch(() => 0))).then(() => ({}))`, chromedp.EvalAwaitPromise))
	if err != nil {
		return err
	}
	shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatJpeg, Quality: new(int64(78))})
	if err != nil {
		return err
	}
	return os.WriteFile(file, shot.Data, 0o644)
}
