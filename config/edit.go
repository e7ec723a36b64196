package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zest-digest/zest/digest"
)

// NewSource is a source to be written into a configuration. Empty fields are not
// written.
type NewSource struct {
	Name, URL, Kind, Title, Section, Language, Selector string
	Command                                             []string
	AllowPrivate                                        bool
}

// AddSource writes a source into the text of a configuration, and its name into
// the sources of a newsletter. The configuration is the one place that says what
// is read, so sources are not kept anywhere else; the text is edited where it
// must be, and stays as its author wrote it everywhere else, comments and all.
func AddSource(raw []byte, s NewSource, newsletter string) ([]byte, error) {
	doc, err := parseDocument(raw)
	if err != nil {
		return nil, err
	}
	if findItem(child(doc, "sources"), s.Name) >= 0 {
		return nil, &digest.InvalidError{Field: "source", Value: s.Name, Reason: "is there already; give this one another --name"}
	}
	raw, err = appendItem(raw, doc, "sources", s.lines())
	if err != nil {
		return nil, err
	}
	return editNewsletter(raw, newsletter, func(text *lineText, list *yaml.Node) error { return text.appendTo(list, quote(s.Name)) })
}

// RemoveSource takes a source out of the text of a configuration, and its name
// out of every newsletter.
func RemoveSource(raw []byte, name string) ([]byte, error) {
	doc, err := parseDocument(raw)
	if err != nil {
		return nil, err
	}
	list := child(doc, "sources")
	at := findItem(list, name)
	if at >= 0 {
		text := newLineText(raw)
		if err := text.removeFrom(list, at); err != nil {
			return nil, err
		}
		raw = text.bytes()
	}
	used := at >= 0
	for {
		again := false
		raw, err = editNewsletters(raw, func(text *lineText, list *yaml.Node) (bool, error) {
			for i, item := range list.Content {
				if item.Value == name {
					again, used = true, true
					return true, text.removeFrom(list, i)
				}
			}
			return false, nil
		})
		if err != nil {
			return nil, err
		}
		if !again {
			break
		}
	}
	if !used {
		return nil, fmt.Errorf("source %q: %w in the configuration", name, digest.ErrNotFound)
	}
	return raw, nil
}

func parseDocument(raw []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if len(doc.Content) == 0 {
		return &yaml.Node{Kind: yaml.MappingNode}, nil
	}
	return doc.Content[0], nil
}

// child is the value of a key of a section, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func findItem(list *yaml.Node, name string) int {
	if list == nil {
		return -1
	}
	return slices.IndexFunc(list.Content, func(n *yaml.Node) bool { return nodeName(n) == name })
}

// lines are the source as YAML, without indentation.
func (s NewSource) lines() []string {
	out := []string{"- name: " + quote(s.Name)}
	for _, f := range []struct{ key, value string }{
		{"url", s.URL}, {"kind", s.Kind}, {"title", s.Title}, {"section", s.Section}, {"language", s.Language}, {"selector", s.Selector},
	} {
		if f.value != "" {
			out = append(out, "  "+f.key+": "+quote(f.value))
		}
	}
	if len(s.Command) > 0 {
		words := make([]string, len(s.Command))
		for i, w := range s.Command {
			words[i] = quote(w)
		}
		out = append(out, "  command: ["+strings.Join(words, ", ")+"]")
	}
	if s.AllowPrivate {
		out = append(out, "  allow_private: true")
	}
	return out
}

// quote writes a text as a YAML scalar that can stand in a list in brackets too.
func quote(s string) string {
	out, err := yaml.Marshal(s)
	plain := strings.TrimSuffix(string(out), "\n")
	if err != nil || strings.ContainsAny(plain, "\n,[]{}#") && !strings.HasPrefix(plain, `"`) && !strings.HasPrefix(plain, "'") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
	}
	return plain
}

// appendItem writes an item at the end of a list that is a key of the whole.
func appendItem(raw []byte, doc *yaml.Node, key string, lines []string) ([]byte, error) {
	list := child(doc, key)
	text := newLineText(raw)
	switch {
	case list == nil:
		text.appendSection(key, lines)
	case list.Kind == yaml.SequenceNode && list.Style&yaml.FlowStyle == 0 && len(list.Content) > 0:
		text.insertAfter(text.endOf(list.Content[len(list.Content)-1], list.Column), list.Column, lines)
	case list.Kind == yaml.ScalarNode && list.Value == "" || len(list.Content) == 0:
		text.openSection(doc, key, lines)
	default:
		return nil, errOneLine(key)
	}
	return text.bytes(), nil
}

func errOneLine(key string) error {
	return &digest.InvalidError{Field: key, Reason: "is written in brackets; put each item on a line of its own, after a dash, and try again"}
}

// editNewsletter edits the sources of one newsletter.
func editNewsletter(raw []byte, name string, edit func(*lineText, *yaml.Node) error) ([]byte, error) {
	doc, err := parseDocument(raw)
	if err != nil {
		return nil, err
	}
	all := child(doc, "newsletters")
	at := findItem(all, name)
	if at < 0 {
		return nil, fmt.Errorf("newsletter %q: %w", name, digest.ErrNotFound)
	}
	list := child(all.Content[at], "sources")
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil, errors.New("the newsletter " + name + " has no list of sources")
	}
	text := newLineText(raw)
	if err := edit(text, list); err != nil {
		return nil, err
	}
	return text.bytes(), nil
}

// editNewsletters edits the sources of the first newsletter where there is
// something to do.
func editNewsletters(raw []byte, edit func(*lineText, *yaml.Node) (bool, error)) ([]byte, error) {
	doc, err := parseDocument(raw)
	if err != nil {
		return nil, err
	}
	all := child(doc, "newsletters")
	if all == nil {
		return raw, nil
	}
	for _, n := range all.Content {
		list := child(n, "sources")
		if list == nil || list.Kind != yaml.SequenceNode {
			continue
		}
		text := newLineText(raw)
		if done, err := edit(text, list); err != nil {
			return nil, err
		} else if done {
			return text.bytes(), nil
		}
	}
	return raw, nil
}
