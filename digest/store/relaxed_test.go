package store

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/zest-digest/zest/digest"
)

// TestOnlyHarvestsDoNotWaitForTheDisk checks that a connection which stored a
// harvest, well or not, waits for the disk again afterwards.
func TestOnlyHarvestsDoNotWaitForTheDisk(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, filepath.Join(t.TempDir(), "zest.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.db.SetMaxOpenConns(1) // so that it is the same one
	level := func() (n int) {
		if err := s.db.QueryRowContext(ctx, `PRAGMA synchronous`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const full = 2
	if _, err := s.SaveHarvest(ctx, digest.SourceState{Source: "s"}, []digest.Article{{Source: "s", Identity: "1", Title: "x"}}); err != nil {
		t.Fatal(err)
	}
	if level() != full {
		t.Error("after a harvest the connection does not wait for the disk")
	}
	ended, end := context.WithCancel(ctx)
	end()
	if _, err := s.SaveHarvest(ended, digest.SourceState{Source: "s"}, nil); err == nil {
		t.Error("a harvest was stored after the end")
	}
	if level() != full {
		t.Error("after a harvest that failed the connection does not wait for the disk")
	}
}
