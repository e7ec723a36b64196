//go:build ignore

// Renew makes support.json from a copy of https://www.caniemail.com/api/data.json:
//
//	go run renew.go data.json >support.json
//
// It keeps, for every feature and every client with answers for more than 250
// features, the answer of the newest version tested.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sort"
	"strings"
)

type source struct {
	Updated string `json:"last_update_date"`
	Names   struct {
		Family   map[string]string `json:"family"`
		Platform map[string]string `json:"platform"`
	} `json:"nicenames"`
	Data []struct {
		Slug  string                                  `json:"slug"`
		Stats map[string]map[string]map[string]string `json:"stats"`
	} `json:"data"`
}

func main() {
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var in source
	if err := json.Unmarshal(raw, &in); err != nil {
		log.Fatal(err)
	}
	count := map[[2]string]int{}
	for _, f := range in.Data {
		for family, platforms := range f.Stats {
			for platform, versions := range platforms {
				if len(versions) > 0 {
					count[[2]string{family, platform}]++
				}
			}
		}
	}
	var clients [][2]string
	for c, n := range count {
		if n > 250 {
			clients = append(clients, c)
		}
	}
	sort.Slice(clients, func(i, j int) bool { return fmt.Sprint(clients[i]) < fmt.Sprint(clients[j]) })
	out := struct {
		Source, License, Updated string
		Clients                  []string
		Support                  map[string]string
	}{"https://www.caniemail.com", "MIT, see LICENSE", in.Updated[:10], nil, map[string]string{}}
	for _, c := range clients {
		out.Clients = append(out.Clients, in.Names.Family[c[0]]+" "+in.Names.Platform[c[1]])
	}
	for _, f := range in.Data {
		var b strings.Builder
		for _, c := range clients {
			b.WriteString(newest(f.Stats[c[0]][c[1]]))
		}
		out.Support[f.Slug] = b.String()
	}
	text, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
}

// newest gives y, a, n or u; versions compare by their numbers.
func newest(versions map[string]string) string {
	best, answer := []int(nil), "u"
	for v, a := range versions {
		if n := numbers(v); best == nil || less(best, n) {
			best, answer = n, a[:1]
		}
	}
	return answer
}

func numbers(v string) []int {
	out := []int{}
	for _, f := range strings.FieldsFunc(v, func(r rune) bool { return r < '0' || r > '9' }) {
		n := 0
		fmt.Sscan(f, &n)
		out = append(out, n)
	}
	return out
}

func less(a, b []int) bool {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return len(a) < len(b)
}
