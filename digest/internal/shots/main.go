// Command shots looks at messages as a reader would: in a real browser, at the
// widths of a small phone, a phone, a tablet and a desk, by day and by night,
// with pictures and without. It fails when a message is wider than its window,
// or when axe-core finds that somebody cannot read it.
//
//	shots [flags] MESSAGE.html...
//
// A message whose name ends in -many.html is photographed; the French ones of
// these make the contact sheet of their theme, which is the name of the folder
// that they stand in.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
)

// settings are the flags.
type settings struct {
	out    string // folder of the photographs
	sheets string // folder of the contact sheets; empty for none
	axe    string // axe.min.js; empty for no such check
	font   string // folder with the stand-in for Georgia; empty for none
	images string // folder of the JPEGs that stand in for every picture
	only   string // part of the names of the messages to look at
}

// sight is one way to look at a message.
type sight struct {
	width  int
	dark   bool
	images bool
}

func (s sight) String() string {
	name := fmt.Sprint(s.width)
	if s.dark {
		name += "-dark"
	}
	if !s.images {
		name += "-bare"
	}
	return name
}

// sights are all of them.
func sights() []sight {
	var all []sight
	for _, width := range []int{320, 390, 600, 1000} {
		for _, dark := range []bool{false, true} {
			for _, images := range []bool{true, false} {
				all = append(all, sight{width, dark, images})
			}
		}
	}
	return all
}

func main() {
	var s settings
	flag.StringVar(&s.out, "out", "bin/shots", "the `folder` of the photographs")
	flag.StringVar(&s.sheets, "sheets", "", "the `folder` of the contact sheets")
	flag.StringVar(&s.axe, "axe", "", "the `file` axe.min.js")
	flag.StringVar(&s.font, "font", "", "the `folder` with Gelasio, which has the measures of Georgia")
	flag.StringVar(&s.images, "images", "cmd/zest/demo/sample/img", "the `folder` of the pictures")
	flag.StringVar(&s.only, "only", "", "look only at messages whose path holds this `text`")
	flag.Parse()
	findings, err := run(s, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "shots:", err)
		os.Exit(2)
	}
	for _, f := range findings {
		fmt.Fprintln(os.Stderr, f)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}

// run looks at every message, two at a time, and gives what is wrong with them.
func run(s settings, files []string) (findings []string, err error) {
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return nil, err
	}
	st, err := newStudio(s)
	if err != nil {
		return nil, err
	}
	defer st.close()
	browser, stop := newBrowser()
	defer stop()
	if err := chromedp.Do(browser); err != nil {
		return nil, fmt.Errorf("starting Chromium: %w", err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	queue := make(chan string)
	for range 2 {
		wg.Go(func() {
			for file := range queue {
				found, e := st.look(browser, file)
				mu.Lock()
				findings = append(findings, found...)
				if e != nil && err == nil {
					err = fmt.Errorf("%s: %w", file, e)
				}
				mu.Unlock()
			}
		})
	}
	looked := 0
	for _, file := range files {
		if strings.Contains(file, s.only) {
			queue <- file
			looked++
		}
	}
	close(queue)
	wg.Wait()
	if err != nil || s.sheets == "" {
		return findings, err
	}
	if err := st.contactSheets(browser); err != nil {
		return nil, fmt.Errorf("contact sheets: %w", err)
	}
	fmt.Printf("%d messages, %d ways to look at each; photographs in %s\n", looked, len(sights()), s.out)
	return findings, nil
}

// newBrowser starts Chromium with everything that would call home turned off.
func newBrowser() (context.Context, func()) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("disable-quic", true), chromedp.Flag("font-render-hinting", "none"),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true))
	if path := os.Getenv("CHROMIUM"); path != "" {
		options = append(options, chromedp.ExecPath(path))
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	browser, cancel := chromedp.NewContext(allocator)
	return browser, func() { cancel(); stop() }
}

// theme is the folder of a golden message.
func theme(file string) string { return filepath.Base(filepath.Dir(file)) }

// shotName is the file of a photograph.
func (s settings) shotName(file string, look sight) string {
	name := strings.TrimSuffix(filepath.Base(file), ".html")
	return filepath.Join(s.out, theme(file)+"-"+name+"-"+look.String()+".png")
}
