package inline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vanng822/go-premailer/premailer"

	"github.com/zest-digest/zest/digest/inline"
)

// edition is a digest of 40 articles, about 62 KB, with simple rules only:
// premailer's home ground.
func edition() string {
	css := `body{margin:0;padding:0;background-color:#fafafa}table{border-collapse:collapse}.wrap{width:100%}.column{width:600px;max-width:600px}.head{padding:24px 16px}.title{font-family:Georgia,serif;font-size:32px;line-height:40px;color:#222222}.date{font-size:13px;color:#666666}.story{padding:16px}.kicker{font-size:12px;color:#666666;text-transform:uppercase}.h2{margin:0 0 8px;font-size:20px;line-height:28px}.link{color:#111111;text-decoration:none}.text{margin:0;font-size:16px;line-height:26px;color:#333333}.meta{font-size:13px;color:#666666}.also{color:#0055aa}.rule{border-top:1px solid #dddddd}.foot{padding:24px 16px;font-size:13px}.img{display:block;width:100%;height:auto;border:0}.more{font-weight:bold}.lead{font-size:18px}.section{font-size:14px}`
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>t</title><style>` + css + `</style></head><body><table role="presentation" class="wrap"><tr><td align="center"><table role="presentation" class="column"><tr><td class="head"><h1 class="title">La Revue</h1><p class="date">lundi</p></td></tr>`)
	for i := range 40 {
		fmt.Fprintf(&b, `<tr><td class="story"><table role="presentation" class="wrap"><tr><td class="rule"><p class="kicker">Section · source · %d min</p><h2 class="h2"><a class="link" href="https://example.org/articles/%d">%s</a></h2><img class="img" src="https://example.org/i/%d.jpg" alt="" width="568" height="284"><p class="text">%s</p><p class="meta">Aussi : <a class="also" href="https://example.net/%d">ailleurs</a>, <a class="also more" href="https://example.com/%d">encore</a></p></td></tr></table></td></tr>`,
			i%9, i, strings.Repeat("Un titre ", 6), i, strings.Repeat("Une phrase de résumé qui dit quelque chose. ", 19), i, i)
	}
	b.WriteString(`<tr><td class="foot"><p class="text">Adresse</p></td></tr></table></td></tr></table></body></html>`)
	return b.String()
}

func BenchmarkDocument(b *testing.B) {
	source := edition()
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		if _, err := inline.Document(source, inline.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPremailerAlone(b *testing.B) {
	source := edition()
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		p, err := premailer.NewPremailerFromString(source, premailer.NewOptions())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Transform(); err != nil {
			b.Fatal(err)
		}
	}
}
