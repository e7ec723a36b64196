package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

// checker walks the file's nodes beside the types they will be decoded into. It
// finds what a decoder coerces, loses or reports without a line: unknown and
// repeated keys, wrong types, bare numbers where a unit is needed. What is wrong
// it takes out of the tree, so that the rest can be read and checked as well.
type checker struct {
	file     string
	lines    map[string]int
	told     map[string]bool // fields that have their problem; what follows from it is not told again
	problems Problems
}

func (c *checker) add(line int, field, reason string) {
	c.told[field] = true
	c.problems = append(c.problems, Problem{File: c.file, Line: line, Field: field, Reason: reason})
}

// check compares a node with the type of the value it stands for, and reports
// whether it may stay.
func (c *checker) check(n *yaml.Node, t reflect.Type, field string) bool {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if field != "" {
		c.lines[field] = n.Line
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return true // "key:" with nothing behind it leaves the default
	}
	switch t.Kind() {
	case reflect.Struct:
		return c.checkMap(n, t, field)
	case reflect.Slice:
		return c.checkList(n, t, field)
	default:
		return c.checkScalar(n, t, field)
	}
}

func (c *checker) checkMap(n *yaml.Node, t reflect.Type, field string) bool {
	if n.Kind != yaml.MappingNode {
		c.add(n.Line, field, fmt.Sprintf("must be a section of keys and values, not %s", describe(n)))
		return false
	}
	keys := fieldsOf(t)
	seen := map[string]int{}
	var kept []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := key.Value
		path := join(field, name)
		if first, again := seen[name]; again {
			c.add(key.Line, path, fmt.Sprintf("given twice; the first is on line %d", first))
			continue
		}
		seen[name] = key.Line
		known, ok := keys[name]
		if !ok {
			meant := nearest(name, namesOf(t))
			c.add(key.Line, path, "unknown key"+didYouMean(name, namesOf(t)))
			c.told[join(field, meant)] = true
			continue
		}
		if c.check(value, known.Type, path) {
			kept = append(kept, key, value)
		}
		c.lines[path] = key.Line
	}
	n.Content = kept
	return true
}

func (c *checker) checkList(n *yaml.Node, t reflect.Type, field string) bool {
	if n.Kind != yaml.SequenceNode {
		c.add(n.Line, field, fmt.Sprintf("must be a list, not %s; write - before each item, or [a, b]", describe(n)))
		return false
	}
	all := true
	for i, item := range n.Content {
		all = c.check(item, t.Elem(), itemPath(field, i, nodeName(item))) && all
	}
	return all // a list with a gap would number its items otherwise
}

func (c *checker) checkScalar(n *yaml.Node, t reflect.Type, field string) bool {
	if n.Kind != yaml.ScalarNode {
		c.add(n.Line, field, fmt.Sprintf("must be %s, not %s", expected(t), describe(n)))
		return false
	}
	reason := scalarReason(n, t)
	switch {
	case reason == "":
		return true
	case t == reflect.TypeFor[Secret]():
		c.add(n.Line, field, reason) // never quote a secret
	default:
		c.add(n.Line, field, fmt.Sprintf("%q: %s", n.Value, reason))
	}
	return false
}

// scalarReason says why a scalar cannot be a value of the type, or nothing.
func scalarReason(n *yaml.Node, t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		_, err := ParseDuration(n.Value)
		return text(err)
	case reflect.TypeFor[Size]():
		_, err := ParseSize(n.Value)
		return text(err)
	}
	wrong := fmt.Sprintf("must be %s, not %s", expected(t), describe(n))
	switch t.Kind() {
	case reflect.String:
		if n.Tag != "!!str" && n.Tag != "!!timestamp" {
			return wrong + "; put it in quotes"
		}
	case reflect.Bool:
		if n.Tag != "!!bool" {
			return wrong
		}
	case reflect.Int:
		// 010 would be read as 8, 0x10 as 16, 1_000 as 1000: nobody means that.
		if i, err := strconv.Atoi(n.Value); n.Tag != "!!int" || err != nil || strconv.Itoa(i) != n.Value {
			return wrong
		}
	case reflect.Float64:
		if n.Tag != "!!int" && n.Tag != "!!float" {
			return wrong
		}
	}
	return ""
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "a duration"
	case reflect.TypeFor[Size]():
		return "a size"
	}
	return "text"
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a section"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!null":
		return "nothing"
	}
	return "text"
}

// fieldsOf maps the keys of a section to their fields. Those of a source are
// asked for as often as there are sources.
func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	if t == reflect.TypeFor[Source]() {
		return sourceFields()
	}
	return readFields(t)
}

var sourceFields = sync.OnceValue(func() map[string]reflect.StructField { return readFields(reflect.TypeFor[Source]()) })

func readFields(t reflect.Type) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for f := range t.Fields() {
		if key := f.Tag.Get("yaml"); key != "" {
			fields[key] = f
		}
	}
	return fields
}

func namesOf(t reflect.Type) (names []string) {
	for key := range fieldsOf(t) {
		names = append(names, key)
	}
	slices.Sort(names)
	return names
}

func join(field, key string) string { return strings.TrimPrefix(field+"."+key, ".") }

// itemPath names an item of a list by its name, which people know, or by its
// place.
func itemPath(field string, i int, name string) string {
	if name != "" {
		return join(field, name)
	}
	return fmt.Sprintf("%s[%d]", field, i)
}

// nodeName is the name key of a section, if it has one.
func nodeName(n *yaml.Node) string {
	if n.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "name" && n.Content[i+1].Kind == yaml.ScalarNode {
			return n.Content[i+1].Value
		}
	}
	return ""
}
