package publish

import (
	"testing"
	"time"
)

func TestASlowLaneClaimsFew(t *testing.T) {
	var d desk
	now := time.Unix(1_800_000_000, 0)
	for _, step := range []struct {
		gap  time.Duration
		want int
	}{{0, 4}, {time.Millisecond, 8}, {time.Second / 2, 8}, {time.Millisecond, 16}, {time.Millisecond, 32}, {time.Millisecond, 64}, {time.Millisecond, 64}, {time.Minute, 32}, {time.Minute, 16}, {time.Minute, 8}, {time.Minute, 4}, {time.Minute, 2}, {time.Minute, 1}, {time.Minute, 1}} {
		now = now.Add(step.gap)
		if got := d.size(now, 64); got != step.want {
			t.Errorf("after %v a hand of %d, want %d", step.gap, got, step.want)
		}
	}
}
