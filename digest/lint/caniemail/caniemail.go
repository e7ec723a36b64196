// Package caniemail says which mail clients lack a feature of HTML or CSS. It
// holds the answers of caniemail.com (MIT licence, see support.json for the date
// of the copy), for the clients whose tests cover most features. To renew it:
//
//	curl -O https://www.caniemail.com/api/data.json
//	go run digest/lint/caniemail/renew.go data.json >digest/lint/caniemail/support.json
package caniemail

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed support.json
var raw []byte

// Table is a reading of the data.
type Table struct {
	Updated string            // day of the copy, YYYY-MM-DD
	Clients []string          // "Outlook Windows"
	Support map[string]string // by feature: y, a, n or u (unknown) for each client
}

// Read gives the table that travels with the program.
func Read() (Table, error) {
	var t Table
	if err := json.Unmarshal(raw, &t); err != nil {
		return t, fmt.Errorf("reading support.json: %w", err)
	}
	for slug, answers := range t.Support {
		if len(answers) != len(t.Clients) {
			return t, fmt.Errorf("reading support.json: %s has %d answers for %d clients", slug, len(answers), len(t.Clients))
		}
	}
	return t, nil
}

// Without lists the clients that lack a feature, named as caniemail.com names
// it ("css-display-grid").
func (t Table) Without(feature string) []string {
	var out []string
	for i, answer := range t.Support[feature] {
		if answer == 'n' {
			out = append(out, t.Clients[i])
		}
	}
	return out
}
