package store_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/store/storetest"
)

// diary is a run that has claimed some readers for one lane, and its journal.
type diary struct {
	store   *store.Store
	path    string
	edition digest.EditionID
	owner   string
	end     func(clean bool) error
	readers []digest.Reader
	journal digest.Journal
}

func newDiary(t *testing.T, readers int) *diary {
	t.Helper()
	ctx := context.Background()
	d := &diary{path: filepath.Join(t.TempDir(), "zest.db")}
	d.store = open(t, d.path, store.Options{})
	for i := range readers {
		sub := digest.Subscription{List: "l", State: digest.SubConfirmed, Since: storetest.Noon, Subscriber: digest.Subscriber{Email: string(rune('a'+i)) + "@example.org"}}
		if _, err := d.store.Subscribe(ctx, sub, store.SubscribeOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	e, err := d.store.Freeze(ctx, digest.Frozen{Edition: digest.Edition{Newsletter: "n", Number: 1, Slot: "s", Language: "fr"}, Lists: []string{"l"}, Expires: storetest.Noon.Add(time.Hour),
		Audience: []digest.Served{{AudienceGroup: digest.AudienceGroup{Mark: -1}, Due: true, Variant: "fr"}}})
	if err != nil {
		t.Fatal(err)
	}
	d.edition = e.ID
	if d.owner, d.end, err = d.store.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	if d.readers, err = d.store.Claim(ctx, digest.Claim{Edition: e.ID, Owner: d.owner, Lanes: []int{0}, Limit: readers, Now: storetest.Noon}); err != nil {
		t.Fatal(err)
	}
	if d.journal, err = d.store.Journal(d.owner); err != nil {
		t.Fatal(err)
	}
	return d
}

// note notes the readers up to one, as sent.
func (d *diary) note(t *testing.T, upTo int) {
	t.Helper()
	for _, r := range d.readers[:upTo] {
		if err := d.journal.Note(r.Subscriber, storetest.Noon); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.journal.Sync(); err != nil {
		t.Fatal(err)
	}
}

func (d *diary) file() string { return filepath.Join(d.path+"-runs", d.owner+".sent") }

// recover ends the run as a death does, and takes it over.
func (d *diary) recover(t *testing.T) (digest.Recovered, digest.Books) {
	t.Helper()
	ctx := context.Background()
	if err := d.end(false); err != nil {
		t.Fatal(err)
	}
	rec, err := d.store.Recover(ctx, d.edition, digest.UnknownResend, storetest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	books, err := d.store.Books(ctx, d.edition)
	if err != nil {
		t.Fatal(err)
	}
	return rec, books
}

func TestWhatIsInTheJournalIsInNoDoubt(t *testing.T) {
	d := newDiary(t, 12)
	d.note(t, 5)
	rec, books := d.recover(t)
	if rec != (digest.Recovered{Doubtful: digest.RunAhead + 1, Requeued: 12 - 5 - digest.RunAhead - 1}) {
		t.Errorf("%+v", rec)
	}
	if books.Sent != 5 || books.Repeats != digest.RunAhead+1 || !books.Closed() {
		t.Errorf("%+v", books)
	}
	if _, err := os.Stat(d.file()); err == nil {
		t.Error("the journal is still there")
	}
}

func TestTheJournalGoesWithItsRun(t *testing.T) {
	d := newDiary(t, 2)
	d.note(t, 1)
	if _, err := os.Stat(d.file()); err != nil {
		t.Fatal(err)
	}
	if err := d.end(true); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(d.file()); err == nil {
		t.Error("the journal outlives a run that ended well")
	}
}

// A loss of power may leave any of the sectors that no sync had asked for.
func TestALineThatTheDiskHasInPartCountsAsNone(t *testing.T) {
	d := newDiary(t, 12)
	d.note(t, 4)
	if err := d.end(false); err != nil {
		t.Fatal(err)
	}
	d.end = func(bool) error { return nil }
	whole, err := os.ReadFile(d.file())
	if err != nil {
		t.Fatal(err)
	}
	for i := 20 + 10; i < 40; i++ {
		whole[i] = 0 // of the second line
	}
	if err := os.WriteFile(d.file(), whole[:4*20-1], 0o600); err != nil { // and the fourth is cut
		t.Fatal(err)
	}
	_, books := d.recover(t)
	if books.Sent != 2 || !books.Closed() {
		t.Errorf("%+v", books)
	}
}
