package store

import (
	"fmt"
	"os"
	"testing"
)

func TestASorterSpillsAndLeavesNothing(t *testing.T) {
	for _, size := range []int{0, 1000} { // in memory, and over many files
		dir := t.TempDir()
		s := sorter{folder: dir, size: size}
		const n = 5000
		for i := range n {
			if err := s.add(fmt.Sprintf("%04d", i*7919%n/2), fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
		}
		if files, _ := os.ReadDir(dir); len(files) > 0 {
			t.Errorf("a kill would leave %d files with addresses", len(files))
		}
		last, lastRest, count := "", 0, 0
		for r, err := range s.all() {
			if err != nil {
				t.Fatal(err)
			}
			var rest int
			fmt.Sscan(string(r[1]), &rest)
			if key := string(r[0]); key < last || key == last && rest < lastRest {
				t.Fatalf("%s/%d after %s/%d", key, rest, last, lastRest)
			}
			last, lastRest, count = string(r[0]), rest, count+1
		}
		if count != n || size > 0 && len(s.runs) < 10 {
			t.Errorf("%d records, %d runs", count, len(s.runs))
		}
		s.close()
	}
}
