package store

import (
	"context"
	"time"
)

const (
	sweepEvery = time.Second
	sweepMost  = 2000 // pages of the write-ahead log, 8 MiB
)

// sweep copies what a session wrote from the write-ahead log into the file, in
// nobody's way: SQLite itself would do it at the end of some transaction, which
// then waits for a thousand pages to reach the disk.
func (s *Store) sweep(r *session) {
	defer close(r.swept)
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-tick.C:
		}
		if r.wrote.Swap(false) {
			s.sweepOnce()
		}
	}
}

// sweepOnce copies beside the writers. While they go on that does not let the log
// begin anew, so a long one is copied to its end in a turn of its own: there is
// little left by then.
func (s *Store) sweepOnce() {
	if s.checkpoint() > sweepMost {
		defer s.queue.wait()()
		s.checkpoint()
	}
}

// checkpoint copies what it can without making anybody wait, and says how long
// the log is, in pages. When somebody else copies, or the disk is full, the log
// waits: it loses nothing.
func (s *Store) checkpoint() (pages int) {
	var busy, copied int
	if err := s.db.QueryRowContext(context.Background(), `PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &pages, &copied); err != nil {
		return 0
	}
	return pages
}
