package store

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// queue is where those who write one SQLite file wait for each other, in whatever
// process. SQLite has one writer at a time and no queue: who waits asks again and
// again, and beside somebody who writes without a pause asks in vain for a
// second. Two locked files make a queue. Who waits for the floor holds the gate;
// who comes off the floor and wants it again finds the gate shut, and waits
// behind them. The system opens both when a process dies, by kill -9 too.
//
// The queue is for fairness only. SQLite's own lock keeps writers apart, those
// too who do not queue.
type queue struct {
	dir  string      // "" where nobody queues
	lost atomic.Bool // somebody sits in the queue and does not move; a try of ours still waits there
}

// errLocked is a file's lock that somebody else has.
var errLocked = errors.New("locked")

// queueTime is how long a writer waits for its turn. Whoever holds the queue for
// longer was stopped by a signal, say, and is passed by.
const queueTime = time.Second

// wait waits for a writer's turn, which lasts until leave.
func (q *queue) wait() (leave func()) {
	if q.dir == "" {
		return func() {}
	}
	floor, err := q.enter(false)
	switch {
	case err == nil:
		return func() { floor.Close() }
	case !errors.Is(err, errLocked) || q.lost.Load():
		return func() {} // no run was here yet, or the file system knows no locks: no queue
	}
	got, gone := make(chan *os.File), make(chan struct{})
	go func() {
		floor, _ := q.enter(true)
		select {
		case got <- floor:
		case <-gone:
			floor.Close()
			q.lost.Store(false)
		}
	}()
	timer := time.NewTimer(queueTime)
	defer timer.Stop()
	select {
	case floor = <-got:
		return func() { floor.Close() }
	case <-timer.C:
		q.lost.Store(true)
		close(gone)
		return func() {}
	}
}

// enter goes through the gate onto the floor. A nil file may be closed.
func (q *queue) enter(wait bool) (*os.File, error) {
	gate, err := openLocked(filepath.Join(q.dir, "gate"), wait)
	if err != nil {
		return nil, err
	}
	defer gate.Close()
	return openLocked(filepath.Join(q.dir, "floor"), wait)
}
