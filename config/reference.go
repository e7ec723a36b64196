//go:build manual

package config

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"time"
)

// Reference is every key with its type, its default and what the source says of
// it, as Markdown. It reads the source in dir, so it is for building the manual.
func Reference(dir string) ([]byte, error) {
	said := map[string]string{} // "Web.Listen": its comment
	types := map[string]string{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		comments(f, said, types)
	}
	var b bytes.Buffer
	b.WriteString("# Every key\n\nWritten by `make man` from the program itself. `zest init` writes a file with the common ones, `zest config check`\nnames the line of each mistake, `zest config show` prints every value in force. A key outside a list may also come\nfrom the environment: `smtp.port` from `ZEST_SMTP_PORT`. Durations are written `30s`, `48h` or `3d`, sizes `10MiB`.\n")
	def := Default()
	section(&b, "", reflect.ValueOf(def), said, types)
	for _, list := range []struct {
		key   string
		value any
	}{{"sources", defaultSource()}, {"lists", defaultList()}, {"newsletters", defaultNewsletter()}} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", list.key, types[reflect.TypeOf(list.value).Name()])
		v := reflect.ValueOf(list.value)
		rows(&b, "", v, said)
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Type.Kind() == reflect.Struct {
				section(&b, list.key+"."+f.Tag.Get("yaml")+".", v.Field(i), said, types)
			}
		}
	}
	return b.Bytes(), nil
}

func comments(f *ast.File, said, types map[string]string) {
	ast.Inspect(f, func(n ast.Node) bool {
		d, ok := n.(*ast.GenDecl)
		if !ok {
			return true
		}
		for _, spec := range d.Specs {
			t, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			types[t.Name.Name] = oneLine(d.Doc.Text())
			s, ok := t.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, field := range s.Fields.List {
				for _, name := range field.Names {
					said[t.Name.Name+"."+name.Name] = oneLine(field.Doc.Text() + " " + field.Comment.Text())
				}
			}
		}
		return true
	})
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// section writes the plain keys of a struct, then its sections.
func section(b *bytes.Buffer, prefix string, v reflect.Value, said, types map[string]string) {
	title := strings.TrimSuffix(prefix, ".")
	if title == "" {
		title = "At the top"
	}
	fmt.Fprintf(b, "\n## %s\n\n", title)
	if doc := types[v.Type().Name()]; doc != "" && prefix != "" {
		fmt.Fprintf(b, "%s\n\n", doc)
	}
	rows(b, prefix, v, said)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if key := f.Tag.Get("yaml"); key != "" && f.Type.Kind() == reflect.Struct {
			section(b, prefix+key+".", v.Field(i), said, types)
		}
	}
}

func rows(b *bytes.Buffer, prefix string, v reflect.Value, said map[string]string) {
	b.WriteString("| key | default | what it is |\n|---|---|---|\n")
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := f.Tag.Get("yaml")
		if key == "" || f.Type.Kind() == reflect.Struct {
			continue
		}
		text := said[v.Type().Name()+"."+f.Name]
		fmt.Fprintf(b, "| `%s%s` | %s | %s |\n", prefix, key, shown(v.Field(i)), strings.ReplaceAll(text, "|", "\\|"))
	}
}

func shown(v reflect.Value) string {
	if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
		if v.Kind() == reflect.Bool {
			return "`false`"
		}
		return ""
	}
	if d, ok := v.Interface().(time.Duration); ok {
		return "`" + strings.ReplaceAll(strings.ReplaceAll(d.String(), "m0s", "m"), "h0m", "h") + "`"
	}
	return fmt.Sprintf("`%v`", v.Interface())
}
