package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/store/storetest"
)

// TestNothingOfAnErasedPersonIsInTheFile looks at the bytes on disk: the
// database, its log and the next backup.
func TestNothingOfAnErasedPersonIsInTheFile(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	path := filepath.Join(dir, "zest.db")
	s := open(t, path, store.Options{})
	const n = 3000
	word := func(i int) string { return fmt.Sprintf("person%04dq", i) } // of their address, name and attributes
	rows := func(yield func(digest.ImportRow, error) bool) {
		for _, i := range rand.Perm(n) {
			if !yield(digest.ImportRow{State: digest.SubConfirmed, Subscriber: digest.Subscriber{
				Email: word(i) + "@example.org", Name: word(i) + " Léger", Attributes: map[string]any{"note": word(i)}}}, nil) {
				return
			}
		}
	}
	if _, err := s.Import(ctx, store.ImportOptions{List: "l"}, rows); err != nil {
		t.Fatal(err)
	}
	var gone []int
	for range 40 {
		i := rand.IntN(n)
		r, err := s.FindSubscriber(ctx, word(i)+"@example.org")
		if err != nil {
			continue // twice the same
		}
		if err := s.SetAttributes(ctx, r.ID, map[string]any{"longer": word(i) + " has moved to a house by the sea, and their row to another page"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Suppress(ctx, r.ID, "complaint", "arf", storetest.Noon); err != nil {
			t.Fatal(err)
		}
		if d, err := s.Dossier(ctx, r.ID); err != nil || len(d["subscribers"]) != 1 || len(d["subscriptions"]) != 1 || len(d["suppressions"]) != 1 {
			t.Fatalf("%v %v", d, err)
		}
		if err := s.EraseReader(ctx, r.ID, storetest.Noon); err != nil {
			t.Fatal(err)
		}
		gone = append(gone, i)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`VACUUM INTO ?`, filepath.Join(dir, "backup.db")); err != nil {
		t.Fatal(err)
	}
	searchFor(t, dir, path, gone, word)
	for _, i := range gone {
		if _, err := s.SuppressionOf(ctx, word(i)+"@example.org"); err != nil {
			t.Errorf("the hash of who complained is gone too: %v", err)
		}
	}
}

// searchFor looks for erased people in every file of a folder, in the folders
// below too: the database, its log, what a machine remembers of it, a copy.
func searchFor(t *testing.T, dir, database string, gone []int, word func(int) string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		raw = bytes.ToLower(raw)
		if file == database && !bytes.Contains(raw, []byte(`person`)) {
			t.Error("the file holds nobody: this test looks in the wrong place")
		}
		for _, i := range gone {
			if at := bytes.Index(raw, []byte(word(i))); at >= 0 {
				t.Errorf("%s holds %q at %d", filepath.Base(file), word(i), at)
			}
		}
		return nil
	})
	if err != nil || files < 3 {
		t.Fatalf("%d files: %v", files, err)
	}
}
