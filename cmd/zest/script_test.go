package main

import (
	"fmt"
	"html"
	"io"
	"mime/quotedprintable"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// publishItem N TITLE... adds an article to the script's feed.
func publishItem(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs("www/feed.xml")
	ts.Check(os.MkdirAll(ts.MkAbs("www"), 0o755))
	old, _ := os.ReadFile(path)
	_, items, _ := strings.Cut(string(old), "<link>http://blog.example/</link>")
	title := html.EscapeString(strings.Join(args[1:], " "))
	item := fmt.Sprintf("\n<item><guid>%[1]s</guid><title>%[2]s</title><link>http://blog.example/%[1]s</link><description>%[2]s, avec quai%[1]s, rade%[1]s, cale%[1]s, mât%[1]s, vent%[1]s, houle%[1]s et phare%[1]s.</description></item>", args[0], title)
	if items == "" {
		items = "</channel></rss>\n"
	}
	ts.Check(os.WriteFile(path, []byte(`<rss version="2.0"><channel><title>Le blog</title><link>http://blog.example/</link>`+item+items), 0o600))
}

// got ADDRESS TEXT N checks in how many messages to a reader some words stand.
func got(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	n := 0
	for _, m := range ts.Value("mail").(*mailhost).Messages() {
		if !strings.Contains(m.To, args[0]) {
			continue
		}
		text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(string(m.Data))))
		ts.Check(err)
		if strings.Contains(strings.Join(strings.Fields(string(text)), " "), args[1]) {
			n++
		}
	}
	if n != want {
		ts.Fatalf("%q stands in %d messages to %s, not %d", args[1], n, args[0], want)
	}
}
