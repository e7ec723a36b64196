package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/extract"
)

func main() {
	dir, out := os.Args[1], os.Args[2]
	f, _ := os.Open(filepath.Join(dir, "gold.jsonl"))
	w, _ := os.Create(out)
	enc := json.NewEncoder(w)
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 64<<20)
	for sc.Scan() {
		var g struct{ ID, URL string }
		json.Unmarshal(sc.Bytes(), &g)
		b, err := os.ReadFile(filepath.Join(dir, "html", g.ID+".html"))
		if err != nil {
			panic(err)
		}
		t0 := time.Now()
		a, err := extract.Page(digest.Page{URL: g.URL, Body: b}, extract.Options{})
		ms := float64(time.Since(t0).Microseconds()) / 1000
		o := map[string]any{"id": g.ID, "text": a.Text, "title": a.Title, "author": a.Author, "ms": ms, "score": a.Score, "doubt": a.Doubt, "html": a.HTML, "lang": a.Language}
		if !a.Published.IsZero() {
			o["date"] = a.Published.UTC().Format(time.RFC3339)
		}
		if err != nil {
			o["error"] = err.Error()
			fmt.Println(g.ID, err)
		}
		enc.Encode(o)
	}
}
