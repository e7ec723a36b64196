package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/store/storetest"
)

func open(t testing.TB, where string, o store.Options) *store.Store {
	t.Helper()
	o.Now, o.Complete = func() time.Time { return storetest.Noon }, storetest.Complete
	s, err := store.Open(context.Background(), where, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		path := filepath.Join(t.TempDir(), "zest.db")
		return func(t *testing.T) *store.Store { return open(t, path, store.Options{}) }
	})
}

func TestPostgres(t *testing.T) {
	server := storetest.Postgres(t)
	var n atomic.Int64
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		name := fmt.Sprintf("zest%d", n.Add(1))
		db, err := sql.Open("pgx", server+"/postgres?sslmode=disable")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
			t.Fatal(err)
		}
		return func(t *testing.T) *store.Store { return open(t, server+"/"+name+"?sslmode=disable", store.Options{}) }
	})
}

func TestAReadOnlyStoreThatIsNotThereIsEmptyAndStaysAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "zest.db")
	s := open(t, path, store.Options{ReadOnly: true})
	if n, err := s.NextNumber(context.Background(), "n"); n != 1 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("reading created the store")
	}
}

// TestAReadOnlyStoreReadsOutlinesAndWritesNothing: what was left for later is
// whole for whoever may only look, and stays for whoever may write.
func TestAReadOnlyStoreReadsOutlinesAndWritesNothing(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "zest.db")
	s := open(t, path, store.Options{})
	outline := digest.Article{Source: "s", Identity: "1", Title: "Un", Item: &digest.Item{Title: "Un", Content: "un deux"}}
	if _, err := s.SaveHarvest(ctx, digest.SourceState{Source: "s"}, []digest.Article{outline}); err != nil {
		t.Fatal(err)
	}
	before, err := s.Dump(ctx)
	if err != nil {
		t.Fatal(err)
	}
	list, err := open(t, path, store.Options{ReadOnly: true}).Candidates(ctx, "n", []string{"s"})
	if err != nil || len(list) != 1 || list[0].Words != 2 || list[0].Item != nil {
		t.Errorf("%+v %v", list, err)
	}
	if after, err := s.Dump(ctx); err != nil || after != before {
		t.Errorf("looking wrote: %s %v", after, err)
	}
	if _, err := s.Candidates(ctx, "n", []string{"s"}); err != nil {
		t.Fatal(err)
	}
	if after, err := s.Dump(ctx); err != nil || strings.Contains(after, "Content") || after == before {
		t.Errorf("it was not kept: %s %v", after, err)
	}
}

func TestAReadOnlyStoreRefusesToWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "zest.db")
	open(t, path, store.Options{})
	s := open(t, path, store.Options{ReadOnly: true})
	if err := s.SaveState(context.Background(), digest.SourceState{Source: "s"}); err == nil {
		t.Error("it wrote")
	}
	if _, err := s.NextNumber(context.Background(), "n"); err != nil {
		t.Error(err)
	}
}

func TestARestoredCopyIsNotTrustedUntilSomebodySaysSo(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "zest.db")
	here, there := store.Guard{Host: "here"}, store.Guard{Host: "there"}
	freeze := func(s *store.Store, number int) {
		t.Helper()
		f := digest.Frozen{Edition: digest.Edition{Newsletter: "n", Number: number, Slot: fmt.Sprint(number), Language: "fr"}, Lists: []string{"n"}}
		if _, err := s.Freeze(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	session := func(f func(*store.Store)) {
		s := open(t, path, store.Options{})
		f(s)
		s.Close()
	}
	suspected := func(s *store.Store, g store.Guard, want string) {
		t.Helper()
		if why, err := s.Suspicion(ctx, g); err != nil || (want == "") != (why == "") || !strings.Contains(why, want) {
			t.Errorf("%q (%v), want %q", why, err, want)
		}
	}
	vouch := func(s *store.Store, g store.Guard) {
		t.Helper()
		if err := s.Vouch(ctx, g); err != nil {
			t.Fatal(err)
		}
	}
	session(func(s *store.Store) { freeze(s, 1); vouch(s, here) })
	copied, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	session(func(s *store.Store) { freeze(s, 2); vouch(s, here); suspected(s, here, "") })
	if err := os.WriteFile(path, copied, 0o600); err != nil {
		t.Fatal(err)
	}
	session(func(s *store.Store) {
		suspected(s, here, "restored backup")
		vouch(s, here)
		suspected(s, here, "")
		suspected(s, there, "another machine")
		suspected(s, store.Guard{}, "") // a container without a name of its own
		vouch(s, there)
		suspected(s, there, "")
	})
}
