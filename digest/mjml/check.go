package mjml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// inside says where each element may stand. gomjml leaves out what it does not
// expect without a word, and a story with it.
var inside = map[string][]string{
	"mjml":    {""},
	"mj-head": {"mjml"}, "mj-body": {"mjml"},
	"mj-title": {"mj-head"}, "mj-attributes": {"mj-head"}, "mj-style": {"mj-head"},
	"mj-all": {"mj-attributes"}, "mj-class": {"mj-attributes"},
	"mj-wrapper": {"mj-body"}, "mj-hero": {"mj-body"},
	"mj-section": {"mj-body", "mj-wrapper"},
	"mj-group":   {"mj-section"},
	"mj-column":  {"mj-section", "mj-group"},
	"mj-text":    content, "mj-button": content, "mj-image": content, "mj-divider": content, "mj-spacer": content, "mj-table": content,
	"mj-raw": {"mj-head", "mj-body", "mj-column"},
}

// content is what holds words and pictures.
var content = []string{"mj-column", "mj-hero"}

// prose are the elements that hold HTML or plain text.
var prose = []string{"mj-text", "mj-button", "mj-table", "mj-raw", "mj-title", "mj-style"}

// refused are the elements of MJML that have no place in a message of ours.
var refused = map[string]string{
	"mj-font":      "mail programs would fetch it from somebody else's server",
	"mj-social":    "its icons are fetched from somebody else's server; use mj-image or links",
	"mj-carousel":  "it is another document at each rendering, and few mail programs show it",
	"mj-navbar":    "it is another document at each rendering; use links in mj-text",
	"mj-accordion": "few mail programs open it",
	"mj-preview":   "it hides text; what an inbox shows first is {{.Summary}}",
	"mj-include":   "use {{template}} and a file of its own",
}

// syntax is the mistake of what is not well-formed.
func syntax(err error) (mistake, bool) {
	if wrong, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return mistake{wrong.Line, wrong.Msg}, true
	}
	return mistake{}, false
}

// checked is a document on its way through check.
type checked struct {
	stack []string // the MJML elements that are open, and "" for others
	wrong mistakes
	once  map[string]bool // what there is one of, and has been seen
}

// check refuses what gomjml would leave out of the message.
func check(text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict, d.AutoClose = false, xml.HTMLAutoClose
	c := checked{once: map[string]bool{}}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if at, ok := syntax(err); ok {
			return mistakes{at}
		}
		if err != nil {
			return err
		}
		line, _ := d.InputPos()
		c.see(token, line)
	}
	if len(c.wrong) == 0 && !c.once["mj-body"] {
		c.wrong = mistakes{{1, "there is no <mjml> with an <mj-body>"}}
	}
	if len(c.wrong) > 0 {
		return c.wrong
	}
	return nil
}

func (c *checked) see(token xml.Token, line int) {
	add := func(format string, args ...any) {
		c.wrong = append(c.wrong, mistake{line, fmt.Sprintf(format, args...)})
	}
	parent := c.parent()
	switch t := token.(type) {
	case xml.StartElement:
		name := t.Name.Local
		c.stack = append(c.stack, name)
		again := c.once[name]
		c.once[name] = name == "mjml" || name == "mj-head" || name == "mj-body"
		places, known := inside[name]
		switch {
		case refused[name] != "":
			add("<%s> cannot be used: %s", name, refused[name])
		case again:
			add("a second <%s> would be lost", name)
		case slices.Contains(prose, parent) && !known || parent == "mj-attributes" && known:
		case !known && strings.HasPrefix(name, "mj"):
			add("<%s> is no element of MJML that is known here", name)
		case !known:
			add("<%s> would be lost in <%s>: put it into an mj-text", name, parent)
		case !slices.Contains(places, parent):
			add("<%s> would be lost in <%s>: it stands in %s", name, parent, strings.Join(places, " or "))
		}
	case xml.EndElement:
		if len(c.stack) > 0 {
			c.stack = c.stack[:len(c.stack)-1]
		}
	case xml.CharData:
		if words := strings.TrimSpace(string(t)); words != "" && !slices.Contains(prose, parent) {
			add("text would be lost in <%s>: put it into an mj-text", parent)
		}
	}
}

// parent is the innermost MJML element that is open.
func (c *checked) parent() string {
	for _, name := range slices.Backward(c.stack) {
		if strings.HasPrefix(name, "mj") {
			return name
		}
	}
	return ""
}
