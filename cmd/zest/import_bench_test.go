//go:build unix

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// writeReaders writes a shuffled table of n readers: headings, quotes, accents,
// one bad row in a hundred.
func writeReaders(b *testing.B, path string, n int) {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, "email,name,language,status")
	for i := range n {
		if i%100 == 7 {
			fmt.Fprintf(w, "reader%d.example.org,bad,fr,confirmed\n", i)
			continue
		}
		fmt.Fprintf(w, "reader%d@example.org,\"Zoé \"\"%d\"\" Léger\",fr,confirmed\n", i*7919%n, i)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkImportBesideSQLite takes a million and four million readers in by the
// program itself, and a million by the sqlite3 shell's .import into a table with
// one unique index on the address. Bars: 3 times the shell, 4.6 times the
// million, 128 MiB.
func BenchmarkImportBesideSQLite(b *testing.B) {
	shell, err := exec.LookPath("sqlite3")
	if err != nil {
		b.Skip("no sqlite3 shell to compare with; the package sqlite3 has it")
	}
	dir := b.TempDir()
	zest := filepath.Join(dir, "zest")
	if out, err := exec.Command("go", "build", "-o", zest, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	config := "store: readers.db\npublic_url: http://127.0.0.1:9\nsmtp: {host: 127.0.0.1, port: 9, tls: none}\nnewsletters:\n  - {name: hebdo, from: hebdo@example.org, postal_address: 1 quai du Port, sources: [./feed.xml]}\n"
	if err := os.WriteFile(filepath.Join(dir, "zest.yaml"), []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	run := func(name string, args ...string) (time.Duration, int64) {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		begin := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		return time.Since(begin), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
	}
	fresh := func(name string) {
		old, _ := filepath.Glob(filepath.Join(dir, name+"*"))
		for _, path := range old {
			os.Remove(path)
		}
	}
	million, four := filepath.Join(dir, "1m.csv"), filepath.Join(dir, "4m.csv")
	writeReaders(b, million, 1_000_000)
	writeReaders(b, four, 4_000_000)
	for b.Loop() {
		fresh("shell.db")
		base, _ := run(shell, "shell.db", "PRAGMA journal_mode=WAL; CREATE TABLE readers (email TEXT NOT NULL UNIQUE, name TEXT, language TEXT, status TEXT)", ".import --csv --skip 1 1m.csv readers")
		fresh("readers.db")
		one, peak1 := run(zest, "--config", "zest.yaml", "--quiet", "subscribers", "import", "hebdo", million)
		fresh("readers.db")
		all, peak4 := run(zest, "--config", "zest.yaml", "--quiet", "subscribers", "import", "hebdo", four)
		b.ReportMetric(base.Seconds(), "s/shell-1M")
		b.ReportMetric(one.Seconds(), "s/zest-1M")
		b.ReportMetric(all.Seconds(), "s/zest-4M")
		b.ReportMetric(one.Seconds()/base.Seconds(), "x/shell")
		b.ReportMetric(all.Seconds()/one.Seconds(), "x/4M-1M")
		b.ReportMetric(float64(max(peak1, peak4)), "MiB/peak")
		b.ReportMetric(0, "ns/op")
	}
}
