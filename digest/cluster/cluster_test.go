package cluster_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/cluster"
	"github.com/zest-digest/zest/digest/store/storetest"
)

// ledger is what the nodes of a test share: it stands for the store, and counts
// what the nodes were told to do.
type ledger struct {
	mu        sync.Mutex
	due       []cluster.Slot
	unread    map[string]bool
	collected map[string]int
	made      map[string]int
	open      []digest.EditionID
	delivered map[digest.EditionID][]string // by which nodes
	settled   chan digest.EditionID
}

func newLedger(at time.Time) *ledger {
	return &ledger{
		due:       []cluster.Slot{{Newsletter: "a", Name: "1", At: at}, {Newsletter: "b", Name: "1", At: at}},
		unread:    map[string]bool{"x": true, "y": true},
		collected: map[string]int{}, made: map[string]int{}, delivered: map[digest.EditionID][]string{},
		settled: make(chan digest.EditionID, 10),
	}
}

// node does the work of one machine.
type node struct {
	*ledger
	name string
}

func (n node) Due(context.Context) ([]cluster.Slot, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]cluster.Slot(nil), n.due...), nil
}

func (n node) Unread(context.Context, string, time.Time) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []string
	for s := range n.unread {
		out = append(out, s)
	}
	return out, nil
}

func (n node) Collect(_ context.Context, source string) error {
	time.Sleep(20 * time.Millisecond)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.collected[source]++
	delete(n.unread, source)
	return nil
}

func (n node) Make(_ context.Context, s cluster.Slot) error {
	time.Sleep(20 * time.Millisecond)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.made[s.Newsletter]++
	n.due = n.due[:len(n.due)-1]
	n.open = append(n.open, digest.EditionID(len(n.made)))
	return nil
}

func (n node) Open(context.Context) ([]digest.EditionID, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]digest.EditionID(nil), n.open...), nil
}

func (n node) Deliver(_ context.Context, id digest.EditionID) error {
	time.Sleep(300 * time.Millisecond)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delivered[id] = append(n.delivered[id], n.name)
	for i, o := range n.open {
		if o == id && len(n.delivered[id]) >= 2 {
			n.open = append(n.open[:i], n.open[i+1:]...)
			n.settled <- id
			break
		}
	}
	return nil
}

func TestNodesShareTheWorkAndDoEachThingOnce(t *testing.T) {
	url := storetest.Postgres(t) + "/postgres?sslmode=disable"
	shared := newLedger(time.Now())
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, name := range []string{"one", "two"} {
		n, err := cluster.New(ctx, node{shared, name}, cluster.Options{URL: url, Every: 200 * time.Millisecond, Parts: 2})
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			if err := n.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	for range 2 {
		select {
		case <-shared.settled:
		case <-time.After(2 * time.Minute):
			t.Fatal("the editions were not delivered")
		}
	}
	stop()
	wg.Wait()
	if shared.made["a"] != 1 || shared.made["b"] != 1 {
		t.Errorf("editions made: %v", shared.made)
	}
	if shared.collected["x"] != 1 || shared.collected["y"] != 1 {
		t.Errorf("sources read: %v", shared.collected)
	}
	both := map[string]bool{}
	for _, names := range shared.delivered {
		for _, n := range names {
			both[n] = true
		}
	}
	if len(both) != 2 {
		t.Errorf("only %v delivered", both)
	}
}

func TestAnAddressThatIsNoPostgresIsRefusedWithoutSayingIt(t *testing.T) {
	_, err := cluster.New(context.Background(), node{}, cluster.Options{URL: "postgres://user:secret@[::1"})
	if err == nil || err.Error() != "reading the address of the store: it is not a postgres:// URL" {
		t.Errorf("%v", err)
	}
}
