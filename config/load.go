package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"
)

// delimiter parts the keys inside viper. The usual dot would take a key that
// holds one apart.
const delimiter = "\x1f"

// Load reads the file strictly, lays the environment ("KEY=value" lines, as
// [os.Environ] gives them) over it and defaults under it. When anything is wrong
// the error is [Problems]: all of them, each with its line.
func Load(path string, environ []string) (*Config, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	check := &checker{file: path, lines: map[string]int{}, told: map[string]bool{}}
	sound, ok := check.document(raw)
	overrides, wrong := fromEnviron(environ)
	if !ok {
		return nil, append(check.problems, wrong...).err()
	}
	c, err := decode(sound, overrides)
	if err != nil {
		return nil, fmt.Errorf("decoding %s: %w", path, err)
	}
	c.file, c.lines = path, check.lines
	c.complete()
	problems := append(check.problems, wrong...)
	for _, p := range append(c.readSecrets(), c.validate()...) {
		if !check.covers(p) {
			problems = append(problems, p)
		}
	}
	if len(problems) > 0 {
		return nil, problems.err()
	}
	return c, nil
}

// covers reports whether a problem follows from one that was told: it is with
// the same field or a part of it, or with a name whose list could not be read.
func (c *checker) covers(p Problem) bool {
	for field := p.Field; field != ""; field = field[:max(strings.LastIndexAny(field, ".["), 0)] {
		if c.told[field] {
			return true
		}
	}
	inNewsletter := strings.HasPrefix(p.Field, "newsletters")
	return inNewsletter && (c.told["sources"] && strings.Contains(p.Field, ".sources[") || c.told["lists"] && strings.Contains(p.Field, ".lists[")) ||
		strings.HasPrefix(p.Field, "sources.") && c.toldSources()
}

// toldSources reports whether some newsletter's sources could not be read: then
// nobody can say which sources are named.
func (c *checker) toldSources() bool {
	for field := range c.told {
		if field == "newsletters" || strings.HasPrefix(field, "newsletters") && strings.Contains(field, ".sources") {
			return true
		}
	}
	return false
}

var yamlLine = pattern(`line (\d+)`)

// document checks a whole file and gives back what is sound in it. What is not
// YAML at all is one problem, and not ok.
func (c *checker) document(raw []byte) (sound []byte, ok bool) {
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	var doc, second yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if len(bytes.TrimSpace(raw)) == 0 || err.Error() == "EOF" {
			return nil, true // nothing but comments: all defaults
		}
		line := 0
		if m := yamlLine().FindStringSubmatch(err.Error()); m != nil {
			line, _ = strconv.Atoi(m[1])
		}
		reason := strings.TrimPrefix(err.Error(), "yaml: ")
		reason = strings.TrimPrefix(reason, fmt.Sprintf("line %d: ", line))
		if strings.HasPrefix(reason, "did not find expected") {
			line++ // the parser counts from 0, the scanner below it from 1
		}
		c.add(line, "", "not YAML: "+reason)
		return nil, false
	}
	if !c.check(doc.Content[0], reflect.TypeFor[Config](), "") {
		return nil, false
	}
	if decoder.Decode(&second) == nil {
		c.add(second.Line, "", "a second document begins here; keep everything in one")
	}
	if len(c.problems) == 0 {
		return raw, true
	}
	sound, err := yaml.Marshal(&doc)
	return sound, err == nil
}

// decode lays defaults, file and environment over each other and fills the
// types. It is strict on its own account too: the checker and the decoder must
// agree on what a file may hold.
func decode(raw []byte, overrides map[string]any) (*Config, error) {
	v := viper.NewWithOptions(viper.KeyDelimiter(delimiter))
	v.SetConfigType("yaml")
	def := Default()
	for _, leaf := range leaves() {
		v.SetDefault(strings.Join(leaf.path, delimiter), leaf.value(def).Interface())
	}
	if err := v.ReadConfig(bytes.NewReader(raw)); err != nil {
		return nil, err
	}
	if err := v.MergeConfigMap(overrides); err != nil {
		return nil, err
	}
	var c Config
	err := v.Unmarshal(&c, func(dc *mapstructure.DecoderConfig) {
		dc.TagName = "yaml"
		dc.ErrorUnused = true
		dc.WeaklyTypedInput = false
		dc.DecodeHook = mapstructure.ComposeDecodeHookFunc(withDefaults, fromText)
	})
	return &c, err
}

