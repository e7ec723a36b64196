package config

import (
	_ "embed"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

//go:embed example.yaml
var example []byte

// Example is the commented file that `zest init` writes. It loads as it stands.
func Example() []byte { return slices.Clone(example) }

// Masked is every value in effect, as YAML, with secrets masked: passwords,
// keys, header values, and the users and passwords inside addresses.
func (c *Config) Masked() ([]byte, error) {
	shown := *c
	shown.Store = hideUser(c.Store)
	shown.Collect.Proxy = hideUser(c.Collect.Proxy)
	shown.Sources = slices.Clone(c.Sources)
	for i := range shown.Sources {
		s := &shown.Sources[i]
		s.URL, s.Proxy = hideUser(s.URL), hideUser(s.Proxy)
	}
	shown.Receive.Poll = slices.Clone(c.Receive.Poll)
	for i := range shown.Receive.Poll {
		shown.Receive.Poll[i].URL = hideUser(shown.Receive.Poll[i].URL)
	}
	shown.Newsletters = slices.Clone(c.Newsletters)
	for i := range shown.Newsletters {
		n := &shown.Newsletters[i]
		n.Sources = slices.Clone(n.Sources)
		for j := range n.Sources {
			n.Sources[j] = hideUser(n.Sources[j])
		}
	}
	out, err := yaml.Marshal(&shown)
	if err != nil {
		return nil, fmt.Errorf("writing the configuration: %w", err)
	}
	return out, nil
}
