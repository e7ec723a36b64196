package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/store/storetest"
)

// BenchmarkMove moves a store with many readers and five deliveries for each to
// Postgres and back, and compares the sums of both ways. ZEST_BENCH_READERS says
// how many; 1000000 is the size the manual speaks of.
func BenchmarkMove(b *testing.B) {
	ctx := context.Background()
	readers := 20_000
	if n, err := strconv.Atoi(os.Getenv("ZEST_BENCH_READERS")); err == nil {
		readers = n
	}
	server := storetest.Postgres(b)
	for i := 0; b.Loop(); i++ {
		from := open(b, filepath.Join(b.TempDir(), "from.db"), store.Options{})
		if err := from.FillReaders(ctx, readers, 5); err != nil {
			b.Fatal(err)
		}
		there := open(b, newDatabase(b, server, "move"+strconv.Itoa(i)), store.Options{})
		back := open(b, filepath.Join(b.TempDir(), "back.db"), store.Options{})
		start := time.Now()
		sums, err := store.Move(ctx, from, there, store.MoveOptions{})
		if err != nil {
			b.Fatal(err)
		}
		out := time.Since(start)
		start = time.Now()
		again, err := store.Move(ctx, there, back, store.MoveOptions{})
		if err != nil {
			b.Fatal(err)
		}
		rows := 0
		for j := range sums {
			rows += sums[j].Rows
			for _, s := range again {
				if s.Table == sums[j].Table && s != sums[j] {
					b.Fatalf("%+v went, %+v came back", sums[j], s)
				}
			}
		}
		b.ReportMetric(float64(rows), "rows")
		b.ReportMetric(float64(rows)/out.Seconds(), "there-rows/s")
		b.ReportMetric(float64(rows)/time.Since(start).Seconds(), "back-rows/s")
	}
}