// withDefaults puts the defaults of an item of a list under what was written:
// a decoder begins such items empty.
func withDefaults(from, to reflect.Type, data any) (any, error) {
	var def any
	switch to {
	case reflect.TypeFor[Newsletter]():
		def = defaultNewsletter()
	case reflect.TypeFor[Source]():
		def = defaultSource()
	case reflect.TypeFor[Relay]():
		def = defaultRelay()
	case reflect.TypeFor[List]():
		def = defaultList()
	case reflect.TypeFor[Poll]():
		def = defaultPoll()
	}
	written, ok := data.(map[string]any)
	if def == nil || !ok {
		return data, nil
	}
	for key, field := range fieldsOf(to) {
		if value := reflect.ValueOf(def).FieldByIndex(field.Index); written[key] == nil && !value.IsZero() {
			written[key] = value.Interface()
		}
	}
	return written, nil
}

// fromText reads the types that are written as text with a unit, and the plain
// values that can only come as text from the environment.
func fromText(from, to reflect.Type, data any) (any, error) {
	if at, ok := data.(time.Time); ok && to.Kind() == reflect.String {
		return at.Format(time.DateOnly), nil // an unquoted 2026-11-24
	}
	s, ok := data.(string)
	if !ok || from == to {
		return data, nil
	}
	switch to {
	case reflect.TypeFor[time.Duration]():
		return ParseDuration(s)
	case reflect.TypeFor[Size]():
		return ParseSize(s)
	}
	switch to.Kind() {
	case reflect.Int:
		return strconv.Atoi(s)
	case reflect.Float64:
		return strconv.ParseFloat(s, 64)
	case reflect.Bool:
		return strconv.ParseBool(s)
	case reflect.Slice:
		return splitList(s), nil
	}
	return data, nil
}

func splitList(s string) []string {
	items := strings.Split(s, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

// complete fills what depends on something else, and makes paths independent of
// the folder the program was started in.
func (c *Config) complete() {
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	c.SMTP.Port = portOf(c.SMTP.Port, c.SMTP.TLS, c.lines["smtp.port"] > 0)
	if !isPostgres(c.Store) {
		c.Store = c.resolve(c.Store)
	}
	for _, path := range []*string{&c.SMTP.PasswordFile, &c.SMTP.CAFile, &c.DKIM.KeyFile, &c.Traces.AuthorizationFile, &c.Web.SecretFile, &c.Web.OldSecretFile, &c.Web.Certificate, &c.Web.CertificateKey, &c.Web.ACMEFolder, &c.Templates, &c.SiteRules} {
		*path = c.resolve(*path)
	}
	c.completeReceive()
	if c.Deliver.Path != "" {
		c.Deliver.Path = c.resolve(c.Deliver.Path)
	}
	for i := range c.Relays {
		r := &c.Relays[i]
		r.PasswordFile, r.CAFile = c.resolve(r.PasswordFile), c.resolve(r.CAFile)
		r.Port = portOf(r.Port, r.TLS, c.lines[itemPath("relays", i, r.Name)+".port"] > 0)
	}
	for i := range c.Sources {
		s := &c.Sources[i]
		s.PasswordFile = c.resolve(s.PasswordFile)
		if !strings.Contains(s.URL, "://") {
			s.URL = c.resolve(s.URL)
		}
	}
	for i := range c.Newsletters {
		n := &c.Newsletters[i]
		n.Summaries.KeyFile = c.resolve(n.Summaries.KeyFile)
		if n.Title == "" {
			n.Title = titleOf(n.Name)
		}
		if len(n.Lists) == 0 {
			n.Lists = []string{n.Name}
		}
	}
}

// portOf is the port that goes with a way to protect a connection, unless one was
// written.
func portOf(port int, tls string, written bool) int {
	switch {
	case written || port != Default().SMTP.Port:
	case tls == TLSImplicit:
		return 465
	case tls == TLSNone:
		return 25
	}
	return port
}

// resolve makes a path relative to the configuration's own folder whole.
func (c *Config) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) || strings.Contains(path, "://") {
		return path
	}
	path = filepath.Join(filepath.Dir(c.file), path)
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}

func isPostgres(store string) bool {
	return strings.HasPrefix(store, "postgres://") || strings.HasPrefix(store, "postgresql://")
}

func isWeb(address string) bool {
	return strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://")
}

// titleOf makes a title of a name: "tech-week" is "Tech week".
func titleOf(name string) string {
	words := strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' }), " ")
	if words == "" {
		return ""
	}
	first := []rune(words)
	return strings.ToUpper(string(first[0])) + string(first[1:])
}
