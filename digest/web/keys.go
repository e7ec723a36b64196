package web

import (
	"context"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
)

// keys are those that tickets are signed with. They may change while we run: a
// ticket that none of them signed has us look once more, no more than once a
// second, before it is refused.
type keys struct {
	mu     sync.Mutex
	now    digest.Keyring
	looked time.Time
	renew  func(context.Context) (digest.Keyring, error)
}

const lookEvery = time.Second

func newKeys(k digest.Keyring, renew func(context.Context) (digest.Keyring, error)) *keys {
	return &keys{now: k, renew: renew}
}

// ring is the keys as we know them.
func (k *keys) ring() digest.Keyring {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

func (k *keys) open(ctx context.Context, p digest.Purpose, sealed string, now time.Time) (digest.Ticket, error) {
	t, err := k.ring().Open(p, sealed, now)
	if err == nil || !k.look(ctx, now) {
		return t, err
	}
	return k.ring().Open(p, sealed, now)
}

// look reads the keys again, and reports whether it did.
func (k *keys) look(ctx context.Context, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.renew == nil || now.Sub(k.looked) < lookEvery {
		return false
	}
	k.looked = now
	ring, err := k.renew(ctx)
	if err != nil {
		return false // the ticket stays refused, and the next one looks again
	}
	k.now = ring
	return true
}
