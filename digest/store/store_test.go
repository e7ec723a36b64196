package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/store/storetest"
)

func open(t *testing.T, where string, o store.Options) *store.Store {
	t.Helper()
	o.Now = func() time.Time { return storetest.Noon }
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
