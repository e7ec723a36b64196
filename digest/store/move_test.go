package store_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/store/storetest"
)

// newDatabase makes a database on a server and returns its address.
func newDatabase(t testing.TB, server, name string) string {
	t.Helper()
	db, err := sql.Open("pgx", server+"/postgres?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	return server + "/" + name + "?sslmode=disable"
}

func TestAStoreMovesToPostgresAndBack(t *testing.T) {
	ctx := context.Background()
	where := newDatabase(t, storetest.Postgres(t), "moved")
	first := filepath.Join(t.TempDir(), "first.db")
	from := open(t, first, store.Options{})
	if err := from.Fill(ctx, 6_000); err != nil {
		t.Fatal(err)
	}
	before, err := from.LastNumbers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	to := open(t, where, store.Options{})

	// Interrupted again and again, it goes on where it stopped.
	for stops := 1; ; stops++ {
		cut, cancel := context.WithCancel(ctx)
		batches := 0
		_, err := store.Move(cut, from, to, store.MoveOptions{Progress: func(table, doing string, rows, _ int) {
			if batches++; doing == "copying" && table != "meta" && batches > 8 {
				cancel()
			}
		}})
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) || stops > 20 {
			t.Fatal(err)
		}
		if _, err := store.Open(ctx, where, store.Options{}); err == nil || !strings.Contains(err.Error(), "half of a move") {
			t.Fatalf("half a store was opened: %v", err)
		}
	}
	there, err := store.Move(ctx, to, open(t, filepath.Join(t.TempDir(), "back.db"), store.Options{}), store.MoveOptions{Name: "back.db"})
	if err != nil {
		t.Fatal(err)
	}
	if len(there) < 13 || there[1].Rows != 6_000 {
		t.Errorf("%d tables, the second %+v", len(there), there[1])
	}
	after, err := to.LastNumbers(ctx)
	if diff := cmp.Diff(before, after); err != nil || diff != "" {
		t.Errorf("numbers could be used again: %v\n%s", err, diff)
	}
	var invalid *digest.InvalidError
	if _, err := store.Open(ctx, where, store.Options{}); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "moved to back.db") {
		t.Errorf("a store that was moved away was opened: %v", err)
	}
	reopened := open(t, where, store.Options{Moving: true})
	if err := reopened.Reopen(ctx); err != nil {
		t.Error(err)
	}
	open(t, where, store.Options{})
}

func TestAMoveRefusesAStoreThatIsNotEmpty(t *testing.T) {
	ctx := context.Background()
	from := open(t, filepath.Join(t.TempDir(), "from.db"), store.Options{})
	to := open(t, filepath.Join(t.TempDir(), "to.db"), store.Options{})
	for _, s := range []*store.Store{from, to} {
		if err := s.Fill(ctx, 3); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Move(ctx, from, to, store.MoveOptions{}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("%v", err)
	}
}

func TestAMoveSeesARowThatDiffers(t *testing.T) {
	ctx := context.Background()
	from := open(t, filepath.Join(t.TempDir(), "from.db"), store.Options{})
	path := filepath.Join(t.TempDir(), "to.db")
	to := open(t, path, store.Options{})
	if err := from.Fill(ctx, 30); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TRIGGER spoil AFTER INSERT ON suppressions WHEN new.since = 17 BEGIN UPDATE suppressions SET reason = 'x' WHERE hash = new.hash; END`); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Move(ctx, from, to, store.MoveOptions{Name: "to.db"}); err == nil || !strings.Contains(err.Error(), "comparing table suppressions") {
		t.Errorf("%v", err)
	}
}
