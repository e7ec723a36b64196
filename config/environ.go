package config

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"
)

const envPrefix = "ZEST_"

// leaf is a value of the configuration that stands outside the lists, and so
// has a fixed name and a variable of its own.
type leaf struct {
	path  []string
	index []int
	kind  reflect.Type
}

func (l leaf) variable() string {
	return envPrefix + strings.ToUpper(strings.Join(l.path, "_"))
}

func (l leaf) value(c Config) reflect.Value { return reflect.ValueOf(c).FieldByIndex(l.index) }

// leaves lists them, in the order of the types.
func leaves() []leaf {
	var out []leaf
	var walk func(t reflect.Type, path []string, index []int)
	walk = func(t reflect.Type, path []string, index []int) {
		for f := range t.Fields() {
			key := f.Tag.Get("yaml")
			if key == "" || f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct {
				continue
			}
			p, i := append(slices.Clone(path), key), append(slices.Clone(index), f.Index...)
			if f.Type.Kind() == reflect.Struct {
				walk(f.Type, p, i)
				continue
			}
			out = append(out, leaf{p, i, f.Type})
		}
	}
	walk(reflect.TypeFor[Config](), nil, nil)
	return out
}

// Variables lists the environment variables that are read, for people.
func Variables() []string {
	names := []string{envPrefix + "CONFIG"}
	for _, l := range leaves() {
		names = append(names, l.variable())
	}
	return names
}

// fromEnviron takes the ZEST_ variables out of the environment, as the tree of
// values they stand for. Empty ones count as not set. ZEST_TEST_ ones belong to
// the test suite.
func fromEnviron(environ []string) (map[string]any, Problems) {
	known := map[string]leaf{}
	for _, l := range leaves() {
		known[l.variable()] = l
	}
	tree := map[string]any{}
	var problems Problems
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, envPrefix) || strings.HasPrefix(name, envPrefix+"TEST_") || name == envPrefix+"CONFIG" {
			continue
		}
		l, ok := known[name]
		if !ok {
			problems = append(problems, Problem{File: "environment", Field: name,
				Reason: "unknown variable" + didYouMean(name, Variables())})
			continue
		}
		if value == "" {
			continue
		}
		if reason := envReason(value, l.kind); reason != "" {
			problems = append(problems, Problem{File: "environment", Field: name, Reason: reason})
			continue
		}
		plant(tree, l.path, value)
	}
	return tree, problems
}

// envReason says why a variable's text cannot be a value of the type.
func envReason(value string, t reflect.Type) string {
	var err error
	switch t {
	case reflect.TypeFor[time.Duration]():
		_, err = ParseDuration(value)
	case reflect.TypeFor[Size]():
		_, err = ParseSize(value)
	default:
		if _, e := fromText(reflect.TypeFor[string](), t, value); e != nil {
			err = fmt.Errorf("must be %s", expected(t))
		}
	}
	if err == nil {
		return ""
	}
	return fmt.Sprintf("%q: %v", value, err)
}

func plant(tree map[string]any, path []string, value any) {
	for _, key := range path[:len(path)-1] {
		next, ok := tree[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			tree[key] = next
		}
		tree = next
	}
	tree[path[len(path)-1]] = value
}

// readSecrets reads the secrets that are kept in files of their own. Blanks and
// line breaks around them go: editors add them.
func (c *Config) readSecrets() (problems Problems) {
	read := func(secret *Secret, path, field string) {
		if path == "" {
			return
		}
		if *secret != "" {
			problems = append(problems, c.At(field+"_file", "given beside "+field[strings.LastIndexByte(field, '.')+1:]+"; keep one of them"))
			return
		}
		raw, err := os.ReadFile(path)
		switch {
		case err != nil:
			problems = append(problems, c.At(field+"_file", fmt.Sprintf("%q: cannot be read: %v", path, reasonOf(err))))
		case strings.TrimSpace(string(raw)) == "":
			problems = append(problems, c.At(field+"_file", fmt.Sprintf("%q: is empty", path)))
		default:
			*secret = Secret(strings.TrimSpace(string(raw)))
		}
	}
	read(&c.SMTP.Password, c.SMTP.PasswordFile, "smtp.password")
	read(&c.Web.Secret, c.Web.SecretFile, "web.secret")
	read(&c.Web.OldSecret, c.Web.OldSecretFile, "web.old_secret")
	read(&c.Traces.Authorization, c.Traces.AuthorizationFile, "traces.authorization")
	read(&c.DKIM.Key, c.DKIM.KeyFile, "dkim.key")
	for i := range c.Newsletters {
		n := &c.Newsletters[i]
		read(&n.Summaries.Key, n.Summaries.KeyFile, itemPath("newsletters", i, n.Name)+".summaries.key")
	}
	h := &c.Receive.Hooks
	read(&h.Mailgun.Key, h.Mailgun.KeyFile, "receive.hooks.mailgun.key")
	read(&h.Postmark.Password, h.Postmark.PasswordFile, "receive.hooks.postmark.password")
	read(&h.Brevo.Token, h.Brevo.TokenFile, "receive.hooks.brevo.token")
	for i := range c.Receive.Poll {
		p := &c.Receive.Poll[i]
		read(&p.Password, p.PasswordFile, fmt.Sprintf("receive.poll[%d].password", i))
	}
	for i := range c.Relays {
		r := &c.Relays[i]
		read(&r.Password, r.PasswordFile, itemPath("relays", i, r.Name)+".password")
	}
	for i := range c.Sources {
		s := &c.Sources[i]
		read(&s.Password, s.PasswordFile, itemPath("sources", i, s.Name)+".password")
	}
	return problems
}

// reasonOf is the system's reason alone; the path is said beside it.
func reasonOf(err error) error {
	if pathErr, ok := err.(*os.PathError); ok {
		return pathErr.Err
	}
	return err
}
