package collect

import (
	"strings"

	"github.com/mmcdole/gofeed"
	"golang.org/x/net/html"
)

// firstPicture is the first picture in these pieces of HTML, nil for none.
func firstPicture(pieces ...string) *gofeed.Image {
	for _, s := range pieces {
		if !strings.Contains(s, "<img") && !strings.Contains(s, "<IMG") {
			continue
		}
		for z := html.NewTokenizer(strings.NewReader(s)); z.Next() != html.ErrorToken; {
			t := z.Token()
			if t.Type != html.StartTagToken && t.Type != html.SelfClosingTagToken || t.Data != "img" {
				continue
			}
			for _, a := range t.Attr {
				if a.Key == "src" {
					return &gofeed.Image{URL: a.Val}
				}
			}
		}
	}
	return nil
}
