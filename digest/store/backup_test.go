package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/store/storetest"
)

// earlier makes the store that zest had when its schema was at version 2: two
// readers, one who left, and an edition that was sent.
func earlier(t *testing.T) string {
	t.Helper()
	dump, err := os.ReadFile("testdata/v2.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "zest.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(string(dump)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAStoreOfAnEarlierVersionIsBroughtUpToDateWithACopyFirst(t *testing.T) {
	ctx := context.Background()
	path := earlier(t)
	_, err := store.Open(ctx, path, store.Options{ReadOnly: true})
	var invalid *digest.InvalidError
	if !errors.As(err, &invalid) {
		t.Errorf("reading alone: %v", err)
	}
	var wg sync.WaitGroup
	for range 4 { // as after an upgrade: the daemon, cron and a person at once
		wg.Go(func() {
			s, err := store.Open(ctx, path, store.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		})
	}
	wg.Wait()
	s := open(t, path, store.Options{})
	if problems, err := s.Check(ctx, 0); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	e, err := s.Edition(ctx, "hebdo", 1)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := s.Books(ctx, e.ID); err != nil || b.Sent != 2 || b.Audience != 2 {
		t.Errorf("%+v %v", b, err)
	}
	groups, err := s.Audience(ctx, digest.AudienceQuery{Newsletter: "hebdo", Lists: []string{"hebdo"}, Now: storetest.Noon})
	n := 0
	for _, g := range groups {
		n += g.Readers
	}
	if err != nil || n != 2 {
		t.Errorf("%d readers (%v)", n, err)
	}
	if last, err := s.LastSlot(ctx, "hebdo", storetest.Noon); err != nil || last.IsZero() {
		t.Errorf("the last slot is %s (%v)", last, err)
	}
	copies, err := filepath.Glob(path + ".before-*")
	if err != nil || len(copies) != 1 || filepath.Base(copies[0]) != "zest.db.before-2" {
		t.Fatalf("%v %v", copies, err)
	}
	if info, err := os.Stat(copies[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestABackupIsTakenWhileOthersWriteAndComesBackHeld(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "zest.db"), filepath.Join(dir, "copy.db")
	s := open(t, path, store.Options{})
	add := func(email string) {
		t.Helper()
		sub := digest.Subscription{List: "l", State: digest.SubConfirmed, Subscriber: digest.Subscriber{Email: email}}
		if _, err := s.Subscribe(ctx, sub, store.SubscribeOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	add("camille@example.org")
	if err := s.Backup(ctx, backup); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(ctx, backup); !errors.Is(err, os.ErrExist) {
		t.Errorf("a backup was overwritten: %v", err)
	}
	add("leo@example.org")
	if _, err := store.Restore(ctx, backup, path, storetest.Noon); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("restored under an open store: %v", err)
	}
	s.Close()
	kept, err := store.Restore(ctx, backup, path, storetest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	s = open(t, path, store.Options{})
	if _, err := s.FindSubscriber(ctx, "camille@example.org"); err != nil {
		t.Error(err)
	}
	if _, err := s.FindSubscriber(ctx, "leo@example.org"); !errors.Is(err, digest.ErrNotFound) {
		t.Errorf("who came after the backup is there: %v", err)
	}
	if why, err := s.Suspicion(ctx, store.Guard{}); err != nil || !strings.Contains(why, "restored from a backup") {
		t.Errorf("%q %v", why, err)
	}
	old := open(t, kept, store.Options{ReadOnly: true})
	if _, err := old.FindSubscriber(ctx, "leo@example.org"); err != nil {
		t.Errorf("what was there before is not kept: %v", err)
	}
	if bad, err := s.Sound(ctx); err != nil || len(bad) > 0 {
		t.Errorf("%v %v", bad, err)
	}
	broken := filepath.Join(dir, "broken.db")
	if err := os.WriteFile(broken, []byte("not a database, but long enough to be taken for the head of one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Restore(ctx, broken, path, storetest.Noon); err == nil {
		t.Error("what is no database was restored")
	}
}
