package config

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// lineText is a YAML file that is edited by its lines, at the places that the
// parser's nodes name. Everything that is not edited stays to the letter.
type lineText struct{ lines []string }

func newLineText(raw []byte) *lineText {
	raw = bytes.TrimSuffix(raw, []byte("\n"))
	if len(raw) == 0 {
		return &lineText{}
	}
	return &lineText{strings.Split(string(raw), "\n")}
}

func (t *lineText) bytes() []byte { return []byte(strings.Join(t.lines, "\n") + "\n") }

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// endOf is the index after the last line of an item of a list that stands at a
// column: what is indented deeper belongs to it, comments too.
func (t *lineText) endOf(item *yaml.Node, column int) int {
	end := item.Line // the line after the item's first, counted from 0
	for i := item.Line; i < len(t.lines); i++ {
		line := strings.TrimRight(t.lines[i], " \r")
		if line == "" {
			continue
		}
		if indentOf(line) < column {
			break
		}
		end = i + 1
	}
	return end
}

// insertAfter puts lines, indented to a column, at an index.
func (t *lineText) insertAfter(at, column int, lines []string) {
	indented := make([]string, len(lines))
	for i, l := range lines {
		indented[i] = strings.Repeat(" ", column-1) + l
	}
	t.lines = slices.Insert(t.lines, at, indented...)
}

// appendSection writes a new key with a list at the end of the file.
func (t *lineText) appendSection(key string, lines []string) {
	if len(t.lines) > 0 && strings.TrimSpace(t.lines[len(t.lines)-1]) != "" {
		t.lines = append(t.lines, "")
	}
	t.lines = append(t.lines, key+":")
	t.insertAfter(len(t.lines), 3, lines)
}

// openSection writes the first item of a list that was empty.
func (t *lineText) openSection(doc *yaml.Node, key string, lines []string) {
	for i := 0; i+1 < len(doc.Content); i += 2 {
		if k := doc.Content[i]; k.Value == key {
			at := k.Line - 1
			head, comment, found := strings.Cut(t.lines[at], "#")
			head = strings.TrimRight(strings.NewReplacer("[]", "", "~", "", "null", "").Replace(head), " ")
			if found {
				head += " #" + comment
			}
			t.lines[at] = head
			t.insertAfter(k.Line, 3, lines)
			return
		}
	}
}

// appendTo adds a scalar to a list, in brackets or with dashes.
func (t *lineText) appendTo(list *yaml.Node, value string) error {
	if list.Style&yaml.FlowStyle == 0 {
		last := list.Content[len(list.Content)-1]
		t.insertAfter(t.endOf(last, list.Column), list.Column, []string{"- " + value})
		return nil
	}
	line, at, err := t.closing(list)
	if err != nil {
		return err
	}
	if len(list.Content) > 0 {
		value = ", " + value
	}
	t.lines[line] = t.lines[line][:at] + value + t.lines[line][at:]
	return nil
}

// removeFrom takes an item out of a list, in brackets or with dashes.
func (t *lineText) removeFrom(list *yaml.Node, i int) error {
	item := list.Content[i]
	if list.Style&yaml.FlowStyle == 0 {
		t.lines = slices.Delete(t.lines, item.Line-1, t.endOf(item, list.Column))
		return nil
	}
	line, end, err := t.closing(list)
	if err != nil {
		return err
	}
	if list.Line-1 != line || item.Kind != yaml.ScalarNode {
		return errors.New("the list is written in brackets over several lines; edit it by hand")
	}
	begin := t.offset(line, item.Column)
	if i+1 < len(list.Content) {
		end = t.offset(line, list.Content[i+1].Column)
	} else if i > 0 {
		begin = strings.LastIndex(t.lines[line][:begin], ",")
	}
	t.lines[line] = t.lines[line][:begin] + t.lines[line][end:]
	return nil
}

// offset is the byte at which a column, counted in characters from 1, begins.
func (t *lineText) offset(line, column int) int {
	n := 1
	for i := range t.lines[line] {
		if n == column {
			return i
		}
		n++
	}
	return len(t.lines[line])
}

// closing finds the bracket that ends a list in brackets.
func (t *lineText) closing(list *yaml.Node) (line, at int, err error) {
	depth, quoted := 0, byte(0)
	begin := t.offset(list.Line-1, list.Column)
	for line = list.Line - 1; line < len(t.lines); line++ {
		s := t.lines[line]
		for at = begin; at < len(s); at++ {
			switch c := s[at]; {
			case quoted != 0:
				if c == '\\' && quoted == '"' {
					at++
				} else if c == quoted {
					quoted = 0
				}
			case c == '"' || c == '\'':
				quoted = c
			case c == '#' && at > 0 && s[at-1] == ' ':
				at = len(s)
			case c == '[' || c == '{':
				depth++
			case c == ']' || c == '}':
				if depth--; depth == 0 {
					return line, at, nil
				}
			}
		}
		begin = 0
	}
	return 0, 0, errors.New("the list in brackets has no end")
}
