package store

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/zest-digest/zest/digest"
)

// TestOnlyHarvestsDoNotWaitForTheDisk checks that every other connection waits
// for the disk: after a harvest, and after one that failed.
func TestOnlyHarvestsDoNotWaitForTheDisk(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, filepath.Join(t.TempDir(), "zest.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	level := func(r runner) (n int) {
		if err := r.QueryRowContext(ctx, `PRAGMA synchronous`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const normal, full = 1, 2
	save := func(a digest.Article) error {
		_, err := s.SaveHarvest(ctx, digest.SourceState{Source: "s"}, []digest.Article{a})
		return err
	}
	if err := save(digest.Article{Source: "s", Identity: "1", Title: "x"}); err != nil {
		t.Fatal(err)
	}
	if n := level(s.harvests.open.conn); n != normal {
		t.Errorf("harvests wait for the disk: %d", n)
	}
	// One that is known and whose text cannot be read, without the means.
	if err := save(digest.Article{Source: "s", Identity: "1", Title: "x", Item: &digest.Item{}}); err == nil {
		t.Fatal("a harvest that cannot be compared was stored")
	}
	if s.harvests.open != nil {
		t.Error("after a harvest that failed its connection is used again")
	}
	s.db.SetMaxOpenConns(1) // whichever connection there is
	if n := level(s.db); n != full {
		t.Errorf("another connection does not wait for the disk: %d", n)
	}
	ended, end := context.WithCancel(ctx)
	end()
	if _, err := s.SaveHarvest(ended, digest.SourceState{Source: "s"}, nil); err == nil {
		t.Error("a harvest was stored after the end")
	}
}
