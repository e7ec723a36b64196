package schedule

import (
	"context"
	"time"
)

const (
	// jumpSlack is how far the wall clock may drift from elapsed time between two
	// rounds before it counts as set by somebody.
	jumpSlack = 30 * time.Second
	// settling is how long nothing is sent after a jump: a machine that starts
	// with a wrong clock usually has it corrected within minutes.
	settling = 2 * time.Minute
)

// Loop works in rounds.
type Loop struct {
	Every time.Duration
	Now   func() time.Time       // the wall clock
	Jump  func(by time.Duration) // is told of a clock that was set; may be nil
}

// Run calls work at once and then every interval until ctx ends. Rounds do not
// overlap; one that takes longer than the interval is followed by the next at
// once. After the clock was set, rounds are left out until it has been steady
// for two minutes.
func (l Loop) Run(ctx context.Context, work func(context.Context)) {
	tick := time.NewTicker(l.Every)
	defer tick.Stop()
	began, wall := time.Now(), l.Now()
	var quiet time.Duration // until this much has elapsed since began
	for {
		// Reading both clocks before the work keeps long rounds out of it: elapsed
		// time stands still while a machine sleeps, and so may be less.
		elapsed := time.Since(began)
		if by := l.Now().Round(0).Sub(wall.Round(0)) - elapsed; by > jumpSlack || by < -jumpSlack {
			if l.Jump != nil {
				l.Jump(by)
			}
			began, wall, elapsed, quiet = time.Now(), l.Now(), 0, settling
		}
		if elapsed >= quiet {
			quiet = 0
			work(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
