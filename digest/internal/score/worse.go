package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// worse prints how many pages zest reads worse than every peer, by more than
// 0.3 of F1 over runs of four words: mistakes that nobody else makes.
func worse(gold, ours string, peers ...string) error {
	bodies, err := field(gold, "body")
	if err != nil {
		return err
	}
	var texts []map[string]string
	for _, path := range append([]string{ours}, peers...) {
		t, err := field(path, "text")
		if err != nil {
			return err
		}
		texts = append(texts, t)
	}
	count := 0
	for id, body := range bodies {
		if body == "" {
			continue
		}
		want, least := runs(body), 1.0
		for _, t := range texts[1:] {
			least = min(least, f1(want, runs(t[id])))
		}
		if got := f1(want, runs(texts[0][id])); got < least-0.3 {
			count++
			fmt.Printf("  %s: %.3f, the peers %.3f and more\n", id, got, least)
		}
	}
	fmt.Printf("pages worse than every peer by more than 0.3: %d of %d\n", count, len(bodies))
	return nil
}

// field reads one text field of JSON lines, by id.
func field(path, name string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]string{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var row map[string]any
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return nil, err
		}
		out[str(row["id"])] = str(row[name])
	}
	return out, lines.Err()
}

var word = regexp.MustCompile(`[\p{L}\p{N}\p{M}_]+`)

// runs counts the runs of four words of a text.
func runs(s string) map[string]int {
	words := word.FindAllString(s, -1)
	out := map[string]int{}
	for i := range max(1, len(words)-3) {
		if run := words[min(i, len(words)):min(i+4, len(words))]; len(run) > 0 {
			out[strings.Join(run, " ")]++
		}
	}
	return out
}

func f1(a, b map[string]int) float64 {
	both, all := 0, 0
	for run, n := range a {
		both += min(n, b[run])
		all += n
	}
	for _, n := range b {
		all += n
	}
	if all == 0 {
		return 1
	}
	return 2 * float64(both) / float64(all)
}
