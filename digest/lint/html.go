package lint

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// clip is where Gmail cuts a message short, in bytes of its HTML part; the
// measured value is near 102 kB.
const clip = 100_000

var placeholders = regexp.MustCompile(`@@\w+@@`)

// HTML checks the HTML part of a message as it was rendered, before a reader's
// values are put in.
func HTML(html string) []Finding {
	if html == "" {
		return nil
	}
	var out []Finding
	if len(html) >= clip {
		out = append(out, Finding{Hard, 1, "size", fmt.Sprintf("the HTML has %d bytes; Gmail cuts at about %d, and the way out with it", len(html), clip)})
	}
	for i, line := range strings.Split(html, "\n") {
		for _, t := range placeholders.FindAllString(line, -1) {
			if !known(t) {
				out = append(out, Finding{Hard, i + 1, "token", t + " is no token; a reader would see it"})
			}
		}
		if strings.Contains(line, "ZgotmplZ") {
			out = append(out, Finding{Hard, i + 1, "template", "the template put an unsafe value where an address or a style stands"})
		}
	}
	if !strings.Contains(html, string(digest.TokenUnsubscribe)) {
		out = append(out, Finding{Hard, 1, "unsubscribe", "there is no link to unsubscribe"})
	}
	return out
}

func known(t string) bool {
	for _, k := range digest.Tokens() {
		if t == string(k) {
			return true
		}
	}
	return false
}
